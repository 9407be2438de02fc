"""Weeks, days and shifts: features of a backtest equal those made live, and nothing of the future is in them."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from contracts import Frequency, Period, Workspace
from features.building.near_repeat import component_names
from features.building.share_features import ShareFeatures, build_share_features
from features.geographies.geography import Geography, grid_geography
from features.views.panel import Panel

FINE = (Frequency.WEEK, Frequency.DAY, Frequency.SHIFT)
MIXTURE = tuple(1.0 / len(component_names()) for _ in component_names())
PERIODS = 160


@pytest.fixture
def cells(tmp_path: Path) -> Geography:
    west_east, south_north = np.array([-87.70, -87.68]), np.array([41.80, 41.815])
    return grid_geography(Workspace(tmp_path), "grid_500m", longitude=west_east, latitude=south_north, cell_metres=500)


def _panel(cells: Geography, frequency: Frequency, counts: np.ndarray) -> Panel:
    return Panel(
        as_of=date(2030, 1, 1),
        geography=cells.name,
        frequency=frequency,
        targets=("violence",),
        areas=cells.codes,
        first=Period.parse("2016-02-01", frequency),
        counts=counts[None],
        settled=np.zeros((1, counts.shape[1]), dtype=bool),
        publications=(),
    )


def _features(panel: Panel, cells: Geography) -> ShareFeatures:
    return build_share_features(panel, "violence", cells, mixture=MIXTURE)


def _counts(cells: Geography) -> np.ndarray:
    return np.random.default_rng(5).poisson(0.4, size=(len(cells.codes), PERIODS)).astype(float)


@pytest.mark.parametrize("frequency", FINE)
def test_a_backtests_rows_are_the_live_ones(frequency: Frequency, cells: Geography) -> None:
    whole = _panel(cells, frequency, _counts(cells))
    backtest = _features(whole, cells)
    for origin in (40, 97, PERIODS - 1):
        live = _features(whole.until(whole.first.shift(origin)), cells)
        assert live.names == backtest.names
        for horizon in (1, 3, 9, 25):
            np.testing.assert_array_equal(live.rows(origin, horizon), backtest.rows(origin, horizon))
        np.testing.assert_array_equal(live.base_share[:, origin], backtest.base_share[:, origin])


@pytest.mark.parametrize("frequency", FINE)
def test_the_future_is_in_no_row(frequency: Frequency, cells: Geography) -> None:
    counts = _counts(cells)
    changed = counts.copy()
    changed[:, 100:] = np.random.default_rng(9).permutation(changed[:, 100:].ravel()).reshape(len(counts), -1) + 3
    one, other = (_features(_panel(cells, frequency, values), cells) for values in (counts, changed))
    for horizon in (1, 8, 22):
        np.testing.assert_array_equal(one.rows(99, horizon), other.rows(99, horizon))
        assert not np.array_equal(one.rows(100, horizon), other.rows(100, horizon), equal_nan=True)


def test_days_and_shifts_know_the_weekday_of_the_forecast_period(cells: Geography) -> None:
    counts = np.full((len(cells.codes), PERIODS), 1.0)
    counts[3, 4::7] = 9.0
    features = _features(_panel(cells, Frequency.DAY, counts), cells)
    column = features.names.index("own_weekday")
    busy, usual = features.rows(150, 1)[3, column], features.rows(150, 2)[3, column]
    assert (151 - 4) % 7 == 0
    assert busy > usual + 1.0
    assert "own_weekday" not in _features(_panel(cells, Frequency.WEEK, counts), cells).names
