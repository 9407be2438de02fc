"""No forecaster sees the future, and a feature that did would be found without knowing its name."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from contracts import Workspace
from features import Geography, Panel, ShareFeatures, build_share_features, load_door, load_geography
from features.building.near_repeat import component_names
from training import forecaster_names, make_forecaster
from training.backtests.forecasters import needs_points

TARGET = "violence"
MIXTURE = tuple(1.0 / len(component_names()) for _ in component_names())
HORIZONS = (1, 3)


@pytest.fixture(scope="module")
def geography(small_workspace: Workspace) -> Geography:
    whole = load_geography(small_workspace, small_workspace.settings.geography)
    return whole.only(whole.codes[:12])


@pytest.fixture(scope="module")
def panel(small_workspace: Workspace, geography: Geography) -> Panel:
    return load_door(small_workspace).outcomes().for_target(TARGET).only(geography.codes)


def with_another_future(panel: Panel, last: int) -> Panel:
    """The panel with its counts after position ``last`` shuffled and raised."""
    counts = panel.counts.copy()
    later = counts[:, :, last + 1 :]
    counts[:, :, last + 1 :] = np.random.default_rng(3).permuted(later, axis=2) * 2 + 5
    return replace(panel, counts=counts)


@pytest.mark.parametrize("name", [name for name in forecaster_names() if not needs_points(name)])
def test_another_future_changes_no_forecast(
    name: str, panel: Panel, geography: Geography, small_workspace: Workspace
) -> None:
    origin = len(panel.periods) - 7
    forecasts = []
    for known in (panel, with_another_future(panel, origin)):
        seen = known.until(panel.first.shift(origin))
        fitted = make_forecaster(name, small_workspace.settings, seed=7).fit(seen, TARGET, geography, HORIZONS)
        forecasts.append(fitted.predict(seen, HORIZONS))
    np.testing.assert_array_equal(forecasts[0].mean, forecasts[1].mean)
    np.testing.assert_array_equal(forecasts[0].dispersion, forecasts[1].dispersion)


def columns_that_see_the_future(panel: Panel, geography: Geography) -> set[str]:
    """Names of the features whose row at an origin differs once the counts after it do."""
    origin = len(panel.periods) - 7
    one, other = (build_features(known, geography) for known in (panel, with_another_future(panel, origin)))
    rows = [features.rows(origin, 1) for features in (one, other)]
    changed = ~np.isclose(rows[0], rows[1], equal_nan=True).all(axis=0)
    return {name for name, seen in zip(one.names, changed, strict=True) if seen}


def build_features(panel: Panel, geography: Geography) -> ShareFeatures:
    return build_share_features(panel, TARGET, geography, mixture=MIXTURE)


def test_no_feature_sees_the_future(panel: Panel, geography: Geography) -> None:
    assert columns_that_see_the_future(panel, geography) == set()


def test_a_planted_feature_that_looks_one_period_ahead_is_found(
    panel: Panel, geography: Geography, monkeypatch: pytest.MonkeyPatch
) -> None:
    from features.building import share_features as recipe

    honest = recipe._own_trend

    def leaking(builder: recipe._Columns, share: np.ndarray, *rest: object) -> None:
        honest(builder, share, *rest)  # type: ignore[arg-type]
        builder.add("planted", np.roll(share, -1, axis=1))

    monkeypatch.setattr(recipe, "_own_trend", leaking)
    assert columns_that_see_the_future(panel, geography) == {"planted"}
