"""The registry of trained models: MLflow's, one registered model a target, with the aliases challenger and champion."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from contracts import MissingThing, Workspace
from contracts.files import locked
from contracts.run_files import CHALLENGER, CHAMPION, SHA256_TAG
from models.artefact_places import announce
from models.saved.lost_runs import deleted_run, is_deleted, purged_run
from models.saved.no_pickle import refuse_pickles
from models.saved.place_mending import mend_places

if TYPE_CHECKING:
    import pandas as pd
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion

SAVED_MODEL = "saved_model"
EXAMPLE_ROWS = 3
ABSENT = ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE")
"""MLflow's codes for a model or an alias that is not there; any other error is not swallowed."""
PATIENCE = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "5", "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1"}
"""A server that does not answer is tried again for half a minute, as the ledger is, and not MLflow's four minutes."""

Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class RegisteredModel:
    """One version of a target's model. ``folder`` holds the files of its saved model, whose sha256 was recorded."""

    target: str
    version: int
    run_id: str
    sha256: str
    folder: Path
    tags: Mapping[str, str] = field(default_factory=dict)


@contextmanager
def reachable(workspace: Workspace) -> Iterator[None]:
    """Whatever MLflow cannot do inside is told as ``MissingThing``, with the address of the store."""
    import sqlalchemy as sa
    from mlflow.exceptions import MlflowException

    try:
        yield
    except (MlflowException, sa.exc.SQLAlchemyError) as error:
        address = sa.make_url(workspace.tracking_url).render_as_string(hide_password=True)
        reason = str(error).strip().splitlines()[0].rstrip(".")
        raise MissingThing(
            f"MLflow's store at {address} cannot be used: {reason}.",
            remedy="Start its server or its database, make room on its disk, or correct tracking_url in wardcast.toml.",
        ) from error


def _telling(
    function: Callable[Concatenate[Workspace, Arguments], Answer],
) -> Callable[Concatenate[Workspace, Arguments], Answer]:
    @wraps(function)
    def told(workspace: Workspace, /, *arguments: Arguments.args, **named: Arguments.kwargs) -> Answer:
        try:
            with reachable(workspace):
                return function(workspace, *arguments, **named)
        except OSError as error:
            place = error.filename or workspace.artefacts
            raise MissingThing(
                f"What MLflow keeps at {place} cannot be used: {error.strerror or error}.",
                remedy="Mend the disk, make room on it or raise the limit of open files, then run the same again.",
            ) from error

    return told


@_telling
def open_tracking(workspace: Workspace) -> None:
    """Point MLflow at the workspace's store, making it where it is new; raises ``MissingThing`` where it is away.

    MLflow migrates a fresh database when it is first opened, and two processes that do so at once break it: the first
    opening is made under a lock, and so is the mending of places that an older version kept absolute. A workspace
    that cannot be written is read as it is.
    """
    os.environ["MLFLOW_ALLOW_PICKLE_DESERIALIZATION"] = "false"
    os.environ["MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"] = "false"
    for name, value in PATIENCE.items():
        os.environ.setdefault(name, value)
    import mlflow

    logging.getLogger("mlflow.store.db.utils").setLevel(logging.WARNING)
    mlflow.set_tracking_uri(workspace.tracking_url)
    mlflow.set_registry_uri(workspace.tracking_url)
    announce(workspace)
    if not workspace.can_be_written:
        mlflow.search_experiments(max_results=1)
        return
    with locked(workspace.locks / "tracking.lock"):
        mlflow.search_experiments(max_results=1)
        mend_places(workspace)


@_telling
def register(
    workspace: Workspace,
    *,
    target: str,
    saved_model: Path,
    sha256: str,
    example: pd.DataFrame,
    tags: Mapping[str, str],
) -> RegisteredModel:
    """Log ``saved_model`` in the active run as models-from-code and register it with the alias ``challenger``.

    ``example`` (doubles) gives the signature. The alias moves last: a process killed before that leaves the old
    challenger in place.
    """
    import mlflow
    from mlflow.models import infer_signature

    from models.saved import pyfunc_entry

    logged = mlflow.pyfunc.log_model(
        name=f"wardcast_{target}",
        python_model=str(Path(pyfunc_entry.__file__)),
        artifacts={SAVED_MODEL: str(saved_model)},
        input_example=example.head(EXAMPLE_ROWS),
        signature=infer_signature(
            example, example[["base_share", "city_total"]].set_axis(["mean", "dispersion"], axis=1)
        ),
        pip_requirements=[f"{package}=={_version(package)}" for package in ("lightgbm", "numpy", "pandas")],
    )
    client = _client(workspace)
    _ensure_registered(client, target)
    created = client.create_model_version(
        name=_name(target),
        source=logged.model_uri,
        run_id=logged.run_id,
        model_id=logged.model_id,
        tags={**tags, SHA256_TAG: sha256},
    )
    client.set_registered_model_alias(_name(target), CHALLENGER, created.version)
    return version(workspace, target, int(created.version))


@_telling
def registered(workspace: Workspace, target: str, alias: str) -> RegisteredModel | None:
    """The model under an alias, or None."""
    from mlflow.exceptions import MlflowException

    client = _client(workspace)
    try:
        found = client.get_model_version_by_alias(_name(target), alias)
    except MlflowException as error:
        if error.error_code in ABSENT:
            return None
        raise
    return _registered_model(client, target, found)


