"""The rows of a file of incidents: which columns are read, and what each of them holds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa

from contracts import BadInput, Frequency, Settings
from contracts.arrays import Booleans, Floats, Integers, Moments, Texts
from features.sources import checks, text_files
from features.sources.incident_keys import first_of_each, told_repeats
from features.sources.local_times import LocalTimes, local_times, refuse_months
from features.sources.lone_dates import lone_rows
from features.sources.positions import Near, Positions, positions
from features.sources.source_counts import SetAside
from features.sources.table_files import ReadTable, SourceColumn, TableForm, as_text, read_table
from features.sources.times_of_day import joined

TAXONOMY = "incidents"


@dataclass(frozen=True)
class IncidentColumns:
    """Names of the columns, and how the file is written.

    ``time`` holds date and time, or the date where ``time_of_day`` names another column for the time; ``time_format``
    is as in Python's ``strptime`` (of both columns with a space between them), or None for ISO 8601. ``area`` holds
    the code of the area that counts an incident; without it an incident is counted where it lies. ``id`` identifies an
    incident: of several rows with one id a single one counts. ``crs`` is the coordinate system, None for degrees.
    """

    time: str
    longitude: str
    latitude: str
    category: str | None = None
    time_format: str | None = None
    area: str | None = None
    time_of_day: str | None = None
    id: str | None = None
    crs: str | None = None
    form: TableForm = field(default_factory=TableForm)

    @property
    def names(self) -> tuple[str, ...]:
        """Every column that is read."""
        optional = (self.category, self.area, self.time_of_day, self.id)
        return (self.time, self.longitude, self.latitude, *(name for name in optional if name is not None))


@dataclass(frozen=True)
class IncidentRows:
    """The columns of a file, one element an incident; ``timed`` and ``placed`` mark those with a time and a position.

    ``rows_read`` counts the rows of the file that were looked at; ``set_aside`` are those that are no incident of
    their own.
    """

    sha256: str
    rows_read: int
    timed: Booleans
    moment: Moments
    placed: Booleans
    longitude: Floats
    latitude: Floats
    codes: Texts | None
    wordings: tuple[str, ...]
    wording: Integers
    offence_of: dict[str, str]
    set_aside: tuple[SetAside, ...]
    notes: tuple[str, ...]

    def refuse_days_without_hours(self, path: Path, frequency: Frequency) -> None:
        """Raise ``BadInput`` where shifts are to be counted and no time says more than the day."""
        moments = self.moment[self.timed]
        if frequency is Frequency.SHIFT and (moments == moments.astype("datetime64[D]")).all():
            raise BadInput(
                f"{path} gives days without a time of day, so no row can be put into a shift.",
                remedy="Use --period day, or name the column of the time with --date and --time-of-day.",
            )


def read_rows(
    path: Path, columns: IncidentColumns, settings: Settings, frequency: Frequency, near: Near
) -> IncidentRows:
    """The columns of a file of incidents; raises ``BadInput`` that names the file, the row and the column."""
    read = read_table(path, columns.names, columns.form)
    wordings, wording, offence_of = _categories(path, read.columns, columns, settings)
    column = partial(SourceColumn, path, table=read.columns)
    times = _times(column, columns, settings, frequency)
    where = positions(
        column(columns.longitude),
        column(columns.latitude),
        crs=columns.crs,
        decimal_comma=columns.form.decimal_comma,
        near=near,
    )
    if not (times.present & where.placed).any():
        raise BadInput(f"{path} has no row with a time and a position.", remedy="Check --time, --lon and --lat.")
    codes = None if columns.area is None else _texts(read.columns, columns.area)
    keep, set_aside = _incidents(path, read, columns, times, where)
    lone, told = lone_rows(
        column(columns.time), times.moment, times.present & keep, settings.ingest.of(TAXONOMY).lone_dates
    )
    keep &= ~lone
    return IncidentRows(
        sha256=read.sha256,
        rows_read=read.columns.num_rows,
        timed=times.present[keep],
        moment=times.moment[keep],
        placed=where.placed[keep],
        longitude=where.longitude[keep],
        latitude=where.latitude[keep],
        codes=None if codes is None else codes[keep],
        wordings=wordings,
        wording=wording[keep],
        offence_of=offence_of,
        set_aside=(*set_aside, *told),
        notes=(
            *read.notes,
            *times.notes,
            *where.notes,
            *_repeats(path, columns, settings, times, where, wording, codes),
        ),
    )


def _times(
    column: Callable[[str], SourceColumn], columns: IncidentColumns, settings: Settings, frequency: Frequency
) -> LocalTimes:
    time = column(columns.time)
    values = time.values
    if columns.time_format is None:
        refuse_months(time, as_text(values), frequency)
    if columns.time_of_day is not None:
        values = joined(as_text(values), as_text(column(columns.time_of_day).values), formed=bool(columns.time_format))
    return local_times(time, values, time_format=columns.time_format, time_zone=settings.time_zone)


def _incidents(
    path: Path, read: ReadTable, columns: IncidentColumns, times: LocalTimes, where: Positions
) -> tuple[Booleans, tuple[SetAside, ...]]:
    """Which rows stand for an incident of their own, and how many do not."""
    if columns.id is None:
        return np.ones(read.columns.num_rows, dtype=bool), ()
    ids = _texts(read.columns, columns.id)
    if not (ids != "").any():
        raise BadInput(f"{path}: the column '{columns.id}' is blank in every row.", remedy="Check --id.")
    return first_of_each(ids, times.present & where.placed)


def _repeats(
    path: Path,
    columns: IncidentColumns,
    settings: Settings,
    times: LocalTimes,
    where: Positions,
    wording: Integers,
    codes: Texts | None,
) -> tuple[str, ...]:
    """What is to be told of rows that say the same; with a key they are told by it already."""
    if columns.id is not None:
        return ()
    whole = times.present & where.placed
    says = [where.longitude, where.latitude, wording, *(() if codes is None else (codes,))]
    return told_repeats(
        path, times.moment[whole], [values[whole] for values in says], settings.ingest.of(TAXONOMY).repeated_row_share
    )


def _texts(table: pa.Table, column: str) -> Texts:
    return np.asarray(as_text(table.column(column).combine_chunks()).to_numpy(zero_copy_only=False), dtype=object)


def _categories(
    path: Path, table: pa.Table, columns: IncidentColumns, settings: Settings
) -> tuple[tuple[str, ...], Integers, dict[str, str]]:
    """Wordings, each row's position in them, and the offence of each."""
    if columns.category is None:
        offences = tuple(settings.offences.get(TAXONOMY, {}))
        if len(offences) != 1:
            raise BadInput(
                f"[offences.{TAXONOMY}] has {len(offences)} offences, so the file's category has to be told.",
                remedy="Name its column with --category, or leave one offence in wardcast.toml.",
            )
        return offences, np.zeros(table.num_rows, dtype=np.int64), {offences[0]: offences[0]}
    encoded = as_text(table.column(columns.category).combine_chunks()).dictionary_encode()
    code = np.asarray(encoded.indices.to_numpy(zero_copy_only=False), dtype=np.int64)
    _, first_rows = np.unique(code, return_index=True)
    wordings = tuple(encoded.dictionary.to_pylist())
    rows = [text_files.row_of(table, row) for row in first_rows.tolist()]
    return wordings, code, checks.offences_of_wordings(str(path), wordings, rows, TAXONOMY, settings)
