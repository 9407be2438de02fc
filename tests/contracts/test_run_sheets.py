"""The sheet of a run is written whole, read back as it was, and refused by name where it is none."""

from __future__ import annotations

import hashlib
import os
from dataclasses import asdict, fields
from pathlib import Path

import pytest

from contracts import BadInput, Workspace
from contracts.run_sheets import RunSheet, read_sheet, sheet_paths, write_sheet

WORDS = {
    **{one.name: "x" for one in fields(RunSheet) if one.type == "str"},
    **{one.name: [] for one in fields(RunSheet) if str(one.type).startswith("list")},
}


def sheet(run_id: str = "a" * 32, **other: object) -> RunSheet:
    rows = [{"level": "area", "horizon": 2, "model": "wardcast", "crps": 1.5}]
    given = {
        **WORDS, "run_id": run_id, "seed": 7, "horizon": 2, "model": "wardcast", "statement": None, "errors": {},
        "leaderboard": rows, "settings": {}, "code": {}, **other,
    }  # fmt: skip
    return RunSheet(**given)  # type: ignore[arg-type]


def test_a_sheet_is_read_as_it_was_written(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    written = sheet(errors={"E1": (1.5, 2.0)}, title="Ærø <b>")
    sha256 = write_sheet(workspace, written)
    (path,) = sheet_paths(workspace)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == sha256
    again, same = read_sheet(path)
    assert same == sha256
    assert asdict(again) == {**asdict(written), "errors": {"E1": [1.5, 2.0]}}
    assert again.row() == written.leaderboard[0]
    assert again.row("city") is None


def test_a_figure_that_is_none_is_null(tmp_path: Path) -> None:
    write_sheet(Workspace(tmp_path), sheet(leaderboard=[{"crps": float("nan"), "mae": float("inf")}]))
    again, _ = read_sheet(next(sheet_paths(Workspace(tmp_path))))
    assert again.leaderboard == [{"crps": None, "mae": None}]


def test_sheets_come_the_newest_first_and_half_written_ones_not_at_all(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    assert list(sheet_paths(workspace)) == []
    for at, name in enumerate("bca"):
        write_sheet(workspace, sheet(name * 32))
        os.utime(workspace.runs / (name * 32) / "sheet.json", (at, at))
    (workspace.runs / ".unfinished-d").mkdir()
    (workspace.runs / ".unfinished-d" / "sheet.json").write_text("{")
    assert [path.parent.name[0] for path in sheet_paths(workspace)] == ["a", "c", "b"]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b'{"run_id": "x"}', b"\xff"])
def test_a_file_that_is_no_sheet_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(content)
    with pytest.raises(BadInput, match=r"x\.json cannot be read as the sheet of a run"):
        read_sheet(path)
