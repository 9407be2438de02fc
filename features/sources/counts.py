"""A long table of counts, CSV or Parquet: one row per area, period and category, a row left out meaning zero."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from contracts import Frequency, Period, Settings
from features.sources import checks, text_files
from features.sources.period_column import period_ordinals
from features.sources.source_counts import STUB, CodedCounts, Cover, Integers, Provenance, SetAside, SourceCounts
from features.sources.table_files import TableForm, read_table

SOURCE = "counts"
NO_AREA = ("", "nan", "None")


@dataclass(frozen=True)
class CountColumns:
    """Names of the columns of area code, period, category and count, and how the file is written."""

    area: str
    period: str
    category: str
    count: str
    form: TableForm = field(default_factory=TableForm)


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
) -> SourceCounts:
    """Read one table. Every area in it is covered from its first period to its last.

    Rows that name no area are set aside, as are those of unknown areas up to the share in settings, and first periods
    that are stubs. Rows of the same area, period and category are added up. Raises ``BadInput`` in one line.
    """
    read = read_table(path, (columns.area, columns.period, columns.category, columns.count), columns.form)
    table = read.as_text()
    count = text_files.whole_counts(path, table, columns.count)
    codes, code, _ = _encoded(table, columns.area)
    wordings, wording, first_rows = _encoded(table, columns.category)
    rows = [text_files.row_of(table, row) for row in first_rows]
    offence_of = checks.offences_of_wordings(str(path), wordings, rows, taxonomy, settings)
    period, notes = period_ordinals(path, table, columns.period, frequency=frequency, time_zone=settings.time_zone)
    checks.refuse_gaps(str(path), np.unique(period).tolist(), frequency, what="every row")
    checks.refuse_impossible_date(path.name, published_on, Period(frequency, int(period.max())), today)
    position, set_aside = _positions(path, codes, code, count, areas, settings)
    kept, first = position >= 0, int(period.min())
    totals = np.bincount(period - first, weights=count).astype(np.int64)
    stubs = checks.leading_stubs(totals, settings.ingest.stub_share)
    periods = np.arange(first + stubs, int(period.max()) + 1)
    checks.refuse_later_stubs(str(path), periods, totals[stubs:], frequency, settings.ingest.stub_share)
    kept &= period >= periods[0]
    set_aside += [
        SetAside(STUB, str(Period(frequency, first + index)), int((period == first + index).sum()), int(totals[index]))
        for index in range(stubs)
    ]
    covered = tuple(sorted(set(areas.codes).intersection(codes)))
    return SourceCounts.by_wording(
        Provenance(SOURCE, taxonomy, areas.geography, frequency, published_on, path.name, read.sha256),
        CodedCounts.summed(
            areas=areas.codes,
            offences=wordings,
            area=position[kept],
            offence=wording[kept],
            period=period[kept],
            count=count[kept],
        ),
        offence_of,
        covers=(Cover("all", covered, tuple(periods.tolist())),),
        set_aside=tuple(set_aside),
        rows_read=len(count),
        notes=(*read.notes, *notes),
    )


def _encoded(table: pa.Table, name: str) -> tuple[tuple[str, ...], Integers, list[int]]:
    """Distinct texts, each row's position in them, and the first row of each."""
    trimmed = pc.utf8_trim_whitespace(table.column(name).combine_chunks())
    encoded = trimmed.dictionary_encode()
    code = np.asarray(encoded.indices.to_numpy(zero_copy_only=False), dtype=np.int64)
    _, first_rows = np.unique(code, return_index=True)
    return tuple(encoded.dictionary.to_pylist()), code, first_rows.tolist()


def _positions(
    path: Path, codes: Sequence[str], code: Integers, count: Integers, areas: checks.KnownAreas, settings: Settings
) -> tuple[Integers, list[SetAside]]:
    """Each row's position among the known areas, −1 where it is set aside."""
    crimes = np.bincount(code, weights=count, minlength=len(codes)).astype(np.int64)
    rows = np.bincount(code, minlength=len(codes))
    named = np.array([text not in NO_AREA for text in codes], dtype=bool)
    nameless = [
        SetAside("no area", f"column without a code: '{codes[index]}'", int(rows[index]), int(crimes[index]))
        for index in np.flatnonzero(~named).tolist()
    ]
    unknown = checks.set_aside_unknown_areas(
        str(path), [text for text in codes if text not in NO_AREA], crimes[named], rows[named], areas, settings
    )
    return areas.positions(codes)[code], [*nameless, *unknown]
