"""A long table of counts, CSV or Parquet: one row per area, period and category, a row left out meaning zero."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from contracts import BadInput, Frequency, Ordinals, Period, Settings
from features.sources import checks, text_files
from features.sources.source_counts import STUB, CodedCounts, Cover, Integers, Provenance, SetAside, SourceCounts
from features.unpacking import read_limited, read_parquet

SOURCE = "counts"
NO_AREA = ("", "nan", "None")


@dataclass(frozen=True)
class CountColumns:
    """Names of the columns of area code, period, category and count."""

    area: str
    period: str
    category: str
    count: str


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
    table, digest = _read(path, columns)
    count = text_files.whole_counts(path, table, columns.count)
    codes, code, _ = _encoded(table, columns.area)
    wordings, wording, first_rows = _encoded(table, columns.category)
    rows = [text_files.row_number(row) for row in first_rows]
    offence_of = checks.offences_of_wordings(str(path), wordings, rows, taxonomy, settings)
    period = _periods(path, table, columns.period, frequency)
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
        Provenance(SOURCE, taxonomy, areas.geography, frequency, published_on, path.name, digest),
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
    )


def _read(path: Path, columns: CountColumns) -> tuple[pa.Table, str]:
    """The columns as text, and the file's sha256."""
    names = (columns.area, columns.period, columns.category, columns.count)
    if path.suffix == ".parquet":
        data = read_limited(text_files.existing_file(path))
        table = read_parquet(path)
        text_files.require_columns(path, table.column_names, names)
        table = pa.table({name: _as_text(table.column(name).combine_chunks()) for name in names})
    else:
        data = text_files.read_text_table(path)
        text_files.require_columns(path, text_files.header_of(path, data), names)
        table = text_files.string_table(path, data, only=names)
    if table.num_rows == 0:
        raise BadInput(f"{path} has no rows.", remedy="Download it again.")
    return table, text_files.sha256_of(data)


def _as_text(column: pa.Array) -> pa.Array:
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.timestamp("s"), safe=False)
    if pa.types.is_floating(column.type):
        whole = pc.equal(pc.floor(column), column)
        if pc.all(whole).as_py():
            column = column.cast(pa.int64())
    return pc.fill_null(column.cast(pa.string()), "")


def _encoded(table: pa.Table, name: str) -> tuple[tuple[str, ...], Integers, list[int]]:
    """Distinct texts, each row's position in them, and the first row of each."""
    trimmed = pc.utf8_trim_whitespace(table.column(name).combine_chunks())
    encoded = trimmed.dictionary_encode()
    code = np.asarray(encoded.indices.to_numpy(zero_copy_only=False), dtype=np.int64)
    _, first_rows = np.unique(code, return_index=True)
    return tuple(encoded.dictionary.to_pylist()), code, first_rows.tolist()


def _periods(path: Path, table: pa.Table, column: str, frequency: Frequency) -> Ordinals:
    texts, code, first_rows = _encoded(table, column)
    ordinals = []
    for text, row in zip(texts, first_rows, strict=True):
        try:
            ordinals.append(Period.parse(text, frequency).ordinal)
        except BadInput as error:
            raise BadInput(
                f"{path}: row {text_files.row_number(row)}, column '{column}': {error.message}", remedy=error.remedy
            ) from error
    return np.array(ordinals, dtype=np.int64)[code]


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
