"""What is said of a run that was deleted in MLflow: whether it can be restored, and how."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import sqlalchemy as sa

from contracts import MissingThing, Workspace

if TYPE_CHECKING:
    from mlflow.entities import Experiment, Run

DELETED = "deleted"
"""MLflow's word for the stage of what is deleted and can still be restored."""


def is_deleted(thing: Run | Experiment) -> bool:
    """Whether a run or an experiment is deleted and still there."""
    stage = thing.lifecycle_stage if hasattr(thing, "lifecycle_stage") else thing.info.lifecycle_stage
    return bool(stage == DELETED)


def deleted_run(workspace: Workspace, run_id: str, experiment: Experiment) -> MissingThing:
    """Of a run that MLflow still holds; it may be gone with its whole experiment."""
    if is_deleted(experiment):
        return MissingThing(
            f"The run {run_id} was deleted in MLflow with its experiment '{experiment.name}'.",
            remedy=_restoring(workspace, f"experiments restore --experiment-id {experiment.experiment_id}"),
        )
    return MissingThing(
        f"The run {run_id} was deleted in MLflow.", remedy=_restoring(workspace, f"runs restore --run-id {run_id}")
    )


def purged_run(run_id: str) -> MissingThing:
    """Of a run that was there once, as a registered model or the ledger says, and is not any more."""
    return MissingThing(
        f"The run {run_id} was deleted in MLflow and then removed for good, as 'mlflow gc' does.",
        remedy="Restore MLflow's database and artefacts from a backup, or train again: wardcast train --target NAME",
    )


def deleted_experiment(workspace: Workspace, experiment: Experiment) -> MissingThing:
    """Of an experiment to which a new run cannot be added."""
    return MissingThing(
        f"The experiment '{experiment.name}' was deleted in MLflow.",
        remedy=_restoring(workspace, f"experiments restore --experiment-id {experiment.experiment_id}"),
    )


def _restoring(workspace: Workspace, command: str) -> str:
    """The command line; a password is left to whoever has it."""
    store = sa.make_url(workspace.tracking_url).render_as_string(hide_password=True)
    if workspace.keeps_tracking:
        store = workspace.tracking_url
    return f"Until 'mlflow gc' is run, restore it with: MLFLOW_TRACKING_URI={shlex.quote(store)} mlflow {command}"
