"""``wardcast ledger``: what it prints, and the files of issued forecasts."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from contracts import BadInput, RefusedAction
from service.cli import wardcast


@pytest.fixture
def run(issued_city):
    def run_words(*words):
        workspace = str(issued_city.workspace.root)
        return CliRunner().invoke(wardcast, ["ledger", *words, "--workspace", workspace], standalone_mode=False)

    return run_words


def test_a_sound_record_is_told_with_its_head(issued_city, run):
    told = run("verify")
    assert told.exception is None
    assert "5 entries, every hash, link, signature and forecast file as recorded" in told.stdout
    assert issued_city.ledger.place().hash in told.stdout
    assert json.loads(run("verify", "--json").stdout) == {
        "entries": 5,
        "head": issued_city.ledger.place().hash,
        "findings": [],
        "notes": [],
        "is_behind": False,
    }


def test_the_first_changed_entry_is_named(issued_city, run, change):
    change(issued_city.workspace.ledger_url, "UPDATE ledger_entries SET actor = 'Mallory' WHERE number = 2")
    changed = run("verify", "--json")
    assert isinstance(changed.exception, BadInput)
    assert "entry 2: its fields were edited" in str(changed.exception)
    assert {finding["number"] for finding in json.loads(changed.stdout)["findings"]} == {2}


@pytest.mark.parametrize("damage", ["one bit", "missing"])
def test_a_changed_file_of_an_issued_forecast_is_found(issued_city, run, damage):
    issued = issued_city.ledger.entries("issue")[0]
    file = issued_city.workspace.forecasts / issued.content["forecast_id"] / "forecasts.parquet"
    whole = file.read_bytes()
    if damage == "missing":
        file.unlink()
    else:
        file.write_bytes(whole[:99] + bytes([whole[99] ^ 1]) + whole[100:])
    told = run("verify")
    assert isinstance(told.exception, BadInput)
    assert "entry 5: " in str(told.exception)
    assert "forecasts.parquet" in str(told.exception)
    file.write_bytes(whole)
    assert run("verify").exception is None


def test_an_exported_head_finds_what_the_workspace_cannot(issued_city, run, tmp_path):
    kept = tmp_path / "kept.json"
    written = run("head", "--out", str(kept))
    assert "Wrote the head of entry 5" in written.stdout
    assert run("verify", "--head", str(kept)).exception is None
    assert isinstance(run("head", "--out", str(kept)).exception, RefusedAction)
    kept.write_text(kept.read_text().replace('"number": 5', '"number": 6'))
    told = run("verify", "--head", str(kept))
    assert "entry 6: the head you gave, which should name it, was edited" in str(told.exception)
    (tmp_path / "empty.json").write_text("")
    assert "is no signed head" in str(run("verify", "--head", str(tmp_path / "empty.json")).exception)
    assert "is missing" in str(run("verify", "--head", str(tmp_path / "none.json")).exception)


def test_a_changed_ledger_exports_no_head(issued_city, run, change, tmp_path):
    change(issued_city.workspace.ledger_url, "DELETE FROM ledger_entries WHERE number = 5")
    told = run("head", "--out", str(tmp_path / "kept.json"))
    assert "entry 5: it is gone from the end" in str(told.exception)
    assert not (tmp_path / "kept.json").exists()


def test_an_interrupted_head_is_mended_and_told(issued_city, run):
    head = issued_city.workspace.seal / "head.json"
    behind = head.read_bytes()
    issued_city.ledger.append("approval", "Ada", {"target": "violence", "version": 9})
    head.write_bytes(behind)
    told = run("verify")
    assert told.exception is None
    assert "one entry behind" in told.stderr
    assert run("verify").stderr == ""


def test_a_new_key_is_told_and_listed(run):
    told = run("rotate-key", "--by", "Ada", "--reason", "a year has passed")
    assert told.exception is None
    assert "Entry 6 introduces the key " in told.stdout
    assert "key       " in run("list").stdout.splitlines()[-1]
    assert run("verify").exception is None
