"""The Metropolitan Police's wide tables: what is read, what is set aside and what is refused in one line."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from contracts import BadInput, MissingThing, read_settings
from contracts.tables import COUNTS, COVERAGE, check
from features.sources.checks import KnownAreas
from features.sources.mps_wide import read_mps_wide

Damage = Callable[[list[list[str]]], list[list[str]]]


def test_counts_are_summed_over_two_boroughs_of_one_ward(tiny_city: Any) -> None:
    rows = tiny_city.rows(number=2)
    rows.append(["X", "VIOLENCE WITH INJURY ", "Ward W000", "W000", "Aviation", "3", "0"])
    rows[1:] = sorted(rows[1:], key=lambda row: row[3])
    read = tiny_city.read(tiny_city.file(rows))
    frame = check(read.counts.frame(read.provenance.frequency), COUNTS)
    ward = frame[(frame["area"] == "W000") & (frame["offence"] == "assault")]
    assert ward["count"].tolist() == [8, 5]
    assert frame["count"].sum() == 60 * 2 * 7 + 3
    assert check(read.coverage_frame(), COVERAGE).shape == (2, 2)
    assert (read.rows_read, read.rows_kept, read.offences) == (121, 121, ("robbery", "assault"))


def test_only_areas_in_the_file_are_covered_and_zeros_are_left_out(tiny_city: Any) -> None:
    rows = [row for row in tiny_city.rows(number=3) if row[3] != "W059"]
    rows[1][5] = "0"
    read = tiny_city.read(tiny_city.file(rows))
    assert read.covers[0].areas == tuple(f"W{number:03d}" for number in range(59))
    assert len(read.counts.count) == 59 * 2 * 3 - 1


def test_a_stub_first_month_is_set_aside_and_told(tiny_city: Any) -> None:
    rows = tiny_city.rows(number=6)
    for row in rows[1:]:
        row[5] = "0"
    rows[1][5] = "40"
    read = tiny_city.read(tiny_city.file(rows))
    assert str(read.first) == "2023-02"
    assert [(part.reason, part.what, part.crimes) for part in read.set_aside] == [("stub", "2023-01", 40)]


def test_unknown_areas_up_to_the_stated_share_are_set_aside(tiny_city: Any) -> None:
    rows = tiny_city.rows(number=2)
    rows.insert(1, ["X", OFFENCE, "Elsewhere", "Z999", "Borough 9", "4", "4"])
    read = tiny_city.read(tiny_city.file(rows))
    assert [(part.reason, part.what, part.rows, part.crimes) for part in read.set_aside] == [
        ("unknown area", "Z999", 1, 8)
    ]
    assert read.rows_kept == read.rows_read - 1


OFFENCE = "Violence with Injury"


def _without_column(rows: list[list[str]], column: int) -> list[list[str]]:
    return [[*row[:column], *row[column + 1 :]] for row in rows]


def _with_cell(rows: list[list[str]], value: str) -> list[list[str]]:
    rows[10][7] = value
    return rows


def _stub_last(rows: list[list[str]]) -> list[list[str]]:
    return [rows[0], *[[*row[:-1], "0"] for row in rows[1:]]]


def _five_percent_unknown(rows: list[list[str]]) -> list[list[str]]:
    return [[*row[:3], f"Z{row[3]}" if row[3] in ("W010", "W020", "W030") else row[3], *row[4:]] for row in rows]


def _other_offence(rows: list[list[str]]) -> list[list[str]]:
    rows[4][1] = "Piracy"
    return rows


REFUSED: dict[str, tuple[Damage, str]] = {
    "cut between rows, in an area": (lambda rows: rows[:-1], "W059, which has no 'Violence with Injury'"),
    "cut between areas": (lambda rows: rows[:-40], "lacks 33% of the 60 areas"),
    "month missing in the middle": (lambda rows: _without_column(rows, 8), "column of 2023-04 is missing between"),
    "stub last month": (_stub_last, "last month 2023-12 has 0 crimes"),
    "unknown offence": (_other_offence, "row 5: the offence 'Piracy' is not in [offences.mps]"),
    "five percent unknown areas": (_five_percent_unknown, "3 of 60 area codes (5.0% of the crimes), such as 'ZW010'"),
    "negative count": (lambda rows: _with_cell(rows, "-3"), "row 11, column '202303': the count '-3' is negative"),
    "fractional count": (lambda rows: _with_cell(rows, "2.5"), "row 11, column '202303': the count '2.5' is not"),
    "no number": (lambda rows: _with_cell(rows, "many"), "row 11, column '202303': the count 'many' is not"),
    "blank count": (lambda rows: _with_cell(rows, ""), "row 11, column '202303': the count is blank"),
    "missing column": (lambda rows: _without_column(rows, 1), "no column 'MinorText'"),
    "short row": (lambda rows: [*rows[:5], rows[5][:-2], *rows[6:]], "row 6 has 15 fields where the header has 17"),
    "repeated row": (
        lambda rows: [*rows[:3], rows[2], *rows[3:]],
        "row 4 repeats the area, offence and borough of row 3",
    ),
    "no month": (lambda rows: [row[:5] for row in rows], "has no month column"),
    "impossible month": (lambda rows: [[*rows[0][:-1], "202399"], *rows[1:]], "'202399' is not a month"),
    "year 0": (
        lambda rows: [["000004" if name == "202304" else name for name in rows[0]], *rows[1:]],
        "'000004' is not",
    ),
    "no rows": (lambda rows: rows[:1], "has a header and no rows"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_damaged_table_is_refused_in_one_line_and_the_store_is_unchanged(
    name: str, tiny_city: Any, tree_digest: Callable[[Path], dict[str, str]]
) -> None:
    tiny_city.ingest(tiny_city.file(tiny_city.rows("2022-01")), date(2023, 1, 10))
    before = tree_digest(tiny_city.workspace.root)
    damage, expected = REFUSED[name]
    path = tiny_city.file(damage(tiny_city.rows()), "damaged.csv")
    with pytest.raises(BadInput) as refused:
        tiny_city.ingest(path)
    assert expected in refused.value.message
    assert "damaged.csv" in refused.value.message
    assert refused.value.remedy
    assert "\n" not in str(refused.value)
    assert tree_digest(tiny_city.workspace.root) == before


REFUSED_BYTES = {
    "cut in the last row": (lambda data: data[:-4], "does not end in a line break"),
    "cut in half": (lambda data: data[: len(data) // 2], "does not end in a line break"),
    "not UTF-8": (lambda data: data.replace(b"Ward W010", b"W\xe4rd W010"), "row 22 is not UTF-8"),
    "a web page": (lambda data: b"<!DOCTYPE html>\n<html></html>\n", "is a web page"),
    "a workbook": (lambda data: b"PK\x03\x04" + data, "is a compressed file or a workbook"),
    "a zero byte": (lambda data: data.replace(b"Ward W010", b"\x00Ward W010"), "row 22 holds a zero byte"),
    "empty": (lambda data: b"", "is empty"),
}


@pytest.mark.parametrize("name", REFUSED_BYTES)
def test_what_is_no_whole_text_table_is_refused(name: str, tiny_city: Any) -> None:
    damage, expected = REFUSED_BYTES[name]
    path = tiny_city.file(tiny_city.rows())
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(BadInput, match=expected):
        tiny_city.read(path)


def test_a_byte_order_mark_and_windows_line_ends_are_read(tiny_city: Any) -> None:
    path = tiny_city.file(tiny_city.rows(number=2))
    plain = tiny_city.read(path).counts.count.sum()
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert tiny_city.read(path).counts.count.sum() == plain


@pytest.mark.real_data
def test_the_london_table_by_lsoa_counts_every_crime(real_data: Path, repository: Path) -> None:
    attributes = pd.read_parquet(real_data / "geography" / "lsoa_2021_attributes.parquet", columns=["lsoa21_code"])
    codes = tuple(sorted(attributes["lsoa21_code"]))
    path = real_data / "london" / "mps_lsoa" / "recent_published_2026-04_to_2025-06.csv"
    read = read_mps_wide(
        path,
        source="mps-lsoa",
        settings=read_settings(repository / "contracts" / "examples" / "london.toml"),
        areas=KnownAreas("lsoa_2021", codes, (frozenset(),) * len(codes)),
        published_on=date(2025, 7, 10),
        today=date(2026, 1, 1),
    )
    table = pd.read_csv(path)
    assert read.counts.count.sum() == table.iloc[:, 5:].to_numpy().sum()
    violence = read.counts.count[read.counts.offence == read.counts.offences.index("violence_with_injury")].sum()
    assert violence == table.loc[table["Minor Category"] == "VIOLENCE WITH INJURY"].iloc[:, 5:].to_numpy().sum()
    assert (len(read.covers[0].areas), len(read.periods), read.set_aside) == (4988, 16, ())


def test_a_folder_and_a_path_that_is_not_there_are_told(tiny_city: Any) -> None:
    with pytest.raises(BadInput, match="is a folder"):
        tiny_city.read(tiny_city.folder)
    with pytest.raises(MissingThing, match="There is no file"):
        tiny_city.read(tiny_city.folder / "nowhere.csv")


@pytest.mark.parametrize(
    ("published_on", "expected"),
    [(date(2027, 1, 1), "is in the future"), (date(2023, 12, 31), "before the end of its last month, 2023-12")],
)
def test_an_impossible_date_of_publication_is_refused(tiny_city: Any, published_on: date, expected: str) -> None:
    with pytest.raises(BadInput, match=expected):
        tiny_city.read(tiny_city.file(tiny_city.rows()), published_on)
