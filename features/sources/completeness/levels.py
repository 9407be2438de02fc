"""How probable a silence or a nearly empty period is, given the periods around it.

A series is counts of one area (or of all) by period. Its level is the median of the periods on one side, and the
smaller of both sides, so that a series which fades away or sets in slowly is not taken for one that was cut. Counts are
negative binomial (variance m + φ m²) with φ estimated from the series itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from contracts import Frequency
from contracts.arrays import Booleans, Floats, Integers
from features.sources.completeness.chances import negative_binomial_at_most, negative_binomial_none

WINDOW = 12
"""Periods on each side of a silence that say what is usual there; days and shifts: so many weeks are four."""
NEAR = 4
"""The nearest of them, whose level counts too where it is lower."""
CYCLES = {Frequency.DAY: 7, Frequency.SHIFT: 21}
"""Periods after which days and shifts return to the same place of the week."""
WEEKS_AROUND = 4
DENSE = 5.0
"""From this level on, median and median deviation are used, which a few silent periods cannot move."""
DRIFT = 0.15
"""φ of an area's level over a long silence: levels move, so a year is not twelve independent months."""
LULL = 1.0 / 12.0
"""φ of a period that is low and not empty, at least: a real week at a quarter of its level is to be expected."""
ROBUST = 1.4826
"""Median deviation → standard deviation of a normal distribution."""

_DENSE_CELLS = 1_000_000


@dataclass(frozen=True)
class Runs:
    """Silent runs: series, first and last position (both included)."""

    series: Integers
    first: Integers
    last: Integers

    def where(self, keep: Booleans) -> Runs:
        """The runs marked True."""
        return Runs(self.series[keep], self.first[keep], self.last[keep])

    def __len__(self) -> int:
        return len(self.series)


