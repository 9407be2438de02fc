"""The short form of ``benchmarks.life_stress``: two processes approve, issue and serve in one workspace on SQLite."""

from __future__ import annotations

import pytest

from benchmarks.life_stress import make_workspace, stress


@pytest.mark.slow
def test_two_processes_that_approve_issue_and_serve_lose_nothing(tmp_path):
    workspace = make_workspace(tmp_path / "workspace")
    outcome = stress(workspace, processes=2, seconds=10.0, restart=lambda _: None, restarts=0, least=3)
    assert outcome.is_sound(), outcome
    assert outcome.kinds["approval"] > 2
    assert outcome.polls >= 6
