"""A backtest as a tracked experiment: forecasts, leaderboard, audit and pictures, all in one run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from contracts import Workspace, starts_of
from contracts.run_files import (
    AUDIT_FILE,
    COVERAGE_FILE,
    FORECASTS_FILE,
    LEADERBOARD_FILE,
    LEVEL_SHIFTS_FILE,
    MAIN_HORIZON,
    MAIN_MODEL,
    NOISE_FLOOR_FILE,
    OUTCOMES_FILE,
    REMARKS_FILE,
    SETTLED_SHARE,
)
from contracts.tables import FORECASTS, check
from features.geographies.geography import Geography, load_geography
from features.views import load_door
from models.recipe import level_shifts
from monitoring import coverage_text, leaderboard
from monitoring.audits.result import AuditResult
from training.backtests.auditing import Learned, audit_backtest, audited
from training.backtests.coverage import coverage_by_group, pit_histograms
from training.backtests.figures import write_figures
from training.backtests.forecast_files import refuse_absent_folder, write_table
from training.backtests.forecasters import needs_points
from training.backtests.rolling_origin import Backtest, Door, Plan, run_backtest
from training.backtests.scores import Scores
from training.backtests.sheets import keep_sheet, sheet_of
from training.runs import Run, tracked_run


@dataclass(frozen=True)
class Experiment:
    """A backtest, its scores and the run that holds both."""

    backtest: Backtest
    scores: Scores
    fairness: AuditResult
    run_id: str

    def to_dict(self) -> dict[str, Any]:
        """The document that ``wardcast backtest --json`` prints."""
        plan = self.backtest.plan
        return {
            "target": plan.target,
            "geography": self.backtest.geography.name,
            "view": str(plan.view),
            "settled_share": self.backtest.settled_share,
            "seed": plan.seed,
            "from": str(plan.first),
            "to": str(plan.last),
            "areas": len(self.backtest.geography.codes),
            "run_id": self.run_id,
            "noise_floor": self.scores.areas.noise_floor,
            "statement": self.scores.areas.statement,
            "leaderboard": self.scores.rows,
            "coverage": self.scores.coverage,
            "level_shifts": self.scores.shift_sentences,
            "remarks": list(self.backtest.remarks),
        }


def run_experiment(
    workspace: Workspace,
    plan: Plan,
    *,
    geography: str | None = None,
    source: str | None = None,
    forecasts_out: Path | None = None,
    progress: bool = True,
) -> Experiment:
    """Backtest, judge, audit and track. ``forecasts_out`` also gets the forecasts as Parquet, whole or not at all."""
    if forecasts_out is not None:
        refuse_absent_folder(forecasts_out)
    workspace.settings.target(plan.target)
    door = load_door(
        workspace,
        geography=geography,
        frequency=plan.first.frequency,
        source=source,
        with_points=any(needs_points(model) for model in plan.models),
    )
    areas = load_geography(workspace, door.geography)
    parameters = plan.parameters() | {"geography": door.geography}
    name = f"{plan.target} {plan.first}…{plan.last}"
    with tracked_run(workspace, "backtest", name, parameters, door.publications) as run:
        backtest, scores, fairness = judge(workspace, door, areas, plan, progress=progress)
        log_experiment(run, backtest, scores, fairness, backtest.remarks)
        about = (workspace, run.run_id, "backtest", backtest, scores, fairness)
        sheet = sheet_of(*about, remarks=backtest.remarks, gates=None, publications=door.publications)
        keep_sheet(workspace, run, sheet)
    if forecasts_out is not None:
        write_forecasts(backtest, forecasts_out)
    return Experiment(backtest, scores, fairness, run.run_id)


def judge(
    workspace: Workspace,
    door: Door,
    geography: Geography,
    plan: Plan,
    *,
    learned: Learned | None = None,
    progress: bool,
) -> tuple[Backtest, Scores, AuditResult]:
    """Backtest a plan, score it at both levels, and audit the recipe (or the first model of the plan).

    ``learned`` tells the audit what the recipe learned from.
    """
    settings = workspace.settings
    backtest = run_backtest(door, geography, settings, plan, progress=progress)
    land = backtest.geography.areas["area_km2"].to_numpy(float)
    scores = Scores(
        areas=leaderboard(backtest.verifications, area_km2=land, area_kind=backtest.geography.name, seed=plan.seed),
        city=leaderboard(backtest.verifications, area_km2=land, level="city", seed=plan.seed),
        coverage=coverage_by_group(settings, backtest.geography, audited(backtest)),
        level_shifts=level_shifts(
            door.outcomes().until(plan.last).for_target(plan.target), plan.target, country=settings.holidays
        ),
    )
    return backtest, scores, audit_backtest(workspace, backtest, learned)


def log_experiment(run: Run, backtest: Backtest, scores: Scores, fairness: AuditResult, remarks: Sequence[str]) -> None:
    """Put forecasts, leaderboard, coverage, audit, pictures and remarks into a run."""
    main = audited(backtest)[0]
    run.tags({MAIN_MODEL: main.model, MAIN_HORIZON: main.horizon, SETTLED_SHARE: f"{backtest.settled_share:.4f}"})
    run.headlines(scores.rows, main.model, main.horizon)
    run.origins([main], backtest.plan.first)
    told = {"areas": scores.areas.rows, "city": scores.city.rows, "statement": scores.areas.statement}
    run.document(told, LEADERBOARD_FILE)
    run.document(scores.areas.noise_floor, NOISE_FLOOR_FILE)
    run.text(scores.areas.as_text() + "\n", "leaderboard.txt")
    run.document(scores.coverage, COVERAGE_FILE)
    run.document(pit_histograms(audited(backtest)), "calibration/pit.json")
    run.document(scores.shift_sentences, LEVEL_SHIFTS_FILE)
    run.document(list(remarks), REMARKS_FILE)
    run.text(coverage_text(scores.coverage) + "\n", "calibration/coverage.txt")
    run.text(fairness.to_json() + "\n", AUDIT_FILE)
    run.text(fairness.as_text() + "\n", "audit/fairness.txt")
    with run.folder("figures") as folder:
        write_figures(folder, main, backtest.geography, backtest.plan.first.frequency)
    with run.folder("forecasts") as folder:
        write_forecasts(backtest, folder / FORECASTS_FILE)
        outcomes_table(backtest).to_parquet(folder / OUTCOMES_FILE, index=False)


def outcomes_table(backtest: Backtest) -> pd.DataFrame:
    """What happened, as ``monitoring.from_forecast_table`` takes it: one row a known count."""
    tables = [
        pd.DataFrame(
            {
                "area": np.tile(np.array(one.areas, dtype=object), len(one.periods)),
                "target": one.target,
                "period": np.repeat(starts_of(one.periods, backtest.plan.first.frequency), len(one.areas)),
                "count": one.outcomes.ravel(),
            }
        )
        for one in backtest.verifications
    ]
    return pd.concat(tables).dropna(subset="count").drop_duplicates(["area", "period"]).reset_index(drop=True)


def write_forecasts(backtest: Backtest, path: Path) -> None:
    """Write the forecasts table; another file of that name is replaced only once the new one is whole."""
    write_table(check(backtest.forecasts, FORECASTS), path)
