"""The same inputs, seed and versions give the same bytes, in whatever process."""

from __future__ import annotations

import subprocess
import sys

from contracts import Workspace

PROGRAM = """
import hashlib, io, sys, tempfile
from pathlib import Path
from contracts import Period, Workspace
from features import ViewMode, load_door, load_geography
from models import save_model
from models.recipe.recipe import RecipeForecaster
from training import Plan, run_backtest

workspace = Workspace(Path(sys.argv[1]))
settings = workspace.settings
door, geography = load_door(workspace), load_geography(workspace, workspace.settings.geography)
last = Period.parse("2024-10", settings.frequency)
plan = Plan("violence", last.shift(-1), last, (1,), ("ewma", "wardcast"), ViewMode.AS_OF, settings.seed)
table = run_backtest(door, geography, settings, plan, progress=False).forecasts
written = io.BytesIO()
table.to_parquet(written, index=False)
panel = door.outcomes().for_target("violence")
fitted = RecipeForecaster().fit(panel, "violence", geography, (1, 2))
with tempfile.TemporaryDirectory() as folder:
    print(save_model(fitted, Path(folder) / "model"), hashlib.sha256(written.getvalue()).hexdigest())
print(hashlib.sha256(fitted.explain(panel, (1, 2)).crimes.tobytes()).hexdigest())
"""


def test_two_processes_write_the_same_forecasts_reasons_and_model(small_workspace: Workspace) -> None:
    first, second = (
        subprocess.run(
            [sys.executable, "-c", PROGRAM, str(small_workspace.root)], capture_output=True, text=True, check=True
        ).stdout
        for _ in range(2)
    )
    assert first == second
    assert len(first.split()) == 3
