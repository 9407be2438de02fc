"""The sheet of a run, from the backtest and what the judge said of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict

import numpy as np

from contracts import Workspace, code_version, settings_bytes, this_moment
from contracts.run_sheets import NO_REPORT, RunSheet, write_sheet
from features.store import Publication, PublicationStore, revisions
from monitoring import GateReport, Verification
from monitoring.audits.result import AuditResult
from training.backtests.auditing import audited
from training.backtests.coverage import pit_histograms
from training.backtests.rolling_origin import Backtest
from training.backtests.scores import Scores
from training.runs import Run

DESCRIPTION = "mlflow.note.content"
"""The tag that MLflow shows as the description of a run."""
CHECK = ("audit", "attribute", "group", "value", "low", "high", "unit", "margin", "verdict")


def keep_sheet(workspace: Workspace, run: Run, sheet: RunSheet, report: Mapping[str, bytes] = NO_REPORT) -> str:
    """Write a run's sheet and its report, and describe the run in MLflow by the sheet; returns the sheet's SHA-256."""
    run.tags({DESCRIPTION: as_markdown(sheet)})
    return write_sheet(workspace, sheet, report)


def sheet_of(
    workspace: Workspace,
    run_id: str,
    kind: str,
    backtest: Backtest,
    scores: Scores,
    fairness: AuditResult,
    *,
    remarks: Sequence[str],
    gates: GateReport | None,
    publications: Iterable[Publication],
) -> RunSheet:
    """What the pages show of a run."""
    plan, main = backtest.plan, audited(backtest)[0]
    settings = workspace.settings
    return RunSheet(
        run_id=run_id,
        kind=kind,
        made_at=this_moment().isoformat(timespec="seconds").replace("+00:00", "Z"),
        target=plan.target,
        title=settings.target(plan.target).title,
        first=str(plan.first),
        last=str(plan.last),
        view=str(plan.view),
        geography=backtest.geography.name,
        seed=plan.seed,
        model=main.model,
        horizon=main.horizon,
        horizons=sorted(plan.horizons),
        statement=scores.areas.statement,
        remarks=list(remarks),
        level_shifts=scores.shift_sentences,
        leaderboard=scores.rows,
        noise_floor=[dict(one) for one in (*scores.areas.noise_floor, *scores.city.noise_floor)],
        coverage=scores.coverage,
        pit=pit_histograms(audited(backtest)),
        gates=[] if gates is None else json.loads(gates.to_json())["gates"],
        checks=[{name: getattr(one, name) for name in CHECK} for one in fairness.findings if one.stratum is None],
        errors=_errors(main),
        publications=[
            {"id": one.id, "published_on": str(one.published_on), "first": str(one.first), "last": str(one.last)}
            for one in publications
        ],
        revisions=[
            asdict(one)
            for one in revisions(PublicationStore(workspace.publications), settings)
            if one.target == plan.target and (one.share_of_areas or one.city_change)
        ],
        settings=json.loads(settings_bytes(settings)),
        code=code_version().tags(),
    )


def _errors(main: Verification) -> dict[str, tuple[float, float]]:
    """Area → the sums of what was expected and of what came, over the periods in which it is known."""
    known = ~np.isnan(main.outcomes)
    expected = np.where(known, main.forecast.mean, 0.0).sum(axis=0)
    came = np.where(known, main.outcomes, 0.0).sum(axis=0)
    sums = zip(main.areas, expected.round(3), came, strict=True)
    return {str(area): (float(ours), float(theirs)) for area, ours, theirs in sums}


def as_markdown(sheet: RunSheet) -> str:
    """The leaderboard of areas as Markdown, for the description of the run in MLflow; its page is named below it."""
    heads = ("h", "model", "deviance", "against ewma", "CRPS", "cover 90%")
    lines = [
        f"**{sheet.title}**, {sheet.first} to {sheet.last}, {sheet.view}, {sheet.geography}.",
        "",
        f"| {' | '.join(heads)} |",
        f"|{' --- |' * len(heads)}",
    ]
    for row in sheet.leaderboard:
        if row["level"] == "area":
            against = _figures(row["vs_ewma"], row["vs_ewma_low"], row["vs_ewma_high"])
            figures = (
                _figures(row["mean_poisson_deviance"]),
                against,
                _figures(row["crps"]),
                _figures(row["coverage_90"]),
            )
            cells = (str(row["horizon"]), row["model"], *figures)
            lines.append(f"| {' | '.join(cells)} |")
    gates = [f"{one['gate']}: {one['verdict']}" for one in sheet.gates]
    return "\n".join(
        [*lines, "", *(["; ".join(gates), ""] if gates else []), f"Where Wardcast serves: /bench/{sheet.run_id}"]
    )


def _figures(value: float | None, low: float | None = None, high: float | None = None) -> str:
    if value is None or not np.isfinite(value):
        return "–"
    ends = f" ({low:.3f}–{high:.3f})" if low is not None and high is not None and np.isfinite([low, high]).all() else ""
    return f"{value:.3f}{ends}"
