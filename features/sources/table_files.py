"""Tables as people keep them: CSV with any usual separator and encoding, plain or gzip, or Parquet. What a file does
not say is recognised where that is safe, and told."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from contracts import BadInput
from contracts.errors import shown
from features.sources import text_files
from features.unpacking import parquet_columns, read_limited, read_parquet

SEPARATORS = (",", ";", "\t", "|")
"""The separators that are recognised, in the order in which they are tried."""
PARQUET_SUFFIXES = (".parquet", ".pq")
_SEPARATOR_NAMES = {"\t": "tabs", ";": "semicolons", "|": "vertical bars", ",": "commas"}
_DOWNLOAD = "Download it again."
_SHOWN_VALUES = 5
_LOOKED_AT = 20
"""Bytes of a file by which its encoding is recognised."""
_LARGEST_WHOLE = 1e15
"""Below it a decimal number that is whole can be written as one."""


@dataclass(frozen=True)
class TableForm:
    """How a file is written, None where it is to be recognised, and which of its rows are kept.

    ``where`` holds pairs of column and value: a row is kept where it has, in every column named, one of its values.
    """

    separator: str | None = None
    encoding: str | None = None
    decimal_comma: bool | None = None
    where: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class ReadTable:
    """The columns that were asked for, of the rows that are kept; ``notes`` tell what was recognised and left out."""

    columns: pa.Table
    sha256: str
    notes: tuple[str, ...]

    def as_text(self) -> pa.Table:
        """The columns as trimmed text; the numbers of the rows stay numbers."""
        names = [name for name in self.columns.column_names if name != text_files.ROW]
        texts = pa.table({name: as_text(self.columns.column(name).combine_chunks()) for name in names})
        if text_files.ROW in self.columns.column_names:
            texts = texts.append_column(text_files.ROW, self.columns.column(text_files.ROW))
        return texts


@dataclass(frozen=True)
class SourceColumn:
    """A column of a file, to say where in it something is wrong; ``table`` knows the numbers of the rows."""

    path: Path
    name: str
    table: pa.Table

    @property
    def values(self) -> pa.Array:
        """In one piece, of the type that the file gives it."""
        return self.table.column(self.name).combine_chunks()

    def row_of(self, position: int) -> int:
        """The number of a row in the file."""
        return text_files.row_of(self.table, position)

    def wrong(self, position: int, text: str, what: str, remedy: str) -> BadInput:
        """An error that names the row."""
        return BadInput(
            f"{self.path}: row {self.row_of(position)}, column '{self.name}': '{shown(text)}' {what}.", remedy=remedy
        )


def read_table(path: Path, names: tuple[str, ...], form: TableForm, *, every_column: bool = False) -> ReadTable:
    """Read columns of a file, and with ``every_column`` the others too: text from CSV, their own types from Parquet.
    Raises ``BadInput`` in one line."""
    data = read_limited(text_files.existing_file(path), whatever_its_name=True)
    notes: tuple[str, ...] = ()
    needed = tuple(dict.fromkeys((*names, *(column for column, _ in form.where))))
    if path.suffix.lower() in PARQUET_SUFFIXES:
        table = _parquet(path, needed, every_column=every_column)
    else:
        table, notes = _text(path, data, needed, form, every_column=every_column)
    if table.num_rows == 0:
        raise BadInput(f"{path} has no rows.", remedy=_DOWNLOAD)
    if form.where:
        table, left_out = _only_where(path, table, form)
        notes = (*notes, left_out)
    return ReadTable(table, text_files.sha256_of(data), notes)


def as_text(column: pa.Array) -> pa.Array:
    """A column of any type as trimmed text, "" where it is empty; times keep their zone as an offset."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.timestamp("s", column.type.tz), safe=False)
    if pa.types.is_floating(column.type):
        whole = pc.and_(pc.equal(pc.floor(column), column), pc.less(pc.abs(column), _LARGEST_WHOLE))
        column = column.cast(pa.int64()) if pc.all(whole).as_py() else column
    return pc.utf8_trim_whitespace(pc.fill_null(column.cast(pa.string()), ""))


def _parquet(path: Path, needed: tuple[str, ...], *, every_column: bool) -> pa.Table:
    text_files.require_columns(path, parquet_columns(path), needed)
    return read_parquet(path, None if every_column else needed)


