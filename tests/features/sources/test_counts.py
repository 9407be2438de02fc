"""Long tables of counts, CSV and Parquet."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from contracts import BadInput, Frequency, Period, read_settings
from features.sources.checks import KnownAreas
from features.sources.counts import CountColumns, read_counts
from features.sources.source_counts import SourceCounts

COLUMNS = CountColumns("code", "month", "kind", "n")


def _table() -> pd.DataFrame:
    """Ten wards with 3 knife crimes a month in 2023."""
    months = pd.date_range("2023-01-01", periods=12, freq="MS")
    rows = [(f"W{area:03d}", month, "KNIFE CRIME", 3) for month in months for area in range(10)]
    return pd.DataFrame(rows, columns=["code", "month", "kind", "n"])


def _read(
    tiny_city: Any, table: pd.DataFrame, suffix: str = ".csv", areas: KnownAreas | None = None, **options: bool
) -> SourceCounts:
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
        areas=areas or tiny_city.areas,
        published_on=date(2024, 1, 20),
        today=date(2026, 1, 1),
        **options,
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


def test_a_repeated_key_is_refused_by_row_and_added_up_where_it_is_asked_for(tiny_city: Any) -> None:
    table = _table()
    table.loc[len(table)] = ["W000", pd.Timestamp("2023-01-01"), "KNIFE CRIME", 4]
    with pytest.raises(BadInput, match="row 122 repeats the area, period and category of row 2 ") as refused:
        _read(tiny_city, table)
    assert "--sum-repeated" in refused.value.remedy
    assert _read(tiny_city, table, sum_repeated=True).counts.count.sum() == 3 * 120 + 4


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_rows_that_another_column_tells_apart_are_parts_of_a_count(tiny_city: Any, suffix: str) -> None:
    table = _table().assign(borough="One")
    table.loc[len(table)] = ["W000", pd.Timestamp("2023-01-01"), "KNIFE CRIME", 4, "Two"]
    read = _read(tiny_city, table, suffix)
    assert read.counts.count.sum() == 3 * 120 + 4
    assert read.notes == ("2 rows share an area, period and category, told apart by another column: added up.",)
    numbered = _table().assign(number=range(120))
    with pytest.raises(BadInput, match="row 122 repeats"):
        _read(tiny_city, pd.concat([numbered, numbered.head(1).assign(number=500)]), suffix)


def test_days_add_up_to_months_and_a_repeated_day_is_refused(tiny_city: Any) -> None:
    table = _table()
    days = pd.concat([table, table.assign(month=table["month"] + pd.Timedelta(days=9))])
    assert _read(tiny_city, days).counts.count.sum() == 720
    with pytest.raises(BadInput, match="row 242 repeats"):
        _read(tiny_city, pd.concat([days, days.tail(1)]))


def test_codes_that_look_like_nothing_join_where_the_geography_has_them(tiny_city: Any) -> None:
    names = {"W000": "None", "W001": "nan", "W002": "NA"}
    areas = KnownAreas("wards", tuple(sorted(("None", "nan", "NA", *tiny_city.areas.codes[3:]))), ())
    table = _table()
    read = _read(tiny_city, table.assign(code=table["code"].replace(names)), areas=areas)
    assert (read.counts.count.sum(), read.set_aside) == (360, ())
    strange = _read(tiny_city, table.assign(code=table["code"].replace({"W000": "None"}), n=1))
    assert [(part.reason, part.rows) for part in strange.set_aside] == [("no area", 12)]


def test_a_month_without_any_row_is_missing_where_thirty_are_usual(tiny_city: Any) -> None:
    table = _table()
    read = _read(tiny_city, table[table["month"] != "2023-06-01"])
    assert [Period(Frequency.MONTH, period).start.month for period in read.periods] == [
        1,
        2,
        3,
        4,
        5,
        7,
        8,
        9,
        10,
        11,
        12,
    ]
    assert any("2023-06: 0 crimes where about 30 a month are usual: missing" in note for note in read.notes)


def test_a_month_without_any_row_is_a_zero_where_one_crime_is_usual(tiny_city: Any) -> None:
    table = _table()
    rare = table[(table["code"] == "W000") & (table["month"] != "2023-06-01")].assign(n=1)
    read = _read(tiny_city, rare)
    assert (len(read.periods), read.counts.count.sum()) == (12, 11)


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


@pytest.mark.real_data
def test_london_s_burglaries_by_lsoa_stay_zeros_where_no_row_stands(
    tiny_city: Any, real_data: Path, tmp_path: Path
) -> None:
    wide = pd.read_parquet(real_data / "london" / "burglary_lsoa_month_2010-12_2025-02.parquet")
    long = wide.rename_axis("code").reset_index().melt(id_vars="code", var_name="month", value_name="n")
    long[long["n"] > 0].assign(kind="Knife Crime").to_parquet(tmp_path / "sparse.parquet", index=False)
    codes = tuple(sorted(wide.index))
    read = read_counts(
        tmp_path / "sparse.parquet",
        columns=COLUMNS,
        taxonomy="other",
        settings=tiny_city.workspace.settings,
        frequency=Frequency.MONTH,
        areas=KnownAreas("lsoa_2021", codes, (frozenset(),) * len(codes)),
        published_on=date(2025, 4, 10),
        today=date(2026, 1, 1),
    )
    assert read.counts.count.sum() == wide.to_numpy().sum()
    assert (len(read.covers), len(read.covers[0].periods)) == (1, 171)
    assert (read.set_aside, read.notes) == ((), ())
