"""Rolling-origin backtests: at every origin a forecaster sees what was known then, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import NoReturn

import numpy as np
import pandas as pd
from tqdm import tqdm

from contracts import CountDistribution, Settings
from contracts.arrays import Floats
from contracts.run_files import RECIPE
from features.geographies.geography import Geography
from features.views import Panel, ViewMode
from models.forecaster import FittedForecaster, UnusableForecaster
from monitoring import Verification, forecast_table
from training.backtests.fits_ahead import fitted_ahead
from training.backtests.forecasters import fits_at_once, make_forecaster, refit_every
from training.backtests.plans import Door, Plan, View, as_of_date, seen, views
from training.backtests.resources import Measured

__all__ = ["Backtest", "Door", "Plan", "as_of_date", "run_backtest"]


@dataclass
class _Forecasts:
    """One model's forecasts of one horizon as they come."""

    as_of: list[date] = field(default_factory=list)
    periods: list[int] = field(default_factory=list)
    distributions: list[CountDistribution] = field(default_factory=list)

    def stacked(self) -> CountDistribution:
        return CountDistribution.stack(self.distributions)


@dataclass(frozen=True)
class Backtest:
    """The forecasts beside what happened. ``forecasts`` keeps ``contracts.tables.FORECASTS``."""

    plan: Plan
    geography: Geography
    verifications: tuple[Verification, ...]
    forecasts: pd.DataFrame
    settled_share: float
    """Share of the counts in the views that were settled only later: scores on them say so."""
    publications: tuple[str, ...]
    remarks: tuple[str, ...] = ()
    """What was left out, and what a short history cost, in sentences."""

    def of(self, model: str, horizon: int) -> Verification:
        """One model's verification at one horizon."""
        return next(v for v in self.verifications if (v.model, v.horizon) == (model, horizon))

    def view_note(self) -> str:
        """Which counts the forecasters saw, in a sentence."""
        if self.plan.view is ViewMode.SETTLED:
            return "Forecast from settled counts: as they stand now, not as they were known at each origin."
        if self.settled_share > 0:
            return (
                f"Forecast from counts as they were known at each origin; for {self.settled_share:.0%} of the periods "
                "no publication of the time is in the store, and settled counts stand in."
            )
        return "Forecast from counts as they were known at each origin."


def run_backtest(door: Door, geography: Geography, settings: Settings, plan: Plan, *, progress: bool) -> Backtest:
    """Forecast every period of the plan with every model, through the as-of door.

    Periods of which too little is known, and models that cannot be used on these counts, are left out of the plan and
    told in ``remarks``. Raises ``BadInput`` where nothing is left.
    """
    known = seen(door, settings, plan)
    plan, areas, outcomes = known.plan, known.areas, door.outcomes()
    local = geography.only(areas)
    verifications: list[Verification] = []
    tables: list[pd.DataFrame] = []
    unusable: dict[str, UnusableForecaster] = {}
    with tqdm(total=len(plan.models) * len(plan.origins()), disable=None if progress else True, unit="origin") as bar:
        for model in plan.models:
            bar.set_description(model)
            try:
                forecasts, cost = _forecast(door, local, settings, plan, model, bar)
            except UnusableForecaster as error:
                unusable[model] = error
                continue
            for horizon in plan.horizons:
                one = forecasts[horizon]
                verifications.append(_verify(plan, model, horizon, areas, one, outcomes, cost))
                tables.append(_table(plan, model, horizon, areas, one))
    if not tables:
        raise next(iter(unusable.values()))
    used = replace(plan, models=tuple(model for model in plan.models if model not in unusable))
    told = [f"The forecaster {model} is left out: {error.message}" for model, error in unusable.items()]
    return Backtest(
        plan=used,
        geography=local,
        verifications=tuple(verifications),
        forecasts=pd.concat(tables, ignore_index=True),
        settled_share=known.settled_share,
        publications=known.publications,
        remarks=(*told, *known.remarks, *(known.short_history if RECIPE in used.models else ())),
    )


def _forecast(
    door: Door, geography: Geography, settings: Settings, plan: Plan, model: str, bar: tqdm[NoReturn]
) -> tuple[dict[int, _Forecasts], Measured]:
    forecaster = make_forecaster(model, settings, seed=plan.seed, trials=plan.trials)
    interval = refit_every(model, plan.refit_every)
    forecasts = {horizon: _Forecasts() for horizon in plan.horizons}
    cost = Measured()

    def fit(view: View) -> FittedForecaster:
        horizons = plan.horizons if interval > 1 else plan.horizons_at(view.origin)
        return forecaster.fit(view.panel.only(geography.codes), plan.target, geography, horizons)

    with cost:
        for view, fitted in fitted_ahead(views(door, settings, plan), fit, every=interval, at_once=fits_at_once(model)):
            horizons = plan.horizons_at(view.origin)
            predicted = fitted.predict(view.panel.only(geography.codes), horizons)
            for index, horizon in enumerate(horizons):
                forecasts[horizon].as_of.append(view.day)
                forecasts[horizon].periods.append(view.origin.shift(horizon).ordinal)
                forecasts[horizon].distributions.append(predicted[index])
            bar.update()
    return forecasts, cost


def _verify(
    plan: Plan,
    model: str,
    horizon: int,
    areas: Sequence[str],
    forecasts: _Forecasts,
    outcomes: Panel,
    cost: Measured,
) -> Verification:
    periods = np.array(forecasts.periods, dtype=np.int64)
    happened: Floats = outcomes.only(areas).of(plan.target)[:, periods - outcomes.first.ordinal].T
    return Verification(
        model=model,
        target=plan.target,
        horizon=horizon,
        areas=tuple(areas),
        periods=periods,
        forecast=forecasts.stacked(),
        outcomes=happened,
        seconds=cost.seconds,
        peak_mb=cost.peak_mb,
        refit_every=refit_every(model, plan.refit_every),
    )


def _table(plan: Plan, model: str, horizon: int, areas: Sequence[str], forecasts: _Forecasts) -> pd.DataFrame:
    return forecast_table(
        model=model,
        target=plan.target,
        areas=areas,
        as_of=np.array(forecasts.as_of, dtype="datetime64[s]"),
        periods=np.array(forecasts.periods, dtype=np.int64),
        horizon=horizon,
        frequency=plan.first.frequency,
        forecast=forecasts.stacked(),
    )
