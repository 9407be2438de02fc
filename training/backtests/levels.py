"""Backtests of nested levels: forecasts of each level by itself, and made to add up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from contracts import BadInput, CountDistribution, Period, Settings, Workspace, group_sums
from contracts.tables import LEVEL_FORECASTS, check
from features.views import Hierarchy, Level, Panel, ViewMode, load_door, load_hierarchy
from models.sums import BOTTOM_UP, CHOSEN, METHODS, reconciled
from monitoring import UNRECONCILED, LevelVerification, Verification, forecast_table, level_scores, levels_text
from training.backtests.forecast_files import refuse_absent_folder, write_table
from training.backtests.rolling_origin import Backtest, Door, Plan, as_of_date, run_backtest
from training.runs import tracked_run

ISSUED = (
    "What is issued for larger areas is the sum of the forecasts of the finest areas that an approved model made: "
    f"'{BOTTOM_UP}', without forecasts of the levels' own. The other reconciliations are compared here and never "
    f"issued; '{CHOSEN}' had the least deviance on the months on which settings are chosen."
)


@dataclass(frozen=True)
class LevelDoor:
    """The sums that one level sees of what the as-of door shows of the finest areas ``codes``."""

    door: Door
    level: Level
    codes: tuple[str, ...]

    def view(self, as_of: date, mode: ViewMode = ViewMode.AS_OF) -> Panel:
        """What was known on ``as_of``, summed."""
        return self.level.summed(self.door.view(as_of, mode).only(self.codes))

    def outcomes(self) -> Panel:
        """The newest counts of everything, summed, for the judge only."""
        return self.level.summed(self.door.outcomes().only(self.codes))


@dataclass(frozen=True)
class LevelExperiment:
    """The backtests of all levels, finest first, and their scores beside the reconciled ones."""

    plan: Plan
    hierarchy: Hierarchy
    backtests: tuple[Backtest, ...]
    rows: list[dict[str, Any]]
    run_id: str

    def to_dict(self) -> dict[str, Any]:
        """The document that ``wardcast backtest --levels … --json`` prints."""
        return {
            "target": self.plan.target,
            "levels": [{"level": level.name, "areas": len(level.geography.codes)} for level in self.hierarchy.levels],
            "view": str(self.plan.view),
            "settled_share": self.backtests[0].settled_share,
            "seed": self.plan.seed,
            "from": str(self.plan.first),
            "to": str(self.plan.last),
            "run_id": self.run_id,
            "chosen_reconciliation": CHOSEN,
            "issued_reconciliation": BOTTOM_UP,
            "issued": ISSUED,
            "leaderboard": self.rows,
            "remarks": self.remarks,
        }

    @property
    def remarks(self) -> list[str]:
        """What was left out, and what a short history cost, each once."""
        return list(dict.fromkeys(remark for backtest in self.backtests for remark in backtest.remarks))

    def as_text(self) -> str:
        """The table for a terminal."""
        sizes = ", ".join(f"{level.name} ({len(level.geography.codes)})" for level in self.hierarchy.levels)
        parts = [f"{self.plan.target}, levels {sizes}", levels_text(self.rows), ISSUED, *self.remarks]
        return "\n\n".join(parts)


def run_level_experiment(
    workspace: Workspace,
    plan: Plan,
    names: Sequence[str],
    *,
    source: str | None = None,
    forecasts_out: Path | None = None,
    progress: bool = True,
) -> LevelExperiment:
    """Backtest every level of ``names`` (the finest first), reconcile in every way there is, judge and track.

    ``forecasts_out`` also gets every forecast that was judged, as ``contracts.tables.LEVEL_FORECASTS``.
    """
    if forecasts_out is not None:
        refuse_absent_folder(forecasts_out)
    settings = workspace.settings
    settings.target(plan.target)
    hierarchy = load_hierarchy(workspace, names)
    door = load_door(workspace, geography=hierarchy.levels[0].name, frequency=plan.first.frequency, source=source)
    parameters = plan.parameters() | {"levels": ",".join(names)}
    title = f"{plan.target} {plan.first}…{plan.last}, levels"
    with tracked_run(workspace, "levels", title, parameters, door.publications) as run:
        hierarchy, backtests = backtest_levels(door, hierarchy, settings, plan, progress=progress)
        parts = reconciled_levels(hierarchy, backtests)
        rows = level_scores(parts, seed=plan.seed)
        done = LevelExperiment(plan, hierarchy, backtests, rows, run.run_id)
        run.document(done.to_dict(), "levels.json")
        run.text(done.as_text() + "\n", "levels.txt")
    if forecasts_out is not None:
        write_table(check(level_forecasts(parts, plan, settings), LEVEL_FORECASTS), forecasts_out)
    return done


def level_forecasts(parts: Sequence[LevelVerification], plan: Plan, settings: Settings) -> pd.DataFrame:
    """Every judged forecast as rows of ``contracts.tables.LEVEL_FORECASTS``."""
    tables = []
    for part in parts:
        judged = part.verification
        origins = [Period(plan.first.frequency, int(ordinal)).shift(-judged.horizon) for ordinal in judged.periods]
        table = forecast_table(
            model=judged.model,
            target=judged.target,
            areas=judged.areas,
            as_of=np.array([as_of_date(origin, settings) for origin in origins], dtype="datetime64[s]"),
            periods=judged.periods,
            horizon=judged.horizon,
            frequency=plan.first.frequency,
            forecast=judged.forecast,
        )
        tables.append(table.assign(level=part.level, reconciliation=part.reconciliation))
    return pd.concat(tables, ignore_index=True)[list(LEVEL_FORECASTS.columns)]


def backtest_levels(
    door: Door, hierarchy: Hierarchy, settings: Settings, plan: Plan, *, progress: bool
) -> tuple[Hierarchy, tuple[Backtest, ...]]:
    """Backtest each level from sums of the counts of the finest areas that are known throughout.

    Returns the hierarchy of those areas and the backtests, the finest first. What one level has to leave out, a period
    or a model, all of them leave out.
    """
    while True:
        local, backtests = _backtest_each(door, hierarchy, settings, plan, progress=progress)
        plans = [backtest.plan for backtest in backtests]
        models = tuple(model for model in plan.models if all(model in one.models for one in plans))
        without = tuple(sorted({ordinal for one in plans for ordinal in one.without}))
        common = replace(plan, models=models, without=without)
        if all(one == common for one in plans):
            return local, backtests
        if not models:
            raise BadInput(
                "No forecaster can be used at every level.", remedy="Name others with --models, such as ewma."
            )
        plan = common


def _backtest_each(
    door: Door, hierarchy: Hierarchy, settings: Settings, plan: Plan, *, progress: bool
) -> tuple[Hierarchy, tuple[Backtest, ...]]:
    finest = run_backtest(door, hierarchy.finest, settings, plan, progress=progress)
    codes = finest.geography.codes
    local = hierarchy.only(codes)
    upper = [
        run_backtest(LevelDoor(door, level, codes), level.geography, settings, plan, progress=progress)
        for level in local.levels[1:]
    ]
    return local, (finest, *upper)


def reconciled_levels(hierarchy: Hierarchy, backtests: Sequence[Backtest]) -> list[LevelVerification]:
    """Each level's own forecasts and those reconciled by every method, of every model and horizon."""
    plan = backtests[0].plan
    parts = []
    for horizon in plan.horizons:
        for model in plan.models:
            own = [backtest.of(model, horizon) for backtest in backtests]
            parts += _by_level(hierarchy, UNRECONCILED, [one.forecast for one in own], own)
            for method in METHODS:
                parts += _by_level(
                    hierarchy, method, reconciled(hierarchy, [one.forecast for one in own], method).levels, own
                )
    order = {level.name: position for position, level in enumerate(hierarchy.levels)}
    return sorted(parts, key=lambda part: (part.verification.horizon, order[part.level]))


def _by_level(
    hierarchy: Hierarchy, method: str, forecasts: Sequence[CountDistribution], own: Sequence[Verification]
) -> list[LevelVerification]:
    parts = []
    for level, forecast, verification in zip(hierarchy.levels, forecasts, own, strict=True):
        sums = group_sums(forecasts[0].mean, level.groups, len(level.geography.codes))
        gap = float(np.abs(forecast.mean - sums).max())
        parts.append(LevelVerification(level.name, method, replace(verification, forecast=forecast), gap))
    return parts
