"""Ways in which a table that was sound gets damaged or is merely written otherwise: on its bytes, rows and fields."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

Table = list[list[str]]
"""The header and the rows, as text."""
Generator = np.random.Generator

FIELDS = (
    *("", " ", "-", "?", "NaN", "nan", "None", "NA", "N/A", "null", "NULL", "#REF!", "true", "0", "00"),
    *("-0", "-1", "1.5", "5.0", "5.", ".5", "1e3", "1e400", "inf", "-inf", "0x10", "1_000", "1,000"),
    *("1 000", "+3", "007", "12,5", "99999999999999", "999999999999999999999999", "２", "٣", "½", "²"),
    *("0000-01", "0001-01-01", "9999-12", "9999-12-31", "1899-12-31", "2201-01-01", "2023-13"),
    *("2023-02-30", "2023-00", "202313", "2023", "23-01", "01/02/2023", "1.2.2023", "March 2023"),
    *("2023-W05", "2023-W60", "45000", "1672531200", "2023-05-04", "2023-05-04T10:11:12Z", "20230504"),
    *("2023-05-04 10:11:12+00", "2023-05-04T10:11:12-04:30", "2023-05-04T24:00:00"),
    *("2023-03-26 01:30:00", "10:15", "2023-05-04T10:11:12+99:00", "9999-12-31T23:59:59-14:00"),
    *("0001-01-01T00:00:00+14:00", "2023-05-04 10:11 Europe/London", "A000", "a000", " A001 ", "A999"),
    *("E01000001", "Theft", "theft ", "Arson", "Assault\u200b", "🚓", "مرحبا", "\u202eA000", "A\nB"),
    *('say "so"', "a,b", "a;b", "a\tb", "é", "\u2028", "\x85", "\x0b", "\x1f", "=1+1", "'", "x" * 3000),
    *("-0.06", "51.52", "181", "-91", "530000", "0.0", "2023-05", "202305", "NaT", "\ufeff", "\xa0"),
    *("5\xa0", "1\r\n2", "--", "<b>", "\\N", "{}"),
)  # fmt: skip
"""What people and programs write where something else belongs."""
ODD_BYTES = (
    *(b"\x00", b"\xff", b'"', b'""', b"\n", b"\r", b"\r\n", b",", b";", b"\t", b"\xc3", b"\xe2\x80\xae"),
    *(b"\xef\xbb\xbf", b"9", b" ", b"-", b"\x1a", b"\n\n\n", b",,,,\n", b"<html>", b"#", b"\\", b"\xed\xa0\x80"),
    b"\xf0\x9f\x9a\x93",
)
HEADINGS = (
    "",
    " ",
    "area",
    "Area",
    "count",
    "1",
    "202305",
    "000004",
    "202313",
    "²",
    "x,y",
    "a\nb",
    "🚓",
    "period",
    "nan",
)


@dataclass(frozen=True)
class Mutation:
    """``harmless``: the file says what it said, and has to be taken with the same totals."""

    name: str
    harmless: bool = False


OnTable = Callable[[Generator, Table], Table]
OnBytes = Callable[[Generator, bytes], bytes]


def _place(generator: Generator, table: Table) -> tuple[int, int]:
    row = int(generator.integers(1, len(table))) if len(table) > 1 else 0
    return row, int(generator.integers(0, max(len(table[row]), 1)))


def _set_field(generator: Generator, table: Table) -> Table:
    row, column = _place(generator, table)
    if column < len(table[row]):
        table[row][column] = FIELDS[int(generator.integers(len(FIELDS)))]
    return table


def _set_some_fields(generator: Generator, table: Table) -> Table:
    """One odd value in a share of a column."""
    _, column = _place(generator, table)
    value, share = FIELDS[int(generator.integers(len(FIELDS)))], float(generator.choice((0.01, 0.1, 0.5, 1.0)))
    for row in table[1:]:
        if column < len(row) and generator.random() < share:
            row[column] = value
    return table


def _change_field(generator: Generator, table: Table) -> Table:
    row, column = _place(generator, table)
    if column < len(table[row]):
        changes: tuple[Callable[[str], str], ...] = (
            str.upper, str.lower, lambda text: text + "  ", lambda text: " " + text, lambda text: "-" + text,
            lambda text: text + ".0", lambda text: text + "0" * 12, lambda text: text[:-1], lambda text: text[::-1],
            lambda text: text + "\n", lambda text: text.replace("-", "/"), lambda text: text + "\u200f",
        )  # fmt: skip
        table[row][column] = changes[int(generator.integers(len(changes)))](table[row][column])
    return table


def _drop_rows(generator: Generator, table: Table) -> Table:
    start = int(generator.integers(1, max(len(table), 2)))
    return table[:start] + table[start + int(generator.choice((1, 2, 25, 200))) :]


def _borrow_fields(generator: Generator, table: Table) -> Table:
    """Some fields take what another row has there: legal values in the wrong place."""
    for _ in range(int(generator.choice((1, 5, 60)))):
        (row, column), (other, _) = _place(generator, table), _place(generator, table)
        if column < min(len(table[row]), len(table[other])):
            table[row][column] = table[other][column]
    return table


def _drop_value(generator: Generator, table: Table) -> Table:
    """All rows go that have one row's value in a column: an area, a period, an offence."""
    row, column = _place(generator, table)
    value = table[row][column] if column < len(table[row]) else ""
    return [table[0], *(other for other in table[1:] if column >= len(other) or other[column] != value)]


