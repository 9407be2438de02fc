"""How files are written: each form is read by each adapter to the same total, or refused in one line."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from contracts import BadInput, Frequency
from features.sources.checks import KnownAreas
from features.sources.counts import CountColumns, read_counts
from features.sources.incident_rows import IncidentColumns
from features.sources.incidents import read_incidents
from features.sources.police_uk import read_police_uk
from features.sources.source_counts import SourceCounts
from features.sources.table_files import TableForm

INCIDENTS = IncidentColumns("when", "lon", "lat")
COUNTS = CountColumns("code", "month", "kind", "n")
HALVES = KnownAreas("halves", ("east", "west"), (frozenset(), frozenset()))
TOTALS = {"incidents": 24 * 14, "counts": 3 * 12 * 10}


def _table(adapter: str) -> pd.DataFrame:
    """Two weeks of an incident an hour, or ten wards with three knife crimes a month; a place with an accent."""
    if adapter == "incidents":
        times = pd.date_range("2024-01-01", periods=TOTALS[adapter], freq="h").astype(str)
        place = np.arange(len(times)) % 7 / 1000
        return pd.DataFrame({"place": "Café Noir", "when": times, "lon": 1.25 + place, "lat": 51.5 + place})
    months = [f"2023-{month:02d}" for month in range(1, 13)]
    rows = [("Café Noir", f"W{area:03d}", month, "Knife Crime", 3) for month in months for area in range(10)]
    return pd.DataFrame(rows, columns=["place", "code", "month", "kind", "n"])


def _text(table: pd.DataFrame, separator: str = ",") -> str:
    return table.to_csv(index=False, sep=separator, lineterminator="\n")


def _read(tiny_city: Any, adapter: str, path: Path, form: TableForm) -> SourceCounts:
    if adapter == "incidents":
        return read_incidents(
            path,
            columns=replace(INCIDENTS, form=form),
            settings=tiny_city.workspace.settings,
            frequency=Frequency.WEEK,
            locate=lambda longitude, latitude: (HALVES, np.where(longitude > 0, 0, 1)),
            published_on=date(2024, 2, 1),
            today=date(2026, 1, 1),
        )
    return read_counts(
        path,
        columns=replace(COUNTS, form=form),
        taxonomy="other",
        settings=tiny_city.workspace.settings,
        frequency=Frequency.MONTH,
        areas=tiny_city.areas,
        published_on=date(2024, 1, 20),
        today=date(2026, 1, 1),
    )


FORMS: dict[str, tuple[Callable[[pd.DataFrame], bytes], str, str | None]] = {
    "plain": (lambda table: _text(table).encode(), ".csv", None),
    "semicolons": (lambda table: _text(table, ";").encode(), ".csv", "is read as separated by semicolons"),
    "tabs": (lambda table: _text(table, "\t").encode(), ".tsv", "is read as separated by tabs"),
    "bars": (lambda table: _text(table, "|").encode(), ".txt", "is read as separated by vertical bars"),
    "a byte order mark": (lambda table: _text(table, ";").encode("utf-8-sig"), ".csv", "semicolons"),
    "windows": (lambda table: _text(table).encode("cp1252"), ".csv", "(row 2) and is read as Windows-1252"),
    "utf-16": (lambda table: _text(table, "\t").encode("utf-16"), ".csv", "is read as UTF-16"),
    "utf-16 without a mark": (lambda table: _text(table).encode("utf-16-le"), ".csv", "is read as UTF-16"),
    "utf-16 the other way": (lambda table: _text(table).encode("utf-16-be"), ".csv", "is read as UTF-16"),
    "no last line break": (lambda table: _text(table).rstrip("\n").encode(), ".csv", None),
    "windows line ends": (lambda table: _text(table).replace("\n", "\r\n").encode(), ".csv", None),
    "gzip": (lambda table: gzip.compress(_text(table, ";").encode()), ".csv.gz", "semicolons"),
    "gzip under another name": (lambda table: gzip.compress(_text(table).encode()), ".csv", None),
    "parquet": (lambda table: table.to_parquet(), ".parquet", None),
}


@pytest.mark.parametrize("adapter", TOTALS)
@pytest.mark.parametrize("name", FORMS)
def test_a_form_is_recognised_and_told_and_the_total_is_right(tiny_city: Any, adapter: str, name: str) -> None:
    write, suffix, told = FORMS[name]
    path = tiny_city.folder / f"table{suffix}"
    path.write_bytes(write(_table(adapter)))
    read = _read(tiny_city, adapter, path, TableForm())
    assert (read.counts.count.sum(), read.rows_read) == (TOTALS[adapter], len(_table(adapter)))
    assert [note for note in read.notes if told and told in note] or not told, read.notes
    assert told or not [note for note in read.notes if path.name in note]


@pytest.mark.parametrize("adapter", TOTALS)
def test_a_form_that_is_given_is_not_guessed(tiny_city: Any, adapter: str) -> None:
    path = tiny_city.folder / "table.csv"
    path.write_bytes(_text(_table(adapter), "|").encode("cp437"))
    read = _read(tiny_city, adapter, path, TableForm(separator="|", encoding="cp437"))
    assert read.counts.count.sum() == TOTALS[adapter]
    assert not [note for note in read.notes if path.name in note]
    with pytest.raises(BadInput, match="There is no encoding 'utf-seven'"):
        _read(tiny_city, adapter, path, TableForm(encoding="utf-seven"))
    with pytest.raises(BadInput, match="is not text in utf-8"):
        _read(tiny_city, adapter, path, TableForm(encoding="utf-8"))
    with pytest.raises(BadInput, match="has no column"):
        _read(tiny_city, adapter, path, TableForm(separator=";", encoding="cp437"))


DAMAGED: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "cut in its last row": (lambda data: data[:-10], "does not end in a line break|row .* has . fields|is not"),
    "cut after a separator": (lambda data: data[: data.rindex(b",") + 1], "does not end in a line break"),
    "cut in the middle of a letter": (lambda data: data[: data.rindex(b"\xc3") + 1], "is not UTF-8 text, and other"),
    "a broken letter": (lambda data: data.replace("é".encode(), b"\xc3", 1), "row 2 is not UTF-8 text, and other rows"),
    "an open quote": (lambda data: data[:-1] + b'"', "does not end in a line break"),
    "a web page": (lambda data: b"<html>" + data, "is a web page"),
    "a workbook": (lambda data: b"PK\x03\x04" + data, "is a compressed file or a workbook"),
    "a cut gzip file": (lambda data: gzip.compress(data)[:-9], "is not a whole gzip file"),
    "empty": (lambda data: b"", "is empty"),
    "a header alone": (lambda data: data.split(b"\n")[0] + b"\n", "has a header and no rows"),
}


@pytest.mark.parametrize("adapter", TOTALS)
@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_file_is_refused(tiny_city: Any, adapter: str, name: str) -> None:
    damage, told = DAMAGED[name]
    path = tiny_city.folder / "table.csv"
    path.write_bytes(damage(_text(_table(adapter)).encode()))
    with pytest.raises(BadInput, match=told):
        _read(tiny_city, adapter, path, TableForm())


@pytest.mark.parametrize("adapter", TOTALS)
def test_a_cut_parquet_file_is_refused(tiny_city: Any, adapter: str) -> None:
    path = tiny_city.folder / "table.parquet"
    path.write_bytes(_table(adapter).to_parquet()[:-20])
    with pytest.raises(BadInput, match="is not a whole Parquet file"):
        _read(tiny_city, adapter, path, TableForm())
    path.write_bytes(_table(adapter).drop(columns=["when", "code"], errors="ignore").to_parquet())
    with pytest.raises(BadInput, match=r"has no column '(when|code)'"):
        _read(tiny_city, adapter, path, TableForm())


def test_a_last_field_that_is_shorter_than_all_others_is_cut(tiny_city: Any) -> None:
    table = _table("incidents").assign(lat=[f"{51.5 + number / 1e5:.6f}" for number in range(TOTALS["incidents"])])
    path = tiny_city.folder / "table.csv"
    path.write_text(_text(table)[:-3])
    with pytest.raises(BadInput, match="row 337 does not end in a line break"):
        _read(tiny_city, "incidents", path, TableForm())
    path.write_text(_text(table)[:-1])
    assert _read(tiny_city, "incidents", path, TableForm()).counts.count.sum() == TOTALS["incidents"]


@pytest.mark.parametrize("adapter", ["mps", "police_uk"])
def test_tables_of_known_publishers_need_no_last_line_break_either(tiny_city: Any, adapter: str) -> None:
    if adapter == "mps":
        path = tiny_city.file(tiny_city.rows())
        read: Callable[[], SourceCounts] = lambda: tiny_city.read(path)  # noqa: E731
    else:
        path = tiny_city.folder / "archive" / "2023-01" / "2023-01-west-street.csv"
        path.parent.mkdir(parents=True)
        header = "Crime ID,Month,LSOA code,Crime type,Context"
        rows = [f"id{number},2023-01,W{(number % 40 + 40) % 60:03d},Robbery," for number in range(400)]
        path.write_text("\n".join([header, *rows]) + "\n")
        city = tiny_city.workspace.settings
        read = lambda: read_police_uk(  # noqa: E731
            path.parent.parent, settings=city, areas=tiny_city.areas, published_on=None, today=date(2026, 1, 1)
        )
    whole = read().counts.count.sum()
    path.write_bytes(path.read_bytes().rstrip(b"\n"))
    assert read().counts.count.sum() == whole > 0
    path.write_bytes(path.read_bytes()[: path.read_bytes().rindex(b"W") + 2])
    with pytest.raises(BadInput, match="does not end in a line break"):
        read()


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
@pytest.mark.parametrize("adapter", TOTALS)
def test_where_keeps_some_rows_and_errors_still_name_the_rows_of_the_file(
    tiny_city: Any, adapter: str, suffix: str
) -> None:
    table = _table(adapter)
    table["measure"] = "Offences"
    table["year"] = 2023
    others = table.assign(measure="Outcomes")
    both = pd.concat([others, table], ignore_index=True)
    path = tiny_city.folder / f"table{suffix}"

    def write() -> None:
        path.write_bytes(_text(both).encode() if suffix == ".csv" else both.to_parquet())

    write()
    form = TableForm(where=(("measure", "Offences"), ("year", "2023")))
    read = _read(tiny_city, adapter, path, form)
    assert read.counts.count.sum() == TOTALS[adapter]
    assert f"Of {len(both):,} rows the {len(table):,} are kept where measure=Offences and year=2023." in read.notes
    for wrong, told in [
        ((("measure", "offences"),), "has no row where 'measure' is 'offences'; it has 'Outcomes', 'Offences'"),
        ((("sort", "x"),), "has no column 'sort'"),
    ]:
        with pytest.raises(BadInput, match=told):
            _read(tiny_city, adapter, path, TableForm(where=wrong))
    column, value = ("lat", 95.0) if adapter == "incidents" else ("n", -1)
    both.loc[len(others) + 3, column] = value
    write()
    with pytest.raises(BadInput, match=f"row {len(others) + 3 + 2}, column '{column}'"):
        _read(tiny_city, adapter, path, form)


def test_several_values_of_a_column_are_one_or_the_other(tiny_city: Any) -> None:
    table = _table("counts")
    path = tiny_city.folder / "table.csv"
    path.write_text(_text(table))
    form = TableForm(where=(("code", "W000"), ("code", "W009")))
    assert _read(tiny_city, "counts", path, form).counts.count.sum() == 2 * 12 * 3


@pytest.mark.parametrize(("separator", "recognised"), [(";", True), ("\t", True), (",", True)])
def test_a_decimal_comma_in_degrees_is_recognised(tiny_city: Any, separator: str, recognised: bool) -> None:
    table = _table("incidents")
    for column in ("lon", "lat"):
        table[column] = table[column].map(lambda value: f"{value:.4f}".replace(".", ","))
    path = tiny_city.folder / "table.csv"
    path.write_text(_text(table, separator))
    read = _read(tiny_city, "incidents", path, TableForm())
    assert read.points is not None
    assert sorted(set(read.points.latitude.round(4))) == [51.5, 51.501, 51.502, 51.503, 51.504, 51.505, 51.506]
    assert ("Positions are read with a decimal comma." in read.notes) is recognised
    with pytest.raises(BadInput, match=r"row 2, column 'lon': '1,2500' is not in degrees .*--decimal-comma"):
        _read(tiny_city, "incidents", path, TableForm(decimal_comma=False))


def test_a_count_may_be_written_as_a_decimal_that_is_whole(tiny_city: Any) -> None:
    path = tiny_city.folder / "table.csv"
    path.write_text(_text(_table("counts").assign(n="3.0")))
    assert _read(tiny_city, "counts", path, TableForm()).counts.count.sum() == TOTALS["counts"]


@pytest.mark.parametrize("adapter", TOTALS)
@pytest.mark.parametrize("ending", ["\r", "\r\n"])
def test_a_heading_of_two_lines_is_one_heading(tiny_city: Any, adapter: str, ending: str) -> None:
    table = _table(adapter).rename(columns={"place": "place\nof it"})
    path = tmp_file(tiny_city, _text(table).replace("\n", ending))
    assert int(_read(tiny_city, adapter, path, TableForm()).counts.count.sum()) == TOTALS[adapter]


def tmp_file(tiny_city: Any, text: str) -> Path:
    path: Path = tiny_city.workspace.root / "table.csv"
    path.write_bytes(text.encode("utf-8"))
    return path


def test_a_long_text_is_quoted_in_part(tiny_city: Any) -> None:
    table = _table("counts").assign(n="9" * 3000)
    with pytest.raises(BadInput) as refused:
        _read(tiny_city, "counts", tmp_file(tiny_city, _text(table)), TableForm())
    assert f"the count '{'9' * 80}…' is not a whole number" in refused.value.message