@dataclass(frozen=True)
class Series:
    """Sparse counts of several series over ``length`` periods: sorted distinct ``key`` = series × length + position,
    and what each holds (> 0). ``scale`` (length,) is the share of its usual level that the whole city has in a period,
    at most 1: what is quiet everywhere is quiet here too."""

    key: Integers
    count: Integers
    length: int
    frequency: Frequency
    scale: Floats

    @classmethod
    def of(
        cls, series: Integers, position: Integers, count: Integers, length: int, frequency: Frequency,
        scale: Floats | None = None,
    ) -> Series:  # fmt: skip
        """From rows in any order; rows of one series and position are added up."""
        every = series * length + position
        scale = np.ones(length) if scale is None else scale
        if len(every) and int(every.max()) < _DENSE_CELLS + 8 * len(every):
            total = np.bincount(every, weights=count).astype(np.int64)
            key = np.flatnonzero(total)
            return cls(key, total[key], length, frequency, scale)
        key, place = np.unique(every, return_inverse=True)
        total = np.bincount(place, weights=count).astype(np.int64)
        return cls(key[total > 0], total[total > 0], length, frequency, scale)

    @property
    def cycle(self) -> int:
        """Periods after which the series is at the same place of the week again."""
        return CYCLES.get(self.frequency, 1)

    @property
    def window(self) -> int:
        """Periods on each side that are compared."""
        return WINDOW if self.cycle == 1 else WEEKS_AROUND * self.cycle

    def silent_runs(self, below: float, *, fewest: int, least: float = 0.0) -> Runs:
        """Silences less probable than ``below``. ``fewest``: periods on a side that can say what is usual; ``least``:
        the usual count of a period (of a week, where periods are shorter) under which zeros are left alone."""
        runs = self._all_runs()
        if below <= 0.0 or not len(runs):
            return runs.where(np.zeros(len(runs), dtype=bool))
        runs = runs.where(self._may_be_improbable(runs, below, least))
        pairs = zip(runs.series.tolist(), runs.first.tolist(), runs.last.tolist(), strict=True)
        improbable = [self._probability(*run, fewest=fewest, least=least) < below for run in pairs]
        return runs.where(np.array(improbable, dtype=bool))

    def _all_runs(self) -> Runs:
        """Every silence of a series that has some count."""
        series, position = np.divmod(self.key, self.length)
        starts = np.ones(len(series), dtype=bool)
        starts[1:] = series[1:] != series[:-1]
        before = np.where(starts, -1, np.concatenate([[-1], position[:-1]]))[: len(position)]
        ends = np.ones(len(series), dtype=bool)
        ends[:-1] = starts[1:]
        first = np.concatenate([before + 1, position[ends] + 1])
        last = np.concatenate([position - 1, np.full(int(ends.sum()), self.length - 1)])
        runs = Runs(np.concatenate([series, series[ends]]), first, last)
        return runs.where(last >= first)

    def _may_be_improbable(self, runs: Runs, below: float, least: float) -> Booleans:
        """A bound without medians, which are at most twice their mean; the week's course is that of the whole file."""
        number = int(self.key[-1] // self.length) + 1
        series, position = np.divmod(self.key, self.length)
        course = np.zeros((number, self.cycle))
        np.add.at(course, (series, position % self.cycle), self.count)
        course *= self.cycle / np.maximum(course.sum(axis=1, keepdims=True), 1)
        through = np.concatenate([np.zeros((number, 1)), np.cumsum(np.tile(course, 2), axis=1)], axis=1)
        length = runs.last - runs.first + 1
        start = runs.first % self.cycle
        part = through[runs.series, start + length % self.cycle] - through[runs.series, start]
        periods = length - length % self.cycle + part
        sides = [self._window_sums(runs, edge) for edge in (runs.first - self.window, runs.last + 1)]
        mean = np.maximum.reduce([summed / np.maximum(width, 1) for summed, width in sides])
        most = np.maximum.reduce([summed for summed, _ in sides])
        phi = DRIFT * (1.0 - 1.0 / length) + 1.0 / np.maximum(most, 1)
        busy = 2.0 * mean * self.cycle >= least
        return np.asarray(busy & (negative_binomial_none(2.0 * mean * periods, phi) < below))

    def _window_sums(self, runs: Runs, edge: Integers) -> tuple[Integers, Integers]:
        """Counts in the window that begins at ``edge``, and its length inside the file."""
        summed = np.concatenate([[0], np.cumsum(self.count)])
        low, high = np.clip(edge, 0, self.length), np.clip(edge + self.window, 0, self.length)
        start, stop = (np.searchsorted(self.key, runs.series * self.length + at) for at in (low, high))
        return summed[stop] - summed[start], high - low

    def _probability(self, series: int, first: int, last: int, *, fewest: int, least: float) -> float:
        """Of no count at all in a run; 1 where nothing, or less than ``least``, is usual."""
        run = np.arange(first, last + 1)
        starts = (max(first - self.window, 0), last + 1)
        ends = (first, min(last + 1 + self.window, self.length))
        sides = [
            _Side.of(self._dense(series, start, end), start, run, self.cycle, nearest_last=start < first)
            for start, end in zip(starts, ends, strict=True)
            if end - start >= fewest
        ]
        if not sides or min(side.usual for side in sides) * self.cycle < least:
            return 1.0
        level = np.minimum.reduce([side.level for side in sides]) * self.scale[run]
        phi = max(side.phi / len(run) + side.uncertainty for side in sides) + DRIFT * (1.0 - 1.0 / len(run))
        return float(negative_binomial_none(level.sum(), phi))

    def _dense(self, series: int, low: int, high: int) -> Floats:
        start, stop = np.searchsorted(self.key, [series * self.length + low, series * self.length + high])
        values = np.zeros(max(high - low, 0))
        values[self.key[start:stop] - series * self.length - low] = self.count[start:stop]
        return values


@dataclass(frozen=True)
class _Side:
    """What the periods on one side of a run say: the ``usual`` count of a period, counts at the run's positions, φ of
    one period, and the φ with which the level itself is known."""

    usual: float
    level: Floats
    phi: float
    uncertainty: float

    @classmethod
    def of(cls, values: Floats, start: int, run: Integers, cycle: int, *, nearest_last: bool) -> _Side:
        if cycle == 1:
            near = values[-NEAR:] if nearest_last else values[:NEAR]
            level = np.full(len(run), min(_centre(values), _centre(near)))
            fitted, usual = np.full(len(values), _centre(values)), float(level[0])
        else:
            phase = (np.arange(len(values)) + start) % cycle
            some = [values[phase == one] for one in range(cycle)]
            centres = np.array([_centre(part if len(part) else values) for part in some])
            level, fitted, usual = centres[run % cycle], centres[phase], float(centres.mean())
        phi = _spread(values, fitted)
        return cls(usual, level, phi, phi / len(values) + 1.0 / max(float(values.sum()), 1.0))


def _centre(values: Floats) -> float:
    """Median where counts are dense, else the mean: most periods of a sparse series are zeros, and its median too."""
    median = float(np.median(values))
    return median if median >= DENSE else min(float(np.mean(values)), DENSE)


def _spread(values: Floats, level: Floats) -> float:
    """φ of variance m + φ m²."""
    mean = float(level.mean())
    if mean <= 0.0:
        return 0.0
    off = values - level
    variance = float((ROBUST * np.median(np.abs(off))) ** 2 if mean >= DENSE else np.mean(off**2))
    return max(0.0, (variance - mean) / mean**2)


def low_periods(totals: Integers, frequency: Frequency, below: float) -> Booleans:
    """Periods (P,) with some count, but less than a real lull would leave (probability under ``below``)."""
    values = np.asarray(totals, dtype=np.float64)
    cycle = CYCLES.get(frequency, 1)
    reach = WINDOW if cycle == 1 else WEEKS_AROUND
    low = np.zeros(len(values), dtype=bool)
    for position in np.flatnonzero((values > 0) & (values < 0.5 * np.max(values, initial=0.0))).tolist():
        before = values[position - cycle :: -cycle][:reach] if position >= cycle else values[:0]
        after = values[position + cycle :: cycle][:reach]
        sides = [side for side in (before, after) if len(side)]
        if sides and below > 0.0:
            low[position] = _lower_tail(values[position], sides) < below
    return low


def _lower_tail(count: float, sides: list[Floats]) -> float:
    """P(X ≤ count) under the lower of the sides' levels."""
    level = min(float(np.median(side)) for side in sides)
    if count >= level:
        return 1.0
    phi = max(LULL, *(_spread(side, np.full(len(side), float(np.median(side)))) for side in sides))
    return negative_binomial_at_most(count, level, phi)


def usual_scale(totals: Integers) -> Floats:
    """The share of its usual level, at most 1, that each period has: its total by the mean of the periods around it."""
    values = np.asarray(totals, dtype=np.float64)
    summed = np.concatenate([[0.0], np.cumsum(values)])
    position = np.arange(len(values))
    low, high = np.maximum(position - WINDOW, 0), np.minimum(position + WINDOW + 1, len(values))
    others = summed[high] - summed[low] - values
    usual = others / np.maximum(high - low - 1, 1)
    return np.asarray(np.where(usual > 0, np.minimum(values / np.maximum(usual, 1e-9), 1.0), 1.0))
