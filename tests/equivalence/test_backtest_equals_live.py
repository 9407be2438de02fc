"""A backtest gives a model what it is given live: the same features row by row, and the same forecasts."""

from __future__ import annotations

import numpy as np
import pytest

from contracts import Period, Workspace
from features import AsOfDoor, Geography, ViewMode, build_share_features, load_door, load_geography
from features.building.near_repeat import component_names
from training import Plan, make_forecaster, run_backtest
from training.backtests.rolling_origin import as_of_date

TARGET = "violence"
MIXTURE = tuple(1.0 / len(component_names()) for _ in component_names())


@pytest.fixture(scope="module")
def door(small_workspace: Workspace) -> AsOfDoor:
    return load_door(small_workspace)


@pytest.fixture(scope="module")
def geography(small_workspace: Workspace) -> Geography:
    return load_geography(small_workspace, small_workspace.settings.geography)


def test_features_of_a_backtest_are_the_live_ones_row_by_row(door: AsOfDoor, geography: Geography) -> None:
    panel = door.outcomes().for_target(TARGET)
    backtest = build_share_features(panel, TARGET, geography, mixture=MIXTURE)
    for origin in range(20, len(panel.periods)):
        live = build_share_features(panel.until(panel.first.shift(origin)), TARGET, geography, mixture=MIXTURE)
        assert live.names == backtest.names
        np.testing.assert_array_equal(live.base_share[:, origin], backtest.base_share[:, origin])
        for horizon in (1, 2, 3, 6):
            np.testing.assert_array_equal(live.rows(origin, horizon), backtest.rows(origin, horizon))


@pytest.mark.parametrize("view", list(ViewMode))
def test_a_backtests_forecast_is_the_one_made_live_on_that_day(
    view: ViewMode, small_workspace: Workspace, door: AsOfDoor, geography: Geography
) -> None:
    settings = small_workspace.settings
    last = Period.parse("2024-08", settings.frequency)
    plan = Plan(TARGET, last.shift(-1), last, (1, 2), ("ewma", "wardcast"), view, settings.seed)
    backtest = run_backtest(door, geography, settings, plan, progress=False)
    origin = last.shift(-2)
    seen = door.view(as_of_date(origin, settings), view).until(origin).for_target(TARGET)
    for model in plan.models:
        fitted = make_forecaster(model, settings, seed=settings.seed).fit(seen, TARGET, geography, (1, 2))
        live = fitted.predict(seen, (1, 2))
        for index, horizon in enumerate((1, 2)):
            verified = backtest.of(model, horizon)
            row = list(verified.periods).index(origin.shift(horizon).ordinal)
            np.testing.assert_allclose(verified.forecast.mean[row], live.mean[index], rtol=1e-12)
            np.testing.assert_allclose(verified.forecast.dispersion[row], live.dispersion[index], rtol=1e-9)
