"""What every adapter returns: the counts of one publication, coded, with what they cover and what was set aside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

from contracts import Frequency, Period, starts_of
from contracts.arrays import Integers, Ordinals
from features.sources.incident_points import IncidentPoints

STUB = "stub"
"""The reason of a period that is set aside; its ``rows`` are the counts that it had."""
SET_ASIDE_COLUMNS = ("reason", "what", "rows", "crimes")


@dataclass(frozen=True)
class Provenance:
    """Where counts come from. ``file_name`` and ``sha256`` are of the file (or of the files of a folder, together)."""

    source: str
    taxonomy: str
    geography: str
    frequency: Frequency
    published_on: date
    file_name: str
    sha256: str

    @property
    def label(self) -> str:
        """As settings name it in ``accepted_changes``."""
        return f"{self.source} {self.published_on}"


@dataclass(frozen=True)
class Cover:
    """Areas that a publication knows together, and the periods (ordinals) in which it knows them."""

    name: str
    areas: tuple[str, ...]
    periods: tuple[int, ...]


@dataclass(frozen=True)
class Wording:
    """One category as the source writes it: the city's first and last period with a crime, and crimes in all.

    ``mean`` is crimes per covered period from the first to the last one.
    """

    wording: str
    offence: str
    first: str
    last: str
    crimes: int
    mean: float


@dataclass(frozen=True)
class SetAside:
    """Rows that were not counted, and why."""

    reason: str
    what: str
    rows: int
    crimes: int


@dataclass(frozen=True)
class CodedCounts:
    """Counts as columns of equal length, sorted by area, offence and period; each combination once, zeros left out.

    ``area`` and ``offence`` are positions in ``areas`` and ``offences``; ``period`` holds ordinals.
    """

    areas: tuple[str, ...]
    offences: tuple[str, ...]
    area: Integers
    offence: Integers
    period: Ordinals
    count: Integers

    @classmethod
    def summed(
        cls,
        *,
        areas: Sequence[str],
        offences: Sequence[str],
        area: Integers,
        offence: Integers,
        period: Ordinals,
        count: Integers,
    ) -> CodedCounts:
        """From rows in any order; rows of the same area, offence and period are added up."""
        first = int(period.min()) if len(period) else 0
        span = int(period.max()) - first + 1 if len(period) else 1
        key = (area * len(offences) + offence) * span + (period - first)
        unique, position = np.unique(key, return_inverse=True)
        total = np.zeros(len(unique), dtype=np.int64)
        np.add.at(total, position, count)
        unique, total = unique[total > 0], total[total > 0]
        pair, since = np.divmod(unique, span)
        return cls(
            areas=tuple(areas),
            offences=tuple(offences),
            area=pair // len(offences),
            offence=pair % len(offences),
            period=since + first,
            count=total,
        )

    def merged(self, offence_of: Mapping[str, str]) -> CodedCounts:
        """With wordings in place of offences, the same counts by offence: ``offence_of`` maps one to the other."""
        merged = tuple(sorted({offence_of[wording] for wording in self.offences}))
        position = np.array([merged.index(offence_of[wording]) for wording in self.offences], dtype=np.int64)
        return CodedCounts.summed(
            areas=self.areas,
            offences=merged,
            area=self.area,
            offence=position[self.offence],
            period=self.period,
            count=self.count,
        )

    def only(self, keep: npt.NDArray[np.bool_]) -> CodedCounts:
        """The rows marked True."""
        return CodedCounts(
            self.areas, self.offences, self.area[keep], self.offence[keep], self.period[keep], self.count[keep]
        )

    def frame(self, frequency: Frequency) -> pd.DataFrame:
        """As ``contracts.tables.COUNTS``."""
        return pd.DataFrame(
            {
                "area": np.asarray(self.areas, dtype=object)[self.area],
                "offence": np.asarray(self.offences, dtype=object)[self.offence],
                "period": starts_of(self.period, frequency),
                "count": self.count,
            }
        )


@dataclass(frozen=True)
class SourceCounts:
    """One publication, read and checked, ready for the store. ``points`` are there where its rows are incidents."""

    provenance: Provenance
    counts: CodedCounts
    covers: tuple[Cover, ...]
    wordings: tuple[Wording, ...]
    set_aside: tuple[SetAside, ...]
    rows_read: int
    rows_kept: int
    notes: tuple[str, ...] = ()
    points: IncidentPoints | None = None

    @classmethod
    def by_wording(
        cls,
        provenance: Provenance,
        counts: CodedCounts,
        offence_of: Mapping[str, str],
        *,
        covers: tuple[Cover, ...],
        set_aside: tuple[SetAside, ...],
        rows_read: int,
        notes: tuple[str, ...] = (),
        points: IncidentPoints | None = None,
    ) -> SourceCounts:
        """From counts (and incidents) that have the source's wordings in place of offences; ``offence_of`` maps one
        to the other."""
        periods = sorted({period for cover in covers for period in cover.periods})
        return cls(
            provenance=provenance,
            counts=counts.merged(offence_of),
            covers=covers,
            wordings=describe_wordings(counts, offence_of, periods, provenance.frequency),
            set_aside=set_aside,
            rows_read=rows_read,
            rows_kept=rows_read - sum(part.rows for part in set_aside if part.reason != STUB),
            notes=notes,
            points=points.merged(offence_of) if points is not None else None,
        )

    @property
    def offences(self) -> tuple[str, ...]:
        """The offences that the publication carries, in the order of its categories."""
        return tuple(dict.fromkeys(wording.offence for wording in self.wordings))

    @property
    def periods(self) -> tuple[int, ...]:
        """Ordinals of the periods that some cover knows, in order."""
        return tuple(sorted({period for cover in self.covers for period in cover.periods}))

    @property
    def first(self) -> Period:
        """The first period that it covers."""
        return Period(self.provenance.frequency, self.periods[0])

    @property
    def last(self) -> Period:
        """The last period that it covers."""
        return Period(self.provenance.frequency, self.periods[-1])

    def coverage_frame(self) -> pd.DataFrame:
        """As ``contracts.tables.COVERAGE``."""
        names = [cover.name for cover in self.covers for _ in cover.periods]
        ordinals = np.array([period for cover in self.covers for period in cover.periods], dtype=np.int64)
        return pd.DataFrame({"cover": names, "period": starts_of(ordinals, self.provenance.frequency)})

    def covers_frame(self) -> pd.DataFrame:
        """Which areas each cover holds: columns ``cover``, ``area``."""
        pairs = [(cover.name, area) for cover in self.covers for area in cover.areas]
        return pd.DataFrame(pairs, columns=["cover", "area"])

    def set_aside_frame(self) -> pd.DataFrame:
        """What was set aside: columns ``reason``, ``what``, ``rows``, ``crimes``."""
        rows = [(part.reason, part.what, part.rows, part.crimes) for part in self.set_aside]
        return pd.DataFrame(rows, columns=list(SET_ASIDE_COLUMNS))


def describe_wordings(
    counts: CodedCounts, wordings: Mapping[str, str], periods: Sequence[int], frequency: Frequency
) -> tuple[Wording, ...]:
    """When each wording is used, and how much. ``counts`` has the wordings as its offences; ``wordings`` maps each
    to the offence of the settings. A wording without any crime has its dates empty."""
    known = np.asarray(sorted(periods), dtype=np.int64)
    described = []
    for position, wording in enumerate(counts.offences):
        rows = counts.offence == position
        used, crimes = counts.period[rows], int(counts.count[rows].sum())
        first, last = (int(used.min()), int(used.max())) if len(used) else (0, -1)
        span = max(int(((known >= first) & (known <= last)).sum()), 1)
        described.append(
            Wording(
                wording=wording,
                offence=wordings[wording],
                first=str(Period(frequency, first)) if len(used) else "",
                last=str(Period(frequency, last)) if len(used) else "",
                crimes=crimes,
                mean=crimes / span,
            )
        )
    return tuple(described)
