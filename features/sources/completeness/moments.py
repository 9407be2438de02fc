"""Which periods a file of single moments covers whole: it begins with its first row and ends with its last.

The resolution of the times counts: a date without a time stands for its whole day, and a file whose dates are all the
first of a month was dated by month.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from contracts import BadInput, Frequency, ordinals_of, starts_of
from contracts.arrays import Floats, Moments, Ordinals
from features.sources.completeness.levels import Series

CUT_BELOW = 1e-6
"""A first or last period is cut off where the silence at its edge is less probable than this."""
NEAREST = 100
"""Rows at an edge that say how often one is to be expected there."""
SECONDS = {"second": 1, "hour": 3600, "day": 86400}
ONLY = {"month": Frequency.MONTH, "week": Frequency.WEEK}
"""Resolution → the only periods that moments of it can be counted by."""


@dataclass(frozen=True)
class WholePeriods:
    """``periods`` that the file may cover whole, ordinals without a gap; ``cut`` are those at its ends that it does
    not; ``resolution`` is "second", "hour", "day", "week" or "month"."""

    frequency: Frequency
    periods: Ordinals
    cut: tuple[int, ...]
    resolution: str
    notes: tuple[str, ...]

    def silent_days(self, moments: Moments, below: float) -> Floats | None:
        """The share of each period's days in silences that are no zeros; None where days are not known, or where
        periods are no longer than days."""
        if self.frequency not in (Frequency.WEEK, Frequency.MONTH) or self.resolution in ("week", "month"):
            return None
        bounds = starts_of(np.append(self.periods, self.periods[-1] + 1), self.frequency).astype("datetime64[D]")
        day = (moments.astype("datetime64[D]") - bounds[0]).astype(np.int64)
        length = int((bounds[-1] - bounds[0]).astype(np.int64))
        day = day[(day >= 0) & (day < length)]
        one = np.zeros_like(day)
        series = Series.of(one, day, np.ones_like(day), length, Frequency.DAY)
        silent = np.zeros(length)
        runs = series.silent_runs(below, fewest=1)
        for first, last in zip(runs.first.tolist(), runs.last.tolist(), strict=True):
            silent[first : last + 1] = 1.0
        edges = (bounds - bounds[0]).astype(np.int64)
        return np.asarray(np.add.reduceat(silent, edges[:-1]) / np.diff(edges))


def resolution_of(moments: Moments) -> str:
    """How finely moments (datetime64[s]) are dated, where there are enough of them to tell."""
    days = moments.astype("datetime64[D]")
    if (moments != days).any():
        return "second" if (moments.astype(np.int64) % SECONDS["hour"]).any() else "hour"
    distinct = np.unique(days)
    if len(distinct) >= 3 and (distinct == distinct.astype("datetime64[M]").astype("datetime64[D]")).all():
        return "month"
    if len(distinct) >= 5 and len(np.unique(distinct.astype(np.int64) % 7)) == 1:
        return "week"
    return "day"


def whole_periods(path: Path, moments: Moments, frequency: Frequency) -> WholePeriods:
    """The periods that a file covers whole; raises ``BadInput`` where there is none, or where its dates are coarser
    than the periods asked for."""
    resolution = resolution_of(moments)
    if frequency is not ONLY.get(resolution, frequency):
        dated = {"month": "the first of a month", "week": "on one day of the week"}[resolution]
        raise BadInput(
            f"{path}: its dates are all {dated}, so they cannot be counted by {frequency}.",
            remedy=f"Say --period {resolution}, or give a file with finer times.",
        )
    period = ordinals_of(moments, frequency)
    first, last = int(period.min()), int(period.max())
    bounds = starts_of(np.array([first, last + 1]), frequency)
    start, stop = 0, last - first + 1
    if resolution in SECONDS:
        unit = SECONDS[resolution]
        before = float((moments.min() - bounds[0]).astype(np.int64))
        after = float((bounds[1] - moments.max()).astype(np.int64)) - unit
        start = int(_cut(_rate(moments, unit, at_end=False) * before))
        stop -= int(_cut(_rate(moments, unit, at_end=True) * after))
    if stop <= start:
        raise BadInput(f"{path} covers no whole {frequency}.", remedy="Give a longer file or a shorter --period.")
    every = np.arange(first, last + 1, dtype=np.int64)
    cut = (*every[:start].tolist(), *every[stop:].tolist())
    notes = (f"Its dates are by {resolution}: the last {frequency} is taken as whole.",) * (resolution not in SECONDS)
    return WholePeriods(frequency, every[start:stop], cut, resolution, notes)


def _cut(expected: float) -> bool:
    return bool(np.exp(-expected) < CUT_BELOW)


def _rate(moments: Moments, unit: int, *, at_end: bool) -> float:
    """Rows a second: of the whole file, or of the rows nearest to its edge where they are rarer."""
    seconds = moments.astype("datetime64[s]").astype(np.int64)
    if at_end:
        seconds = -seconds
    some = min(NEAREST, len(seconds))
    nearest = np.partition(seconds, some - 1)[:some]
    whole = len(seconds) / (int(seconds.max() - seconds.min()) + unit)
    return float(min(whole, some / (int(nearest.max() - nearest.min()) + unit)))
