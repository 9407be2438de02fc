"""A quiet period is no stub, an implausible silence is no zero, and sparse zeros are zeros."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from contracts import BadInput, Frequency
from features.sources.completeness import Series, low_periods, whole_periods
from features.sources.completeness.moments import resolution_of

BELOW = 1e-6
PATH = Path("incidents.csv")


def _weekly(quiet: int, level: float, seed: int = 3) -> np.ndarray:
    """A year of weeks around a level, one of them with ``quiet`` crimes."""
    totals = np.random.default_rng(seed).poisson(level, 104)
    totals[58] = quiet
    return totals


@pytest.mark.parametrize(("quiet", "level"), [(7, 29.0), (25, 100.0), (250, 1000.0), (2500, 10_000.0)])
def test_a_real_week_at_a_quarter_of_the_level_is_no_stub(quiet: int, level: float) -> None:
    assert not low_periods(_weekly(quiet, level), Frequency.WEEK, BELOW).any()


def test_winter_weeks_of_shootings_are_no_stubs() -> None:
    """Levels like Philadelphia's: a median of 29 with a spread beyond Poisson's and a week of 7."""
    generator = np.random.default_rng(8)
    totals = generator.poisson(generator.gamma(9.0, 29.0 / 9.0, 156))
    totals[70] = 7
    assert not low_periods(totals, Frequency.WEEK, BELOW).any()


@pytest.mark.parametrize(("left", "level"), [(3, 100.0), (15, 500.0), (40, 70_000.0)])
@pytest.mark.parametrize("position", [0, 40, 103])
def test_a_period_of_which_three_in_a_hundred_are_left_is_a_stub(left: int, level: float, position: int) -> None:
    totals = np.random.default_rng(4).poisson(level, 104)
    totals[position] = left
    assert np.flatnonzero(low_periods(totals, Frequency.MONTH, BELOW)).tolist() == [position]


def test_two_stubs_beside_each_other_are_both_found() -> None:
    totals = np.full(36, 500)
    totals[[20, 21]] = [15, 9]
    assert np.flatnonzero(low_periods(totals, Frequency.MONTH, BELOW)).tolist() == [20, 21]


def test_nothing_is_a_stub_where_the_limit_is_zero() -> None:
    totals = np.full(36, 500)
    totals[20] = 15
    assert not low_periods(totals, Frequency.MONTH, 0.0).any()


def _runs(counts: np.ndarray, frequency: Frequency = Frequency.MONTH, **limits: float) -> list[tuple[int, int, int]]:
    series, position = np.nonzero(counts)
    whole = Series.of(series, position, counts[series, position], counts.shape[1], frequency)
    runs = whole.silent_runs(BELOW, fewest=3, **limits)
    return sorted(zip(runs.series.tolist(), runs.first.tolist(), runs.last.tolist(), strict=True))


def test_a_silence_after_sixteen_a_month_is_improbable() -> None:
    counts = np.random.default_rng(1).poisson(16.0, (3, 36))
    counts[1, 29:] = 0
    counts[2, :10] = 0
    assert _runs(counts) == [(1, 29, 35), (2, 0, 9)]


def test_a_month_without_a_crime_is_a_zero_where_one_is_usual() -> None:
    assert _runs(np.random.default_rng(2).poisson(1.0, (400, 171))) == []


def test_an_area_that_fades_away_has_zeros() -> None:
    counts = np.array([[20, 20, 18, 15, 12, 10, 8, 6, 4, 3, 2, 1, 1, 0, 0, 0, 0, 0, 0]])
    assert _runs(counts) == []


def test_one_day_with_much_does_not_make_the_years_around_it_missing() -> None:
    counts = np.zeros((1, 3000), dtype=int)
    counts[0, 1400] = 30
    assert _runs(counts, Frequency.DAY) == []


def test_days_without_a_row_are_improbable_and_quiet_sundays_are_not() -> None:
    week = np.array([24, 24, 24, 24, 24, 24, 0])
    counts = np.tile(week, 30)[None, :]
    assert _runs(counts, Frequency.DAY) == []
    counts[0, 70:90] = 0
    assert _runs(counts, Frequency.DAY) == [(0, 69, 90)]


def test_a_shift_that_is_quiet_every_night_is_no_silence() -> None:
    counts = np.tile(np.array([9, 12, 0]), 7 * 20)[None, :]
    assert _runs(counts, Frequency.SHIFT) == []


def test_what_is_quiet_in_the_whole_city_is_quiet_in_an_area() -> None:
    counts = np.full((1, 36), 14)
    counts[0, 20] = 0
    scale = np.ones(36)
    assert len(_scaled(counts, scale)) == 0
    counts[0, 20:22] = 0
    assert len(_scaled(counts, scale)) == 1
    scale[20:22] = 0.3
    assert len(_scaled(counts, scale)) == 0


def _scaled(counts: np.ndarray, scale: np.ndarray) -> np.ndarray:
    series, position = np.nonzero(counts)
    whole = Series.of(series, position, counts[series, position], counts.shape[1], Frequency.MONTH, scale)
    return whole.silent_runs(BELOW, fewest=3).series


def _moments(*texts: str) -> np.ndarray:
    return np.array(texts, dtype="datetime64[s]")


def test_the_resolution_of_times_is_seen() -> None:
    months = np.arange("2023-01", "2024-01", dtype="datetime64[M]").astype("datetime64[s]")
    mondays = np.arange("2023-01-02", "2023-06-01", 7, dtype="datetime64[D]").astype("datetime64[s]")
    assert resolution_of(np.repeat(months, 9)) == "month"
    assert resolution_of(np.repeat(mondays, 9)) == "week"
    assert resolution_of(_moments("2023-01-01", "2023-01-02", "2023-01-05")) == "day"
    assert resolution_of(_moments("2023-01-01", "2023-01-02T05")) == "hour"
    assert resolution_of(_moments("2023-01-01", "2023-01-02T05:31")) == "second"


def test_rows_dated_the_first_of_a_month_leave_the_last_month_whole() -> None:
    months = np.repeat(np.arange("2023-01", "2024-01", dtype="datetime64[M]").astype("datetime64[s]"), 200)
    span = whole_periods(PATH, months, Frequency.MONTH)
    assert (len(span.periods), span.cut) == (12, ())
    assert "by month: the last month is taken as whole" in span.notes[0]
    with pytest.raises(BadInput, match=r"all the first of a month, so they cannot be counted by week") as refused:
        whole_periods(PATH, months, Frequency.WEEK)
    assert "--period month" in refused.value.remedy


def test_dates_without_a_time_fill_their_last_day() -> None:
    days = np.repeat(np.arange("2023-01-01", "2023-04-01", dtype="datetime64[D]").astype("datetime64[s]"), 24)
    assert whole_periods(PATH, days, Frequency.MONTH).cut == ()
    assert len(whole_periods(PATH, days[:-240], Frequency.MONTH).cut) == 1
    assert len(whole_periods(PATH, days, Frequency.DAY).periods) == 90


def test_a_file_that_stops_within_a_month_has_its_last_month_cut_and_a_lull_has_not() -> None:
    moments = np.arange("2023-01-01", "2023-06-16", 60, dtype="datetime64[m]").astype("datetime64[s]")
    assert len(whole_periods(PATH, moments, Frequency.MONTH).cut) == 1
    thinned = np.concatenate(
        [moments[moments < np.datetime64("2023-05-01")], moments[moments > np.datetime64("2023-05-01")][::4]]
    )
    later = np.arange("2023-06-16", "2023-07-01", 240, dtype="datetime64[m]").astype("datetime64[s]")
    assert whole_periods(PATH, np.concatenate([thinned, later]), Frequency.MONTH).cut == ()


def test_days_on_which_nothing_was_delivered_are_counted_by_month() -> None:
    moments = np.arange("2023-01-01", "2023-07-01", 60, dtype="datetime64[m]").astype("datetime64[s]")
    gone = (moments >= np.datetime64("2023-03-05")) & (moments < np.datetime64("2023-03-16"))
    span = whole_periods(PATH, moments[~gone], Frequency.MONTH)
    share = span.silent_days(moments[~gone], BELOW)
    assert share is not None
    assert share.tolist() == [0.0, 0.0, 11 / 31, 0.0, 0.0, 0.0]
