"""The predictive distribution: what every forecaster returns and every judge scores.

A negative binomial by mean and dispersion: variance = mean + dispersion * mean**2, so dispersion 0 is
the Poisson distribution. Arrays of any common shape; counts are crimes per area and period.
Sources: Gneiting & Raftery (2007) for the continuous ranked probability score (CRPS), Czado, Gneiting & Held
(2009) for the probability integral transform of counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy

from contracts.arrays import Floats
from contracts.errors import BadInput

QUANTILE_LEVELS = (0.025, 0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95, 0.975)
QUANTILE_COLUMNS = ("q025", "q05", "q10", "q25", "q50", "q75", "q90", "q95", "q975")

_SMALLEST_MEAN = 1e-9
_SMALLEST_DISPERSION = 1e-9
_PIECE = 4000
"""Distributions integrated at once: their nodes fit the processor's cache."""
_GINI_NODES, _GINI_WEIGHTS = np.polynomial.legendre.leggauss(96)


@dataclass(frozen=True)
class CountDistribution:
    """Negative binomial distributions of counts, one per element of ``mean``.

    ``shared`` is the part of the dispersion that comes from a factor which all areas of a period share (the city's
    level): the relative variance of that factor, at most ``dispersion``; 0 where areas are independent. It says
    nothing about one area's count, and everything about sums of areas: see ``contracts.sums``.

    >>> forecast = CountDistribution(mean=np.array([2.0]), dispersion=np.array([0.5]))
    >>> forecast.p_at_least_one().round(3)
    array([0.75])
    >>> forecast.quantile(0.9)
    array([5.])
    """

    mean: Floats
    dispersion: Floats
    shared: Floats | float = 0.0

    def __post_init__(self) -> None:
        mean, dispersion, shared = np.broadcast_arrays(
            *(np.asarray(part, dtype=np.float64) for part in (self.mean, self.dispersion, self.shared))
        )
        if not all(np.isfinite(part).all() for part in (mean, dispersion, shared)):
            raise BadInput("A forecast holds a value that is not finite.", remedy="Do not use this model.")
        if any((part < 0).any() for part in (mean, dispersion, shared)):
            raise BadInput("A forecast holds a negative mean or dispersion.", remedy="Do not use this model.")
        object.__setattr__(self, "mean", np.maximum(mean, _SMALLEST_MEAN))
        object.__setattr__(self, "dispersion", np.maximum(dispersion, _SMALLEST_DISPERSION))
        object.__setattr__(self, "shared", np.minimum(shared, dispersion))

    @classmethod
    def stack(cls, parts: Sequence[CountDistribution]) -> CountDistribution:
        """Distributions of one shape along a new first axis."""
        return cls(*(np.stack([getattr(part, name) for part in parts]) for name in ("mean", "dispersion", "shared")))

    def __getitem__(self, key: Any) -> CountDistribution:
        return CountDistribution(self.mean[key], self.dispersion[key], np.asarray(self.shared)[key])

    @property
    def size(self) -> Floats:
        """The negative binomial's size parameter, 1 / dispersion."""
        return 1.0 / self.dispersion

    @property
    def variance(self) -> Floats:
        """Variance of each count."""
        return self.mean + self.dispersion * self.mean**2

    @property
    def success(self) -> Floats:
        """The negative binomial's success probability, size / (size + mean)."""
        return 1.0 / (1.0 + self.dispersion * self.mean)

    def cdf(self, counts: npt.ArrayLike) -> Floats:
        """P(count ≤ counts); 0 for negative counts."""
        floor = np.floor(np.asarray(counts, dtype=np.float64))
        below = scipy.special.betainc(self.size, np.maximum(floor, 0.0) + 1.0, self.success)
        return np.where(floor < 0, 0.0, below)

    def log_pmf(self, counts: npt.ArrayLike) -> Floats:
        """Natural logarithm of P(count = counts); a proper score (the log score, higher is better)."""
        y = np.asarray(counts, dtype=np.float64)
        size = self.size
        return np.asarray(
            scipy.special.gammaln(y + size)
            - scipy.special.gammaln(size)
            - scipy.special.gammaln(y + 1.0)
            - size * np.log1p(self.dispersion * self.mean)
            + scipy.special.xlogy(y, self.mean)
            - scipy.special.xlogy(y, self.mean + size)
        )

    def p_at_least_one(self) -> Floats:
        """P(count ≥ 1)."""
        return np.asarray(-np.expm1(-self.size * np.log1p(self.dispersion * self.mean)))

    def quantile(self, level: float) -> Floats:
        """The smallest whole count k with P(count ≤ k) ≥ level."""
        guess, margin = self._normal_quantile(level)
        low, high = np.maximum(guess - margin, -1.0), guess + margin
        low = np.where(self.cdf(low) >= level, -1.0, low)
        while (short := self.cdf(high) < level).any():
            high = np.where(short, 2.0 * high + 1.0, high)
        while (wide := high - low > 1.0).any():
            middle = np.floor((low + high) / 2.0)
            enough = self.cdf(middle) >= level
            low, high = np.where(wide & ~enough, middle, low), np.where(wide & enough, middle, high)
        return high

    def _normal_quantile(self, level: float) -> tuple[Floats, Floats]:
        """A whole number near the quantile (Cornish & Fisher's first term) and how far from it to look first."""
        deviation = np.sqrt(self.variance)
        skewness = (1.0 + 2.0 * self.dispersion * self.mean) / deviation
        z = float(scipy.special.ndtri(level))
        correction = np.minimum(np.abs(skewness), 2.0) * (z * z - 1.0) / 6.0
        guess = np.maximum(np.floor(self.mean + deviation * (z + correction)), 0.0)
        return guess, np.ceil(0.1 * deviation) + 1.0

    def quantiles(self) -> dict[str, Floats]:
        """The published quantiles, by column name of the forecasts table."""
        return {name: self.quantile(level) for name, level in zip(QUANTILE_COLUMNS, QUANTILE_LEVELS, strict=True)}

    def sample(self, draws: int, seed: int) -> npt.NDArray[np.int64]:
        """Random counts, shape (draws, *shape of mean)."""
        generator = np.random.default_rng(seed)
        return generator.negative_binomial(self.size, self.success, size=(draws, *self.mean.shape))

    def mean_absolute_difference(self) -> Floats:
        """E|X − X'| of two independent counts, from the characteristic function φ.

        E|X − X'| = 1/π ∫₀^π (1 − |φ(t)|²) / (1 − cos t) dt, with u = tan(t / 2) scaled by the standard
        deviation and Gauss–Legendre quadrature; relative error under 1e-6 for means from 1e-4 to 1e4.
        """
        result = np.empty(self.mean.shape)
        flat = CountDistribution(self.mean.ravel(), self.dispersion.ravel())
        for start in range(0, flat.mean.size, _PIECE):
            result.reshape(-1)[start : start + _PIECE] = flat[start : start + _PIECE]._piece_of_differences()
        return result

    def _piece_of_differences(self) -> Floats:
        v = (_GINI_NODES + 1.0) / 2.0
        weights = _GINI_WEIGHTS / 2.0
        scale = 1.0 / np.sqrt(self.variance)[..., None]
        u = scale * v / (1.0 - v)
        half_sine_squared = u**2 / (1.0 + u**2)
        odds = (self.dispersion * self.mean * (1.0 + self.dispersion * self.mean))[..., None]
        log_modulus = -self.size[..., None] * np.log1p(4.0 * odds * half_sine_squared)
        integrand = -np.expm1(log_modulus) / u**2 * scale / (1.0 - v) ** 2
        return np.asarray((integrand * weights).sum(axis=-1) / np.pi)

    def crps(self, counts: npt.ArrayLike) -> Floats:
        """Continuous ranked probability score, in crimes; lower is better.

        CRPS = E|X − y| − ½ E|X − X'|.
        """
        y = np.asarray(counts, dtype=np.float64)
        upper = CountDistribution(self.mean * (1.0 + self.dispersion), self.dispersion / (1.0 + self.dispersion))
        partial = self.mean * upper.cdf(y - 1.0)
        absolute = 2.0 * (y * self.cdf(y) - partial) + self.mean - y
        return np.asarray(absolute - 0.5 * self.mean_absolute_difference())
