"""Forecasts of every level in one file: what was judged, with sums that agree."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from contracts import Workspace
from contracts.tables import LEVEL_FORECASTS, check
from features.views.hierarchy import load_hierarchy
from models.sums.reconciliation import METHODS
from monitoring import UNRECONCILED
from service.cli import wardcast

WORDS = [
    "backtest",
    "--target",
    "violence",
    "--from",
    "2024-11",
    "--to",
    "2024-12",
    "--horizon",
    "2",
    "--models",
    "ewma",
]


@pytest.fixture(scope="module")
def workspace(small_workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    root = tmp_path_factory.mktemp("levels") / "workspace"
    shutil.copytree(small_workspace.root, root)
    return Workspace(root)


def levels_of(workspace: Workspace) -> list[str]:
    return [workspace.settings.geography, "parents", "city"]


def run(workspace: Workspace, *words: str):
    named = ["--levels", ",".join(levels_of(workspace)), "--workspace", str(workspace.root)]
    return CliRunner().invoke(wardcast, [*WORDS, "--view", "settled", *named, *words])


def test_every_judged_forecast_is_in_the_file(workspace: Workspace, tmp_path: Path) -> None:
    out = tmp_path / "levels.parquet"
    done = run(workspace, "--forecasts-out", str(out), "--json")
    assert done.exit_code == 0, done.output
    table = check(pd.read_parquet(out), LEVEL_FORECASTS)
    assert set(table["reconciliation"]) == {UNRECONCILED, *METHODS}
    assert list(table["level"].unique()) == levels_of(workspace)
    assert (table["as_of"] < table["period"]).all()
    rows = json.loads(done.stdout)["leaderboard"]
    sizes = table.groupby(["level", "reconciliation"]).size()
    assert {(row["level"], row["reconciliation"]): 2 * row["areas"] for row in rows} == sizes.to_dict()

    hierarchy = load_hierarchy(workspace, levels_of(workspace))
    inside = dict(zip(hierarchy.finest.codes, hierarchy.finest.areas["parent"], strict=True))
    for method, wanted in ((UNRECONCILED, False), ("min_trace_variance", True)):
        part = table[table["reconciliation"] == method]
        finest = part[part["level"] == hierarchy.levels[0].name]
        sums = finest.groupby(["period", finest["area"].map(inside)])["mean"].sum()
        ours = part[part["level"] == "parents"].set_index(["period", "area"])["mean"].sort_index()
        assert (np.abs(sums.sort_index().to_numpy() - ours.to_numpy()).max() < 1e-6) == wanted


def test_a_folder_that_is_not_there_is_refused_before_the_backtest(workspace: Workspace, tmp_path: Path) -> None:
    done = run(workspace, "--forecasts-out", str(tmp_path / "nowhere" / "levels.parquet"))
    assert "There is no folder" in str(done.exception)
    done = run(workspace, "--geography", "elsewhere")
    assert "--levels takes no --geography" in str(done.exception)
