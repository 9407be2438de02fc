"""Planted breaks are found where and as large as they were; chance, seasons and trends are no breaks."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from contracts import Frequency, Period
from features.views.panel import Panel
from models.recipe.level_shifts import level_shifts

TARGET = "violence"
FIRST = Period.parse("2012-01", Frequency.MONTH)


def panel_of(totals: np.ndarray, frequency: Frequency = Frequency.MONTH) -> Panel:
    first = FIRST if frequency is Frequency.MONTH else Period.parse("2012-W01", frequency)
    return Panel(
        as_of=date(2024, 1, 1),
        geography="wards",
        frequency=frequency,
        targets=(TARGET,),
        areas=("W1",),
        first=first,
        counts=totals[None, None, :],
        settled=np.zeros((1, len(totals)), dtype=bool),
        publications=(),
    )


def seasonal_city(seed: int, periods: int = 144, year: int = 12, drift: float = 0.001) -> np.ndarray:
    """Monthly totals with a season, a trend and a level that wanders by 1% a month."""
    generator = np.random.default_rng(seed)
    time = np.arange(periods)
    level = np.cumsum(generator.normal(drift, 0.01, periods)) + generator.normal(0, 0.02, periods)
    return np.asarray(generator.poisson(20_000 * np.exp(level + 0.15 * np.sin(2 * np.pi * time / year))), dtype=float)


@pytest.mark.parametrize(("size", "at"), [(1.25, 70), (0.8, 60), (1.3, 130)])
def test_a_planted_break_is_found_once_where_and_as_large_as_it_was(size: float, at: int) -> None:
    totals = seasonal_city(3)
    totals[at:] *= size
    (found,) = level_shifts(panel_of(totals), TARGET)
    assert abs(found.period - FIRST.shift(at)) <= 1
    assert found.ratio == pytest.approx(size, rel=0.06)


def test_two_breaks_are_told_in_order_of_time() -> None:
    totals = seasonal_city(5)
    totals[50:] *= 1.3
    totals[100:] *= 0.75
    periods = [shift.period for shift in level_shifts(panel_of(totals), TARGET)]
    assert [abs(period - FIRST.shift(at)) <= 1 for period, at in zip(periods, (50, 100), strict=True)] == [True, True]


def test_a_break_in_weeks_is_found_too() -> None:
    totals = seasonal_city(8, periods=312, year=52, drift=0.0002)
    totals[200:] *= 1.4
    (found,) = level_shifts(panel_of(totals, Frequency.WEEK), TARGET)
    assert found.ratio == pytest.approx(1.4, rel=0.08)


def test_cities_without_a_break_are_left_alone() -> None:
    false_alarms = sum(bool(level_shifts(panel_of(seasonal_city(seed)), TARGET)) for seed in range(100, 300))
    assert false_alarms <= 10


def test_a_lockdown_is_no_break() -> None:
    totals = seasonal_city(3)
    totals[70:74] *= 0.6
    assert level_shifts(panel_of(totals), TARGET) == ()


def test_a_single_strange_quarter_is_no_break() -> None:
    totals = seasonal_city(3)
    totals[70:73] *= 1.4
    assert level_shifts(panel_of(totals), TARGET) == ()


def test_short_and_gappy_histories_are_no_error() -> None:
    totals = seasonal_city(3)
    assert level_shifts(panel_of(totals[:35]), TARGET) == ()
    totals[40:43] = np.nan
    totals[90:] *= 1.3
    assert len(level_shifts(panel_of(totals), TARGET)) == 1
