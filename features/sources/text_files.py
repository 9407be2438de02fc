"""Opening the files of a source: what is no readable, whole text table is refused by name."""

from __future__ import annotations

import contextlib
import csv as plain_csv
import hashlib
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from contracts import BadInput, MissingThing
from contracts.errors import shown
from features.unpacking import LONGEST_ROW, read_limited, refuse_long_rows

_GET_IT_AGAIN = "Download it again from its source."
_HEADER_ROWS = 1
_LINES_TO_COMPARE = 50
ROW = "row\x00"
"""A column with each row's number, where a table holds some rows of its file only; no header can name it."""


def existing_file(path: Path) -> Path:
    """The path, if it is a file with something in it."""
    if path.is_dir():
        raise BadInput(f"{path} is a folder, not a file.", remedy="Name the file inside it.")
    if not path.exists():
        raise MissingThing(f"There is no file {path}.", remedy="Check the path.")
    if path.stat().st_size == 0:
        raise BadInput(f"{path} is empty.", remedy=_GET_IT_AGAIN)
    return path


def sha256_of(data: bytes) -> str:
    """Hexadecimal digest."""
    return hashlib.sha256(data).hexdigest()


def read_text_table(path: Path) -> bytes:
    """The bytes of a whole UTF-8 text table, plain or ``.gz``; raises ``BadInput`` where they are not one."""
    return checked_text(path, read_limited(existing_file(path)))


def checked_text(path: Path, data: bytes, separator: str = ",") -> bytes:
    """The same bytes, if they are a whole UTF-8 text table. A last line without a line break is taken where it has all
    of its fields; raises ``BadInput`` where it looks cut short."""
    refuse_other_formats(path, data)
    refuse_long_rows(path, data)
    if not data.endswith((b"\n", b"\r")) and not _ends_whole(data, separator):
        rows = data.count(b"\n") + 1
        raise BadInput(
            f"{path}: row {rows} does not end in a line break, so the file may be cut short.",
            remedy=f"{_GET_IT_AGAIN} If it is whole, add a line break at its end.",
        )
    return data


def _ends_whole(data: bytes, separator: str) -> bool:
    """Whether the last line has as many fields as the header, and a last field that is as long as those above."""
    lines = re.split(r"\r\n|\r|\n", data.decode("utf-8-sig"))
    if len(lines) < 2 or lines[-1].count('"') % 2:
        return False
    above = lines[1:-1][-_LINES_TO_COMPARE:]
    header, last, *others = (_fields(line, separator) for line in (lines[0], lines[-1], *above))
    if not header or len(last) != len(header):
        return False
    lengths = {len(fields[-1]) for fields in others if len(fields) == len(header)}
    of_one_length = len(lengths) == 1 and len(others) > 1 and min(lengths) > 1
    cut = (of_one_length and len(last[-1]) < min(lengths)) or (not last[-1] and 0 not in lengths)
    return not cut


def _fields(line: str, separator: str) -> list[str]:
    """The fields of one line; none where it is no line of a table."""
    try:
        return next(plain_csv.reader([line], delimiter=separator), [])
    except plain_csv.Error:
        return []


def refuse_other_formats(path: Path, data: bytes) -> None:
    """Raise ``BadInput`` for a web page, a compressed file or text that is not UTF-8."""
    start = data[:512].removeprefix(b"\xef\xbb\xbf").lstrip()
    if start[:1] == b"<":
        raise BadInput(f"{path} is a web page or XML, not a table.", remedy="Save the CSV file itself, not its page.")
    if start[:2] in (b"PK", b"\x1f\x8b"):
        raise BadInput(f"{path} is a compressed file or a workbook, not CSV.", remedy="Unpack it or save it as CSV.")
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        row = data.count(b"\n", 0, error.start) + 1
        raise BadInput(f"{path}: row {row} is not UTF-8 text.", remedy="Save the file as CSV in UTF-8.") from error
    if b"\x00" in data:
        row = data.count(b"\n", 0, data.index(b"\x00")) + 1
        raise BadInput(f"{path}: row {row} holds a zero byte; the file is damaged.", remedy=_GET_IT_AGAIN)


def string_table(path: Path, data: bytes, only: tuple[str, ...] = (), separator: str = ",") -> pa.Table:
    """Every column (or ``only`` these) as text; raises ``BadInput`` that names a row with too few or many fields."""
    text = _in_arrows_memory(data)
    columns = csv.ConvertOptions(
        column_types=dict.fromkeys(header_of(path, data, separator), pa.string()),
        strings_can_be_null=False,
        include_columns=list(dict.fromkeys(only)) or None,
    )
    try:
        table = csv.read_csv(
            pa.BufferReader(text),
            read_options=csv.ReadOptions(use_threads=False),
            parse_options=csv.ParseOptions(delimiter=separator, newlines_in_values=True),
            convert_options=columns,
        )
    except pa.ArrowInvalid as error:
        _refuse_ragged_rows(path, text, separator)
        raise BadInput(f"{path} is not a CSV table: {error}.", remedy=_GET_IT_AGAIN) from error
    if table.num_rows == 0:
        raise BadInput(f"{path} has a header and no rows.", remedy=_GET_IT_AGAIN)
    return table


