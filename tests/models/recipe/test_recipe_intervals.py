"""The spread of the recipe's forecasts: of areas, of a city, and of a series alone."""

from __future__ import annotations

import numpy as np
import pytest

from contracts import Workspace, sum_over
from features import Geography, Panel, load_door, load_geography
from features.views.hierarchy import load_hierarchy
from models.recipe.city_total import forecast_city_total
from models.recipe.recipe import RecipeForecaster

TARGET = "violence"
HORIZONS = (1, 2)


@pytest.fixture(scope="module")
def panel(small_workspace: Workspace) -> Panel:
    return load_door(small_workspace).outcomes().for_target(TARGET)


@pytest.fixture(scope="module")
def geography(small_workspace: Workspace) -> Geography:
    return load_geography(small_workspace, small_workspace.settings.geography)


def test_a_city_as_one_series_varies_as_its_total_was_missed(small_workspace: Workspace, panel: Panel) -> None:
    city = load_hierarchy(small_workspace, [small_workspace.settings.geography, "city"]).only(panel.areas).levels[1]
    total = city.summed(panel)
    forecast = RecipeForecaster().fit(total, TARGET, city.geography, HORIZONS).predict(total, HORIZONS)
    log_sd = forecast_city_total(total, TARGET, HORIZONS).log_sd
    assert forecast.mean.shape == (2, 1)
    assert (np.sqrt(forecast.variance) / forecast.mean)[:, 0] == pytest.approx(log_sd, rel=1e-6)
    assert np.asarray(forecast.shared) == pytest.approx(forecast.dispersion)


def test_the_sum_of_the_areas_varies_as_the_city(panel: Panel, geography: Geography) -> None:
    forecast = RecipeForecaster().fit(panel, TARGET, geography, HORIZONS).predict(panel, HORIZONS)
    total = sum_over(forecast, np.zeros(len(panel.areas), dtype=np.int64), 1)
    log_sd = forecast_city_total(panel, TARGET, HORIZONS).log_sd
    assert (np.sqrt(total.variance) / total.mean)[:, 0] == pytest.approx(log_sd, rel=1e-6)


def test_areas_keep_their_factors_in_any_order(panel: Panel, geography: Geography) -> None:
    model = RecipeForecaster().fit(panel, TARGET, geography, HORIZONS).share_model
    factors = model.factors(panel.areas)
    assert (factors > 0).all()
    assert model.factors(panel.areas[::-1]) == pytest.approx(factors[::-1])
    assert model.factors(("unknown",)) == pytest.approx(1.0)
