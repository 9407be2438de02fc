"""Tails of the three distributions of counts, by the incomplete beta and gamma functions."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import betainc, gammainc

from contracts.arrays import Floats


def binomial_at_least(count: npt.ArrayLike, number: npt.ArrayLike, share: float) -> Floats:
    """P(X ≥ count) of ``number`` trials (broadcast).

    >>> round(float(binomial_at_least(2, 2, 0.5)), 4)
    0.25
    """
    least, trials = np.asarray(count, dtype=np.float64), np.asarray(number, dtype=np.float64)
    some = np.maximum(least, 1.0)
    return np.asarray(np.where(least < 1, 1.0, betainc(some, np.maximum(trials - some + 1.0, 1e-9), share)))


def poisson_at_least(count: npt.ArrayLike, mean: npt.ArrayLike) -> Floats:
    """P(X ≥ count) around ``mean`` (broadcast).

    >>> round(float(poisson_at_least(1, 1.0)), 4)
    0.6321
    """
    least = np.asarray(count, dtype=np.float64)
    around = np.asarray(mean, dtype=np.float64)
    return np.asarray(np.where(least < 1, 1.0, gammainc(np.maximum(least, 1.0), around)))


def negative_binomial_at_most(count: float, mean: float, phi: float) -> float:
    """P(X ≤ count) with variance mean + φ mean².

    >>> round(negative_binomial_at_most(0, 2.0, 1.0), 4)
    0.3333
    """
    size = 1.0 / phi
    return float(betainc(size, count + 1.0, size / (size + mean)))


def negative_binomial_none(mean: npt.ArrayLike, phi: npt.ArrayLike) -> Floats:
    """P(X = 0) with variance mean + φ mean² (broadcast; φ = 0 is Poisson).

    >>> round(float(negative_binomial_none(2.0, 1.0)), 4)
    0.3333
    """
    level, spread = np.asarray(mean, dtype=np.float64), np.maximum(phi, 1e-9)
    return np.asarray(np.exp(-np.log1p(spread * level) / spread))
