"""The Metropolitan Police's wide tables: one row per offence and area, one column per month (``202304``).

Published on the London Datastore as "MPS Ward Level Crime" and "MPS LSOA Level Crime", in UTF-8 CSV. A row whose
counts are all zero is usually left out, so an area that stands in the file is covered in all its months, and an area
that does not (the City of London has its own force) is missing, never zero.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa

from contracts import BadInput, Frequency, Period, Settings
from contracts.arrays import Integers, Ordinals
from contracts.errors import shown
from contracts.periods import FIRST_YEAR, LAST_YEAR
from features.sources import checks, headings, text_files
from features.sources.completeness import Delivery, judge
from features.sources.source_counts import CodedCounts, Cover, Provenance, SourceCounts

TAXONOMY = "mps"
COMMON_OFFENCE_SHARE = 0.99
"""An offence that this share of areas have is expected of the last area of a file too; else the file is cut short."""

_MONTH = re.compile(r"(\d{4})(\d{2})")


def read_mps_wide(
    path: Path,
    *,
    source: str,
    settings: Settings,
    areas: checks.KnownAreas,
    published_on: date,
    today: date,
    silence_is_zero: bool = False,
) -> SourceCounts:
    """Read one file; ``source`` is ``mps-ward`` or ``mps-lsoa``.

    Raises ``BadInput`` in one line for everything that makes the file unfit; sets aside crimes in unknown areas up to
    the share in settings, and first months that are stubs. A silence that the months around it make implausible is
    missing, unless ``silence_is_zero``.
    """
    limits = settings.ingest.of(source)
    data = text_files.read_text_table(path)
    table = text_files.string_table(path, data)
    columns = _columns(path, table, source, areas, settings)
    months = _month_columns(path, table.column_names)
    checks.refuse_impossible_date(path.name, published_on, Period(Frequency.MONTH, max(months.values())), today)
    cells = np.stack([text_files.whole_counts(path, table, column) for column in months], axis=1)
    rows = _Rows.of(path, table, columns, settings)
    crimes = _by_area(rows, cells)
    unknown = checks.set_aside_unknown_areas(
        str(path), rows.areas, crimes.sum(axis=1), np.bincount(rows.area, minlength=len(rows.areas)), areas, limits
    )
    periods = np.array(list(months.values()), dtype=np.int64)
    judged = judge(
        Delivery(
            name=str(path),
            source=source,
            frequency=Frequency.MONTH,
            limits=limits,
            cover=Cover("all", tuple(sorted(set(areas.codes).intersection(rows.areas))), tuple(periods.tolist())),
            claims=areas.codes,
            counts=_coded(rows, cells, periods, areas),
            offence_of=rows.offences,
            lost=_lost(rows, crimes, areas),
            silence_is_zero=silence_is_zero,
        )
    )
    _refuse_cut_file(path, rows)
    return SourceCounts.by_wording(
        Provenance(
            source, TAXONOMY, areas.geography, Frequency.MONTH, published_on, path.name, text_files.sha256_of(data)
        ),
        judged.counts,
        rows.offences,
        covers=judged.covers,
        set_aside=(*unknown, *judged.set_aside),
        rows_read=len(rows.area),
        notes=judged.notes,
    )


def _columns(
    path: Path, table: pa.Table, source: str, areas: checks.KnownAreas, settings: Settings
) -> Mapping[str, str]:
    """Column of the source → its heading in the file."""
    looks = {
        "area": headings.like_areas(areas),
        "offence": headings.like_offences(TAXONOMY, settings),
        "borough": headings.like_districts,
    }
    return headings.find_columns(path, table, source, ("area", "offence", "borough"), looks, settings)


@dataclass(frozen=True)
class _Rows:
    """The text columns, coded: distinct areas and wordings in the order of the file, and each row's position."""

    areas: tuple[str, ...]
    wordings: tuple[str, ...]
    area: Integers
    wording: Integers
    offences: dict[str, str]

    @classmethod
    def of(cls, path: Path, table: pa.Table, columns: Mapping[str, str], settings: Settings) -> _Rows:
        areas, area, _ = _coded_column(table, columns["area"])
        wordings, wording, first_rows = _coded_column(table, columns["offence"])
        boroughs, borough, _ = _coded_column(table, columns["borough"])
        offences = checks.offences_of_wordings(
            str(path), wordings, [text_files.row_number(row) for row in first_rows], TAXONOMY, settings
        )
        _refuse_repeated_rows(path, (area * len(wordings) + wording) * len(boroughs) + borough)
        return cls(areas, wordings, area, wording, offences)


