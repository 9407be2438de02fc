"""What is usual in a city is told apart into its mean, its season and its weekdays."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from contracts import Frequency, Period
from features import Panel
from models.recipe.city_total import city_pattern

JULY, AUGUST = 1.5, 0.8
"""Rates per day over those of other months."""


def panel_of(totals: np.ndarray, first: str, frequency: Frequency) -> Panel:
    """A city of one area."""
    return Panel(
        as_of=date(2030, 1, 1),
        geography="city",
        frequency=frequency,
        targets=("violence",),
        areas=("C",),
        first=Period.parse(first, frequency),
        counts=totals[None, None].astype(float),
        settled=np.zeros((1, len(totals)), dtype=bool),
        publications=(),
    )


def monthly(years: int) -> np.ndarray:
    """Totals from January 2015 on, 100 a day but for July and August."""
    months = np.arange(np.datetime64("2015-01"), np.datetime64("2015-01") + 12 * years + 1)
    days = np.diff(months.astype("datetime64[D]")).astype(int)
    rate = np.full(12 * years, 100.0)
    rate[6::12], rate[7::12] = 100.0 * JULY, 100.0 * AUGUST
    return rate * days


def test_the_season_of_months_is_their_rate_times_their_days() -> None:
    totals = monthly(6)
    pattern = city_pattern(panel_of(totals, "2015-01", Frequency.MONTH), "violence", (1, 7, 8))
    usual = totals[-12:].mean()
    assert pattern.usual == pytest.approx(usual)
    expected = np.array([31 * 100.0, 31 * 100.0 * JULY, 31 * 100.0 * AUGUST]) / usual
    np.testing.assert_allclose(np.exp(pattern.season), expected, rtol=0.005)
    assert np.all(pattern.weekday == 0.0)


def test_a_short_history_has_the_days_of_its_periods_alone() -> None:
    pattern = city_pattern(panel_of(monthly(2), "2015-01", Frequency.MONTH), "violence", (1, 2))
    assert np.exp(pattern.season[0] - pattern.season[1]) == pytest.approx(31 / 28)


def test_a_month_that_is_not_known_is_not_in_the_mean() -> None:
    totals = monthly(6)
    totals[-3] = np.nan
    pattern = city_pattern(panel_of(totals, "2015-01", Frequency.MONTH), "violence", (1,))
    known = np.delete(totals, -3)
    assert pattern.usual == pytest.approx(known[-12:].mean())


def test_the_weekday_of_days_is_found() -> None:
    days = np.arange(7 * 60)
    totals = np.where(days % 7 == 5, 180.0, 100.0)
    pattern = city_pattern(panel_of(totals, "2016-02-01", Frequency.DAY), "violence", tuple(range(1, 8)))
    mean = (6 * 100.0 + 180.0) / 7
    np.testing.assert_allclose(np.exp(pattern.weekday), totals[:7] / mean, rtol=0.01)
    np.testing.assert_allclose(pattern.season, 0.0, atol=1e-12)