def _text(
    path: Path, data: bytes, needed: tuple[str, ...], form: TableForm, *, every_column: bool
) -> tuple[pa.Table, tuple[str, ...]]:
    decoded, notes = _decoded(path, data, form.encoding)
    separator, note = _separator(path, decoded, needed, form.separator)
    decoded = text_files.checked_text(path, decoded, separator)
    text_files.require_columns(path, text_files.header_of(path, decoded, separator), needed)
    only = () if every_column else needed
    return text_files.string_table(path, decoded, only=only, separator=separator), (*notes, *note)


def _decoded(path: Path, data: bytes, encoding: str | None) -> tuple[bytes, tuple[str, ...]]:
    """The text in UTF-8, and what was recognised."""
    if encoding is not None:
        return _as_utf8(path, data, encoding), ()
    if (wide := _two_bytes_a_letter(data[:_LOOKED_AT])) is not None:
        return _as_utf8(path, data, wide), (f"{path.name} is read as UTF-16.",)
    text_files.refuse_other_formats(path, data[:512].decode("latin-1").encode())
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        row = data.count(b"\n", 0, error.start) + 1
        return _from_windows(path, data, row)
    return data, ()


def _two_bytes_a_letter(start: bytes) -> str | None:
    """UTF-16 by its byte order mark, or by a zero in every second byte of a header in plain letters."""
    if start[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    if len(start) < _LOOKED_AT:
        return None
    if not any(start[1::2]):
        return "utf-16-le"
    return None if any(start[::2]) else "utf-16-be"


def _from_windows(path: Path, data: bytes, row: int) -> tuple[bytes, tuple[str, ...]]:
    """Text of one byte a letter. Where other letters are UTF-8 the file is a damaged one, and is refused."""
    in_utf8 = {letter for letter in data.decode("utf-8", errors="replace") if ord(letter) > 127} - {"\ufffd"}
    if in_utf8:
        raise BadInput(
            f"{path}: row {row} is not UTF-8 text, and other rows are.", remedy=f"{_DOWNLOAD} Or save it in UTF-8."
        )
    note = f"{path.name} is not UTF-8 (row {row}) and is read as Windows-1252; --encoding says otherwise."
    return _as_utf8(path, data, "cp1252"), (note,)


def _as_utf8(path: Path, data: bytes, encoding: str) -> bytes:
    try:
        return data.decode(encoding).encode("utf-8")
    except LookupError as error:
        raise BadInput(f"There is no encoding '{encoding}'.", remedy="Use utf-8, cp1252 or utf-16.") from error
    except UnicodeError as error:
        raise BadInput(
            f"{path} is not text in {encoding}: {error}.",
            remedy="Name another with --encoding, or save the file as CSV in UTF-8.",
        ) from error


def _separator(path: Path, data: bytes, needed: tuple[str, ...], given: str | None) -> tuple[str, tuple[str, ...]]:
    """The separator, and that it was recognised: the first that finds every column which is needed."""
    if given is not None:
        return given, ()
    for separator in SEPARATORS:
        header = text_files.first_row(data)
        if separator.encode() not in header and separator != ",":
            continue
        if set(needed) <= set(text_files.header_of(path, header, separator)):
            known = separator == ","
            return separator, () if known else (f"{path.name} is read as separated by {_SEPARATOR_NAMES[separator]}.",)
    return ",", ()


def _only_where(path: Path, table: pa.Table, form: TableForm) -> tuple[pa.Table, str]:
    """The rows that are kept, with their numbers in the file, and how many those are."""
    keep = np.ones(table.num_rows, dtype=bool)
    for column in dict.fromkeys(column for column, _ in form.where):
        texts = as_text(table.column(column).combine_chunks())
        values = [value for name, value in form.where if name == column]
        has = np.asarray(pc.is_in(texts, pa.array(values, pa.string())).to_numpy(zero_copy_only=False), dtype=bool)
        if not has.any():
            there = ", ".join(f"'{value}'" for value in pc.unique(texts)[:_SHOWN_VALUES].to_pylist())
            raise BadInput(
                f"{path} has no row where '{column}' is {' or '.join(repr(value) for value in values)}; "
                f"it has {there} and perhaps others.",
                remedy="Correct --where: the value as the file writes it.",
            )
        keep &= has
    kept = np.flatnonzero(keep)
    wanted = " and ".join(f"{column}={value}" for column, value in form.where)
    if not kept.size:
        raise BadInput(f"{path} has no row where {wanted}.", remedy="Correct --where.")
    rows = pa.array([text_files.row_number(position) for position in kept.tolist()], pa.int64())
    told = f"Of {table.num_rows:,} rows the {len(kept):,} are kept where {wanted}."
    return table.take(pa.array(kept)).append_column(text_files.ROW, rows), told