def _repeat_rows(generator: Generator, table: Table) -> Table:
    start = int(generator.integers(1, max(len(table), 2)))
    chunk = table[start : start + int(generator.choice((1, 2, 40)))]
    where = int(generator.integers(1, len(table) + 1))
    return table[:where] + [list(row) for row in chunk] + table[where:]


def _shuffle_rows(generator: Generator, table: Table) -> Table:
    return [table[0], *(table[1 + position] for position in generator.permutation(len(table) - 1).tolist())]


def _keep_few(generator: Generator, table: Table) -> Table:
    return table[: 1 + int(generator.choice((0, 1, 2, 5, 30)))]


def _drop_header(_: Generator, table: Table) -> Table:
    return table[1:] or table


def _header_again(generator: Generator, table: Table) -> Table:
    where = int(generator.integers(1, len(table) + 1))
    return [*table[:where], list(table[0]), *table[where:]]


def _ragged(generator: Generator, table: Table) -> Table:
    row, _ = _place(generator, table)
    table[row] = table[row][:-1] if generator.random() < 0.5 else [*table[row], "more"]
    return table


def _rename_column(generator: Generator, table: Table) -> Table:
    column = int(generator.integers(len(table[0])))
    table[0][column] = str(generator.choice((*HEADINGS, *table[0], table[0][column] + " ", table[0][column].upper())))
    return table


def _drop_column(generator: Generator, table: Table) -> Table:
    column = int(generator.integers(len(table[0])))
    return [row[:column] + row[column + 1 :] for row in table]


def _double_column(generator: Generator, table: Table) -> Table:
    column = int(generator.integers(len(table[0])))
    return [[*row, row[column] if column < len(row) else ""] for row in table]


def _swap_texts(generator: Generator, table: Table) -> Table:
    """Two columns change their contents, not their headings."""
    one, other = generator.integers(len(table[0]), size=2).tolist()
    for row in table[1:]:
        if max(one, other) < len(row):
            row[one], row[other] = row[other], row[one]
    return table


def _add_column(generator: Generator, table: Table) -> Table:
    values = ["further", *(str(generator.choice(("", "x", "a, b", "é", "7"))) for _ in table[1:])]
    return [[*row, value] for row, value in zip(table, values, strict=True)]


def _reorder_columns(generator: Generator, table: Table) -> Table:
    order = generator.permutation(len(table[0])).tolist()
    return [[row[column] for column in order] for row in table] if len({len(row) for row in table}) == 1 else table


ON_TABLES: dict[Mutation, OnTable] = {
    Mutation("field"): _set_field,
    Mutation("column of fields"): _set_some_fields,
    Mutation("changed field"): _change_field,
    Mutation("borrowed fields"): _borrow_fields,
    Mutation("dropped value"): _drop_value,
    Mutation("dropped rows"): _drop_rows,
    Mutation("repeated rows"): _repeat_rows,
    Mutation("shuffled rows", harmless=True): _shuffle_rows,
    Mutation("few rows"): _keep_few,
    Mutation("no header"): _drop_header,
    Mutation("header again"): _header_again,
    Mutation("ragged row"): _ragged,
    Mutation("renamed column"): _rename_column,
    Mutation("dropped column"): _drop_column,
    Mutation("doubled column"): _double_column,
    Mutation("swapped contents"): _swap_texts,
    Mutation("added column", harmless=True): _add_column,
    Mutation("reordered columns", harmless=True): _reorder_columns,
}


def _cut(generator: Generator, data: bytes) -> bytes:
    return data[: int(generator.integers(0, len(data) + 1))]


