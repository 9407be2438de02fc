"""Which totals changed between publications of the same periods by more than revisions do."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from contracts import Frequency, Settings
from contracts.arrays import Booleans, Floats
from features.sources.source_counts import SourceCounts
from features.store.common_totals import CommonTotals, Districts, Series, common_totals
from features.store.publication_counts import RecordedCounts, load_recorded_counts, recorded_counts_of
from features.store.publication_record import Publication
from features.store.revision_limits import Revised, RevisionLimits

CITY_DEVIATIONS = 3.0
"""A change of a city's total under so many Poisson standard deviations is left to chance. Most crimes of a period are
the same in both publications, so that sound revisions differ far less than independent counts would."""
DISTRICT_DEVIATIONS = 4.0
"""The same for a district: there are many, and crimes move between them when a place is corrected."""
BACK_FILE_SPAN = 2
"""A back-file covers more than so many times the periods of the family's shortest publication."""
LEARNED_FROM = 12
"""Limits are learned from so many of the newest publications, and from the back-files."""


@dataclass(frozen=True)
class Edition:
    """A publication of the family, stored or being taken in."""

    id: str
    label: str
    published_on: date
    first: int
    last: int
    periods: int
    load: Callable[[], RecordedCounts]


@dataclass(frozen=True)
class Change:
    """A series whose totals of ``periods`` changed, in a district or, None, in the city; ``compared`` periods are known
    to both. ``ours`` and ``theirs`` are crimes in the changed periods; ``other`` is the publication held against, and
    ``limit`` the least share that would have been too much."""

    series: Series
    district: str | None
    other: Edition
    periods: tuple[int, ...]
    compared: int
    ours: float
    theirs: float
    limit: float

    @property
    def size(self) -> float:
        """The change as a share of the older total; infinite where that is zero."""
        return abs(self.ours / self.theirs - 1.0) if self.theirs else float("inf")

    @property
    def deviations(self) -> float:
        """The change in Poisson standard deviations of the larger total."""
        return abs(self.ours - self.theirs) / math.sqrt(max(self.ours, self.theirs, 1.0))


@dataclass(frozen=True)
class Family:
    """What a publication is held against: ``others`` of its family, by date, and itself as ``ours``."""

    ours: Edition
    others: tuple[Edition, ...]
    taxonomy: str
    frequency: Frequency

    def back_files(self) -> frozenset[str]:
        """Ids of the publications that cover far more periods than the others: histories, published at any time."""
        editions = (self.ours, *self.others)
        shortest = min(edition.periods for edition in editions)
        return frozenset(edition.id for edition in editions if edition.periods > BACK_FILE_SPAN * shortest)


def family_of(counts: SourceCounts, stored: Sequence[Publication]) -> Family:
    """The publication with the stored ones of its source, taxonomy, geography and frequency."""
    origin = counts.provenance
    ours = Edition(
        id=origin.file_name,
        label=origin.label,
        published_on=origin.published_on,
        first=counts.first.ordinal,
        last=counts.last.ordinal,
        periods=len(counts.periods),
        load=functools.cache(lambda: recorded_counts_of(counts)),
    )
    key = (origin.source, origin.taxonomy, origin.geography, str(origin.frequency))
    load = functools.lru_cache(maxsize=LEARNED_FROM)(load_recorded_counts)
    others = tuple(
        Edition(
            id=one.id,
            label=one.label,
            published_on=one.published_on,
            first=one.first.ordinal,
            last=one.last.ordinal,
            periods=one.periods,
            load=functools.partial(load, one),
        )
        for one in stored
        if one.family == key
    )
    return Family(ours, others, origin.taxonomy, origin.frequency)


def changed_totals(family: Family, settings: Settings, districts: Districts) -> list[Change]:
    """What changed, against the neighbours in order of publication and the back-files, beyond what revisions explain
    and settings accept; the furthest beyond chance first, a target before its offences."""
    limits = RevisionLimits(_revisions_seen(family, settings), settings.ingest.revision_share, family.frequency)
    found: list[Change] = []
    for edition, totals in _comparisons(family, settings, districts):
        found += _changes(family, edition, totals, limits, settings)
    return sorted(found, key=lambda one: (-one.deviations, not one.series.is_target))


def _comparisons(family: Family, settings: Settings, districts: Districts) -> Iterator[tuple[Edition, CommonTotals]]:
    """Every cell is held against the publications next before and next after that know it, and the back-files next
    before and after."""
    back_files = family.back_files()
    ours = family.ours
    for histories in (False, True):
        some = [other for other in family.others if (other.id in back_files) is histories]
        before = [other for other in reversed(some) if other.published_on <= ours.published_on]
        after = [other for other in some if other.published_on > ours.published_on]
        for chain in (before, after):
            left = ours.load().known.copy()
            for other in chain:
                columns = np.flatnonzero(left.any(axis=0)) + ours.first
                if not ((columns >= other.first) & (columns <= other.last)).any():
                    continue
                totals = common_totals(
                    ours.load(),
                    other.load(),
                    left,
                    taxonomy=family.taxonomy,
                    settings=settings,
                    districts=districts,
                )
                if totals is not None:
                    left &= ~totals.shared
                    yield other, totals


