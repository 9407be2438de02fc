"""MLflow's own store in a real PostgreSQL: a run, a registered model and its alias, through our functions."""

from __future__ import annotations

import psycopg
import pytest

from contracts import Workspace
from contracts.run_files import CHAMPION, SHA256_TAG
from models import registry
from training.runs.tracking import HEADLINES, tracked_run

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


@pytest.mark.slow
def test_a_run_and_a_champion_are_kept_in_postgresql(postgres, tmp_path):
    import mlflow

    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute("CREATE DATABASE mlflow")
    (tmp_path / "wardcast.toml").write_text(SETTINGS.format(url=postgres.replace("/postgres?", "/mlflow?")))
    workspace = Workspace(tmp_path)
    with tracked_run(workspace, "train", "first", {"seed": 7}, ()) as run:
        row = dict.fromkeys(HEADLINES["area"]) | {"model": "ewma", "level": "area", "horizon": 1, "mae": 2.75}
        run.headlines([row], "ewma", 1)
        run.text("{}", f"artifacts/{registry.SAVED_MODEL}/model.json")
    client = mlflow.MlflowClient(workspace.tracking_url, workspace.tracking_url)
    source = mlflow.get_run(run.run_id).info.artifact_uri
    client.create_registered_model("wardcast-robbery")
    client.create_model_version("wardcast-robbery", source, run.run_id, tags={SHA256_TAG: "a" * 64})
    registry.set_champion(workspace, registry.version(workspace, "robbery", 1))

    champion = registry.registered(workspace, "robbery", CHAMPION)
    assert champion is not None
    assert (champion.version, champion.run_id, champion.sha256) == (1, run.run_id, "a" * 64)
    assert (champion.folder / "model.json").read_text() == "{}"
    with psycopg.connect(postgres.replace("/postgres?", "/mlflow?")) as connection:
        metrics = connection.execute("SELECT key, value FROM metrics").fetchall()
        aliases = connection.execute("SELECT alias, version FROM registered_model_aliases").fetchall()
    assert metrics == [("ewma.area.h1.mae", 2.75)]
    assert aliases == [("champion", 1)]
    assert not (tmp_path / "mlflow.db").exists()
