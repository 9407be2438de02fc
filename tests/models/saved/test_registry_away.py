"""A registry that is not there is told in one line, with its address."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts import MissingThing, Workspace
from contracts.run_files import CHAMPION
from models import registry
from training.runs.tracking import tracked_experiment

SETTINGS = """
city = "Testham"
geography = "cells"
tracking_url = "{url}"
[offences.simulated]
robbery = []
[targets.robbery]
title = "Robbery"
offences = {{ simulated = ["robbery"] }}
"""


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    """One whose MLflow server is at a port where nobody listens."""
    import mlflow

    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    before = mlflow.get_tracking_uri(), mlflow.get_registry_uri()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    (tmp_path / "wardcast.toml").write_text(SETTINGS.format(url=url))
    yield Workspace(tmp_path)
    mlflow.set_tracking_uri(before[0])
    mlflow.set_registry_uri(before[1])


def assert_told(error: MissingThing, workspace: Workspace) -> None:
    assert str(error).startswith(f"MLflow's store at {workspace.tracking_url} cannot be used: ")
    assert "\n" not in str(error)
    assert "tracking_url" in error.remedy


def test_a_look_at_the_registry(workspace: Workspace) -> None:
    with pytest.raises(MissingThing) as caught:
        registry.registered(workspace, "robbery", CHAMPION)
    assert_told(caught.value, workspace)


def test_a_run(workspace: Workspace) -> None:
    with pytest.raises(MissingThing) as caught, tracked_experiment(workspace, "train", "first"):
        pass
    assert_told(caught.value, workspace)


def test_a_password_is_not_told(tmp_path: Path) -> None:
    (tmp_path / "wardcast.toml").write_text(SETTINGS.format(url="postgresql://ada:secret@127.0.0.1:1/mlflow"))
    from mlflow.exceptions import MlflowException

    with pytest.raises(MissingThing) as caught, registry.reachable(Workspace(tmp_path)):
        raise MlflowException("gone\nand more")
    assert "secret" not in str(caught.value)
    assert "ada:***@127.0.0.1" in str(caught.value)
