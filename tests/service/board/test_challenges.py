"""Challenges: anyone may dispute a forecast; a reply, a rerun and an outcome follow, each by whoever may."""

from __future__ import annotations

from datetime import date

import pytest

from contracts import BadInput, MissingThing, RefusedAction
from service.board.challenges import challenges_of, decide_challenge, open_challenge, reply_to_challenge
from service.board.people import person_named
from service.ledger.entries import sha256_of

OPENED = date(2025, 7, 20)


def opened(city, **choice):
    chosen = {
        "by": person_named(city.workspace.settings, "Rosa Resident"),
        "reason": "The shopping centre closed.",
        "forecast_id": city.ledger.entries("issue")[0].content["forecast_id"],
        "area": "C0203",
        "target": "violence",
        "today": OPENED,
    }
    return open_challenge(city.workspace, city.ledger, **{**chosen, **choice})


def reply(city, number, by="Ann", **choice):
    person = person_named(city.workspace.settings, by)
    choice = {"reply": "We look.", **choice}
    return reply_to_challenge(city.workspace, city.ledger, city.registry, number, by=person, **choice)


def decide(city, number, by="Ben", **choice):
    person = person_named(city.workspace.settings, by)
    choice = {"outcome": "upheld", "reason": "The counts moved.", **choice}
    return decide_challenge(city.workspace, city.ledger, city.registry, number, by=person, **choice)


def test_a_challenge_has_a_deadline_an_answer_a_rerun_and_an_outcome(issued_city):
    one = opened(issued_city)
    assert (one.state, one.reply_by, one.opened_by) == ("open", "2025-08-09", "Rosa Resident")
    assert not one.is_overdue(date(2025, 8, 9))
    assert one.is_overdue(date(2025, 8, 10))
    answered = reply(issued_city, one.number)
    assert (answered.state, answered.replied_by) == ("answered", "Ann")
    assert not answered.is_overdue(date(2026, 1, 1))
    fresh = issued_city.issue(today=date(2025, 8, 2)).forecast_id
    decided = decide(issued_city, one.number, rerun=fresh, outcome="partly upheld")
    assert (decided.state, decided.outcome, decided.rerun) == ("decided", "partly upheld", fresh)
    assert [entry.kind for entry in issued_city.ledger.entries()[5:]] == [
        "challenge",
        "challenge_reply",
        "issue",
        "challenge_decision",
    ]
    assert issued_city.ledger.verify().findings == ()


def test_without_a_rerun_nothing_is_decided_and_a_backtest_is_one(issued_city):
    one = opened(issued_city)
    with pytest.raises(RefusedAction, match="has no rerun"):
        decide(issued_city, one.number)
    issued_city.registry.add_backtest("run-1")
    issued_city.registry.add_backtest("run-2")
    issued_city.registry.runs["run-2"] = ("train", "violence")
    issued_city.registry.add_backtest("run-3", target="robbery")
    issued_city.registry.runs["run-4"] = ("backtest", "violence")
    disputed = one.forecast_id
    for rerun in ("run-2", "run-3", "run-4", "nothing", disputed):
        with pytest.raises(MissingThing, match="neither a forecast issued after"):
            decide(issued_city, one.number, rerun=rerun)
    reply(issued_city, one.number, rerun="run-1")
    assert decide(issued_city, one.number).rerun == "run-1"
    entry = issued_city.ledger.entries("challenge_decision")[0].content
    board = issued_city.registry.texts["run-1", "leaderboard.json"]
    assert (entry["rerun_kind"], entry["rerun_sha256"]) == ("backtest", sha256_of(board))


def test_a_backtest_that_was_rewritten_after_the_answer_decides_nothing(issued_city):
    one = opened(issued_city)
    issued_city.registry.add_backtest("run-1")
    reply(issued_city, one.number, rerun="run-1")
    issued_city.registry.texts["run-1", "leaderboard.json"] = '{"statement": "Better."}'
    for named in ({}, {"rerun": "run-1"}):
        with pytest.raises(RefusedAction, match="backtest run-1 is not what the signed answer named"):
            decide(issued_city, one.number, **named)
    issued_city.registry.add_backtest("run-2")
    assert decide(issued_city, one.number, rerun="run-2").rerun == "run-2"


def test_an_answer_made_before_hashes_were_recorded_is_decided_on(issued_city):
    one = opened(issued_city)
    issued_city.registry.add_backtest("run-1")
    about = {"challenge": one.number, "forecast_id": one.forecast_id, "target": "violence"}
    issued_city.ledger.append("challenge_reply", "Ann", {**about, "reply": "We look.", "rerun": "run-1"})
    assert challenges_of(issued_city.ledger.entries())[one.number].rerun_sha256 is None
    assert decide(issued_city, one.number).rerun_sha256 is not None


def test_a_forecast_without_the_disputed_target_is_no_rerun(issued_city):
    one = opened(issued_city)
    targets = issued_city.ledger.entries("issue")[0].content["targets"]
    about = {"forecast_id": "2025-09-00000000", "targets": [one for one in targets if one["target"] == "robbery"]}
    issued_city.ledger.append("issue", "Ann", about)
    with pytest.raises(MissingThing, match="holds no target 'violence'"):
        reply(issued_city, one.number, rerun="2025-09-00000000")


def test_whoever_opened_it_cannot_decide_it(issued_city):
    one = opened(issued_city)
    issued_city.registry.add_backtest("run-1")
    with pytest.raises(RefusedAction, match="cannot decide it"):
        decide(issued_city, one.number, by="ROSA resident", rerun="run-1")


def test_what_is_decided_is_final(issued_city):
    one = opened(issued_city)
    issued_city.registry.add_backtest("run-1")
    decide(issued_city, one.number, rerun="run-1")
    for step in (reply, decide):
        with pytest.raises(RefusedAction, match="is decided already"):
            step(issued_city, one.number)
    about = {"challenge": one.number, "forecast_id": one.forecast_id, "target": "violence"}
    late = {**about, "outcome": "dismissed", "reason": "No.", "rerun": "run-1"}
    issued_city.ledger.append("challenge_decision", "Mallory", late)
    assert challenges_of(issued_city.ledger.entries())[one.number].outcome == "upheld"


@pytest.mark.parametrize(
    ("choice", "words"),
    [
        ({"forecast_id": "2025-08-00000000"}, "No forecast '2025-08-00000000'"),
        ({"area": "E99"}, "no area 'E99'"),
        ({"target": "arson"}, "no target 'arson'"),
    ],
)
def test_what_was_not_forecast_cannot_be_disputed(issued_city, choice, words):
    with pytest.raises(MissingThing, match=words):
        opened(issued_city, **choice)
    assert issued_city.ledger.entries("challenge") == ()


def test_a_challenge_needs_a_reason_and_a_decision_a_known_outcome(issued_city):
    with pytest.raises(RefusedAction, match="needs a reason"):
        opened(issued_city, reason=" ")
    one = opened(issued_city)
    with pytest.raises(BadInput, match="is no outcome"):
        decide(issued_city, one.number, outcome="perhaps", rerun="run-1")
    with pytest.raises(MissingThing, match="no challenge 99"):
        reply(issued_city, 99)