def _revisions_seen(family: Family, settings: Settings) -> Iterator[Revised]:
    """The revisions between the stored publications, without those that settings accept as changes of meaning."""
    back_files = family.back_files()
    newest = [other for other in family.others if other.id not in back_files][-LEARNED_FROM:]
    chosen = [other for other in family.others if other.id in back_files or other in newest]
    for index, ours in enumerate(chosen):
        earlier = replace(family, ours=ours, others=tuple(chosen[:index]))
        for other, totals in _comparisons(earlier, settings, Districts.none()):
            kept = [
                index for index, one in enumerate(totals.series) if not _accepted(family, ours, other, one, settings)
            ]
            yield Revised(
                series=tuple(totals.series[index] for index in kept),
                older=totals.theirs[kept, -1],
                newer=totals.ours[kept, -1],
                age=other.last - totals.periods,
                days_between=(ours.published_on - other.published_on).days,
            )


def _changes(
    family: Family, other: Edition, totals: CommonTotals, limits: RevisionLimits, settings: Settings
) -> Iterator[Change]:
    ours_is_newer = family.ours.published_on >= other.published_on
    age = (other if ours_is_newer else family.ours).last - totals.periods
    days = abs((family.ours.published_on - other.published_on).days)
    older, newer = (totals.theirs, totals.ours) if ours_is_newer else (totals.ours, totals.theirs)
    for index, series in enumerate(totals.series):
        if _accepted(family, family.ours, other, series, settings):
            continue
        in_city, in_districts = limits.of(series, age, days), limits.most(age)
        flagged = _beyond_in_places(older[index], newer[index], in_city, in_districts)
        for place in np.flatnonzero(flagged.any(axis=1)).tolist():
            here = flagged[place]
            rise, fall = in_districts if place < len(totals.districts) else in_city
            risen = newer[index, place, here].sum() > older[index, place, here].sum()
            yield Change(
                series=series,
                district=(*totals.districts, None)[place],
                other=other,
                periods=tuple(totals.periods[here].tolist()),
                compared=len(totals.periods),
                ours=float(totals.ours[index, place, here].sum()),
                theirs=float(totals.theirs[index, place, here].sum()),
                limit=float((rise if risen else fall)[here].min()),
            )


def _beyond_in_places(
    older: Floats, newer: Floats, in_city: tuple[Floats, Floats], in_districts: tuple[Floats, Floats]
) -> Booleans:
    """Shape (districts and last the city, periods): what is beyond the limits. Where a place is, so are those of its
    newest periods that only the allowance for late records would have let pass."""
    kinds = ((slice(None, -1), in_districts, DISTRICT_DEVIATIONS), (slice(-1, None), in_city, CITY_DEVIATIONS))
    found = []
    for places, (rise, fall), deviations in kinds:
        beyond = _beyond(older[places], newer[places], rise, fall, deviations)
        without_allowance = _beyond(older[places], newer[places], np.minimum(rise, rise[0]), fall, deviations)
        found.append(beyond | (without_allowance & beyond.any(axis=1, keepdims=True)))
    return np.concatenate(found)


def _accepted(family: Family, ours: Edition, other: Edition, series: Series, settings: Settings) -> bool:
    """Whether settings say that what the series means changed between the two, in every target where it has weight.

    A back-file is not held against a target any more once a change of it was accepted: it cannot be known which of the
    two meanings it has.
    """
    back_files = family.back_files()
    low, high = sorted((ours.published_on, other.published_on))
    between = {ours.label} | {
        one.label
        for one in (*family.others, family.ours)
        if other.id in back_files or (low < one.published_on <= high and one.id not in back_files)
    }
    return all(between & set(settings.targets[name].accepted_changes) for name in series.targets)


def _beyond(older: Floats, newer: Floats, rise: Floats, fall: Floats, deviations: float) -> Booleans:
    """Periods in which totals, shape (places, periods), moved by more than the limits and more than chance.

    Judged over every run of 1, 2, 4, … periods, so that a small series that moves little beyond chance in each period
    is found over many; a run marks its periods unless a shorter one in it was found already.
    """
    flagged: Booleans = np.zeros(older.shape, dtype=bool)
    before_all, after_all, may_rise, may_fall = (
        _cumulated(values) for values in (older, newer, older * rise, older * fall)
    )
    length = 1
    while length <= older.shape[1]:
        before, after = _runs(before_all, length), _runs(after_all, length)
        moved = after - before
        allowed = np.where(moved > 0, _runs(may_rise, length), _runs(may_fall, length))
        chance = deviations * np.sqrt(np.maximum(np.maximum(before, after), 1.0))
        beyond = (np.abs(moved) > allowed * (1 + 1e-9)) & (np.abs(moved) > chance)
        beyond &= _runs(_cumulated(flagged), length) == 0
        for start in range(length):
            flagged[:, start : start + beyond.shape[1]] |= beyond
        length *= 2
    return flagged & ((older > 0) | (newer > 0))


def _cumulated(values: Floats | Booleans) -> Floats:
    """Sums of all columns before each, and of all of them: one column more."""
    found: Floats = np.zeros((values.shape[0], values.shape[1] + 1))
    np.cumsum(values, axis=1, out=found[:, 1:])
    return found


def _runs(cumulated: Floats, length: int) -> Floats:
    """Sums of every run of so many columns."""
    return cumulated[:, length:] - cumulated[:, :-length]
