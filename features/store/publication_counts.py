"""The counts of a stored publication as dense arrays of targets, read with DuckDB."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb
import numpy as np
import numpy.typing as npt
import pandas as pd

from contracts import Frequency, Settings, ordinals_of
from contracts.arrays import Booleans, Floats, Ordinals
from contracts.targets import ALL_OFFENCES
from features.sources.source_counts import SourceCounts
from features.store.publication_record import COUNTS_FILE, COVERAGE_FILE, COVERS_FILE, Publication

WHOLE_SHARE = 2.0 / 3.0
"""A target of "all" offences needs at least this share of its taxonomy's offences in a publication."""


@dataclass(frozen=True)
class TargetCounts:
    """Counts of the targets that one publication carries, over the areas and periods that it knows.

    ``counts`` has shape (targets, areas, periods), crimes, 0 where not known; ``known`` has shape (areas, periods).
    ``first`` is the ordinal of the first period; areas are sorted by code.
    """

    targets: tuple[str, ...]
    areas: tuple[str, ...]
    first: int
    counts: Floats
    known: Booleans

    @property
    def last(self) -> int:
        """The ordinal of the last period."""
        return int(self.periods[-1])

    @property
    def periods(self) -> Ordinals:
        """Ordinals of the periods, shape (periods,)."""
        return self.first + np.arange(self.known.shape[1], dtype=np.int64)


def lacking_offences(target: str, taxonomy: str, offences: Sequence[str], settings: Settings) -> tuple[str, ...]:
    """The offences for want of which a publication does not carry the target; empty where it carries it.

    A target of listed offences needs them all. One of "all" needs two thirds of the taxonomy, because every
    publication lacks a few rare categories.
    """
    chosen = settings.targets[target].offences[taxonomy]
    wanted = tuple(settings.offences[taxonomy]) if chosen == ALL_OFFENCES else tuple(chosen)
    lacking = tuple(offence for offence in wanted if offence not in offences)
    if chosen == ALL_OFFENCES and len(wanted) - len(lacking) >= WHOLE_SHARE * len(wanted):
        return ()
    return lacking


def target_offences(taxonomy: str, offences: Sequence[str], settings: Settings) -> dict[str, tuple[str, ...]]:
    """The targets that a publication with these offences carries, each with the offences it sums there."""
    carried = {}
    for target in settings.all_targets():
        summed = target.offences.get(taxonomy, ())
        if summed and not lacking_offences(target.name, taxonomy, offences, settings):
            carried[target.name] = tuple(offence for offence in summed if offence in offences)
    return carried


@dataclass(frozen=True)
class RecordedCounts:
    """What one publication recorded, row by row: ``count`` crimes of an ``offence`` in an ``area``, ``since`` periods
    after ``first``; the columns hold positions in ``offences`` and ``areas`` (sorted by code), zeros left out.

    ``known`` has shape (areas, periods).
    """

    offences: tuple[str, ...]
    areas: tuple[str, ...]
    first: int
    known: Booleans
    offence: Ordinals
    area: Ordinals
    since: Ordinals
    count: Floats

    @property
    def last(self) -> int:
        """The ordinal of the last period."""
        return self.first + int(self.known.shape[1]) - 1


def load_recorded_counts(publication: Publication) -> RecordedCounts:
    """Read one stored publication."""
    offences = publication.offences
    areas, known, first = _coverage(publication)
    with duckdb.connect() as database:
        database.register("areas", pd.DataFrame({"area": areas, "area_index": np.arange(len(areas))}))
        database.register("offences", pd.DataFrame({"offence": offences, "offence_index": np.arange(len(offences))}))
        rows = database.execute(
            """
            SELECT area_index, offence_index, epoch(period)::BIGINT AS seconds, count
            FROM read_parquet(?) JOIN areas USING (area) JOIN offences USING (offence)
            """,
            [publication.parquet(COUNTS_FILE)],
        ).fetchnumpy()
    return RecordedCounts(
        offences=offences,
        areas=areas,
        first=first,
        known=known,
        offence=np.asarray(rows["offence_index"], dtype=np.int64),
        area=np.asarray(rows["area_index"], dtype=np.int64),
        since=_ordinals(np.asarray(rows["seconds"]), publication.provenance.frequency) - first,
        count=np.asarray(rows["count"], dtype=np.float64),
    )


def recorded_counts_of(counts: SourceCounts) -> RecordedCounts:
    """The same, of a publication that is not stored yet."""
    areas = tuple(sorted({area for cover in counts.covers for area in cover.areas}))
    position = {area: index for index, area in enumerate(areas)}
    first = counts.first.ordinal
    known = np.zeros((len(areas), counts.last.ordinal - first + 1), dtype=bool)
    for cover in counts.covers:
        members = np.array([position[area] for area in cover.areas], dtype=np.int64)
        known[members[:, None], np.array(cover.periods, dtype=np.int64) - first] = True
    coded = counts.counts
    where = np.array([position.get(area, -1) for area in coded.areas], dtype=np.int64)
    return RecordedCounts(
        offences=coded.offences,
        areas=areas,
        first=first,
        known=known,
        offence=coded.offence,
        area=where[coded.area],
        since=coded.period - first,
        count=coded.count.astype(np.float64),
    )


def load_target_counts(publication: Publication, settings: Settings) -> TargetCounts:
    """Read one stored publication; the targets it carries are in the order of the settings."""
    recorded = load_recorded_counts(publication)
    dense = np.zeros((len(recorded.offences), *recorded.known.shape))
    dense[recorded.offence, recorded.area, recorded.since] = recorded.count
    carried = target_offences(publication.provenance.taxonomy, recorded.offences, settings)
    summed = _summed(dense, recorded.offences, carried)
    return TargetCounts(tuple(carried), recorded.areas, recorded.first, summed, recorded.known)


def _summed(dense: Floats, offences: Sequence[str], carried: Mapping[str, tuple[str, ...]]) -> Floats:
    counts = np.zeros((len(carried), *dense.shape[1:]))
    for index, summed in enumerate(carried.values()):
        for offence in summed:
            counts[index] += dense[offences.index(offence)]
    return counts


def _coverage(publication: Publication) -> tuple[tuple[str, ...], Booleans, int]:
    """Areas, what is known (areas, periods) and the first period's ordinal."""
    with duckdb.connect() as database:
        rows = database.execute(
            "SELECT cover, area FROM read_parquet(?) ORDER BY area", [publication.parquet(COVERS_FILE)]
        ).fetchall()
        spans = database.execute(
            "SELECT cover, list(epoch(period)::BIGINT) FROM read_parquet(?) GROUP BY cover",
            [publication.parquet(COVERAGE_FILE)],
        ).fetchall()
    frequency = publication.provenance.frequency
    periods = {cover: _ordinals(np.array(seconds, dtype=np.int64), frequency) for cover, seconds in spans}
    areas = tuple(dict.fromkeys(area for _, area in rows))
    position = {area: index for index, area in enumerate(areas)}
    first = min(int(ordinals.min()) for ordinals in periods.values())
    last = max(int(ordinals.max()) for ordinals in periods.values())
    known = np.zeros((len(areas), last - first + 1), dtype=bool)
    for cover, ordinals in periods.items():
        members = np.array([position[area] for name, area in rows if name == cover], dtype=np.int64)
        known[members[:, None], ordinals - first] = True
    return areas, known, first


def _ordinals(seconds: npt.NDArray[np.int64], frequency: Frequency) -> Ordinals:
    return ordinals_of(np.asarray(seconds, dtype=np.int64).astype("datetime64[s]"), frequency)
