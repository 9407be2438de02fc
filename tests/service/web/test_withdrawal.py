"""A withdrawn model: the service refuses its forecasts within seconds, says why, and goes on with the others."""

from __future__ import annotations

import threading

import pytest

from contracts import WithdrawnModel
from service.board.decisions import withdraw
from service.board.people import person_named
from service.web import schemas
from service.web.watcher import POLL_SECONDS

LONGEST_SECONDS = 5.0
LOOKS = 2
"""Looks into the ledger that may end after a withdrawal until it is known: one had begun before it."""


def take_out(city, target="violence", **choice):
    person = person_named(city.workspace.settings, "Ben Board")
    choice = {"reason": "Its counts were wrong.", **choice}
    withdraw(city.workspace, city.ledger, city.registry, by=person, target=target, **choice)


PATHS = (
    "/v1/forecasts",
    "/v1/forecasts?target=violence&period=2025-09",
    "/v1/hotspots?target=violence",
    "/v1/areas/C0203/forecast?target=violence",
    "/v1/areas/C0203/history?target=violence",
)


def test_a_running_service_refuses_a_withdrawn_model_within_five_seconds(issued_city, serve_city, monkeypatch):
    client = serve_city(issued_city)
    assert LOOKS * POLL_SECONDS < LONGEST_SECONDS
    looked = threading.Semaphore(0)
    poll = client.watcher.poll

    def poll_and_tell():
        poll()
        looked.release()

    monkeypatch.setattr(client.watcher, "poll", poll_and_tell)
    client.watcher.start()
    try:
        assert client.get(PATHS[0]).status_code == 200
        take_out(issued_city)
        while looked.acquire(blocking=False):
            pass
        for _ in range(LOOKS):
            assert looked.acquire(timeout=300)
        assert client.get(PATHS[0]).status_code == 410
    finally:
        client.watcher.stop()


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_of_the_target_is_a_problem_that_says_who_withdrew_it_and_why(issued_city, serve_city, path):
    client = serve_city(issued_city)
    take_out(issued_city)
    client.watcher.poll()
    answer = client.get(path)
    assert answer.status_code == 410
    assert answer.headers["content-type"] == "application/problem+json"
    problem = schemas.ProblemDocument.model_validate_json(answer.content)
    assert problem.type == "urn:wardcast:problem:withdrawn"
    assert "Ben Board" in problem.detail
    assert "Its counts were wrong." in problem.detail
    assert "/models/violence" in problem.remedy


def test_the_other_targets_are_served_and_the_summary_says_what_is_withdrawn(issued_city, serve_city):
    client = serve_city(issued_city)
    take_out(issued_city)
    client.watcher.poll()
    assert client.get("/v1/forecasts?target=robbery").status_code == 200
    summary = client.get("/v1/summary").json()
    schemas.Summary.model_validate(summary)
    withdrawn = {about["target"]: about["withdrawn"] for about in summary["targets"]}
    assert withdrawn["robbery"] is None
    assert withdrawn["violence"]["reason"] == "Its counts were wrong."
    ready = client.get("/readyz").json()
    assert ready["status"] == "degraded"
    assert "was withdrawn by Ben Board" in ready["refused"][0]


def test_a_service_that_starts_after_the_withdrawal_refuses_too(issued_city, serve_city):
    take_out(issued_city)
    assert serve_city(issued_city).get("/v1/forecasts?target=violence").status_code == 410


def test_after_the_next_issue_the_target_is_still_told_as_withdrawn(issued_city, serve_city):
    take_out(issued_city)
    issued_city.issue()
    client = serve_city(issued_city)
    assert client.get("/v1/forecasts").json()["target"] == "robbery"
    assert client.get("/v1/forecasts?target=violence").status_code == 410
    assert client.get("/readyz").json()["status"] == "degraded"


def test_a_new_model_brings_the_target_back_only_with_a_new_issue(issued_city, serve_city):
    client = serve_city(issued_city)
    take_out(issued_city)
    issued_city.registry.add("violence", issued_city.workspace.root / "violence")
    issued_city.approve(target="violence")
    client.watcher.poll()
    assert client.get("/v1/forecasts?target=violence").status_code == 410
    issued_city.issue()
    client.watcher.poll()
    answer = client.get("/v1/forecasts?target=violence").json()
    assert answer["model_version"] == 2
    assert client.get("/readyz").json()["status"] == "ready"


def test_a_withdrawn_target_stays_withdrawn_until_its_next_model_is_issued(issued_city, serve_city):
    take_out(issued_city)
    issued_city.issue()
    client = serve_city(issued_city)
    issued_city.registry.add("violence", issued_city.workspace.root / "violence")
    issued_city.approve(target="violence")
    client.watcher.poll()
    assert client.get("/v1/forecasts?target=violence").status_code == 410
    issued_city.issue()
    client.watcher.poll()
    assert client.get("/v1/forecasts?target=violence").status_code == 200
    assert client.get("/readyz").json()["status"] == "ready"


def test_a_superseded_model_that_was_issued_is_refused_once_it_is_withdrawn(issued_city, serve_city):
    client = serve_city(issued_city)
    issued_city.registry.add("violence", issued_city.workspace.root / "violence")
    issued_city.approve(target="violence")
    client.watcher.poll()
    assert client.get("/v1/forecasts?target=violence").status_code == 200
    take_out(issued_city, version=1)
    client.watcher.poll()
    assert client.get("/v1/forecasts?target=violence").status_code == 410


def test_where_everything_is_withdrawn_the_service_is_not_ready_and_nothing_is_issued(issued_city, serve_city):
    for target in ("violence", "robbery"):
        take_out(issued_city, target)
    client = serve_city(issued_city)
    assert client.get("/readyz").status_code == 410
    assert client.get("/v1/forecasts").status_code == 410
    assert client.get("/healthz").status_code == 200
    with pytest.raises(WithdrawnModel, match="nothing can be issued"):
        issued_city.issue()


def test_an_issue_of_a_withdrawn_model_is_never_taken_up(issued_city, serve_city):
    entry = issued_city.ledger.entries("issue")[0]
    take_out(issued_city)
    issued_city.ledger.append("issue", "Mallory", entry.content)
    client = serve_city(issued_city)
    assert "not of a model that was approved" in client.get("/readyz").json()["refused"][0]
    assert client.get("/v1/forecasts?target=violence").status_code == 410
