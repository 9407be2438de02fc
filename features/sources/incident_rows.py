"""The rows of a file of incidents: which columns are read, and what each of them holds."""

from __future__ import annotations

import gzip
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from contracts import BadInput, Settings
from features.sources import checks, text_files
from features.sources.source_counts import Integers

TAXONOMY = "incidents"

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Texts = npt.NDArray[np.object_]


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


@dataclass(frozen=True)
class IncidentRows:
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


def read_rows(path: Path, columns: IncidentColumns, settings: Settings) -> IncidentRows:
    """The columns of a file of incidents; raises ``BadInput`` that names the file, the row and the column."""
    data = _read(path)
    text_files.require_columns(path, text_files.header_of(path, data), columns.names)
    table = text_files.string_table(path, data, only=columns.names)
    wordings, wording, offence_of = _categories(path, table, columns, settings)
    timed, moment = _moments(path, table, columns)
    longitude = _degrees(path, table, columns.longitude, 180.0)
    latitude = _degrees(path, table, columns.latitude, 90.0)
    placed = np.isfinite(longitude) & np.isfinite(latitude) & ~((longitude == 0) & (latitude == 0))
    if not (timed & placed).any():
        raise BadInput(f"{path} has no row with a time and a position.", remedy="Check --time, --lon and --lat.")
    return IncidentRows(
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


def _read(path: Path) -> bytes:
    if path.suffix != ".gz":
        return text_files.read_text_table(path)
    try:
        data = gzip.decompress(text_files.existing_file(path).read_bytes())
    except (OSError, EOFError, zlib.error) as error:
        raise BadInput(f"{path} is not a whole gzip file: {error}.", remedy="Download it again.") from error
    return text_files.checked_text(path, data)


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
