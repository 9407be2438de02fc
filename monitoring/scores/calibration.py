"""Whether forecasts mean what they say: probability integral transform, interval coverage, reliability, dispersion.

Counts are discrete, so a central 90% interval of whole numbers holds more than 90%. Coverage is therefore that of the
randomised probability integral transform u = F(y − 1) + v·(F(y) − F(y − 1)) with v uniform on (0, 1), which is uniform
for a calibrated forecast. Source: Czado, Gneiting & Held (2009), Predictive model assessment for count data.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from contracts import CountDistribution
from contracts.arrays import Floats, Ordinals

LEVELS = (0.50, 0.80, 0.90, 0.95)
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def row_uniforms(areas: Sequence[str], periods: Ordinals, seed: int) -> Floats:
    """Uniform numbers in (0, 1), shape (N, A), that depend only on the seed and the row's area and period.

    So every model meets the same v, and neither the order of the areas nor another period changes it.
    """
    names = [hashlib.blake2b(f"{seed}|{area}".encode(), digest_size=8).digest() for area in areas]
    keys = np.frombuffer(b"".join(names), dtype="<u8").astype(np.uint64)
    steps = np.asarray(periods, dtype=np.int64).astype(np.uint64) * _GOLDEN
    mixed = _mixed(_mixed(keys)[None, :] + steps[:, None])
    return np.asarray(((mixed >> np.uint64(11)).astype(np.float64) + 0.5) / 2.0**53)


def _mixed(keys: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """The finaliser of splitmix64 (Steele, Lea & Flood 2014)."""
    keys = (keys ^ (keys >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    keys = (keys ^ (keys >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return keys ^ (keys >> np.uint64(31))


def pit_limits(outcomes: Floats, forecast: CountDistribution) -> tuple[Floats, Floats]:
    """F(y − 1) and F(y), the ends between which the randomised PIT lies; NaN where the outcome is unknown."""
    known = ~np.isnan(outcomes)
    counts = np.where(known, outcomes, 0.0)
    below, at = forecast.cdf(counts - 1.0), forecast.cdf(counts)
    return np.where(known, below, np.nan), np.where(known, at, np.nan)


def randomised_pit(outcomes: Floats, forecast: CountDistribution, uniforms: Floats) -> Floats:
    """Randomised PIT of each outcome, same shape, 0…1; NaN where the outcome is unknown.

    Hand-worked: Poisson with mean ln 2 gives no crime the probability ½, so y = 0 and v = 0.4 make 0.2.

    >>> poisson = CountDistribution(np.array([np.log(2.0)]), np.array([0.0]))
    >>> randomised_pit(np.array([0.0]), poisson, np.array([0.4])).round(6)
    array([0.2])
    """
    below, at = pit_limits(outcomes, forecast)
    return np.asarray(below + uniforms * (at - below))


def coverage(limits: tuple[Floats, Floats], level: float) -> float:
    """Share of outcomes inside the central interval of that level, by the randomised PIT, 0…1.

    ``limits`` is what ``pit_limits`` returns. The randomisation is averaged out exactly: an outcome counts with the
    probability that its randomised PIT lies in the interval, so the figure needs no seed.
    Hand-worked: PIT uniform on (0, ½) lies in (0.25, 0.75) with probability ½.

    >>> coverage((np.array([0.0, np.nan]), np.array([0.5, np.nan])), 0.5)
    0.5
    """
    return float(share_inside(_known(limits), level).mean())


def share_inside(limits: tuple[Floats, Floats], level: float) -> Floats:
    """Probability, of each outcome, that its randomised PIT lies in the central interval; NaN where it is unknown.

    >>> share_inside((np.array([0.0, np.nan]), np.array([0.5, np.nan])), 0.5)
    array([0.5, nan])
    """
    tail = (1.0 - level) / 2.0
    return np.where(np.isnan(limits[1]), np.nan, _share_between(*limits, tail, 1.0 - tail))


def pit_histogram(limits: tuple[Floats, Floats], bins: int = 10) -> pd.DataFrame:
    """Columns ``from, to, share``: share of the randomised PIT in each equal bin, randomisation averaged out.

    A calibrated forecast has 1 / bins in each; a hump means too wide, a trough too narrow, a slope a bias.
    """
    below, at = _known(limits)
    edges = np.linspace(0.0, 1.0, bins + 1)
    shares = [float(_share_between(below, at, low, high).mean()) for low, high in itertools.pairwise(edges)]
    return pd.DataFrame({"from": edges[:-1], "to": edges[1:], "share": shares})


def reliability(outcomes: Floats, mean: Floats, bins: int = 10) -> pd.DataFrame:
    """Forecast against outcome in ``bins`` groups of equal number, ordered by the forecast mean.

    Columns ``forecasts`` (number), ``forecast`` and ``outcome`` (mean crimes), ``ratio`` (forecast / outcome).
    """
    known = ~np.isnan(outcomes)
    order = np.argsort(mean[known], kind="stable")
    expected, happened = mean[known][order], outcomes[known][order]
    groups = [part for part in np.array_split(np.arange(order.size), bins) if part.size]
    table = pd.DataFrame(
        {
            "forecasts": [part.size for part in groups],
            "forecast": [float(expected[part].mean()) for part in groups],
            "outcome": [float(happened[part].mean()) for part in groups],
        }
    )
    return table.assign(ratio=table["forecast"] / table["outcome"].where(table["outcome"] > 0))


def pearson_dispersion(outcomes: Floats, forecast: CountDistribution) -> float:
    """Mean of (y − μ)² / variance; no unit. 1 is calibrated, above 1 the forecast is too sure, below too unsure.

    >>> round(pearson_dispersion(np.array([6.0, 2.0]), CountDistribution(np.full(2, 4.0), np.zeros(2))), 6)
    1.0
    """
    known = ~np.isnan(outcomes)
    if not known.any():
        raise ValueError("no outcome is known, so there is nothing to score")
    squared = (outcomes[known] - forecast.mean[known]) ** 2 / forecast.variance[known]
    return float(squared.mean())


def _known(limits: tuple[Floats, Floats]) -> tuple[Floats, Floats]:
    known = ~np.isnan(limits[1])
    if not known.any():
        raise ValueError("no outcome is known, so there is nothing to score")
    return limits[0][known], limits[1][known]


def _share_between(below: Floats, at: Floats, low: float, high: float) -> Floats:
    """Probability that a uniform number on (below, at) lies in (low, high)."""
    width = at - below
    overlap = np.clip(np.minimum(at, high) - np.maximum(below, low), 0.0, None)
    inside = ((below >= low) & (below <= high)).astype(np.float64)
    return np.where(width > 0, overlap / np.where(width > 0, width, 1.0), inside)
