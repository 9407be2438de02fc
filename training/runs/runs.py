"""The runs that were tracked: found, listed with their main scores, and read again."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from contracts import BadInput, CodeVersion, MissingThing, Workspace, code_version_of
from contracts.run_files import FORECASTS_FILE, FORECASTS_FOLDER, MAIN_HORIZON, MAIN_MODEL, OUTCOMES_FILE
from models.saved import open_tracking, registered_runs, run_folder, run_loss

if TYPE_CHECKING:
    from mlflow.entities import Run as TrackedRun

MAIN_SCORES = ("mean_poisson_deviance", "vs_ewma", "vs_ewma_low", "vs_ewma_high", "crps", "coverage_90", "pai_5")
MOST_RUNS = 5000
SHORTEST_ID = 6
HEADS = (
    *("run", "kind", "target", "h", "deviance", "vs ewma", "95% interval", "model", "cov 90", "periods"),
    "started (UTC)",
)
"""Of a table of runs: what a narrow terminal needs first."""
_TARGET_RUNS = "params.target != ''"


@dataclass(frozen=True)
class RunSummary:
    """One target's run. ``scores`` are those of ``model`` at ``horizon`` and the level of areas, by name.

    ``experiment`` is the run above it, None for one that was tracked without.
    """

    run_id: str
    experiment: str | None
    started_at: str
    kind: str
    status: str
    target: str
    first: str
    last: str
    view: str
    geography: str
    model: str | None
    horizon: int | None
    scores: dict[str, float]
    code: CodeVersion | None


@dataclass(frozen=True)
class PastRun:
    """A run and the artefacts that it holds."""

    summary: RunSummary
    parameters: dict[str, str]
    folder: Path

    def holds(self, path: str) -> bool:
        """Whether it holds an artefact of that path."""
        return (self.folder / path).is_file()

    def document(self, path: str) -> Any:
        """A JSON artefact; raises ``MissingThing``."""
        return json.loads(self.file(path).read_text(encoding="utf-8"))

    @cached_property
    def forecasts(self) -> pd.DataFrame:
        """The forecasts that it kept; raises ``MissingThing``."""
        return pd.read_parquet(self.file(f"{FORECASTS_FOLDER}/{FORECASTS_FILE}"))

    @cached_property
    def outcomes(self) -> pd.DataFrame:
        """What happened, as it was known when the run was made; raises ``MissingThing``."""
        return pd.read_parquet(self.file(f"{FORECASTS_FOLDER}/{OUTCOMES_FILE}"))

    def file(self, path: str) -> Path:
        """Where an artefact lies; raises ``MissingThing``."""
        if not self.holds(path):
            raise MissingThing(
                f"The run {self.summary.run_id} holds no {path}: it failed, or an older version made it.",
                remedy="Run it again; see: wardcast runs",
            )
        return self.folder / path


def list_runs(workspace: Workspace, *, target: str | None = None) -> tuple[RunSummary, ...]:
    """Every target's run, newest first."""
    summaries = [_summary(run) for run in _search(workspace)]
    return tuple(one for one in summaries if target in (None, one.target))


def past_run(workspace: Workspace, run_id: str) -> PastRun:
    """The run of that id, or of the only id that begins so.

    Raises ``MissingThing``, which says how to restore a run that was deleted in MLflow, and ``BadInput``.
    """
    found = [run for run in _search(workspace) if run.info.run_id.startswith(run_id)]
    if not found:
        raise _missing(workspace, run_id)
    if len(found) > 1 or len(run_id) < SHORTEST_ID:
        raise BadInput(
            f"'{run_id}' does not name one run: {len(found)} begin so.",
            remedy=f"Give {SHORTEST_ID} digits or more of an id of 'wardcast runs'.",
        )
    identity = found[0].info.run_id
    return PastRun(_summary(found[0]), dict(found[0].data.params), run_folder(workspace, identity, ""))


def count_deleted(workspace: Workspace) -> int:
    """How many runs of a target are deleted in MLflow and can still be restored."""
    return len(_search(workspace, deleted=True))


