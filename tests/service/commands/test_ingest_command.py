"""``wardcast ingest`` and ``wardcast publications`` through the command line's own door."""

from __future__ import annotations

import errno
import json
import sys
from pathlib import Path
from typing import Any

import filelock
import pytest
from click.testing import CliRunner

from contracts import MissingThing
from service.cli import main, wardcast
from service.commands import ingest, publications

SETTINGS = """
city = "Chicago"
geography = "grid_1000m"
frequency = "week"
[offences.incidents]
incident = []
[targets.incidents]
title = "Incidents"
offences = { incidents = "all" }
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    root = tmp_path / "workspace"
    root.mkdir()
    (root / "wardcast.toml").write_text(SETTINGS, encoding="utf-8")
    rows = [
        f"2024-01-{1 + day:02d} {hour:02d}:00:00,{-87.60 - 0.01 * (hour % 8)},{41.80 + 0.005 * (day % 7)}"
        for day in range(28)
        for hour in range(24)
    ]
    (tmp_path / "incidents.csv").write_text("\n".join(["when,lon,lat", *rows]) + "\n", encoding="utf-8")
    return root


def _ingest(workspace: Path, *more: str) -> Any:
    file = str(workspace.parent / "incidents.csv")
    arguments = ["incidents", file, "--time", "when", "--lon", "lon", "--lat", "lat", "--workspace", str(workspace)]
    return CliRunner().invoke(ingest.command, [*arguments, *more])


def test_incidents_make_a_grid_and_are_told(workspace: Path) -> None:
    result = _ingest(workspace)
    assert result.exit_code == 0, result.output
    assert "672 crimes, 2024-W01 to 2024-W04" in result.stdout
    assert "Published on 2024-01-29 is assumed" in result.stderr
    assert (workspace / "geographies" / "grid_1000m").is_dir()
    listing = CliRunner().invoke(publications.command, ["--workspace", str(workspace)])
    assert "incidents-2024-01-29" in listing.stdout


def test_hexagons_are_made_and_codes_are_counted_where_they_are_named(workspace: Path) -> None:
    assert "areas of h3_7" in _ingest(workspace, "--geography", "h3_7", "--period", "shift").stdout
    file = workspace.parent / "incidents.csv"
    header, *rows = file.read_text(encoding="utf-8").splitlines()
    coded = [f"{row},{'north' if float(row.split(',')[2]) > 41.82 else 'south'}" for row in rows]
    file.write_text("\n".join([f"{header},beat", *coded]) + "\n", encoding="utf-8")
    by_beat = ("--geography", "beats", "--area", "beat", "--period", "day")
    refused = _ingest(workspace, *by_beat)
    assert isinstance(refused.exception, MissingThing)
    assert "wardcast geography add" in refused.exception.remedy
    assert "--draw-areas" in refused.exception.remedy
    assert not (workspace / "geographies" / "beats").exists()
    result = _ingest(workspace, *by_beat, "--draw-areas")
    assert result.exit_code == 0, result.output
    assert "672 crimes, 2024-01-01 to 2024-01-28, 2 areas of beats" in result.stdout


def test_areas_are_drawn_only_where_they_are_asked_for_under_a_name_of_their_own(workspace: Path) -> None:
    forgotten = _ingest(workspace, "--area", "lat")
    assert "There is no geography 'grid_1000m'" in str(forgotten.exception)
    assert "cannot be that of drawn areas" in str(_ingest(workspace, "--area", "lat", "--draw-areas").exception)
    assert "Name its column with --area" in str(_ingest(workspace, "--geography", "b", "--draw-areas").exception)
    assert _files(workspace) == {"wardcast.toml"}


def _files(workspace: Path) -> set[str]:
    return {path.relative_to(workspace).as_posix() for path in workspace.rglob("*")}


@pytest.mark.parametrize(
    "choice",
    [("--geography", "grid_700m"), ("--geography", "h3_7"), ("--geography", "beats", "--area", "lat", "--draw-areas")],
)
def test_a_refused_file_leaves_nothing_and_an_accepted_one_both(workspace: Path, choice: tuple[str, ...]) -> None:
    before = _files(workspace)
    refused = _ingest(workspace, *choice, "--published-on", "2024-01-03")
    assert refused.exit_code != 0
    assert _files(workspace) == before
    assert _ingest(workspace, *choice).exit_code == 0
    made = {path.name for path in (workspace / "geographies").iterdir()}
    assert made == {choice[1]}
    assert [path.name for path in workspace.glob(".*")] == []


def test_cells_go_again_where_the_counts_cannot_be_stored(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("features.store.publications._write_tables", full)
    assert _ingest(workspace).exit_code != 0
    monkeypatch.undo()
    assert list((workspace / "geographies").iterdir()) == []
    assert _ingest(workspace).exit_code == 0


def test_what_a_killed_ingest_left_is_removed_and_that_of_a_running_one_is_not(workspace: Path) -> None:
    for name in ("killed", "running"):
        (workspace / f".proposed-{name}" / "geographies" / "grid_1000m").mkdir(parents=True)
    with filelock.FileLock(workspace / ".proposed-running" / "proposal.lock"):
        assert _ingest(workspace).exit_code == 0
    assert [path.name for path in workspace.glob(".*")] == [".proposed-running"]


def test_json_is_one_document(workspace: Path) -> None:
    result = _ingest(workspace, "--json")
    (summary,) = json.loads(result.stdout)
    assert (summary["crimes"], summary["periods"], summary["frequency"]) == (672, 4, "week")
    listing = CliRunner().invoke(publications.command, ["--workspace", str(workspace), "--json"])
    assert [one["id"] for one in json.loads(listing.stdout)["publications"]] == [summary["id"]]


def test_an_error_is_one_line_and_an_exit_code(
    workspace: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = [
        "ingest",
        "mps-ward",
        "nowhere.csv",
        "--published-on",
        "2024-01-10",
        "--workspace",
        str(workspace / "none"),
    ]
    monkeypatch.setattr(sys, "argv", ["wardcast", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 6
    told = capfd.readouterr()
    assert told.out == ""
    assert len(told.err.strip().splitlines()) == 1
    assert "There is no workspace" in told.err


@pytest.mark.parametrize("kind", ["mps-ward", "mps-lsoa", "police-uk", "incidents", "counts"])
def test_every_kind_has_help(kind: str) -> None:
    result = CliRunner().invoke(wardcast, ["ingest", kind, "--help"])
    assert result.exit_code == 0
    assert "--workspace" in result.output


def test_an_empty_store_and_an_unknown_target_are_told(workspace: Path) -> None:
    result = CliRunner().invoke(publications.command, ["--workspace", str(workspace)])
    assert "The store is empty" in result.stderr
    unknown = CliRunner().invoke(publications.command, ["--workspace", str(workspace), "--target", "piracy"])
    assert "There is no target 'piracy'" in str(unknown.exception)
