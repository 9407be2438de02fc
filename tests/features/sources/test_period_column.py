"""The column of the period of a table of counts: the city's periods, and lengths that are not mixed up."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from contracts import BadInput, Frequency, Period
from features.sources.period_column import period_ordinals
from features.sources.table_files import ReadTable

LONDON, CHICAGO, TOKYO = "Europe/London", "America/Chicago", "Asia/Tokyo"
MONTH, WEEK, DAY, SHIFT = Frequency.MONTH, Frequency.WEEK, Frequency.DAY, Frequency.SHIFT


def _read(values: pa.Array | list[str], frequency: Frequency, zone: str = LONDON) -> tuple[list[str], tuple[str, ...]]:
    table = ReadTable(pa.table({"period": values}), "", ()).as_text()
    ordinals, notes = period_ordinals(Path("file.csv"), table, "period", frequency=frequency, time_zone=zone)
    return [str(Period(frequency, ordinal)) for ordinal in ordinals.tolist()], notes


@pytest.mark.parametrize(
    ("text", "frequency", "zone", "period"),
    [
        ("2020-01", MONTH, "", "2020-01"),
        ("2020-01-31", MONTH, "", "2020-01"),
        ("2023-W05", WEEK, "", "2023-W05"),
        ("2023-01-30", WEEK, "", "2023-W05"),
        ("2020-01-06T00:00:00Z", WEEK, LONDON, "2020-W02"),
        ("2020-07-06T00:00:00Z", WEEK, LONDON, "2020-W28"),
        ("2020-07-05T23:00:00Z", WEEK, LONDON, "2020-W28"),
        ("2020-01-06T06:00:00+00", WEEK, CHICAGO, "2020-W02"),
        ("2020-01-06T00:00:00-0600", WEEK, CHICAGO, "2020-W02"),
        ("2019-12-31T15:00:00Z", MONTH, TOKYO, "2020-01"),
        ("2020-05-31T23:00:00Z", MONTH, LONDON, "2020-06"),
        ("2020-06-01 00:00:00+01:00", MONTH, LONDON, "2020-06"),
        ("2020-06-01 00:00:00 UTC", MONTH, LONDON, "2020-06"),
        ("2020-06-01T23:00:00Z", DAY, LONDON, "2020-06-02"),
        ("2020-06-01T05:00:00Z", SHIFT, LONDON, "2020-06-01T06"),
        ("2020-06-01T06:00", SHIFT, "", "2020-06-01T06"),
    ],
)
def test_a_stamp_is_the_period_that_it_begins_in_the_city(
    text: str, frequency: Frequency, zone: str, period: str
) -> None:
    assert _read([text], frequency, zone)[0] == [period]


@pytest.mark.parametrize("zone", ["UTC", "+05:45", "America/Chicago"])
def test_parquet_stamps_with_a_zone_are_converted(zone: str) -> None:
    begins = pd.date_range("2020-01-01", periods=12, freq="MS", tz=CHICAGO).tz_convert("UTC")
    values = pa.array(begins.as_unit("us").asi8).cast(pa.timestamp("us", zone))
    assert _read(values, MONTH, CHICAGO)[0] == [f"2020-{month:02d}" for month in range(1, 13)]
    days = pa.array([date(2020, 1, 31), date(2020, 2, 1)])
    assert _read(days, MONTH, CHICAGO)[0] == ["2020-01", "2020-02"]


@pytest.mark.parametrize(
    ("texts", "frequency", "zone", "told"),
    [
        (["2020-01", "2019-12-31T23:00:00Z"], MONTH, LONDON, "row 3, .* is 2019-12-31 23:00 in Europe/London, which"),
        (["2020-01-06T00:00:00Z"], WEEK, CHICAGO, "row 2, .* is 2020-01-05 18:00 in America/Chicago, which begins no"),
        (["2020-06-01T06:00:00Z"], SHIFT, LONDON, "is 2020-06-01 07:00 in Europe/London, which begins no shift"),
        (["2020-01-06T00:00:00Z"], WEEK, "", "row 2, column 'period': .* has a time zone.*time_zone = "),
        (["2020-01-01", "9999-12-31"], MONTH, "", "row 3, .*'9999-12-31' is not between the years 1900 and 2200"),
        (["9999-12"], MONTH, "", "row 2, .*'9999-12' is not between the years"),
        (["9999-12-31T00:00Z"], MONTH, LONDON, "row 2, .* is not between the years"),
        (["0001-01-01T00:00+14:00"], MONTH, CHICAGO, "row 2, .* is not between the years"),
        (["1899-W05"], WEEK, "", "row 2, .* is not between the years"),
        (["2020-W05"], MONTH, "", "row 2, .*'2020-W05' is not a month but a week"),
        (["2020-Q1"], MONTH, "", "row 2, .*'2020-Q1' is not a month"),
        (["43831"], MONTH, "", "row 2, .*'43831' is not a month"),
        (["2020"], MONTH, "", "row 2, .*'2020' is not a month"),
        (["2020-13"], MONTH, "", "row 2, .*'2020-13' is not a month"),
        ([""], MONTH, "", "row 2, .*'' is not a month"),
        ([f"2020-{month:02d}" for month in range(1, 7)] + ["1900-01"], MONTH, "", "row 8, .*'1900-01' is far from all"),
        (["2101-01", *(f"2020-{month:02d}" for month in range(1, 7))], MONTH, "", "row 2, .*is far from all other per"),
    ],
)
def test_what_is_no_period_of_the_city_is_refused_by_row(
    texts: list[str], frequency: Frequency, zone: str, told: str
) -> None:
    with pytest.raises(BadInput, match=told):
        _read(texts, frequency, zone)


@pytest.mark.parametrize("step", [7, 14, 28])
@pytest.mark.parametrize("zone", ["", "Z"])
def test_weeks_are_no_months(step: int, zone: str) -> None:
    days = [
        f"{day:%Y-%m-%d}{'T00:00:00Z' if zone else ''}"
        for day in pd.date_range("2020-01-06", periods=20, freq=f"{step}D")
    ]
    with pytest.raises(BadInput, match="are all Mondays, so the table is of weeks, and weeks do not add up to months"):
        _read(days, MONTH)


def test_days_add_up_to_months_and_to_weeks() -> None:
    days = [f"{day:%Y-%m-%d}" for day in pd.date_range("2020-01-06", periods=60)]
    assert _read(days, MONTH)[0].count("2020-02") == 29
    assert _read(days, WEEK)[0].count("2020-W03") == 7
    assert _read(days, WEEK)[1] == ()


def test_mondays_are_taken_and_other_weekdays_are_told() -> None:
    sundays = [f"{day:%Y-%m-%d}" for day in pd.date_range("2020-01-05", periods=10, freq="7D")]
    periods, notes = _read(sundays, WEEK)
    assert periods[0] == "2020-W01"
    assert len(notes) == 1
    assert notes[0].startswith("Every day of the period column is a Sunday.")
    assert _read([f"{day:%Y-%m-%d}" for day in pd.date_range("2020-01-06", periods=10, freq="7D")], WEEK)[1] == ()


def test_months_that_another_zone_has_moved_are_refused() -> None:
    moved = [f"{day:%Y-%m-%d} 23:00:00" for day in pd.date_range("2019-12-31", periods=12, freq="ME")]
    with pytest.raises(BadInput, match="every stamp, such as '2019-12-31 23:00:00', lies in the last hours"):
        _read(moved, MONTH)
    month_ends = [f"{day:%Y-%m-%d}" for day in pd.date_range("2019-12-31", periods=12, freq="ME")]
    assert _read(month_ends, MONTH)[0][:2] == ["2019-12", "2020-01"]


def test_a_day_whose_midnight_the_clock_skips_begins_later() -> None:
    # In Paraguay 2 October 2022 began at one o'clock: four in the morning, UTC.
    assert _read(["2022-10-02T04:00:00Z"], DAY, "America/Asuncion")[0] == ["2022-10-02"]
