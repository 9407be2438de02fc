"""A long table of counts, CSV or Parquet: one row per area, period and category, a row left out meaning zero."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from contracts import BadInput, Frequency, Period, Settings
from contracts.arrays import Integers, Ordinals
from features.sources import checks, text_files
from features.sources.completeness import Delivery, judge
from features.sources.period_column import period_ordinals
from features.sources.source_counts import CodedCounts, Cover, Provenance, SetAside, SourceCounts
from features.sources.table_files import TableForm, read_table

SOURCE = "counts"


@dataclass(frozen=True)
class CountColumns:
    """Names of the columns of area code, period, category and count, and how the file is written."""

    area: str
    period: str
    category: str
    count: str
    form: TableForm = field(default_factory=TableForm)

    @property
    def names(self) -> tuple[str, ...]:
        """Every column that is read."""
        return (self.area, self.period, self.category, self.count)


def read_counts(
    path: Path,
    *,
    columns: CountColumns,
    taxonomy: str,
    settings: Settings,
    frequency: Frequency,
    areas: checks.KnownAreas,
    published_on: date,
    today: date,
    sum_repeated: bool = False,
    silence_is_zero: bool = False,
) -> SourceCounts:
    """Read one table. Every area in it is covered from its first period to its last, but where its silence is
    implausible (unless ``silence_is_zero``).

    Rows that name no area are set aside, as are those of unknown areas up to the share in settings, and first periods
    that are stubs. Rows of the same area, period and category are added up where another column tells them apart, or
    with ``sum_repeated``; else they are refused. Raises ``BadInput`` in one line.
    """
    read = read_table(path, columns.names, columns.form)
    table = read.as_text()
    rows = _Rows.of(path, table, columns, taxonomy, settings, areas)
    period, notes = period_ordinals(path, table, columns.period, frequency=frequency, time_zone=settings.time_zone)
    checks.refuse_impossible_date(path.name, published_on, Period(frequency, int(period.max())), today)
    repeats = [] if sum_repeated else _told_or_refused(path, rows.keys(table, columns), table, columns)
    set_aside = rows.set_aside(path, areas, settings)
    judged = judge(
        Delivery(
            name=str(path),
            source=SOURCE,
            frequency=frequency,
            limits=settings.ingest.of(SOURCE),
            cover=rows.cover(areas, period),
            claims=areas.codes,
            counts=rows.counts(areas, period),
            offence_of=rows.offence_of,
            lost=rows.lost(period),
            silence_is_zero=silence_is_zero,
        )
    )
    return SourceCounts.by_wording(
        Provenance(SOURCE, taxonomy, areas.geography, frequency, published_on, path.name, read.sha256),
        judged.counts,
        rows.offence_of,
        covers=judged.covers,
        set_aside=(*set_aside, *judged.set_aside),
        rows_read=len(rows.count),
        notes=(*read.notes, *notes, *repeats, *judged.notes),
    )


@dataclass(frozen=True)
class _Rows:
    """The rows of a table, coded: distinct area codes and wordings, each row's position in them, its count, and its
    position among the known areas (−1: none)."""

    codes: tuple[str, ...]
    code: Integers
    wordings: tuple[str, ...]
    wording: Integers
    offence_of: dict[str, str]
    count: Integers
    position: Integers

    @classmethod
    def of(
        cls,
        path: Path,
        table: pa.Table,
        columns: CountColumns,
        taxonomy: str,
        settings: Settings,
        areas: checks.KnownAreas,
    ) -> _Rows:
        count = text_files.whole_counts(path, table, columns.count)
        codes, code, _ = _encoded(table, columns.area)
        wordings, wording, first_rows = _encoded(table, columns.category)
        numbers = [text_files.row_of(table, row) for row in first_rows]
        offence_of = checks.offences_of_wordings(str(path), wordings, numbers, taxonomy, settings)
        return cls(codes, code, wordings, wording, offence_of, count, areas.positions(codes)[code])

    def keys(self, table: pa.Table, columns: CountColumns) -> Integers:
        """What a row counts: area, category and period as it is written (days add up to a month); −1 in no area."""
        spelled, day, _ = _encoded(table, columns.period)
        key = (self.code * len(self.wordings) + self.wording) * len(spelled) + day
        return np.where(self.position >= 0, key, -1)

    def set_aside(self, path: Path, areas: checks.KnownAreas, settings: Settings) -> tuple[SetAside, ...]:
        """What lies in no known area, by code; raises ``BadInput`` beyond the share."""
        crimes = np.bincount(self.code, weights=self.count, minlength=len(self.codes)).astype(np.int64)
        rows = np.bincount(self.code, minlength=len(self.codes))
        return checks.set_aside_unknown_areas(str(path), self.codes, crimes, rows, areas, settings.ingest.of(SOURCE))

    def cover(self, areas: checks.KnownAreas, period: Ordinals) -> Cover:
        """Every known area that has a row, from the first period to the last."""
        standing = tuple(sorted(set(areas.codes).intersection(self.codes)))
        return Cover("all", standing, tuple(range(int(period.min()), int(period.max()) + 1)))

    def counts(self, areas: checks.KnownAreas, period: Ordinals) -> CodedCounts:
        """By wording, in the known areas."""
        kept = self.position >= 0
        return CodedCounts.summed(
            areas=areas.codes,
            offences=self.wordings,
            area=self.position[kept],
            offence=self.wording[kept],
            period=period[kept],
            count=self.count[kept],
        )

    def lost(self, period: Ordinals) -> dict[str, Integers]:
        """Crimes by period that lie in no known area, by reason."""
        nameless = np.isin(self.codes, checks.NO_AREA)[self.code]
        since, length = period - period.min(), int(period.max() - period.min()) + 1
        chosen = {"no area": nameless & (self.position < 0), "unknown area": ~nameless & (self.position < 0)}
        return {
            reason: np.bincount(since[rows], weights=self.count[rows], minlength=length).astype(np.int64)
            for reason, rows in chosen.items()
        }


def _told_or_refused(path: Path, key: Integers, rows: pa.Table, columns: CountColumns) -> list[str]:
    """Rows with one key (−1: not counted) are parts of a count where a column beside tells them apart, such as the
    borough of a ward that lies in two; raises ``BadInput`` where none does."""
    counted = np.flatnonzero(key >= 0)
    _, first, times = np.unique(key[counted], return_inverse=True, return_counts=True)
    repeated = counted[times[first] > 1]
    if not len(repeated):
        return []
    parts = key[repeated]
    for values in _beside(path, columns):
        _, parts = np.unique(np.stack([parts, values[repeated]]), axis=1, return_inverse=True)
        parts = parts.ravel()
    order = np.argsort(parts, kind="stable")
    same = np.flatnonzero(parts[order][1:] == parts[order][:-1])
    if len(same):
        earlier, later = (text_files.row_of(rows, int(repeated[order[same[0] + step]])) for step in (0, 1))
        raise BadInput(
            f"{path}: row {later} repeats the area, period and category of row {earlier} ({len(same):,} rows do so).",
            remedy="Remove the repeated rows; if each is a part of the count, say --sum-repeated.",
        )
    return [f"{len(repeated):,} rows share an area, period and category, told apart by another column: added up."]


def _beside(path: Path, columns: CountColumns) -> Iterable[Integers]:
    """The other columns, each as numbers of its distinct values; not one that numbers the rows."""
    table = read_table(path, columns.names, columns.form, every_column=True).columns
    for name in table.column_names:
        column = table.column(name).combine_chunks()
        if name in (*columns.names, text_files.ROW) or pa.types.is_nested(column.type):
            continue
        encoded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
        values = np.asarray(encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False), dtype=np.int64)
        if values.max(initial=0) + 1 < len(values):
            yield values


def _encoded(table: pa.Table, name: str) -> tuple[tuple[str, ...], Integers, list[int]]:
    """Distinct texts, each row's position in them, and the first row of each."""
    trimmed = pc.utf8_trim_whitespace(table.column(name).combine_chunks())
    encoded = trimmed.dictionary_encode()
    code = np.asarray(encoded.indices.to_numpy(zero_copy_only=False), dtype=np.int64)
    _, first_rows = np.unique(code, return_index=True)
    return tuple(encoded.dictionary.to_pylist()), code, first_rows.tolist()
