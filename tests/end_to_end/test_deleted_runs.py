"""Runs that were deleted in MLflow: every command that meets one says so, and how to restore it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import mlflow
import pytest
from click.testing import CliRunner

from contracts import MissingThing, Workspace, sqlite_url
from models import registry
from service.cli import wardcast
from training.runs.runs import list_runs


def run(*arguments: str, workspace: Path) -> Any:
    return CliRunner().invoke(wardcast, [*arguments, "--workspace", str(workspace)])


@pytest.fixture
def city(trained: Path, tmp_path: Path) -> Path:
    root = tmp_path / "workspace"
    shutil.copytree(trained, root)
    return root


def run_of(root: Path) -> str:
    return next(one.run_id for one in list_runs(Workspace(root), target="violence"))


def client_of(root: Path) -> mlflow.MlflowClient:
    registry.open_tracking(Workspace(root))
    return mlflow.MlflowClient(tracking_uri=sqlite_url(root / "mlflow.db"))


def forecast_of(root: Path) -> str:
    return next(path.name for path in (root / "forecasts").iterdir() if not path.name.startswith("."))


def restore(remedy: str) -> None:
    """Do what the remedy says, in a shell."""
    line = remedy.partition("restore it with: ")[2]
    tools = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    subprocess.run(["sh", "-c", line], check=True, capture_output=True, env=tools, timeout=120)


READERS = (("audit", "--latest", "--out", "OUT"), ("records", "RUN", "--out", "OUT"), ("compare", "RUN", "RUN"))


def reads(root: Path, command: tuple[str, ...], run_id: str) -> Any:
    given = {"RUN": run_id[:12], "OUT": str(root.parent / "out")}
    return run(*(given.get(word, word) for word in command), workspace=root)


@pytest.mark.parametrize("command", READERS, ids=lambda one: one[0])
def test_a_command_that_reads_a_deleted_run_says_how_to_restore_it(command: tuple[str, ...], city: Path) -> None:
    run_id = run_of(city)
    client_of(city).delete_run(run_id)
    refused = reads(city, command, run_id).exception
    assert isinstance(refused, MissingThing)
    assert refused.message == f"The run {run_id} was deleted in MLflow."
    assert f"mlflow runs restore --run-id {run_id}" in refused.remedy


def test_the_remedy_restores_it_whatever_the_folder_is_called(trained: Path, tmp_path: Path) -> None:
    root = tmp_path / "it's 100% mine?" / "workspace"
    shutil.copytree(trained, root)
    run_id = run_of(root)
    client_of(root).delete_run(run_id)
    refused = reads(root, READERS[2], run_id).exception
    assert isinstance(refused, MissingThing)
    restore(refused.remedy)
    assert reads(root, READERS[2], run_id).exit_code == 0


def test_what_was_made_from_a_deleted_run_is_still_made_and_the_deletion_is_told(city: Path, tmp_path: Path) -> None:
    run_id = run_of(city)
    client_of(city).delete_run(run_id)
    forecast = forecast_of(city)
    out = ("--out", str(tmp_path / "bundle.zip"))
    for command in (("issue",), ("rebuild", forecast), ("explain", forecast), ("export", forecast, *out)):
        done = run(*command, workspace=city)
        assert done.exit_code == 0, done.output
        assert f"The run {run_id} was deleted in MLflow. Until 'mlflow gc' is run, restore it with" in done.stderr
    listed = run("runs", workspace=city)
    assert run_id[:12] not in listed.stdout
    assert "Not listed: 1 deleted in MLflow" in listed.stderr


def decided(command: str, target: str, city: Path) -> Any:
    return run(command, "--target", target, "--by", "E. Member", "--reason", "Seen.", workspace=city)


def test_nobody_decides_for_a_model_whose_run_was_deleted_though_it_can_be_rejected(city: Path) -> None:
    assert run("train", "--target", "theft", workspace=city).exit_code == 0
    run_id = next(one.run_id for one in list_runs(Workspace(city), target="theft"))
    client_of(city).delete_run(run_id)
    for command in ("approve", "propose"):
        refused = decided(command, "theft", city)
        assert isinstance(refused.exception, MissingThing)
        assert f"The run {run_id} was deleted in MLflow" in refused.exception.message
    assert decided("reject", "theft", city).exit_code == 0


def test_a_champion_whose_run_was_deleted_can_be_withdrawn(city: Path) -> None:
    client_of(city).delete_run(run_of(city))
    assert decided("withdraw", "violence", city).exit_code == 0


def test_an_experiment_that_was_deleted_is_restored_with_its_runs(city: Path) -> None:
    run_id, client = run_of(city), client_of(city)
    client.delete_experiment(client.get_run(run_id).info.experiment_id)
    refused = reads(city, READERS[0], run_id).exception
    assert isinstance(refused, MissingThing)
    assert "with its experiment 'wardcast-train'" in refused.message
    training = run("train", "--target", "violence", workspace=city)
    assert "The experiment 'wardcast-train' was deleted in MLflow" in str(training.exception)
    restore(refused.remedy)
    assert reads(city, READERS[2], run_id).exit_code == 0


def test_a_run_that_was_removed_for_good_is_told_apart_from_one_that_never_was(city: Path) -> None:
    run_id, client = run_of(city), client_of(city)
    client.delete_run(run_id)
    store = sqlite_url(city / "mlflow.db")
    command = [sys.executable, "-m", "mlflow", "gc", "--backend-store-uri", store, "--run-ids", run_id]
    environment = {**os.environ, "MLFLOW_TRACKING_URI": store}
    subprocess.run(command, check=True, capture_output=True, env=environment, timeout=120)
    assert not (city / "artefacts" / "train" / run_id / "artifacts" / "leaderboard.txt").exists()
    for reader in READERS:
        refused = reads(city, reader, run_id).exception
        assert isinstance(refused, MissingThing)
        assert (
            refused.message == f"The run {run_id} was deleted in MLflow and then removed for good, as 'mlflow gc' does."
        )
        assert "backup" in refused.remedy
    made = run("rebuild", forecast_of(city), workspace=city)
    assert "is identical" in made.stdout
    assert "removed for good" in made.stderr
    never = reads(city, ("records", "0123456789ab", "--out", "OUT"), run_id)
    assert "There is no run '0123456789ab' of a target." in str(never.exception)


def test_files_of_a_model_that_are_gone_are_named(city: Path) -> None:
    shutil.rmtree(city / "artefacts" / "train" / "models")
    refused = run("issue", workspace=city).exception
    assert isinstance(refused, MissingThing)
    assert "The files of version 1 of the model of 'violence' are not at" in refused.message
