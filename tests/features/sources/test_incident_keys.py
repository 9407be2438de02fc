"""One incident for each key; copies of rows are found, and rows that fall together by chance are left."""

from __future__ import annotations

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
from features.sources.incident_keys import first_of_each, repeated_beyond_chance
from features.sources.incident_rows import IncidentColumns
from features.sources.incidents import read_incidents
from features.sources.source_counts import SourceCounts

COLUMNS = IncidentColumns("when", "lon", "lat")
HALVES = KnownAreas("halves", ("east", "west"), (frozenset(), frozenset()))
DAYS = 121
"""January to April of a leap year."""


def _table(per_day: int = 24, days: int = DAYS) -> pd.DataFrame:
    """So many incidents a day at their own places and times."""
    number = per_day * days
    times = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(number) * (1440 // per_day), unit="min")
    place = np.arange(number) / 1e6
    ids = [f"id{index}" for index in range(number)]
    return pd.DataFrame({"key": ids, "when": times.astype(str), "lon": 1 + place, "lat": 51 + place})


def _read(tiny_city: Any, table: pd.DataFrame, **choice: Any) -> SourceCounts:
    path: Path = tiny_city.folder / "incidents.csv"
    table.to_csv(path, index=False)
    frequency, near = choice.pop("frequency", Frequency.MONTH), choice.pop("near", lambda: None)
    return read_incidents(
        path,
        columns=replace(COLUMNS, **choice),
        settings=tiny_city.workspace.settings,
        frequency=frequency,
        locate=lambda longitude, latitude: (HALVES, np.where(longitude > 0, 0, 1)),
        published_on=date(2025, 1, 1),
        today=date(2026, 1, 1),
        near=near,
    )


def test_of_the_rows_of_one_id_the_first_whole_one_counts() -> None:
    ids = np.array(["a", "b", "a", "", "", "b", "c"], dtype=object)
    whole = np.array([False, True, True, True, True, True, False])
    keep, aside = first_of_each(ids, whole)
    assert keep.tolist() == [False, True, True, True, True, False, True]
    assert [(part.reason, part.rows) for part in aside] == [("another row of the same id", 2)]


def test_with_a_key_every_incident_counts_once_and_the_other_rows_are_told(tiny_city: Any) -> None:
    table = _table()
    victims = table.iloc[::3].assign(lon=1.5)
    read = _read(tiny_city, pd.concat([table, victims]), id="key")
    assert read.counts.count.sum() == len(table)
    assert [(part.reason, part.rows) for part in read.set_aside] == [("another row of the same id", len(victims))]
    assert (read.rows_read, read.rows_kept) == (len(table) + len(victims), len(table))
    assert read.points is not None
    assert read.points.longitude.max() < 1.1


def test_a_key_that_is_blank_everywhere_is_refused(tiny_city: Any) -> None:
    with pytest.raises(BadInput, match=r"the column 'key' is blank in every row. Check --id"):
        _read(tiny_city, _table().assign(key=" "), id="key")


COPIES: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "twice": lambda table: pd.concat([table, table]),
    "three times": lambda table: pd.concat([table, table, table]),
    "each row below itself": lambda table: table.loc[table.index.repeat(2)],
    "its second half twice": lambda table: pd.concat([table, table.iloc[len(table) // 2 :]]),
    "every tenth row": lambda table: pd.concat([table, table.iloc[::10]]),
    "a sixth of one month": lambda table: pd.concat([table, table[table["when"] < "2024-01-12"]]),
}


@pytest.mark.parametrize("name", COPIES)
def test_copies_are_refused_with_the_key_as_remedy_and_taken_with_it(tiny_city: Any, name: str) -> None:
    copied = COPIES[name](_table())
    with pytest.raises(BadInput, match=r"rows.* repeat the time, position and category.*--id.*repeated_row_share"):
        _read(tiny_city, copied)
    assert _read(tiny_city, copied, id="key").counts.count.sum() == len(_table())
    tiny_city.configure(lambda text: f"{text}\n[ingest]\nrepeated_row_share = 1.0\n")
    assert _read(tiny_city, copied).counts.count.sum() == len(copied)


def test_one_month_that_stands_twice_in_years_is_named(tiny_city: Any) -> None:
    table = _table(per_day=4, days=1460)
    again = table[(table["when"] >= "2025-06-01") & (table["when"] < "2025-06-24")]
    assert len(again) < 0.02 * len(table)
    tiny_city.configure(lambda text: text)
    with pytest.raises(BadInput, match=r"92 of 212 rows of 2025-06 repeat .* 92 more than chance"):
        _read(tiny_city, pd.concat([table, again]))


def test_a_few_rows_that_say_the_same_are_told_and_each_counts(tiny_city: Any) -> None:
    table = pd.concat([_table(), _table().iloc[5:9]])
    read = _read(tiny_city, table)
    assert read.counts.count.sum() == len(table)
    assert any(note.startswith("4 of 2,908 rows repeat the time, position and category") for note in read.notes)


@pytest.mark.parametrize("places", [3, 30, 300])
def test_rows_that_fall_together_because_times_and_places_are_coarse_are_no_copies(tiny_city: Any, places: int) -> None:
    random = np.random.default_rng(7)
    busy = random.gamma(0.5, 1.0, places)
    number = 20_000
    where = random.choice(places, number, p=busy / busy.sum())
    days = pd.Timestamp("2024-01-01") + pd.to_timedelta(random.integers(0, 366, number), unit="D")
    table = pd.DataFrame({"when": days.strftime("%Y-%m-%d"), "lon": 1 + where / 100, "lat": 51.0})
    assert table.duplicated().mean() > 0.1
    assert _read(tiny_city, table).rows_kept == number


def test_the_bound_holds_for_chance_and_breaks_for_copies_by_hand() -> None:
    # 40 values once, 12 twice, 5 three times: 12 ≤ √(3/2 × 40 × 5) = 17.3, 5 > √(4/3 × 12 × 0) = 0.
    values = np.repeat(np.arange(57), [1] * 40 + [2] * 12 + [3] * 5)
    assert repeated_beyond_chance([values]) == (12 + 2 * 5, 2 * 5)


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (["1900-01-01 00:00:00"], "row 2906, column 'when': '1900-01-01' is far from all other dates"),
        (["2199-01-01 00:00:00"], r"row 2906, .* is far from all other dates \(2024-01-01 to 2024-04-30\)"),
        (["1970-01-01", "1970-01-01", "2099-12-31"], r"row 2906, .* is far from all other dates .*, as are 2 more"),
        (["9999-12-31"], "row 2906, .* is not between the years 1900 and 2200"),
    ],
)
def test_a_date_far_from_all_others_is_named(tiny_city: Any, rows: list[str], told: str) -> None:
    lone = pd.DataFrame({"when": rows, "lon": [1.5 + row for row in range(len(rows))], "lat": 51.5})
    with pytest.raises(BadInput, match=told):
        _read(tiny_city, pd.concat([_table(), lone]))


def test_dates_far_from_all_others_may_be_set_aside(tiny_city: Any) -> None:
    tiny_city.configure(lambda text: f'{text}\n[ingest]\nlone_dates = "set_aside"\n')
    lone = pd.DataFrame({"when": ["1970-01-01", "2150-01-01"], "lon": 1.5, "lat": [51.5, 51.6]})
    read = _read(tiny_city, pd.concat([_table(), lone]))
    assert read.counts.count.sum() == len(_table())
    assert [(part.what, part.rows) for part in read.set_aside] == [("row 2906 and the like", 2)]


def test_a_rare_kind_of_incident_has_years_between_its_dates(tiny_city: Any) -> None:
    years = ["2001-02-03 10:00", "2003-05-06 11:00", "2006-07-08 12:00", "2008-01-02 13:00"]
    read = _read(tiny_city, pd.DataFrame({"when": years, "lon": 1.0, "lat": 51.0}))
    assert read.rows_kept == 4


def test_days_without_hours_cannot_be_put_into_shifts(tiny_city: Any) -> None:
    table = _table().assign(when=lambda table: table["when"].str[:10])
    with pytest.raises(BadInput, match=r"gives days without a time of day.*--time-of-day"):
        _read(tiny_city, table, frequency=Frequency.SHIFT)
    assert _read(tiny_city, table, frequency=Frequency.DAY).rows_kept == len(table)


@pytest.mark.parametrize("frequency", [Frequency.WEEK, Frequency.DAY, Frequency.SHIFT])
def test_a_month_without_a_day_counts_by_month_only(tiny_city: Any, frequency: Frequency) -> None:
    table = _table()
    months = table.assign(when=table["when"].where(table.index % 7 != 3, table["when"].str[:7]))
    with pytest.raises(
        BadInput, match=rf"row 5, column 'when': '2024-\d\d' is a month without a day.*{frequency}, as are \d+ more"
    ):
        _read(tiny_city, months, frequency=frequency)
    whole = _read(tiny_city, table, frequency=Frequency.MONTH)
    read = _read(tiny_city, months, frequency=Frequency.MONTH)
    assert read.counts.frame(Frequency.MONTH).equals(whole.counts.frame(Frequency.MONTH))


def test_date_and_time_of_day_in_two_columns_give_the_same_counts(tiny_city: Any) -> None:
    table = _table()
    apart = table.assign(day=table["when"].str[:10], clock=table["when"].str[11:16].str.replace(":", ""))
    whole = _read(tiny_city, table, frequency=Frequency.SHIFT)
    read = _read(tiny_city, apart, frequency=Frequency.SHIFT, time="day", time_of_day="clock")
    assert read.counts.frame(Frequency.SHIFT).equals(whole.counts.frame(Frequency.SHIFT))


def test_eastings_and_northings_are_converted(tiny_city: Any) -> None:
    # The Ordnance Survey's own example, Caister water tower: 52° 39' 28.8" north, 1° 42' 57.9" east.
    table = _table().assign(lon=651409.903 + np.arange(24 * DAYS) / 1e4, lat=313177.270)
    read = _read(tiny_city, table, crs="EPSG:27700")
    assert read.points is not None
    np.testing.assert_allclose(read.points.longitude, 1.71607, atol=1e-4)
    np.testing.assert_allclose(read.points.latitude, 52.65801, atol=1e-4)
    with pytest.raises(BadInput, match=r"row 2, column 'lon': '651409.903' is not in degrees.*--crs EPSG:27700"):
        _read(tiny_city, table)
    with pytest.raises(BadInput, match="'EPSG:1' is not a coordinate system"):
        _read(tiny_city, table, crs="EPSG:1")
    with pytest.raises(BadInput, match=r"row 2, column 'lon': .* is no place in EPSG:27700"):
        _read(tiny_city, table.assign(lon=1e30), crs="EPSG:27700")


@pytest.mark.parametrize(
    ("crs", "east", "north"), [("EPSG:27700", 651409.903, 313177.270), ("EPSG:3857", 191032.484, 6919987.507)]
)
def test_a_system_that_alone_puts_the_file_into_the_city_is_recognised_and_told(
    tiny_city: Any, crs: str, east: float, north: float
) -> None:
    table = _table().assign(lon=east + np.arange(24 * DAYS) / 1e4, lat=north)
    read = _read(tiny_city, table, near=lambda: (1.5, 52.5))
    assert read.points is not None
    np.testing.assert_allclose(read.points.longitude, 1.71607, atol=1e-4)
    np.testing.assert_allclose(read.points.latitude, 52.65801, atol=1e-4)
    assert f"Positions are read as {crs}; --crs says otherwise." in read.notes
    with pytest.raises(BadInput, match="is not in degrees"):
        _read(tiny_city, table, near=lambda: (-87.6, 41.8))
