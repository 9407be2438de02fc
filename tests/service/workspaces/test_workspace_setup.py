"""New workspaces: whole or absent, never over something that is there."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from contracts import RefusedAction, Workspace, read_settings
from features.geographies.geography import load_geography
from features.simulation import small_city
from features.store.publications import PublicationStore
from service.cli import wardcast
from service.workspaces.setup import EXAMPLES, example_settings, make_simulated_workspace, make_workspace

KILLED_AT_STEP = """
import os, signal, sys
from pathlib import Path
from features.simulation import small_city
from service.workspaces.setup import make_simulated_workspace
steps = []
def tell(sentence):
    steps.append(sentence)
    if len(steps) == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
make_simulated_workspace(Path(sys.argv[1]), 3, tell, small_city())
"""


def ignore(_: str) -> None:
    """Nobody is told."""


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_is_valid_and_commented(example: str, tmp_path: Path) -> None:
    path = tmp_path / "wardcast.toml"
    path.write_text(example_settings(example), encoding="utf-8")
    settings = read_settings(path)
    assert {"london": "demand", "simulated": "demand", "chicago": "violence"}[example] in settings.forecast_targets()
    assert "violence" in settings.forecast_targets()
    assert settings.forecast.replay
    assert settings.simulated == (example == "simulated")
    assert path.read_text(encoding="utf-8").count("\n# ") > 20


def test_the_simulated_example_knows_every_simulated_offence(tmp_path: Path) -> None:
    settings = read_settings(make_workspace(tmp_path / "workspace", "simulated").root / "wardcast.toml")
    offences = {offence.name: (offence.wording,) for offence in small_city().offences}
    assert settings.offences["incidents"] == offences
    in_targets = {
        offence
        for name, target in settings.targets.items()
        if name != "demand"
        for offence in target.offences["incidents"]
    }
    assert in_targets == offences.keys()


def test_a_workspace_is_never_made_over_something(tmp_path: Path) -> None:
    made = make_workspace(tmp_path / "workspace", "london")
    before = (made.root / "wardcast.toml").read_bytes()
    with pytest.raises(RefusedAction, match="already a workspace"):
        make_simulated_workspace(made.root, 7, ignore, small_city())
    assert (made.root / "wardcast.toml").read_bytes() == before
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter.txt").write_text("mine")
    with pytest.raises(RefusedAction, match="no empty folder"):
        make_workspace(tmp_path / "full", "london")
    (tmp_path / "empty").mkdir()
    assert make_workspace(tmp_path / "empty", "london").settings.city == "London"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "full", "workspace"]


def test_a_simulated_workspace_is_ready_to_be_used(tmp_path: Path) -> None:
    told: list[str] = []
    workspace = make_simulated_workspace(tmp_path / "workspace", 3, told.append, small_city())
    assert workspace.settings.seed == 3
    assert workspace.settings.simulated
    geography = load_geography(workspace, workspace.settings.geography)
    assert len(geography.codes) == 60
    meaning = workspace.settings.geographies[geography.name]
    columns = (meaning.residents, meaning.deprivation, *meaning.groups.values())
    assert all(column is not None and geography.attribute(column).size == 60 for column in columns)
    publications = PublicationStore(workspace.publications).list()
    assert [(str(one.first), str(one.last)) for one in publications] == [("2022-01", "2024-06"), ("2022-01", "2024-12")]
    assert len(told) == 4
    assert [path.name for path in tmp_path.iterdir()] == ["workspace"]


@pytest.mark.slow
def test_a_killed_init_leaves_nothing_that_looks_whole_and_can_be_repeated(tmp_path: Path) -> None:
    root = tmp_path / "workspace"
    for step in ("1", "2", "3", "4"):
        killed = subprocess.run([sys.executable, "-c", KILLED_AT_STEP, str(root), step], check=False)
        assert killed.returncode == -signal.SIGKILL
        assert not root.exists()
    make_simulated_workspace(root, 3, ignore, small_city())
    assert [path.name for path in tmp_path.iterdir()] == ["workspace"]


def test_init_prints_what_to_type_next(tmp_path: Path) -> None:
    root = tmp_path / "london"
    result = CliRunner().invoke(wardcast, ["init", "--example", "london", "--workspace", str(root)])
    assert result.exit_code == 0, result.output
    assert "wardcast geography add ward_2022 --boundaries london_wards_2022.geojson" in result.stdout
    assert Workspace(root).settings.city == "London"


def test_init_chicago_says_how_incidents_are_ingested(tmp_path: Path) -> None:
    root = tmp_path / "chicago"
    result = CliRunner().invoke(wardcast, ["init", "--example", "chicago", "--workspace", str(root)])
    assert result.exit_code == 0
    assert "wardcast ingest incidents FILE --time date --lon longitude --lat latitude" in result.stdout
    assert read_settings(root / "wardcast.toml").frequency == "week"


@pytest.mark.parametrize(
    "options", [["--simulated", "--example", "london"], ["--seed", "7"], ["--simulated", "--seed", "-1"]]
)
def test_options_that_do_not_go_together_are_told(tmp_path: Path, options: list[str]) -> None:
    result = CliRunner().invoke(wardcast, ["init", *options, "--workspace", str(tmp_path / "workspace")])
    assert result.exit_code == 2
    assert not (tmp_path / "workspace").exists()
