"""Times as files write them, in the city's local time: hand-worked, whatever their zone and the machine's."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from contracts import BadInput
from features.sources.local_times import LocalTimes, local_times
from features.sources.table_files import SourceColumn
from features.sources.times_of_day import joined

LONDON, CHICAGO, KATHMANDU = "Europe/London", "America/Chicago", "Asia/Kathmandu"


def _read(values: pa.Array, zone: str = LONDON, time_format: str | None = None) -> LocalTimes:
    column = SourceColumn(Path("file.csv"), "when", pa.table({"when": values}))
    return local_times(column, values, time_format=time_format, time_zone=zone)


def _one(text: str, zone: str = LONDON, time_format: str | None = None) -> str:
    return str(_read(pa.array([text]), zone, time_format).moment[0])


@pytest.mark.parametrize(
    ("text", "zone", "local"),
    [
        ("2023-01-01 05:39:00+00", LONDON, "2023-01-01T05:39:00"),
        ("2023-07-01 05:39:00+00", LONDON, "2023-07-01T06:39:00"),
        ("2023-07-01T05:39:00Z", LONDON, "2023-07-01T06:39:00"),
        ("2023-07-01T05:39Z", CHICAGO, "2023-07-01T00:39:00"),
        ("2023-01-01T05:39z", CHICAGO, "2022-12-31T23:39:00"),
        ("2023-01-01T05:39:00-04", CHICAGO, "2023-01-01T03:39:00"),
        ("2023-01-01T05:39+0530", LONDON, "2023-01-01T00:09:00"),
        ("2023-01-01T05:39:59.9+05:30", LONDON, "2023-01-01T00:09:59"),
        ("2023-01-01T05:39:00.123456789+05:45", KATHMANDU, "2023-01-01T05:39:00"),
        ("2023-01-01 05:39:00 +0000", KATHMANDU, "2023-01-01T11:24:00"),
        ("2023-01-01 05:39:00 UTC", CHICAGO, "2022-12-31T23:39:00"),
        ("20230101T0539Z", CHICAGO, "2022-12-31T23:39:00"),
        ("2023-12-31T24:00:00Z", LONDON, "2024-01-01T00:00:00"),
        ("2023-06-30 24:00", LONDON, "2023-07-01T00:00:00"),
        ("2023-03-01 22:15", LONDON, "2023-03-01T22:15:00"),
        ("2023-07-01T22:15:30.5", CHICAGO, "2023-07-01T22:15:30"),
        ("2023-03-01", CHICAGO, "2023-03-01T00:00:00"),
        ("1900-01-01", LONDON, "1900-01-01T00:00:00"),
        ("2200-12-31T23:59:59", LONDON, "2200-12-31T23:59:59"),
    ],
)
def test_a_stamp_is_the_citys_local_time(text: str, zone: str, local: str) -> None:
    assert _one(text, zone) == local


@pytest.mark.parametrize(
    ("text", "time_format", "local"),
    [
        ("01/07/2023 00:39:00+0000", "%d/%m/%Y %H:%M:%S%z", "2023-07-01T01:39:00"),
        ("01/07/2023 00:39:00+00", "%d/%m/%Y %H:%M:%S%z", "2023-07-01T01:39:00"),
        ("01/07/2023 00:39:00Z", "%d/%m/%Y %H:%M:%S%z", "2023-07-01T01:39:00"),
        ("01/07/2023 00:39:00-05:00", "%d/%m/%Y %H:%M:%S%z", "2023-07-01T06:39:00"),
        ("07/01/2023 12:39:00 AM", "%m/%d/%Y %I:%M:%S %p", "2023-07-01T00:39:00"),
        ("1.7.2023 23.05", "%d.%m.%Y %H.%M", "2023-07-01T23:05:00"),
    ],
)
def test_a_form_with_or_without_a_zone(text: str, time_format: str, local: str) -> None:
    assert _one(text, LONDON, time_format) == local


def test_offsets_may_change_from_row_to_row() -> None:
    texts = ["2023-10-28T22:00:00-05:00", "2023-11-05T22:00:00-06:00", "2023-11-06T04:00:00Z"]
    assert _read(pa.array(texts), CHICAGO).moment.astype(str).tolist() == [
        "2023-10-28T22:00:00",
        "2023-11-05T22:00:00",
        "2023-11-05T22:00:00",
    ]


@pytest.mark.parametrize("zone", ["UTC", "+05:45", "-04:00", "Asia/Tokyo"])
@pytest.mark.parametrize(("unit", "in_second"), [("s", 1), ("ms", 1000), ("us", 10**6), ("ns", 10**9)])
def test_a_parquet_time_with_a_zone_is_converted_from_it(zone: str, unit: str, in_second: int) -> None:
    seconds = int(datetime(2023, 7, 1, 5, 39, tzinfo=UTC).timestamp())
    values = pa.array([seconds * in_second, None], pa.int64()).cast(pa.timestamp(unit, zone))
    read = _read(values, LONDON)
    assert read.present.tolist() == [True, False]
    assert str(read.moment[0]) == "2023-07-01T06:39:00"


def test_parquet_times_without_a_zone_and_days_are_local() -> None:
    assert str(_read(pa.array([datetime(2023, 7, 1, 5)], pa.timestamp("ns"))).moment[0]) == "2023-07-01T05:00:00"
    assert str(_read(pa.array([datetime(2023, 7, 1).date()])).moment[0]) == "2023-07-01T00:00:00"


@pytest.mark.parametrize("values", [pa.array(["", " ", None]), pa.array([None, None, None], pa.timestamp("s", "UTC"))])
def test_a_blank_is_no_time_and_no_fault(values: pa.Array) -> None:
    assert _read(values, "").present.tolist() == [False, False, False]


@pytest.mark.parametrize(
    ("texts", "told"),
    [
        (["2023-01-01", "yesterday"], "row 3, column 'when': 'yesterday' is not a time"),
        (["2023-01-01 05:39Z", "2023-01-01 05:3:00Z"], "row 3, column 'when': '2023-01-01 05:3:00Z' "),
        (["44927.5"], "'44927.5' is not a time. If it is a spreadsheet's day number"),
        (["44927"], "is not a time. If it is a spreadsheet's day number"),
        (["1672531200"], "is not a time. If it counts seconds since 1970"),
        (["1672531200000"], "is not a time. If it counts seconds since 1970"),
        (["2023"], "'2023' is not a time"),
        (["2023-02-30"], "'2023-02-30' is not a time"),
        (["2023-01-01T25:00"], "is not a time"),
        (["2023-01-01T05:39:00+25:00"], "is not a time"),
        (["9999-12-31T24:00"], "is not a time"),
        (["0001-01-01T00:00+14:00"], "is not a time|is not between the years"),
        (["2023-01-01T05:00:00Z 0530"], "is not a time"),
        (["2023-01-01 05:00", "2023-01-01 24:00 x", "2023-01-01T05:00-04 2130"], "is not a time"),
        (["1/2/2023"], "is not a time.*--time-format"),
        (["2023-01-01", "9999-12-31 00:00:00"], "row 3.*'9999-12-31 00:00:00' is not between the years 1900 and 2200"),
        (["2023-01-01", "1015-02-14"], "row 3.*is not between the years 1900 and 2200"),
        (["1899-12-31"], "is not between the years"),
        (["2201-01-01T00:00Z"], "is not between the years"),
        (["2023-01-01 10:00", "2023-01-01 11:00", "2023-01-01T12:00Z"], "row 4.*has a time zone where row 2.*has none"),
        (["2023-01-01 10:00", "2023-01-01 11:00Z", "2023-01-01 12:00Z"], "row 2.*no time zone where row 3.*has one"),
    ],
)
def test_what_is_no_time_of_the_city_is_refused_by_row(texts: list[str], told: str) -> None:
    with pytest.raises(BadInput, match=told):
        _read(pa.array(texts))


@pytest.mark.parametrize("values", [pa.array([44927]), pa.array([44927.25]), pa.array([True])])
def test_a_parquet_column_of_another_type_is_refused(values: pa.Array) -> None:
    with pytest.raises(BadInput, match=r"row 2, column 'when': '.*' is not a time"):
        _read(values)


@pytest.mark.parametrize(
    "values",
    [pa.array(["2023-01-01", "2023-01-01T05:00Z"])[1:], pa.array([datetime(2023, 1, 1, 5)], pa.timestamp("s", "UTC"))],
)
def test_a_zone_that_the_settings_do_not_know_is_asked_for_by_name(values: pa.Array) -> None:
    with pytest.raises(BadInput, match=r"row 2, column 'when': .* has a time zone.*time_zone = \"Europe/London\""):
        _read(values, "")
    with pytest.raises(BadInput, match="time_zone = "):
        _read(pa.array(["01/01/2023 05:00+0100"]), "", "%d/%m/%Y %H:%M%z")


def test_hours_that_the_clock_repeats_or_skips_are_told_once_with_their_number() -> None:
    # The last Sundays of March and October 2023; at one o'clock London goes forward, at two back.
    local = ["2023-03-26 00:59", "2023-03-26 01:00", "2023-03-26 01:59", "2023-03-26 02:00"]
    local += ["2023-10-29 00:59", "2023-10-29 01:00", "2023-10-29 01:30", "2023-10-29 01:59", "2023-10-29 02:00"]
    read = _read(pa.array(local))
    assert read.moment.astype("datetime64[m]").astype(str).tolist() == [text.replace(" ", "T") for text in local]
    assert read.notes == (
        "3 times lie in an hour that the clock of Europe/London repeats and 2 in one that it skips, so the file may "
        "not be in local time; each row is counted once.",
    )
    assert _read(pa.array(local), "").notes == _read(pa.array(local), "UTC").notes == ()


def test_stamps_around_a_change_of_the_clock_are_all_kept() -> None:
    zoned = [f"2023-10-29T0{hour}:30:00Z" for hour in range(4)] + [f"2023-03-26T0{hour}:30:00Z" for hour in range(3)]
    read = _read(pa.array(zoned))
    hours = read.moment.astype("datetime64[h]").astype(str).tolist()
    assert [hour[-2:] for hour in hours] == ["01", "01", "02", "03", "00", "02", "03"]
    assert read.notes == ("2 times lie in an hour that the clock of Europe/London repeats; each row is counted once.",)


def test_days_without_a_time_are_in_no_skipped_hour() -> None:
    # Midnight of 2 October 2022 does not exist in Paraguay.
    assert _read(pa.array(["2022-10-01", "2022-10-02"]), "America/Asuncion").notes == ()


@pytest.mark.parametrize(
    ("days", "times", "clock"),
    [
        (["2023-03-01"], ["22:15"], ["22:15"]),
        (["2023-03-01", ""], ["", "22:15"], ["", ""]),
        (["2023-03-01T00:00:00.000"], ["22:15:30"], ["22:15:30"]),
        (["2023-03-01 00:00:00"], ["9:05"], ["09:05"]),
        (["2023-03-01"] * 4, ["2215", "45", "1", "930"], ["22:15", "00:45", "00:01", "09:30"]),
        (["2023-03-01"] * 2, ["9", "23"], ["09:00", "23:00"]),
        (["2023-03-01"] * 3, ["10:15 PM", "12:05 a.m.", "3PM"], ["22:15:00", "00:05:00", "15:00:00"]),
    ],
)
def test_a_date_and_a_time_of_day_are_joined(days: list[str], times: list[str], clock: list[str]) -> None:
    both = joined(pa.array(days), pa.array(times), formed=False)
    assert both.to_pylist() == [f"2023-03-01 {time}" if time else "" for time in clock]
    assert (np.array(clock) != "").tolist() == _read(both).present.tolist()


def test_with_a_form_both_columns_are_joined_as_they_are() -> None:
    both = joined(pa.array(["07/01/2023"]), pa.array(["10:15 PM"]), formed=True)
    assert str(_read(both, LONDON, "%m/%d/%Y %I:%M %p").moment[0]) == "2023-07-01T22:15:00"
