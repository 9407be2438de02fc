"""Causal smoothing along time: the value at a period uses that period and earlier ones only.

Arrays are (areas, periods); a missing value (NaN) is skipped, never read as zero, which is why these are not
taken from a library: those at hand read a gap as a value or forget the level behind it.
"""

from __future__ import annotations

import numpy as np

from contracts.arrays import Floats


def ewma(values: Floats, alpha: float) -> Floats:
    """Exponentially weighted mean, newest weight ``alpha``, weights normalised from the first value on.

    NaN until an area's first known value; a missing period leaves the mean as it was.

    >>> ewma(np.array([[4.0, 8.0, np.nan]]), 0.5).round(3)
    array([[4.   , 6.667, 6.667]])
    """
    if not np.isnan(values).any():
        return _ewma_without_gaps(values, alpha)
    total = np.zeros(values.shape[0])
    weight = np.zeros(values.shape[0])
    smoothed = np.full(values.shape, np.nan)
    for period in range(values.shape[1]):
        newest = values[:, period]
        known = ~np.isnan(newest)
        total = np.where(known, (1.0 - alpha) * total + alpha * newest, total)
        weight = np.where(known, (1.0 - alpha) * weight + alpha, weight)
        np.divide(total, weight, out=smoothed[:, period], where=weight > 0)
    return smoothed


def _ewma_without_gaps(values: Floats, alpha: float) -> Floats:
    """The same to the last bit, several times as fast: every area has the same weights."""
    totals = np.ascontiguousarray((alpha * values).T)
    weights = np.full(len(totals), alpha)
    for period in range(1, len(totals)):
        totals[period] += (1.0 - alpha) * totals[period - 1]
        weights[period] += (1.0 - alpha) * weights[period - 1]
    return np.ascontiguousarray((totals / weights[:, None]).T)


def rolling_mean(values: Floats, window: int) -> Floats:
    """Mean of the known values among the last ``window`` periods; NaN where there is none.

    >>> rolling_mean(np.array([[1.0, 2.0, np.nan, 6.0]]), 2)
    array([[1. , 1.5, 2. , 6. ]])
    """
    known = ~np.isnan(values)
    sums = np.cumsum(np.where(known, values, 0.0), axis=1)
    counts = np.cumsum(known, axis=1)
    sums[:, window:] -= sums[:, :-window].copy()
    counts[:, window:] -= counts[:, :-window].copy()
    return np.asarray(np.divide(sums, counts, out=np.full(values.shape, np.nan), where=counts > 0))


def shifted(values: Floats, periods: int) -> Floats:
    """The value ``periods`` earlier; NaN before the first."""
    out = np.full(values.shape, np.nan)
    if periods < values.shape[1]:
        out[:, periods:] = values[:, : values.shape[1] - periods]
    return out
