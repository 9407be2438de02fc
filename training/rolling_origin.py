"""Rolling-origin backtests: at every origin a forecaster sees what was known then, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import NoReturn, Protocol

import numpy as np
import pandas as pd
from tqdm import tqdm

from contracts import BadInput, CountDistribution, Period, Settings
from features.as_of import ViewMode
from features.geography import Geography
from features.panel import Floats, Panel
from models.forecaster import FittedForecaster
from monitoring import Verification, forecast_table
from training.fits_ahead import fitted_ahead
from training.forecasters import fits_at_once, make_forecaster, refit_every
from training.resources import Measured


class Door(Protocol):
    """Where counts come from: the as-of door, or the sums of what it shows."""

    def view(self, as_of: date, mode: ViewMode = ...) -> Panel:
        """What was known on a day."""
        ...

    def outcomes(self) -> Panel:
        """The newest counts of everything, for the judge only."""
        ...


@dataclass(frozen=True)
class Plan:
    """What to backtest. ``first`` and ``last`` are the first and last forecast periods."""

    target: str
    first: Period
    last: Period
    horizons: tuple[int, ...]
    models: tuple[str, ...]
    view: ViewMode
    seed: int
    refit_every: int | None = None
    trials: int = 0
    """Settings of the champion recipe that are tried on the past before each of its fits."""

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise BadInput(f"The first period, {self.first}, is after the last, {self.last}.", remedy="Swap them.")
        if not self.horizons or min(self.horizons) < 1:
            raise BadInput("A horizon is a whole number from 1.", remedy="Give --horizon 1 or more.")

    def parameters(self) -> dict[str, str]:
        """Everything in it as a person reads it, for the record of a run."""
        return {
            "target": self.target,
            "first": str(self.first),
            "last": str(self.last),
            "frequency": str(self.first.frequency),
            "horizons": ", ".join(map(str, self.horizons)),
            "models": ", ".join(self.models),
            "view": str(self.view),
            "seed": str(self.seed),
            "refit_every": "each model's own" if self.refit_every is None else str(self.refit_every),
            "trials": str(self.trials),
        }

    def origins(self) -> list[Period]:
        """Last known periods from which some period of the plan is forecast."""
        count = self.last - self.first + max(self.horizons) - min(self.horizons) + 1
        return [self.first.shift(i - max(self.horizons)) for i in range(count)]

    def horizons_at(self, origin: Period) -> list[int]:
        """The horizons that reach a period of the plan from ``origin``."""
        return [h for h in self.horizons if self.first <= origin.shift(h) <= self.last]


@dataclass(frozen=True)
class _View:
    """What was known on ``day`` of the periods up to ``origin``."""

    origin: Period
    day: date
    panel: Panel


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
    """Forecast every period of the plan with every model, through the as-of door."""
    outcomes = door.outcomes()
    _check_periods_known(outcomes, plan)
    areas, publications, settled_share = _common_areas(door, settings, plan)
    local = geography.only(areas)
    verifications: list[Verification] = []
    tables: list[pd.DataFrame] = []
    with tqdm(total=len(plan.models) * len(plan.origins()), disable=not progress, unit="origin") as bar:
        for model in plan.models:
            bar.set_description(model)
            forecasts, cost = _forecast(door, local, settings, plan, model, bar)
            for horizon in plan.horizons:
                one = forecasts[horizon]
                verifications.append(_verify(plan, model, horizon, areas, one, outcomes, cost))
                tables.append(_table(plan, model, horizon, areas, one))
    return Backtest(
        plan=plan,
        geography=local,
        verifications=tuple(verifications),
        forecasts=pd.concat(tables, ignore_index=True),
        settled_share=settled_share,
        publications=publications,
    )


def as_of_date(origin: Period, settings: Settings) -> date:
    """The day on which ``origin`` is taken to have become known."""
    return (origin.end + timedelta(days=settings.publication_lag_days)).date()


def _views(door: Door, settings: Settings, plan: Plan) -> Iterator[_View]:
    for origin in plan.origins():
        day = as_of_date(origin, settings)
        yield _View(origin, day, door.view(day, plan.view).until(origin).for_target(plan.target))


def _common_areas(door: Door, settings: Settings, plan: Plan) -> tuple[tuple[str, ...], tuple[str, ...], float]:
    """Areas known at every origin; the publications seen; the share of periods that were settled only later."""
    areas: set[str] | None = None
    publications: set[str] = set()
    settled: list[float] = []
    for view in _views(door, settings, plan):
        origin, panel = view.origin, view.panel
        if panel.last != origin:
            raise BadInput(
                f"'{plan.target}' in {origin} was not known when {origin.shift(1)} was to be forecast.",
                remedy=f"Choose periods after {panel.last}, or ingest the publication that carries it.",
            )
        areas = set(panel.areas) if areas is None else areas & set(panel.areas)
        publications |= set(panel.publications)
        settled.append(float(panel.settled[panel.target_index(plan.target)].mean()))
    return tuple(sorted(areas or ())), tuple(sorted(publications)), float(np.mean(settled))


def _check_periods_known(outcomes: Panel, plan: Plan) -> None:
    known = ~np.isnan(outcomes.of(plan.target)).all(axis=0)
    periods = outcomes.periods[known]
    wanted = np.arange(plan.first.ordinal, plan.last.ordinal + 1)
    missing = np.setdiff1d(wanted, periods)
    if missing.size:
        raise BadInput(
            f"What happened in {Period(plan.first.frequency, int(missing[0]))} is not known for '{plan.target}'.",
            remedy=f"Choose periods from {Period(plan.first.frequency, int(periods[0]))} "
            f"to {Period(plan.first.frequency, int(periods[-1]))}.",
        )


def _forecast(
    door: Door, geography: Geography, settings: Settings, plan: Plan, model: str, bar: tqdm[NoReturn]
) -> tuple[dict[int, _Forecasts], Measured]:
    forecaster = make_forecaster(model, settings, seed=plan.seed, trials=plan.trials)
    interval = refit_every(model, plan.refit_every)
    forecasts = {horizon: _Forecasts() for horizon in plan.horizons}
    cost = Measured()

    def fit(view: _View) -> FittedForecaster:
        horizons = plan.horizons if interval > 1 else plan.horizons_at(view.origin)
        return forecaster.fit(view.panel.only(geography.codes), plan.target, geography, horizons)

    with cost:
        for view, fitted in fitted_ahead(
            _views(door, settings, plan), fit, every=interval, at_once=fits_at_once(model)
        ):
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