def runs_on_geography(workspace: Workspace, name: str) -> tuple[str, ...]:
    """Ids of the runs of a target that were made on a geography; deleted ones count while they can be restored."""
    return tuple(run.info.run_id for run in _every_run(workspace) if run.data.params.get("geography") == name)


def runs_with_publication(workspace: Workspace, publication_id: str) -> tuple[str, ...]:
    """Ids of the runs of a target in which a publication was used; deleted ones count while they can be restored."""
    return tuple(
        run.info.run_id
        for run in _every_run(workspace)
        if run.inputs and publication_id in {one.dataset.name for one in run.inputs.dataset_inputs}
    )


def _every_run(workspace: Workspace) -> list[TrackedRun]:
    """Those that are there and those that can be restored; none where nothing was tracked yet."""
    if not workspace.has_tracking:
        return []
    return [*_search(workspace), *_search(workspace, deleted=True)]


def _missing(workspace: Workspace, run_id: str) -> MissingThing:
    """Why there is no such run: it was deleted, was removed for good, or never was."""
    once = [*(run.info.run_id for run in _search(workspace, deleted=True)), *registered_runs(workspace)]
    found = {one for one in once if one.startswith(run_id) and len(run_id) >= SHORTEST_ID}
    loss = run_loss(workspace, found.pop()) if len(found) == 1 else None
    return loss or MissingThing(f"There is no run '{run_id}' of a target.", remedy="List them with: wardcast runs")


def _search(workspace: Workspace, *, deleted: bool = False) -> list[TrackedRun]:
    open_tracking(workspace)
    from mlflow import MlflowClient
    from mlflow.entities import ViewType

    client = MlflowClient(tracking_uri=workspace.tracking_url)
    experiments = client.search_experiments(view_type=ViewType.ALL if deleted else ViewType.ACTIVE_ONLY)
    ours = [one.experiment_id for one in experiments if one.name.startswith("wardcast-")]
    if not ours:
        return []
    view = ViewType.DELETED_ONLY if deleted else ViewType.ACTIVE_ONLY
    found = client.search_runs(ours, _TARGET_RUNS, view, max_results=MOST_RUNS, order_by=["start_time DESC"])
    return list(found)


def _summary(run: TrackedRun) -> RunSummary:
    parameters, tags = run.data.params, run.data.tags
    model, horizon = tags.get(MAIN_MODEL), tags.get(MAIN_HORIZON)
    start = f"{model}.area.h{horizon}."
    return RunSummary(
        run_id=run.info.run_id,
        experiment=tags.get("mlflow.parentRunId"),
        started_at=datetime.fromtimestamp(run.info.start_time / 1000, UTC).isoformat(timespec="seconds"),
        kind=tags.get("kind", ""),
        status=run.info.status.lower(),
        target=parameters["target"],
        first=parameters.get("first", ""),
        last=parameters.get("last", ""),
        view=parameters.get("view", ""),
        geography=parameters.get("geography", ""),
        model=model,
        horizon=None if horizon is None else int(horizon),
        scores={name: run.data.metrics[start + name] for name in MAIN_SCORES if start + name in run.data.metrics},
        code=code_version_of(tags),
    )


def cells_of(one: RunSummary) -> list[str]:
    """The row of a run under ``HEADS``."""
    scores = one.scores
    ends = [scores.get("vs_ewma_low"), scores.get("vs_ewma_high")]
    interval = f"{ends[0]:.3f} to {ends[1]:.3f}" if ends[0] is not None and ends[1] is not None else ""
    return [
        one.run_id[:12],
        one.kind if one.status == "finished" else one.status,
        one.target,
        str(one.horizon or "–"),
        _figure(scores.get("mean_poisson_deviance")),
        _figure(scores.get("vs_ewma")),
        interval,
        one.model or "–",
        _figure(scores.get("coverage_90")),
        f"{one.first} to {one.last}",
        one.started_at[:16].replace("T", " "),
    ]


def flat(one: RunSummary) -> dict[str, Any]:
    """The same with every field in a column of its own."""
    about = asdict(one)
    scores = about.pop("scores")
    code = about.pop("code") or {}
    return {
        **about,
        **{name: scores.get(name) for name in MAIN_SCORES},
        "code_commit": code.get("commit"),
    }


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