@_telling
def version(workspace: Workspace, target: str, number: int) -> RegisteredModel:
    """One version of a target's model; raises ``MissingThing``."""
    from mlflow.exceptions import MlflowException

    client = _client(workspace)
    try:
        found = client.get_model_version(_name(target), str(number))
    except MlflowException as error:
        if error.error_code not in ABSENT:
            raise
        raise MissingThing(
            f"There is no version {number} of a model of '{target}'.", remedy="Train one with: wardcast train"
        ) from error
    return _registered_model(client, target, found)


@_telling
def version_of_run(workspace: Workspace, target: str, run_id: str) -> RegisteredModel | None:
    """The version of a target's model that a run registered, or None for a run that registered none."""
    found = _client(workspace).search_model_versions(f"name = '{_name(target)}' and run_id = '{run_id}'")
    return version(workspace, target, max(int(one.version) for one in found)) if found else None


@_telling
def set_champion(workspace: Workspace, model: RegisteredModel) -> None:
    """Move the alias ``champion`` to this version."""
    _client(workspace).set_registered_model_alias(_name(model.target), CHAMPION, str(model.version))


@_telling
def clear_champion(workspace: Workspace, target: str) -> None:
    """Take the alias ``champion`` away, so that no version has it."""
    _client(workspace).delete_registered_model_alias(_name(target), CHAMPION)


@_telling
def run_text(workspace: Workspace, run_id: str, path: str) -> str | None:
    """A text artefact of a run, or None where the run has none of that name."""
    import mlflow

    client = _client(workspace)
    folder = path.rpartition("/")[0]
    if path not in {artefact.path for artefact in client.list_artifacts(run_id, folder or None)}:
        return None
    return str(mlflow.artifacts.load_text(f"runs:/{run_id}/{path}"))


@_telling
def finished_run(workspace: Workspace, run_id: str) -> tuple[str | None, str | None] | None:
    """Kind, such as ``backtest``, and target of a run that ended well; None where there is no such run."""
    from mlflow.exceptions import MlflowException

    try:
        run = _client(workspace).get_run(run_id)
    except MlflowException as error:
        if error.error_code in ABSENT:
            return None
        raise
    if run.info.status != "FINISHED":
        return None
    return run.data.tags.get("kind"), run.data.params.get("target")


@_telling
def run_loss(workspace: Workspace, run_id: str) -> MissingThing | None:
    """What is to be said of a run that was there once and was deleted since; None where it is there."""
    from mlflow.exceptions import MlflowException

    client = _client(workspace)
    try:
        run = client.get_run(run_id)
    except MlflowException as error:
        if error.error_code not in ABSENT:
            raise
        return purged_run(run_id)
    return deleted_run(workspace, run_id, client.get_experiment(run.info.experiment_id)) if is_deleted(run) else None


@_telling
def registered_runs(workspace: Workspace) -> tuple[str, ...]:
    """The runs that registered the models of every target, whether MLflow still holds them or not."""
    found = _client(workspace).search_model_versions(f"name LIKE '{_name('%')}'")
    return tuple(str(one.run_id) for one in found)


def run_folder(workspace: Workspace, run_id: str, path: str) -> Path:
    """A folder of a run's artefacts; raises ``MissingThing`` where the run or the folder is not there."""
    from mlflow.exceptions import MlflowException

    open_tracking(workspace)
    import mlflow

    missing = MissingThing(
        f"The run {run_id} has no artefacts '{path}'.", remedy="Restore the artefacts from a backup."
    )
    try:
        # Of the run as a whole MLflow names the folder in its place; of a part it would leave a copy behind.
        folder = Path(mlflow.artifacts.download_artifacts(run_id=run_id)) / path
    except (MlflowException, OSError) as error:
        raise run_loss(workspace, run_id) or missing from error
    if not folder.is_dir():
        raise missing
    return folder


def _client(workspace: Workspace) -> MlflowClient:
    open_tracking(workspace)
    from mlflow import MlflowClient

    return MlflowClient(tracking_uri=workspace.tracking_url, registry_uri=workspace.tracking_url)


def _name(target: str) -> str:
    return f"wardcast-{target}"


def _ensure_registered(client: MlflowClient, target: str) -> None:
    if not client.search_registered_models(filter_string=f"name = '{_name(target)}'"):
        client.create_registered_model(_name(target))


def _registered_model(client: MlflowClient, target: str, found: ModelVersion) -> RegisteredModel:
    """The version with its folder, read at its place: by the name of its source MLflow would write into the folder."""
    import mlflow
    from mlflow.exceptions import MlflowException

    tags: dict[str, Any] = dict(found.tags)
    place = client.get_model_version_download_uri(found.name, found.version)
    try:
        local = mlflow.artifacts.download_artifacts(artifact_uri=place)
    except (MlflowException, OSError) as error:
        raise MissingThing(
            f"The files of version {found.version} of the model of '{target}' are not at {place}.",
            remedy=f"Restore the artefacts from a backup, or train again with: wardcast train --target {target}",
        ) from error
    refuse_pickles(Path(local))
    return RegisteredModel(
        target=target,
        version=int(found.version),
        run_id=str(found.run_id),
        sha256=str(tags[SHA256_TAG]),
        folder=Path(local) / "artifacts" / SAVED_MODEL,
        tags=tags,
    )


def _version(package: str) -> str:
    from importlib.metadata import version as installed

    return installed(package)
