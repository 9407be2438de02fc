"""Long tables of counts, CSV and Parquet."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from contracts import BadInput, Frequency, read_settings
from features.sources.checks import KnownAreas
from features.sources.counts import CountColumns, read_counts
from features.sources.source_counts import SourceCounts

COLUMNS = CountColumns("code", "month", "kind", "n")


def _table() -> pd.DataFrame:
    """Ten wards with 3 knife crimes a month in 2023."""
    months = pd.date_range("2023-01-01", periods=12, freq="MS")
    rows = [(f"W{area:03d}", month, "KNIFE CRIME", 3) for month in months for area in range(10)]
    return pd.DataFrame(rows, columns=["code", "month", "kind", "n"])


def _read(tiny_city: Any, table: pd.DataFrame, suffix: str = ".csv") -> SourceCounts:
    path = tiny_city.folder / f"long{suffix}"
    if suffix == ".csv":
        table.to_csv(path, index=False)
    else:
        table.to_parquet(path, index=False)
    return read_counts(
        path,
        columns=COLUMNS,
        taxonomy="other",
        settings=tiny_city.workspace.settings,
        frequency=Frequency.MONTH,
        areas=tiny_city.areas,
        published_on=date(2024, 1, 20),
        today=date(2026, 1, 1),
    )


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_missing_row_is_a_zero_and_only_areas_in_the_table_are_covered(tiny_city: Any, suffix: str) -> None:
    read = _read(tiny_city, _table().drop(index=[0, 1]), suffix)
    assert read.counts.count.sum() == 3 * 118
    assert read.covers[0].areas == tuple(f"W{number:03d}" for number in range(10))
    assert len(read.covers[0].periods) == 12


def test_rows_without_a_code_are_set_aside_and_repeated_ones_added_up(tiny_city: Any) -> None:
    table = _table()
    table.loc[len(table)] = [None, pd.Timestamp("2023-05-01"), "Knife Crime", 4]
    table.loc[len(table)] = ["W000", pd.Timestamp("2023-05-01"), "Knife Crime", 4]
    read = _read(tiny_city, table, ".parquet")
    assert [(part.reason, part.rows, part.crimes) for part in read.set_aside] == [("no area", 1, 4)]
    frame = read.counts.frame(Frequency.MONTH).set_index(["area", "period"])["count"]
    assert frame["W000", pd.Timestamp("2023-05-01")] == 7


@pytest.mark.parametrize(
    ("column", "value", "expected"),
    [
        ("n", -1, "row 6, column 'n': the count '-1' is negative"),
        ("n", 1.5, "column 'n': the count .* is not a whole number"),
        ("kind", "Piracy", r"row 6: the offence 'Piracy' is not in \[offences\.other\]"),
        ("month", "soon", "row 6, column 'month': 'soon' is not a month"),
    ],
)
def test_bad_rows_are_refused(tiny_city: Any, column: str, value: object, expected: str) -> None:
    table = _table().astype(object)
    table.loc[4, column] = value
    with pytest.raises(BadInput, match=expected):
        _read(tiny_city, table)


def test_a_month_without_any_row_is_refused(tiny_city: Any) -> None:
    table = _table()
    with pytest.raises(BadInput, match="every row of 2023-06 is missing"):
        _read(tiny_city, table[table["month"] != "2023-06-01"])


def test_a_damaged_parquet_file_and_a_missing_column_are_told(tiny_city: Any) -> None:
    path = tiny_city.folder / "long.parquet"
    _table().to_parquet(path)
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(BadInput, match="no column 'kind'"):
        _read(tiny_city, _table().drop(columns="kind"))
    with pytest.raises(BadInput, match="not a whole Parquet file"):
        read_counts(
            path,
            columns=COLUMNS,
            taxonomy="other",
            settings=tiny_city.workspace.settings,
            frequency=Frequency.MONTH,
            areas=tiny_city.areas,
            published_on=date(2024, 1, 20),
            today=date(2026, 1, 1),
        )


@pytest.mark.real_data
def test_the_london_knife_table_counts_each_kind_once(real_data: Path, repository: Path) -> None:
    path = real_data / "london" / "knife_ward_month_2022-03_2025-06.parquet"
    codes = pd.read_parquet(real_data / "geography" / "ward_2022_attributes.parquet", columns=["ward24_code"])
    read = read_counts(
        path,
        columns=CountColumns("wardcode", "month_year", "crime_subtype", "count"),
        taxonomy="mps_knife",
        settings=read_settings(repository / "contracts" / "examples" / "london.toml"),
        frequency=Frequency.MONTH,
        areas=KnownAreas("ward_2022", tuple(sorted(codes["ward24_code"])), (frozenset(),) * len(codes)),
        published_on=date(2025, 7, 10),
        today=date(2026, 1, 1),
    )
    table = pd.read_parquet(path)
    placed = table[table["wardcode"].notna() & (table["wardcode"] != "")]
    counted = read.counts.frame(Frequency.MONTH).groupby("offence")["count"].sum()
    assert counted["knife_crime"] == placed.loc[placed["crime_subtype"] == "Knife Crime", "count"].sum()
    assert counted.sum() == placed["count"].sum()
    assert read.rows_read - read.rows_kept == len(table) - len(placed)