def _coded_column(table: pa.Table, name: str) -> tuple[tuple[str, ...], Integers, list[int]]:
    encoded = table.column(name).combine_chunks().dictionary_encode()
    codes = np.asarray(encoded.indices.to_numpy(zero_copy_only=False), dtype=np.int64)
    _, first_rows = np.unique(codes, return_index=True)
    return tuple(text.strip() for text in encoded.dictionary.to_pylist()), codes, first_rows.tolist()


def _month_columns(path: Path, columns: Sequence[str]) -> dict[str, int]:
    """Month columns in order of time, each with its ordinal; raises ``BadInput`` where one is missing between."""
    months: dict[str, int] = {}
    for column in columns:
        if column.strip().isdigit():
            match = _MONTH.fullmatch(column.strip())
            if match is None or not 1 <= int(match[2]) <= 12 or not FIRST_YEAR <= int(match[1]) <= LAST_YEAR:
                raise BadInput(
                    f"{path}: the column '{shown(column)}' is not a month.",
                    remedy="Month columns are written like 202304.",
                )
            months[column] = Period.containing(date(int(match[1]), int(match[2]), 1), Frequency.MONTH).ordinal
    if not months:
        raise BadInput(f"{path} has no month column.", remedy="Month columns are written like 202304.")
    checks.refuse_gaps(str(path), list(months.values()), Frequency.MONTH, what="the column")
    return dict(sorted(months.items(), key=lambda item: item[1]))


def _refuse_repeated_rows(path: Path, key: Integers) -> None:
    """The same area and offence may stand under two boroughs, and is summed; under one, the row is there twice."""
    _, first, times = np.unique(key, return_index=True, return_counts=True)
    if (times > 1).any():
        repeated = key[first[times > 1][0]]
        earlier, later = np.flatnonzero(key == repeated)[:2].tolist()
        raise BadInput(
            f"{path}: row {text_files.row_number(later)} repeats the area, offence and borough of row "
            f"{text_files.row_number(earlier)}.",
            remedy="Remove the repeated rows or download the file again.",
        )


def _refuse_cut_file(path: Path, rows: _Rows) -> None:
    """A file cut between two rows: the last area lacks an offence that nearly all others have."""
    has = np.zeros((len(rows.areas), len(rows.wordings)), dtype=bool)
    has[rows.area, rows.wording] = True
    last = int(rows.area[-1])
    others = np.delete(has, last, axis=0)
    if len(others) and (lacking := np.flatnonzero((others.mean(axis=0) >= COMMON_OFFENCE_SHARE) & ~has[last])).size:
        raise BadInput(
            f"{path} ends at row {text_files.row_number(len(rows.area) - 1)} in the area {rows.areas[last]}, "
            f"which has no '{rows.wordings[lacking[0]]}' although nearly all areas do: it is cut short.",
            remedy="Download it again.",
        )


def _by_area(rows: _Rows, cells: Integers) -> Integers:
    """Crimes by area of the file and month."""
    total = np.zeros((len(rows.areas), cells.shape[1]), dtype=np.int64)
    np.add.at(total, rows.area, cells)
    return total


def _lost(rows: _Rows, crimes: Integers, areas: checks.KnownAreas) -> dict[str, Integers]:
    """Crimes by month that lie in no known area, by reason."""
    strange = areas.positions(rows.areas) < 0
    nameless = strange & np.isin(rows.areas, checks.NO_AREA)
    return {
        "unknown area": crimes[strange & ~nameless].sum(axis=0),
        "no area": crimes[nameless].sum(axis=0),
    }


def _coded(rows: _Rows, cells: Integers, periods: Ordinals, areas: checks.KnownAreas) -> CodedCounts:
    """Counts by wording in the known areas."""
    position = areas.positions(rows.areas)[rows.area]
    row, column = np.nonzero((cells > 0) & (position >= 0)[:, None])
    return CodedCounts.summed(
        areas=areas.codes,
        offences=rows.wordings,
        area=position[row],
        offence=rows.wording[row],
        period=periods[column],
        count=cells[row, column],
    )
