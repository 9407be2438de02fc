"""The commands of oversight, from the shell: one line where something is refused, JSON where it is asked for."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from contracts import RefusedAction
from service.cli import wardcast


@pytest.fixture
def run(city, monkeypatch):
    """Runs a command on the city's workspace, with its fake registry; returns what it prints."""
    monkeypatch.setattr("models.registry", city.registry)

    def run(*words: str):
        done = CliRunner().invoke(wardcast, [*words, "--workspace", str(city.workspace.root)])
        if done.exception is not None:
            raise done.exception
        return done.stdout

    return run


WHO = ("--by", "Ann Analyst", "--reason", "Better than the count.")
BOARD = ("--by", "Ben Board", "--reason", "Audit read.")


def test_a_model_is_proposed_approved_issued_and_withdrawn_by_commands(run, city):
    assert "violence: version 1 is proposed by Ann Analyst (ledger entry 3)." in run("propose", *WHO)
    with pytest.raises(RefusedAction, match="nobody approves their own model"):
        run("approve", *WHO)
    approval = json.loads(run("approve", *BOARD, "--json"))
    assert [champion["proposed_by"] for champion in approval["champions"]] == ["Ann Analyst", "Ann Analyst"]
    withdrawn = run("withdraw", "--target", "violence", *BOARD)
    assert withdrawn == "violence: version 1 is withdrawn by Ben Board (ledger entry 7).\n"
    told = run("history", "violence")
    assert "None in use. The model of 'violence', version 1, was withdrawn by Ben Board" in told
    assert [event["entry"] for event in json.loads(run("history", "violence", "--json"))["events"]] == [7, 5, 3, 1]
    listed = run("ledger", "list")
    assert "withdrawal violence version 1  by Ben Board" in listed


def test_a_proposal_is_rejected_by_a_command(run):
    proposals = json.loads(run("propose", "--target", "robbery", *WHO, "--json"))
    assert [(one["target"], one["state"]) for one in proposals] == [("robbery", "proposed")]
    assert run("reject", "--target", "robbery", *BOARD).startswith("robbery: version 1 is rejected by Ben Board")
    assert json.loads(run("history", "robbery", "--json"))["versions"][0]["state"] == "rejected"


def test_a_challenge_is_opened_answered_and_decided_by_commands(run, city):
    city.approve()
    forecast_id = city.issue().forecast_id
    dispute = ("--area", "C0203", "--target", "violence", "--by", "Rosa", "--reason", "The centre closed.")
    number = str(json.loads(run("challenge", "open", forecast_id, *dispute, "--json"))[0]["number"])
    assert "open; a reply is due by" in run("challenge", "list")
    assert "answered" in run("challenge", "reply", number, "--by", "Ann", "--reply", "We look.")
    city.registry.add_backtest("run-1")
    decided = run("challenge", "decide", number, *BOARD, "--outcome", "upheld", "--rerun", "run-1")
    assert decided.endswith("decided, upheld by Ben Board\n")
    assert json.loads(run("challenge", "list", "--json"))[0]["overdue"] is False
    told = run("history", "violence")
    assert "The challenge 6 was upheld by Ben Board." in told
    assert "Computed again as run-1." in told
