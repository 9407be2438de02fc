"""A file of single incidents: a time, a longitude, a latitude and perhaps a category in each row of a CSV, plain or
gzip. Incidents are counted by the area that they lie in, and kept with their time and position; nothing else of a row
is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from contracts import BadInput, Frequency, Ordinals, Period, Settings, ordinals_of, starts_of
from features.incident_points import IncidentPoints
from features.sources import checks, text_files
from features.sources.source_counts import (
    STUB,
    CodedCounts,
    Cover,
    Integers,
    Provenance,
    SetAside,
    SourceCounts,
)

SOURCE = "incidents"
TAXONOMY = "incidents"
UNLIKELY = 1e-6
"""A first or last period counts as cut off where the silence at its edge has a smaller probability than this."""

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Texts = npt.NDArray[np.object_]
Locate = Callable[..., tuple[checks.KnownAreas, Integers]]
"""From longitudes, latitudes (``Floats``, degrees WGS 84) and, where a column is named for them, area codes (``Texts``)
to the areas and each point's position in them, −1 outside."""


@dataclass(frozen=True)
class IncidentColumns:
    """Names of the columns; ``time_format`` as in Python's ``strptime``, or None for ISO 8601. ``area`` holds the code
    of the area that counts an incident; without it an incident is counted where it lies."""

    time: str
    longitude: str
    latitude: str
    category: str | None = None
    time_format: str | None = None
    area: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Every column that is read."""
        optional = (self.category, self.area)
        return (self.time, self.longitude, self.latitude, *(name for name in optional if name is not None))


def read_incidents(
    path: Path,
    *,
    columns: IncidentColumns,
    settings: Settings,
    frequency: Frequency,
    locate: Locate,
    published_on: date | None,
    today: date,
) -> SourceCounts:
    """Read one file. Without ``published_on`` it is the day after the last incident, and told.

    Times are taken as local. Rows without a time or a position, or outside of all areas, are set aside; so is a
    first or last period that the file covers in part only. Raises ``BadInput`` in one line.
    """
    rows = _rows(path, columns, settings)
    notes = []
    if published_on is None:
        published_on = _day_after(rows.moment[rows.timed])
        notes.append(f"Published on {published_on} is assumed: the day after the last incident.")
    whole = rows.timed & rows.placed
    by_code = () if rows.codes is None else (rows.codes[whole],)
    areas, position = locate(rows.longitude[whole], rows.latitude[whole], *by_code)
    inside = position >= 0
    kept = rows.moment[whole][inside]
    if kept.size == 0:
        raise BadInput(
            f"{path} has no incident inside {areas.geography}.", remedy="Check --lon, --lat and --geography."
        )
    period = ordinals_of(kept, frequency)
    periods, stubs = _whole_periods(path, kept, period, frequency, settings)
    checks.refuse_impossible_date(path.name, published_on, Period(frequency, int(periods[-1])), today)
    in_time = (period >= periods[0]) & (period <= periods[-1])
    counted = np.flatnonzero(whole)[inside][in_time]
    area = position[inside][in_time]
    return SourceCounts.by_wording(
        Provenance(SOURCE, TAXONOMY, areas.geography, frequency, published_on, path.name, rows.sha256),
        CodedCounts.summed(
            areas=areas.codes,
            offences=rows.wordings,
            area=area,
            offence=rows.wording[counted],
            period=period[in_time],
            count=np.ones(len(counted), dtype=np.int64),
        ),
        rows.offence_of,
        covers=(Cover("all", areas.codes, tuple(periods.tolist())),),
        set_aside=(*_told(rows, int((~inside).sum())), *stubs),
        rows_read=len(rows.timed),
        notes=tuple(notes),
        points=IncidentPoints(
            areas=areas.codes,
            offences=rows.wordings,
            area=area,
            offence=rows.wording[counted],
            moment=rows.moment[counted],
            longitude=rows.longitude[counted],
            latitude=rows.latitude[counted],
        ),
    )


@dataclass(frozen=True)
class _Rows:
    """The columns of a file, one element a row; ``timed`` and ``placed`` mark the rows with a time and a position."""

    sha256: str
    timed: Flags
    moment: npt.NDArray[np.datetime64]
    placed: Flags
    longitude: Floats
    latitude: Floats
    codes: Texts | None
    wordings: tuple[str, ...]
    wording: Integers
    offence_of: dict[str, str]


def _rows(path: Path, columns: IncidentColumns, settings: Settings) -> _Rows:
    data = text_files.read_text_table(path)
    text_files.require_columns(path, text_files.header_of(path, data), columns.names)
    table = text_files.string_table(path, data, only=columns.names)
    wordings, wording, offence_of = _categories(path, table, columns, settings)
    timed, moment = _moments(path, table, columns)
    longitude = _degrees(path, table, columns.longitude, 180.0)
    latitude = _degrees(path, table, columns.latitude, 90.0)
    placed = np.isfinite(longitude) & np.isfinite(latitude) & ~((longitude == 0) & (latitude == 0))
    if not (timed & placed).any():
        raise BadInput(f"{path} has no row with a time and a position.", remedy="Check --time, --lon and --lat.")
    return _Rows(
        sha256=text_files.sha256_of(data),
        timed=timed,
        moment=moment,
        placed=placed,
        longitude=longitude,
        latitude=latitude,
        codes=None if columns.area is None else _codes(table, columns.area),
        wordings=wordings,
        wording=wording,
        offence_of=offence_of,
    )


def _codes(table: pa.Table, column: str) -> Texts:
    trimmed = pc.utf8_trim_whitespace(table.column(column).combine_chunks())
    return np.asarray(trimmed.to_numpy(zero_copy_only=False), dtype=object)


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
    encoded = table.column(columns.category).combine_chunks().dictionary_encode()
    code = np.asarray(encoded.indices.to_numpy(zero_copy_only=False), dtype=np.int64)
    _, first_rows = np.unique(code, return_index=True)
    wordings = tuple(encoded.dictionary.to_pylist())
    rows = [text_files.row_number(row) for row in first_rows.tolist()]
    return wordings, code, checks.offences_of_wordings(str(path), wordings, rows, TAXONOMY, settings)


def _moments(path: Path, table: pa.Table, columns: IncidentColumns) -> tuple[Flags, npt.NDArray[np.datetime64]]:
    """Which rows have a time, and the times (datetime64[s], NaT where there is none)."""
    texts = pc.utf8_trim_whitespace(table.column(columns.time).combine_chunks())
    filled = pc.if_else(pc.equal(texts, ""), None, texts)
    parsed = pd.to_datetime(
        pd.Series(filled.to_pandas()), format=columns.time_format or "ISO8601", errors="coerce", utc=False
    ) if columns.time_format else _iso_times(path, columns.time, filled)  # fmt: skip
    present = np.asarray(pc.is_valid(filled).to_numpy(zero_copy_only=False), dtype=bool)
    moments = np.asarray(parsed, dtype="datetime64[s]")
    wrong = present & np.isnat(moments)
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise BadInput(
            f"{path}: row {text_files.row_number(row)}, column '{columns.time}': '{texts[row].as_py()}' is not a time.",
            remedy="Write times like 2023-03-01 22:15:00, or give their form with --time-format.",
        )
    return present, moments


def _iso_times(path: Path, column: str, texts: pa.Array) -> npt.NDArray[np.datetime64]:
    zoned = pc.match_substring_regex(texts, r"[Tt ]\d{2}.*([Zz]|[+-]\d{2}:?\d{2})$")
    if pc.any(zoned).as_py():
        row = int(pc.index(zoned, True).as_py())
        raise BadInput(
            f"{path}: row {text_files.row_number(row)}, column '{column}': '{texts[row].as_py()}' has a time zone.",
            remedy="Give local times without a zone, so that nights and weeks begin where they are lived.",
        )
    try:
        parsed = texts.cast(pa.timestamp("us")).to_numpy(zero_copy_only=False)
    except pa.ArrowInvalid:
        parsed = pd.to_datetime(pd.Series(texts.to_pandas()), format="ISO8601", errors="coerce").to_numpy()
    return np.asarray(parsed, dtype="datetime64[s]")


def _degrees(path: Path, table: pa.Table, column: str, limit: float) -> Floats:
    texts = pc.utf8_trim_whitespace(table.column(column).combine_chunks())
    filled = pc.if_else(pc.equal(texts, ""), None, texts)
    try:
        degrees = np.asarray(filled.cast(pa.float64()).to_numpy(zero_copy_only=False), dtype=np.float64)
    except pa.ArrowInvalid:
        degrees = pd.to_numeric(pd.Series(filled.to_pandas()), errors="coerce").to_numpy(dtype=np.float64)
    present = np.asarray(pc.is_valid(filled).to_numpy(zero_copy_only=False), dtype=bool)
    wrong = present & ~(np.abs(degrees) <= limit)
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise BadInput(
            f"{path}: row {text_files.row_number(row)}, column '{column}': '{texts[row].as_py()}' is not in degrees "
            f"between {-limit:.0f} and {limit:.0f}.",
            remedy="Give WGS 84 longitude as --lon and latitude as --lat.",
        )
    return degrees


def _day_after(moments: npt.NDArray[np.datetime64]) -> date:
    last: date = moments.max().astype("datetime64[D]").item()
    return last + timedelta(days=1)


def _told(rows: _Rows, outside: int) -> tuple[SetAside, ...]:
    counted = (
        ("no time", int((~rows.timed).sum())),
        ("no position", int((rows.timed & ~rows.placed).sum())),
        ("outside of all areas", outside),
    )
    of = f"of {len(rows.timed)} rows"
    return tuple(SetAside(reason, of, number, number) for reason, number in counted if number)


def _whole_periods(
    path: Path, moments: npt.NDArray[np.datetime64], period: Ordinals, frequency: Frequency, settings: Settings
) -> tuple[Ordinals, tuple[SetAside, ...]]:
    """Ordinals of the periods that the file covers whole, and those that it does not.

    The file is taken to begin with its first incident and end with its last: a first or last period is cut off where
    the silence before or after is improbable (exp(−rate × silence), a Poisson process), or its total is a stub's.
    """
    first, last = int(period.min()), int(period.max())
    periods = np.arange(first, last + 1, dtype=np.int64)
    totals = np.bincount(period - first, minlength=len(periods))
    bounds = starts_of(np.array([first, last + 1]), frequency)
    seconds = max(float((moments.max() - moments.min()).astype(np.int64)), 1.0)
    rate = len(moments) / seconds
    silence_before = float((moments.min() - bounds[0]).astype(np.int64))
    silence_after = float((bounds[1] - moments.max()).astype(np.int64))
    start = int(np.exp(-rate * silence_before) < UNLIKELY)
    stop = len(periods) - int(np.exp(-rate * silence_after) < UNLIKELY)
    if stop <= start:
        raise BadInput(f"{path} covers no whole {frequency}.", remedy="Give a longer file or a shorter --period.")
    if frequency in (Frequency.MONTH, Frequency.WEEK):
        start += checks.leading_stubs(totals[start:stop], settings.ingest.stub_share)
        checks.refuse_later_stubs(
            str(path), periods[start:stop], totals[start:stop], frequency, settings.ingest.stub_share
        )
    cut = [*range(start), *range(stop, len(periods))]
    stubs = tuple(
        SetAside(STUB, str(Period(frequency, int(periods[index]))), int(totals[index]), int(totals[index]))
        for index in cut
    )
    return periods[start:stop], stubs
