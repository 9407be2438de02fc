"""What a backtest forecasts, and what was known at each of its origins."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Protocol

import numpy as np
import numpy.typing as npt

from contracts import BadInput, Period, Settings
from features.views import Panel, ViewMode
from models.recipe import ShareSettings, short_history

_OTHER_PERIODS = "Ingest the publication that carries it, or choose other periods with: wardcast backtest --from --to"


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
    """Settings of the recipe that are tried on the past before each of its fits."""
    without: tuple[int, ...] = ()
    """Ordinals of the periods between ``first`` and ``last`` that are left out: too little is known of them."""

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

    @property
    def ordinals(self) -> range:
        """Every period from ``first`` to ``last``."""
        return range(self.first.ordinal, self.last.ordinal + 1)

    def origins(self) -> list[Period]:
        """Last known periods from which some period of the plan is forecast."""
        count = self.last - self.first + max(self.horizons) - min(self.horizons) + 1
        every = [self.first.shift(i - max(self.horizons)) for i in range(count)]
        return [origin for origin in every if self.horizons_at(origin)]

    def horizons_at(self, origin: Period) -> list[int]:
        """The horizons that reach a period of the plan from ``origin``."""
        return [h for h in self.horizons if self._holds(origin.shift(h))]

    def _holds(self, period: Period) -> bool:
        return self.first <= period <= self.last and period.ordinal not in self.without


@dataclass(frozen=True)
class View:
    """What was known on ``day`` of the periods up to ``origin``."""

    origin: Period
    day: date
    panel: Panel


def as_of_date(origin: Period, settings: Settings) -> date:
    """The day on which ``origin`` is taken to have become known."""
    return (origin.end + timedelta(days=settings.publication_lag_days)).date()


def views(door: Door, settings: Settings, plan: Plan) -> Iterator[View]:
    """What was known at each origin of a plan."""
    for origin in plan.origins():
        day = as_of_date(origin, settings)
        yield View(origin, day, door.view(day, plan.view).until(origin).for_target(plan.target))


@dataclass(frozen=True)
class Seen:
    """What the origins of a plan know together, and the plan without the periods that they do not know enough for."""

    plan: Plan
    areas: tuple[str, ...]
    publications: tuple[str, ...]
    settled_share: float
    remarks: tuple[str, ...]
    short_history: tuple[str, ...]


def seen(door: Door, settings: Settings, plan: Plan) -> Seen:
    """What can be forecast of a plan: the periods and areas that are known, and what was known at the origins.

    Raises ``BadInput`` for a plan that reaches beyond what is known, or of which nothing is left.
    """
    outcomes = door.outcomes()
    _refuse_beyond_known(outcomes, plan)
    plan = _without_blind(door, settings, _without_unknown(outcomes, plan))
    areas: set[str] | None = None
    publications: set[str] = set()
    settled: list[float] = []
    short: list[str] = []
    for view in views(door, settings, plan):
        if areas is None:
            missing = short_history(view.panel, plan.target, min(plan.horizons), ShareSettings())
            short = [f"At the first origin, {view.origin}: {sentence}" for sentence in missing]
        areas = set(view.panel.areas) if areas is None else areas & set(view.panel.areas)
        publications |= set(view.panel.publications)
        settled.append(float(view.panel.settled[view.panel.target_index(plan.target)].mean()))
    if not areas:
        raise BadInput(
            f"No area has counts of '{plan.target}' at every origin of {plan.first} to {plan.last}.",
            remedy=_OTHER_PERIODS,
        )
    plan = _without_unknown(outcomes.only(sorted(areas)), plan)
    gone = ", ".join(str(Period(plan.first.frequency, ordinal)) for ordinal in plan.without)
    told = (f"Left out, since too little is known of them or was known before them: {gone}.",) if gone else ()
    return Seen(plan, tuple(sorted(areas)), tuple(sorted(publications)), float(np.mean(settled)), told, tuple(short))


def _refuse_beyond_known(outcomes: Panel, plan: Plan) -> None:
    periods = outcomes.periods[_known(outcomes, plan.target)]
    if not periods.size:
        raise BadInput(f"No count of '{plan.target}' is known.", remedy="Ingest one with: wardcast ingest")
    for end in (plan.first, plan.last):
        if not periods[0] <= end.ordinal <= periods[-1]:
            first, last = (Period(end.frequency, int(periods[at])) for at in (0, -1))
            raise BadInput(
                f"What happened in {end} is not known for '{plan.target}'.",
                remedy=f"Choose periods from {first} to {last}.",
            )


def _without_unknown(outcomes: Panel, plan: Plan) -> Plan:
    """The plan without the periods whose outcome is unknown."""
    known = set(outcomes.periods[_known(outcomes, plan.target)].tolist())
    return _less(plan, {period for period in plan.ordinals if period not in known})


def _without_blind(door: Door, settings: Settings, plan: Plan) -> Plan:
    """The plan without the periods that some horizon would forecast from a period which was not known then."""
    blind = {origin.ordinal for origin in plan.origins() if not _knows(door, settings, plan, origin)}
    return _less(plan, {period for period in plan.ordinals if not blind.isdisjoint(period - h for h in plan.horizons)})


def _knows(door: Door, settings: Settings, plan: Plan, origin: Period) -> bool:
    """Whether the target was known in the period ``origin`` when the next one was to be forecast."""
    panel = door.view(as_of_date(origin, settings), plan.view)
    if not panel.first <= origin <= panel.last:
        return False
    return bool(_known(panel.until(origin), plan.target)[-1])


def _known(panel: Panel, target: str) -> npt.NDArray[np.bool_]:
    """In which periods the target is known in some area, (periods,)."""
    return np.asarray((~np.isnan(panel.of(target))).any(axis=0))


def _less(plan: Plan, lost: set[int]) -> Plan:
    """The plan without ``lost`` periods; raises ``BadInput`` where none is left."""
    without = tuple(sorted(lost | set(plan.without)))
    if len(without) == len(plan.ordinals):
        raise BadInput(
            f"No period of '{plan.target}' from {plan.first} to {plan.last} can be forecast: what happened, or what "
            "was to be known before it, is unknown.",
            remedy=_OTHER_PERIODS,
        )
    return replace(plan, without=without)
