"""The gates of a training run: its backtest, its audit, its counts and a second fit, held against the settings."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np

from contracts import Period, Settings
from contracts.run_files import GATES_FILE, RECIPE
from monitoring import (
    BASELINE,
    GateReport,
    Verification,
    audit_gate,
    calibration_gate,
    city_gate,
    coverage_gate,
    freshness_gate,
    group_skill_gate,
    group_totals,
    reproducibility_gate,
    skill_gate,
)
from monitoring.audits.result import AuditResult
from training.backtests import Backtest
from training.runs import Run


def settings_sha256(settings: Settings) -> str:
    """One hash of everything in the settings, the limits of the gates included."""
    return hashlib.sha256(settings.model_dump_json().encode()).hexdigest()


def judge_gates(
    settings: Settings,
    backtest: Backtest,
    fairness: AuditResult,
    *,
    last_known: Period,
    as_of: date,
    fits: tuple[str, str],
    city: Sequence[Verification],
) -> GateReport:
    """Every gate of a run whose backtest holds the recipe and the baseline; ``fits`` are the sha256 of two fits.

    ``city`` are the recipe's forecasts of the city's total, one verification a horizon.
    """
    plan, limits = backtest.plan, settings.gates
    model = [backtest.of(RECIPE, horizon) for horizon in plan.horizons]
    baseline = [backtest.of(BASELINE, horizon) for horizon in plan.horizons]
    areas = backtest.geography.areas
    parents = areas.dropna(subset=["parent"])
    groups = dict(zip(parents["area"], parents["parent"], strict=True))
    return GateReport(
        results=(
            skill_gate(model, baseline, limits=limits, seed=plan.seed),
            group_skill_gate(model, baseline, groups, limits=limits, seed=plan.seed),
            calibration_gate(model, limits=limits, seed=plan.seed),
            coverage_gate(model, limits=limits, seed=plan.seed),
            city_gate(city, _districts(model, groups), limits=limits, seed=plan.seed),
            audit_gate(fairness, limits=limits),
            freshness_gate(last_known, as_of, limits=limits),
            reproducibility_gate(*fits),
        ),
        limits=limits,
        settings_sha256=settings_sha256(settings),
        horizons=tuple(sorted(plan.horizons)),
    )


def _districts(model: Sequence[Verification], groups: Mapping[str, str]) -> list[Verification]:
    """The recipe's forecasts of the districts, as sums of their areas; none where an area is in no district."""
    names = sorted(set(groups.values()))
    if not names or not set(model[0].areas) <= groups.keys():
        return []
    position = {name: at for at, name in enumerate(names)}
    of = np.array([position[groups[area]] for area in model[0].areas], dtype=np.int64)
    return [group_totals(one, of, names) for one in model]


def log_gates(run: Run, report: GateReport) -> str:
    """Keep what the gates found with the run; returns the sha256 of the JSON document."""
    run.text(report.to_json(), GATES_FILE)
    run.text(report.as_text(every_part=True) + "\n", "gates/gates.txt")
    return hashlib.sha256(report.to_json().encode()).hexdigest()
