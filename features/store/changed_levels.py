"""Whether the newest periods of a publication, which no earlier one knows, keep the level of those before them.

Nothing was published of these periods to hold them against, and levels do move: a lull, a rise, an epidemic. So a step
is refused only where one offence, or two, took it alone, over several periods, beyond anything that its own history
holds; everything else that is far out is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from contracts import Frequency
from contracts.arrays import Booleans, Floats, Ordinals
from features.store.changed_totals import Family
from features.store.common_totals import Districts
from features.store.publication_counts import RecordedCounts

PERIODS_A_YEAR = {Frequency.MONTH: 12, Frequency.WEEK: 52, Frequency.DAY: 364, Frequency.SHIFT: 3 * 364}
SEVERAL = {
    Frequency.MONTH: (3, 4, 6),
    Frequency.WEEK: (6, 13, 26),
    Frequency.DAY: (28, 91, 182),
    Frequency.SHIFT: (84, 273),
}
"""Numbers of newest periods whose level is judged together."""
STEP = 0.45
"""Logarithm of the least step that is told, and of the least fall that is refused: to under 0.64, or over 1.57, of the
level before."""
DOUBLED = 0.69
"""Logarithm of the least rise that is refused: a level may grow by more than it can fall while it means the same."""
MOVED = 0.25
"""An offence whose level moved by this logarithm (to under 0.78 or over 1.28) moved too."""
COMPANIONS_THAT_MAY_MOVE = 2
"""Where more of the other offences moved too, something happened in the city, and not in the recording of one offence.
In London 2010 to 2025 no offence steps alone so; in the spring of 2020 seven to eleven others move with the one."""
FEWEST_COMPANIONS = 4
"""With fewer other offences to compare with, a step is told and not refused."""
BEYOND_HISTORY = 1.25
"""A step must be so many times the largest that the offence took before when few others moved."""
SUBSTANTIAL = 30.0
"""Crimes expected in the judged periods below which a level cannot be told from chance."""
STEP_DEVIATIONS = 6.0
"""A step under so many Poisson standard deviations is left to chance: levels vary more than independent counts."""
STEADY_SHARE = 0.5
"""At least this share of the areas must be known in every period of the publication."""


@dataclass(frozen=True)
class Step:
    """A level that moved in the newest periods, from ``first`` to ``last`` (ordinals), to ``ratio`` of the nearest of
    the levels before them. ``deviations`` is how many Poisson standard deviations its crimes lie from the year's level;
    ``alone`` where few other series moved with it and there are enough of them to tell."""

    name: str
    first: int
    last: int
    crimes: float
    ratio: float
    deviations: float
    alone: bool


def changed_levels(family: Family) -> list[Step]:
    """Steps of offences in the newest periods, the clearest of each offence; those that are taken alone first."""
    return _newest_steps(family, Districts.none())


def changed_districts(family: Family, districts: Districts) -> list[Step]:
    """Steps of districts' recorded crime, all offences together; ``name`` is the district's code."""
    return _newest_steps(family, districts) if districts.of_area else []


def _newest_steps(family: Family, districts: Districts) -> list[Step]:
    ours = family.ours
    earlier = [other for other in family.others if other.published_on <= ours.published_on]
    if ours.last <= max((other.last for other in earlier), default=ours.first):
        return []
    stitched = _stitched(family, districts)
    if stitched is None:
        return []
    names, first, totals = stitched
    found: dict[str, Step] = {}
    for several in (1, *SEVERAL[family.frequency]):
        for step in _steps(names, first, totals, several, PERIODS_A_YEAR[family.frequency]):
            found[step.name] = max(found.get(step.name, step), step, key=_clearness)
    return sorted(found.values(), key=_clearness, reverse=True)


def _clearness(step: Step) -> tuple[bool, float]:
    return step.alone, step.deviations


def _steps(names: tuple[str, ...], first: int, totals: Floats, several: int, year: int) -> Iterator[Step]:
    periods = totals.shape[1]
    if periods < year + several:
        return
    moves, before = _moves(totals, several, year)
    latest, history = moves[:, -1], np.abs(moves[:, : max(moves.shape[1] - several, 0)])
    together = (history > MOVED).sum(axis=0) > 1 + COMPANIONS_THAT_MAY_MOVE
    largest = np.fmax.reduce(np.where(together, 0.0, history), axis=1, initial=0.0)
    crimes, expected = totals[:, -several:].sum(axis=1), several * before[:, -1]
    substantial = np.isfinite(latest) & (expected >= SUBSTANTIAL)
    deviations = np.abs(crimes - expected) / np.sqrt(np.maximum(np.maximum(crimes, expected), 1.0))
    far = substantial & (np.abs(latest) > STEP) & (np.abs(latest) > BEYOND_HISTORY * largest)
    far &= deviations > STEP_DEVIATIONS
    moved = substantial & (np.abs(latest) > MOVED)
    for index in np.flatnonzero(far).tolist():
        others, moved_too = int(substantial.sum()) - 1, int(moved.sum()) - 1
        large = latest[index] < -STEP or latest[index] > DOUBLED
        comparable = others >= FEWEST_COMPANIONS and moved_too <= COMPANIONS_THAT_MAY_MOVE
        yield Step(
            name=names[index],
            first=first + periods - several,
            last=first + periods - 1,
            crimes=float(crimes[index]),
            ratio=float(np.exp(latest[index])),
            deviations=float(deviations[index]),
            alone=bool(several > 1 and large and comparable),
        )


def _moves(totals: Floats, several: int, year: int) -> tuple[Floats, Floats]:
    """By the first of ``several`` periods: the logarithm of their level over the nearest of three levels before (the
    year's, that of as many periods, that of the same season a year ago), 0 where it lies among them and NaN where one
    is not known; and the year's level. Shape (series, starts), the starts from a year on."""
    starts = np.arange(year, totals.shape[1] - several + 1)
    now = _means(totals, starts, several)
    levels = [
        _means(totals, starts - year, year),
        _means(totals, starts - several, several),
        _means(totals, starts - year, several),
    ]
    ratios = np.log((now + 0.5 / several) / (np.array(levels) + 0.5 / several))
    rise, fall = ratios.min(axis=0), ratios.max(axis=0)
    return np.where(rise > 0, rise, np.where(fall < 0, fall, np.where(np.isnan(rise), np.nan, 0.0))), levels[0]


def _means(totals: Floats, starts: Ordinals, length: int) -> Floats:
    """Means of the known periods of each run, NaN where fewer than half of them are known."""
    known = np.isfinite(totals)
    summed = np.cumsum(np.pad(np.where(known, totals, 0.0), ((0, 0), (1, 0))), axis=1)
    number = np.cumsum(np.pad(known.astype(np.float64), ((0, 0), (1, 0))), axis=1)
    kept = number[:, starts + length] - number[:, starts]
    found: Floats = np.full(kept.shape, np.nan)
    np.divide(summed[:, starts + length] - summed[:, starts], kept, out=found, where=2 * kept >= length)
    return found


def _stitched(family: Family, districts: Districts) -> tuple[tuple[str, ...], int, Floats] | None:
    """Names, first ordinal and totals (series, periods) to the last period of ours, with what ours does not know from
    the newest of the others that do, NaN where none does. The series are offences or, where given, districts."""
    ours = family.ours.load()
    periods_known = ours.known.any(axis=0)
    steady: Booleans = np.all(ours.known[:, periods_known], axis=1)
    if steady.mean() < STEADY_SHARE:
        return None
    codes, of_area = districts.indexed(ours.areas)
    names = codes or ours.offences
    first = min(ours.first, *(other.first for other in family.others)) if family.others else ours.first
    totals: Floats = np.full((len(names), ours.last - first + 1), np.nan)
    for edition in (family.ours, *reversed(family.others)):
        counts = edition.load()
        position, known = _seen_of(counts, ours, steady)
        fresh = np.flatnonzero(known & (np.arange(counts.first, counts.last + 1) <= ours.last))
        fresh = fresh[np.isnan(totals[0, fresh + counts.first - first])]
        if len(fresh):
            row = of_area[position] if codes else _positions(counts.offences, names)[counts.offence]
            row = row[counts.area] if codes else row
            totals[:, fresh + counts.first - first] = _summed(counts, row, position >= 0, len(names))[:, fresh]
    return names, first, totals


def _seen_of(counts: RecordedCounts, ours: RecordedCounts, steady: Booleans) -> tuple[Ordinals, Booleans]:
    """Position in ours of each area of counts, −1 for one that is not steady; and the periods in which counts knows all
    of the steady ones."""
    position = _positions(counts.areas, ours.areas)
    position[(position >= 0) & ~steady[position]] = -1
    kept = position >= 0
    if kept.sum() < steady.sum():
        return position, np.zeros(counts.known.shape[1], dtype=bool)
    known: Booleans = np.all(counts.known[kept], axis=0)
    return position, known


def _summed(counts: RecordedCounts, row: Ordinals, kept_areas: Booleans, rows: int) -> Floats:
    periods = counts.known.shape[1]
    kept = (row >= 0) & kept_areas[counts.area]
    key = row[kept] * periods + counts.since[kept]
    dense: Floats = np.bincount(key, weights=counts.count[kept], minlength=rows * periods).astype(np.float64)
    return dense.reshape(rows, periods)


def _positions(names: Iterable[str], among: Iterable[str]) -> Ordinals:
    position: Mapping[str, int] = {name: index for index, name in enumerate(among)}
    return np.array([position.get(name, -1) for name in names], dtype=np.int64)