def _in_arrows_memory(data: bytes) -> pa.Buffer:
    """A copy that no Python object owns.

    Arrow's threads may let go of what they read only when Python is already ending, and letting go of a Python object
    then aborts the process.
    """
    with pa.BufferOutputStream() as stream:
        stream.write(data)
        return stream.getvalue()


def _refuse_ragged_rows(path: Path, text: pa.Buffer, separator: str) -> None:
    """Raise ``BadInput`` for the first row with too few or too many fields, if there is one; the caller tells of what
    else cannot be read."""
    ragged: list[csv.InvalidRow] = []

    def note(row: csv.InvalidRow) -> str:
        ragged.append(row)
        return "skip"

    with contextlib.suppress(pa.ArrowInvalid):
        csv.read_csv(
            pa.BufferReader(text),
            read_options=csv.ReadOptions(use_threads=False),
            parse_options=csv.ParseOptions(delimiter=separator, newlines_in_values=True, invalid_row_handler=note),
        )
    if ragged:
        first = ragged[0]
        where = f"row {first.number}" if first.number else "a row"
        raise BadInput(
            f"{path}: {where} has {first.actual_columns} fields where the header has {first.expected_columns}.",
            remedy=f"The file is damaged or cut short. {_GET_IT_AGAIN}",
        )


def first_row(data: bytes) -> bytes:
    """The bytes of the header, up to the first line end (of any system) that stands in no quoted name."""
    start = data[:LONGEST_ROW]
    for end in re.finditer(rb"[\r\n]", start):
        if start.count(b'"', 0, end.start()) % 2 == 0:
            return start[: end.start()]
    return start


def has_rows(data: bytes) -> bool:
    """Whether anything follows the header."""
    return bool(data[len(first_row(data)) :].strip(b"\r\n"))


def header_of(path: Path, data: bytes, separator: str = ",") -> list[str]:
    """The names of the columns; raises ``BadInput`` where one stands twice."""
    header = _in_arrows_memory(first_row(data).removeprefix(b"\xef\xbb\xbf") + b"\n")
    try:
        empty = csv.read_csv(
            pa.BufferReader(header),
            read_options=csv.ReadOptions(use_threads=False),
            parse_options=csv.ParseOptions(delimiter=separator, newlines_in_values=True),
        )
    except pa.ArrowInvalid as error:
        raise BadInput(f"{path}: its first row names no columns.", remedy=_GET_IT_AGAIN) from error
    names = [str(name) for name in empty.column_names]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise BadInput(f"{path}: the column '{shown(twice[0])}' stands twice in the header.", remedy=_GET_IT_AGAIN)
    return names


def require_columns(path: Path, there: Sequence[str], needed: Sequence[str]) -> None:
    """Raise ``BadInput`` that names the first column which is not there."""
    for name in needed:
        if name not in there:
            begins = ", ".join(f"'{shown(column)}'" for column in list(there)[:8])
            raise BadInput(
                f"{path} has no column '{name}'; it begins with {begins}.",
                remedy="Check that it is the right kind of file and that no column was removed or renamed.",
            )


def row_number(position: int) -> int:
    """Number of a row as a person counts it in the file: the header is row 1."""
    return position + 1 + _HEADER_ROWS


def row_of(table: pa.Table, position: int) -> int:
    """Number of a table's row as a person counts it in the file, also where only some of its rows are in the table."""
    return int(table.column(ROW)[position].as_py()) if ROW in table.column_names else row_number(position)


def whole_counts(path: Path, table: pa.Table, column: str) -> npt.NDArray[np.int64]:
    """A text column as counts; raises ``BadInput`` that names the row of the first which is no whole number ≥ 0."""
    values = table.column(column).combine_chunks()
    whole = r"^\d{1,15}$"
    wrong = pc.invert(pc.match_substring_regex(values, whole))
    if pc.any(wrong).as_py():
        values = pc.replace_substring_regex(values, r"^(\d+)\.0+$", r"\1")
        wrong = pc.invert(pc.match_substring_regex(values, whole))
    if pc.any(wrong).as_py():
        position = int(pc.index(wrong, True).as_py())
        text = values[position].as_py()
        raise BadInput(
            f"{path}: row {row_of(table, position)}, column '{column}': {_what_is_wrong(text)}.",
            remedy="A count is a whole number, 0 or more; correct the file or download it again.",
        )
    return np.asarray(values.cast(pa.int64()).to_numpy(zero_copy_only=False), dtype=np.int64)


def _what_is_wrong(text: str) -> str:
    if not text.strip():
        return "the count is blank"
    if re.fullmatch(r"-\d+(\.\d+)?", text.strip()):
        return f"the count '{shown(text)}' is negative"
    return f"the count '{shown(text)}' is not a whole number"
