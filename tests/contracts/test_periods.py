"""Periods: hand-worked dates, the standard library's calendar as an oracle, and what must hold for any of them."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts import BadInput, Frequency, Period, next_period, ordinals_of, periods_per_year, starts_of

FREQUENCIES = list(Frequency)
MOMENTS = st.datetimes(datetime(1901, 1, 1), datetime(2199, 12, 31)).map(lambda moment: moment.replace(microsecond=0))


@pytest.mark.parametrize(
    ("frequency", "text", "start", "end"),
    [
        (Frequency.MONTH, "2024-02", datetime(2024, 2, 1), datetime(2024, 3, 1)),
        (Frequency.MONTH, "1969-12", datetime(1969, 12, 1), datetime(1970, 1, 1)),
        (Frequency.WEEK, "2020-W53", datetime(2020, 12, 28), datetime(2021, 1, 4)),
        (Frequency.WEEK, "2025-W01", datetime(2024, 12, 30), datetime(2025, 1, 6)),
        (Frequency.DAY, "2024-02-29", datetime(2024, 2, 29), datetime(2024, 3, 1)),
        (Frequency.SHIFT, "2024-12-31T22", datetime(2024, 12, 31, 22), datetime(2025, 1, 1, 6)),
    ],
)
def test_a_period_begins_and_ends_where_the_calendar_says(
    frequency: Frequency, text: str, start: datetime, end: datetime
) -> None:
    period = Period.parse(text, frequency)
    assert (period.start, period.end, str(period)) == (start, end, text)
    assert period.days == (end - start) / timedelta(days=1)


@pytest.mark.parametrize(
    ("moment", "shift"),
    [
        (datetime(2024, 3, 1, 5, 59, 59), "2024-02-29T22"),
        (datetime(2024, 3, 1, 6), "2024-03-01T06"),
        (datetime(2024, 3, 1, 13, 59, 59), "2024-03-01T06"),
        (datetime(2024, 3, 1, 14), "2024-03-01T14"),
        (datetime(2024, 3, 1, 22), "2024-03-01T22"),
    ],
)
def test_the_hours_after_midnight_belong_to_the_shift_of_the_day_before(moment: datetime, shift: str) -> None:
    assert str(Period.containing(moment, Frequency.SHIFT)) == shift


@settings(deadline=None)
@given(moment=MOMENTS)
def test_weeks_agree_with_the_standard_library(moment: datetime) -> None:
    year, week, _ = moment.isocalendar()
    assert str(Period.containing(moment, Frequency.WEEK)) == f"{year}-W{week:02d}"


@settings(deadline=None)
@given(moment=MOMENTS, frequency=st.sampled_from(FREQUENCIES), steps=st.integers(-500, 500))
def test_arithmetic_is_that_of_whole_numbers(moment: datetime, frequency: Frequency, steps: int) -> None:
    period = Period.containing(moment, frequency)
    later = period.shift(steps)
    assert period.start <= moment < period.end
    assert later - period == steps
    assert later.shift(-steps) == period
    assert (later > period) == (steps > 0)
    assert period.end == period.shift(1).start
    assert Period.containing(period.start, frequency) == period


@settings(deadline=None)
@given(moment=MOMENTS, frequency=st.sampled_from(FREQUENCIES))
def test_its_text_is_read_back_as_the_same_period(moment: datetime, frequency: Frequency) -> None:
    period = Period.containing(moment, frequency)
    assert Period.parse(str(period), frequency) == period


@settings(deadline=None)
@given(moments=st.lists(MOMENTS, min_size=1, max_size=30), frequency=st.sampled_from(FREQUENCIES))
def test_arrays_agree_with_single_periods(moments: list[datetime], frequency: Frequency) -> None:
    ordinals = ordinals_of(np.array(moments, dtype="datetime64[s]"), frequency)
    periods = [Period.containing(moment, frequency) for moment in moments]
    assert ordinals.tolist() == [period.ordinal for period in periods]
    assert starts_of(ordinals, frequency).tolist() == [period.start for period in periods]


def test_arrays_keep_their_shape() -> None:
    moments = np.array([["2024-01-31T23:59:59", "2024-02-01"], ["1969-12-31", "1970-01-01"]], dtype="datetime64[s]")
    assert ordinals_of(moments, Frequency.MONTH).tolist() == [[648, 649], [-1, 0]]


@pytest.mark.parametrize(
    ("issued", "frequency", "following"),
    [
        (date(2025, 7, 10), Frequency.MONTH, "2025-08"),
        (date(2025, 7, 1), Frequency.MONTH, "2025-08"),
        (date(2025, 12, 31), Frequency.MONTH, "2026-01"),
        (date(2025, 7, 10), Frequency.WEEK, "2025-W29"),
        (date(2025, 7, 10), Frequency.DAY, "2025-07-11"),
        (datetime(2025, 7, 10, 5), Frequency.SHIFT, "2025-07-10T06"),
    ],
)
def test_the_next_period_begins_after_the_forecast_is_issued(
    issued: date, frequency: Frequency, following: str
) -> None:
    assert str(next_period(issued, frequency)) == following


def test_issued_on_10_july_with_counts_to_june_the_next_month_is_two_ahead() -> None:
    last_known = Period.parse("2025-06", Frequency.MONTH)
    assert next_period(date(2025, 7, 10), Frequency.MONTH) - last_known == 2


@pytest.mark.parametrize("frequency", FREQUENCIES)
@pytest.mark.parametrize("text", ["", "June", "2023-13", "2023-W54", "2023-02-30", "2023", "23-01", "2023-1"])
def test_what_is_no_period_is_refused_with_an_example(frequency: Frequency, text: str) -> None:
    with pytest.raises(BadInput, match=f"is not a {frequency}.*Write it like"):
        Period.parse(text, frequency)


@pytest.mark.parametrize("text", ["2020-01-06T00:00:00Z", "2020-01-06T00:00+00", "2020-01-06 00:00:00-05:00"])
@pytest.mark.parametrize("frequency", FREQUENCIES)
def test_a_period_has_no_zone(frequency: Frequency, text: str) -> None:
    with pytest.raises(BadInput, match="has a time zone"):
        Period.parse(text, frequency)


@pytest.mark.parametrize(
    ("text", "frequency"),
    [
        ("1899-12", Frequency.MONTH),
        ("9999-12", Frequency.MONTH),
        ("9999-12-31", Frequency.DAY),
        ("2202-W01", Frequency.WEEK),
        ("0001-01-01", Frequency.WEEK),
        ("2201-01-01T06", Frequency.SHIFT),
    ],
)
def test_years_outside_of_1900_to_2200_are_refused(text: str, frequency: Frequency) -> None:
    with pytest.raises(BadInput, match=f"'{text}' is not between the years 1900 and 2200"):
        Period.parse(text, frequency)


@pytest.mark.parametrize("text", ["1900-01", "2200-12"])
def test_the_first_and_the_last_year_are_taken(text: str) -> None:
    assert str(Period.parse(text, Frequency.MONTH)) == text


def test_a_week_is_no_month() -> None:
    with pytest.raises(BadInput, match="'2023-W05' is not a month but a week"):
        Period.parse("2023-W05", Frequency.MONTH)


def test_periods_of_different_lengths_cannot_be_subtracted() -> None:
    with pytest.raises(TypeError, match="cannot subtract a week from a month"):
        _ = Period.parse("2024-01", Frequency.MONTH) - Period.parse("2024-W01", Frequency.WEEK)


@pytest.mark.parametrize(("frequency", "season"), list(zip(FREQUENCIES, (12, 52, 365, 1095), strict=True)))
def test_a_season_is_a_year(frequency: Frequency, season: int) -> None:
    assert periods_per_year(frequency) == season
