"""What of a plan can be forecast: gaps are left out and told, and so are forecasters that cannot be used."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.odd_cities import TARGET, OddCity, PanelDoor, odd_city
from contracts import BadInput, Frequency
from features.views.as_of import ViewMode
from features.views.panel import Panel
from models.forecaster import UnusableForecaster
from training.backtests.plans import Plan, seen
from training.backtests.rolling_origin import run_backtest
from training.candidates.train import training_plan

WHOLE = 18
"""An odd city without oddities or gaps: nine areas and 27 months."""


@pytest.fixture
def city(tmp_path: Path) -> OddCity:
    found = odd_city(tmp_path, WHOLE)
    assert (len(found.panel.areas), len(found.panel.periods), found.panel.frequency) == (9, 27, Frequency.MONTH)
    return found


def plan_of(panel: Panel, months: int, horizons: tuple[int, ...] = (1,), models: tuple[str, ...] = ("ewma",)) -> Plan:
    first = panel.last.shift(1 - months)
    return Plan(TARGET, first, panel.last, horizons, models, ViewMode.AS_OF, seed=7)


def without(panel: Panel, *positions: int) -> Panel:
    """The panel with months in which nothing is known, by their positions from the end (-1 the last)."""
    counts = np.array(panel.counts)
    counts[:, :, list(positions)] = np.nan
    return replace(panel, counts=counts)


def test_a_month_that_is_missing_takes_what_needs_it_with_it(city: OddCity) -> None:
    """Missing: the fifth month from the end. It cannot be judged, nor can the next be forecast one ahead."""
    gappy = without(city.panel, -5)
    plan = plan_of(gappy, 8)
    backtest = run_backtest(PanelDoor(gappy), city.geography, city.settings, plan, progress=False)
    lost = [str(gappy.last.shift(-4)), str(gappy.last.shift(-3))]
    assert [str(gappy.first.shift(ordinal - gappy.first.ordinal)) for ordinal in backtest.plan.without] == lost
    assert len(backtest.of("ewma", 1).periods) == 6
    assert backtest.remarks == (
        f"Left out, since too little is known of them or was known before them: {', '.join(lost)}.",
    )


def test_every_horizon_is_judged_on_the_same_periods(city: OddCity) -> None:
    gappy = without(city.panel, -5)
    backtest = run_backtest(PanelDoor(gappy), city.geography, city.settings, plan_of(gappy, 8, (1, 3)), progress=False)
    one, three = backtest.of("ewma", 1).periods, backtest.of("ewma", 3).periods
    np.testing.assert_array_equal(one, three)
    assert one.tolist() == [gappy.last.ordinal - back for back in (7, 6, 5, 2, 0)]


def test_a_whole_plan_loses_nothing_and_says_nothing(city: OddCity) -> None:
    backtest = run_backtest(
        PanelDoor(city.panel), city.geography, city.settings, plan_of(city.panel, 8), progress=False
    )
    assert (backtest.plan.without, backtest.remarks) == ((), ())


def test_horizons_that_lie_apart_forecast_a_single_period(city: OddCity) -> None:
    """Nothing is forecast from the origin two months before, and nothing is fitted there."""
    plan = plan_of(city.panel, 1, (1, 3), ("ewma", "wardcast"))
    assert [city.panel.last - origin for origin in plan.origins()] == [3, 1]
    backtest = run_backtest(PanelDoor(city.panel), city.geography, city.settings, plan, progress=False)
    assert {one.forecast.mean.shape for one in backtest.verifications} == {(1, 9)}


def test_a_forecaster_that_cannot_be_used_is_left_out_and_told(city: OddCity) -> None:
    plan = plan_of(city.panel, 2, models=("ewma", "kde", "wardcast"))
    backtest = run_backtest(PanelDoor(city.panel), city.geography, city.settings, plan, progress=False)
    assert backtest.plan.models == ("ewma", "wardcast")
    assert {one.model for one in backtest.verifications} == set(backtest.forecasts["model"]) == {"ewma", "wardcast"}
    assert backtest.remarks[0].startswith("The forecaster kde is left out: The forecaster 'kde' needs single incidents")
    assert any("No season is forecast: 25 months are known" in remark for remark in backtest.remarks)


def test_where_no_forecaster_can_be_used_the_first_reason_is_told(city: OddCity) -> None:
    plan = plan_of(city.panel, 2, models=("kde", "self_exciting"))
    with pytest.raises(UnusableForecaster, match="'kde' needs single incidents"):
        run_backtest(PanelDoor(city.panel), city.geography, city.settings, plan, progress=False)


def test_a_plan_beyond_what_is_known_is_refused_with_the_ends(city: OddCity) -> None:
    panel = city.panel
    plan = replace(plan_of(panel, 3), last=panel.last.shift(2))
    with pytest.raises(BadInput, match=f"What happened in {panel.last.shift(2)} is not known") as told:
        seen(PanelDoor(panel), city.settings, plan)
    assert told.value.remedy == f"Choose periods from {panel.first} to {panel.last}."


def test_a_plan_of_which_nothing_is_known_is_refused(city: OddCity) -> None:
    gappy = without(city.panel, -2)
    with pytest.raises(BadInput, match="can be forecast"):
        seen(PanelDoor(gappy), city.settings, plan_of(gappy, 1))


@pytest.mark.parametrize(("months", "ahead", "judged"), [(27, 3, 12), (20, 3, 12), (11, 3, 3), (9, 3, 1), (7, 1, 1)])
def test_training_judges_what_its_history_leaves(city: OddCity, months: int, ahead: int, judged: int) -> None:
    """Six months to learn from and the months ahead come before the first that is judged."""
    panel = city.panel.until(city.panel.first.shift(months - 1))
    plan = training_plan(settings_for(city, ahead), TARGET, panel)
    assert (plan.last, plan.last - plan.first + 1) == (panel.last, judged)


@pytest.mark.parametrize(("months", "ahead", "more"), [(8, 3, "1 month"), (6, 1, "1 month"), (6, 3, "3 months")])
def test_a_history_that_leaves_nothing_to_judge_says_how_much_is_missing(
    city: OddCity, months: int, ahead: int, more: str
) -> None:
    panel = city.panel.until(city.panel.first.shift(months - 1))
    with pytest.raises(UnusableForecaster, match=f"known for {months} months, too few to train") as told:
        training_plan(settings_for(city, ahead), TARGET, panel)
    assert told.value.remedy == f"Ingest {more} more of it with: wardcast ingest"


def settings_for(city: OddCity, ahead: int):
    return city.settings.model_copy(
        update={"forecast": city.settings.forecast.model_copy(update={"periods_ahead": ahead})}
    )
