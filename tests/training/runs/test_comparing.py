"""Two runs compared: planted differences are found, and equal forecasts have no skill over each other."""

from __future__ import annotations

import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from contracts import SETTINGS_FILE, BadInput, Frequency, MissingThing, Period, Workspace
from features.views.as_of import ViewMode
from monitoring import poisson_deviance_loss
from training import Plan, run_experiment
from training.runs.comparing import as_text, compare
from training.runs.runs import HEADS, cells_of, flat, list_runs, past_run

PLAN = Plan(
    target="robbery",
    first=Period.parse("2022-01", Frequency.MONTH),
    last=Period.parse("2022-08", Frequency.MONTH),
    horizons=(1, 2),
    models=("ewma", "mean_12"),
    view=ViewMode.SETTLED,
    seed=7,
)


@pytest.fixture(scope="module")
def workspace(small_workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    root = tmp_path_factory.mktemp("comparing") / "workspace"
    shutil.copytree(small_workspace.root, root)
    return Workspace(root)


@pytest.fixture(scope="module")
def runs(workspace: Workspace) -> tuple[str, str, str]:
    """Of ewma; of the mean of 12 under other settings and two months later; of another target."""
    first = run_experiment(workspace, PLAN, progress=False)
    settings = workspace.root / SETTINGS_FILE
    before = settings.read_text()
    settings.write_text(before.replace("seed = 7", "seed = 8"))
    moved = replace(PLAN, models=("mean_12", "ewma"), first=PLAN.first.shift(2), last=PLAN.last.shift(2))
    second = run_experiment(Workspace(workspace.root), moved, progress=False)
    settings.write_text(before)
    other = run_experiment(workspace, replace(PLAN, target="violence", models=("ewma",)), progress=False)
    return first.run_id, second.run_id, other.run_id


def test_the_skill_is_that_of_the_rows_that_both_forecast(workspace: Workspace, runs: tuple[str, str, str]) -> None:
    found = compare(workspace, runs[0], runs[1])
    assert [one.horizon for one in found.skill] == [1, 2]
    one = found.skill[0]
    assert (one.first_model, one.second_model, one.periods, one.areas) == ("ewma", "mean_12", 6, 60)
    deviance = {}
    for run_id, model in ((runs[0], "ewma"), (runs[1], "mean_12")):
        run = past_run(workspace, run_id)
        table = run.forecasts.query("model == @model and horizon == 1 and '2022-03' <= period <= '2022-08'")
        both = table.merge(run.outcomes, on=["area", "target", "period"])
        assert len(both) == 6 * 60
        deviance[model] = poisson_deviance_loss(both["count"].to_numpy(float), both["mean"].to_numpy()).mean()
    assert one.first_deviance == pytest.approx(deviance["ewma"])
    assert one.skill == pytest.approx(1 - deviance["mean_12"] / deviance["ewma"])
    assert one.low < one.skill < one.high


def test_what_changed_is_named_and_nothing_else(workspace: Workspace, runs: tuple[str, str, str]) -> None:
    found = compare(workspace, runs[0], runs[1])
    assert [(one.what, one.first, one.second) for one in found.settings] == [("seed", 7, 8)]
    assert {one.what for one in found.parameters} == {"first", "last", "models"}
    assert found.data == found.code == ()
    text = as_text(found)
    assert "  seed: 7 → 8" in text
    assert "Data: the same" in text


def test_a_model_has_no_skill_over_itself_and_swapping_the_runs_turns_the_sign(
    workspace: Workspace, runs: tuple[str, str, str]
) -> None:
    same = compare(workspace, runs[0], runs[1], model="ewma").skill[0]
    assert (same.skill, same.low, same.high) == (0.0, 0.0, 0.0)
    assert same.verdict == "no difference that the interval leaves sure"
    there = compare(workspace, runs[0], runs[1]).skill[0]
    back = compare(workspace, runs[1], runs[0]).skill[0]
    assert (1 - there.skill) * (1 - back.skill) == pytest.approx(1.0)


def test_revised_outcomes_are_told_and_those_of_the_later_run_used(
    workspace: Workspace, runs: tuple[str, str, str]
) -> None:
    later = past_run(workspace, runs[1])
    path = later.folder / "forecasts" / "outcomes.parquet"
    kept = path.read_bytes()
    revised = later.outcomes.assign(count=lambda table: table["count"] + 1.0)
    revised.to_parquet(path, index=False)
    try:
        found = compare(workspace, runs[0], runs[1])
    finally:
        path.write_bytes(kept)
    assert "100.0% of the counts were revised" in found.notes[0]
    assert found.skill[0].first_deviance != compare(workspace, runs[0], runs[1]).skill[0].first_deviance


def test_what_cannot_be_compared_is_told(workspace: Workspace, runs: tuple[str, str, str]) -> None:
    with pytest.raises(BadInput, match=r"robbery by .* and violence by"):
        compare(workspace, runs[0], runs[2])
    with pytest.raises(BadInput, match="no forecasts of 'wardcast'"):
        compare(workspace, runs[0], runs[1], model="wardcast")
    with pytest.raises(BadInput, match="does not name one run"):
        compare(workspace, runs[0][:3], runs[1])
    with pytest.raises(MissingThing, match="no run 'zzzzzz'"):
        compare(workspace, runs[0], "zzzzzz")


def test_the_list_is_newest_first_and_reads_in_a_terminal(workspace: Workspace, runs: tuple[str, str, str]) -> None:
    listed = list_runs(workspace)
    assert [one.run_id for one in listed] == list(reversed(runs))
    assert len({one.experiment for one in listed}) == 3
    cells = [dict(zip(HEADS, cells_of(one), strict=True)) for one in listed]
    assert "2022-01 to 2022-08" in {one["periods"] for one in cells}
    assert [one["run"] for one in cells] == [run[:12] for run in reversed(runs)]
    assert flat(listed[-1])["mean_poisson_deviance"] == listed[-1].scores["mean_poisson_deviance"]
    assert isinstance(pd.Timestamp(listed[0].started_at), pd.Timestamp)
    assert np.isfinite(listed[-1].scores["mean_poisson_deviance"])