def _cut_near_end(generator: Generator, data: bytes) -> bytes:
    return data[: -int(generator.integers(1, 12))]


def _flip(generator: Generator, data: bytes) -> bytes:
    changed = bytearray(data)
    for at in generator.integers(0, max(len(data), 1), size=int(generator.choice((1, 1, 1, 3, 20)))).tolist():
        if at < len(changed):
            changed[at] ^= 1 << int(generator.integers(8))
    return bytes(changed)


def _delete_chunk(generator: Generator, data: bytes) -> bytes:
    at = int(generator.integers(0, len(data) + 1))
    return data[:at] + data[at + int(generator.choice((1, 1, 7, 300))) :]


def _insert(generator: Generator, data: bytes) -> bytes:
    at = int(generator.integers(0, len(data) + 1))
    return data[:at] + ODD_BYTES[int(generator.integers(len(ODD_BYTES)))] + data[at:]


def _double_chunk(generator: Generator, data: bytes) -> bytes:
    at = int(generator.integers(0, len(data) + 1))
    return data[:at] + data[at : at + int(generator.choice((10, 200, 4000)))] + data[at:]


def _line_ends(ending: bytes) -> OnBytes:
    return lambda _, data: data.replace(b"\r\n", b"\n").replace(b"\n", ending)


def _encoded(encoding: str) -> OnBytes:
    def encode(_: Generator, data: bytes) -> bytes:
        try:
            return data.decode("utf-8").encode(encoding)
        except UnicodeError:
            return data

    return encode


ON_BYTES: dict[Mutation, OnBytes] = {
    Mutation("cut"): _cut,
    Mutation("cut near its end"): _cut_near_end,
    Mutation("flipped bits"): _flip,
    Mutation("deleted bytes"): _delete_chunk,
    Mutation("inserted bytes"): _insert,
    Mutation("doubled bytes"): _double_chunk,
    Mutation("zero bytes"): lambda generator, data: data + b"\x00" * int(generator.integers(1, 600)),
    Mutation("line ends of Windows", harmless=True): _line_ends(b"\r\n"),
    Mutation("line ends of old Macs", harmless=True): _line_ends(b"\r"),
    Mutation("byte order mark", harmless=True): lambda _, data: b"\xef\xbb\xbf" + data,
    Mutation("blank lines at its end", harmless=True): lambda _, data: data + b"\n\n\r\n",
    Mutation("blanks at its end"): lambda _, data: data + b"  ",
    Mutation("blank lines at its start"): lambda _, data: b"\n\n" + data,
    Mutation("UTF-16"): _encoded("utf-16"),
    Mutation("Windows-1252"): _encoded("cp1252"),
    Mutation("UTF-32"): _encoded("utf-32"),
    Mutation("semicolons"): lambda _, data: data.replace(b",", b";"),
    Mutation("tabs"): lambda _, data: data.replace(b",", b"\t"),
    Mutation("nothing", harmless=True): lambda _, data: data,
}


def written(generator: Generator, table: Table) -> bytes:
    """The table as CSV: plain, or with every field in quotes."""
    text = io.StringIO()
    quoting = csv.QUOTE_ALL if generator.random() < 0.2 else csv.QUOTE_MINIMAL
    csv.writer(text, lineterminator="\n", quoting=quoting).writerows(table)
    return text.getvalue().encode("utf-8", errors="surrogatepass")


def mutate_table(generator: Generator, table: Table) -> tuple[Table, tuple[Mutation, ...]]:
    """The table after none to three mutations, and which."""
    chosen = _chosen(generator, list(ON_TABLES), (0.35, 0.4, 0.17, 0.08))
    table = [list(row) for row in table]
    for mutation in chosen:
        table = ON_TABLES[mutation](generator, table)
    return table, chosen


def mutate_bytes(generator: Generator, data: bytes, *, certainly: bool) -> tuple[bytes, tuple[Mutation, ...]]:
    """The bytes after none (but where ``certainly`` one) to two mutations, and which."""
    chosen = _chosen(generator, list(ON_BYTES), (0.0, 0.8, 0.2) if certainly else (0.6, 0.3, 0.1))
    for mutation in chosen:
        data = ON_BYTES[mutation](generator, data)
    return data, chosen


def _chosen(generator: Generator, among: list[Mutation], chances: tuple[float, ...]) -> tuple[Mutation, ...]:
    number = int(generator.choice(len(chances), p=chances))
    return tuple(among[position] for position in generator.choice(len(among), number, replace=False).tolist())
