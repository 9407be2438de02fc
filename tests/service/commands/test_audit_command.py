"""``wardcast audit``: what it reports on, and what it is told when it cannot."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from contracts import BadInput, MissingThing
from service.commands.audit import command


@pytest.fixture
def written(monkeypatch):
    """What the command asks ``training`` to write."""
    asked = {}

    class Written:
        def to_dict(self):
            return {"folder": "x"}

        def as_text(self):
            return "made"

    def write(workspace, runs, out, **choice):
        asked.update(runs=list(runs), out=out, **choice)
        return Written()

    monkeypatch.setattr("training.oversight.write_report", write)
    return asked


@pytest.fixture
def call(city):
    def run(*words):
        done = CliRunner().invoke(command, [*words, "--workspace", str(city.workspace.root)])
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done

    return run


def test_named_runs_are_reported_and_compared_with_the_models_in_use(call, city, written, tmp_path):
    city.approve()
    done = call("abc123", "def456", "--out", str(tmp_path / "report"), "--json")
    assert json.loads(done.stdout) == {"folder": "x"}
    assert written["runs"] == ["abc123", "def456"]
    assert written["out"] == tmp_path / "report"
    assert written["champions"] == {"violence": "run-violence-1", "robbery": "run-robbery-1"}
    assert (written["previous"], written["stops"]) == (None, ())


def test_the_latest_are_the_models_in_use(call, city, written, tmp_path):
    city.approve()
    assert call("--latest", "--out", str(tmp_path / "report")).stdout == "made\n"
    assert sorted(written["runs"]) == ["run-robbery-1", "run-violence-1"]
    call("--latest", "--target", "robbery", "--out", str(tmp_path / "report"))
    assert written["runs"] == ["run-robbery-1"]


def test_options_are_handed_over(call, written, tmp_path):
    call("abc123", "--out", "r", "--previous", "old.json", "--stops", "a.csv", "--stops", "b.csv")
    assert (written["previous"], written["stops"]) == (Path("old.json"), (Path("a.csv"), Path("b.csv")))


@pytest.mark.parametrize("words", [(), ("abc123",), ("--out", "x"), ("abc123", "--latest", "--out", "x")])
def test_nothing_to_report_is_told(call, words):
    with pytest.raises(BadInput, match="nothing to report"):
        call(*words)


def test_no_model_in_use_is_told(call, city):
    with pytest.raises(MissingThing, match="No model is in use"):
        call("--latest", "--out", "x")
    city.approve(target="violence")
    with pytest.raises(MissingThing, match="No model of 'robbery' is in use"):
        call("--latest", "--target", "robbery", "--out", "x")
