"""The judge of ``benchmarks.serving_faults`` finds what it is there to find, and nothing where nothing is wrong."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, replace

import numpy as np
import pytest

from benchmarks.answer_audit import Audit, issued_forecasts, withdrawals_of
from benchmarks.faulty_machines import Outage
from benchmarks.model_lives import steps_of
from benchmarks.request_load import Asked, Interruption, Load, Seen
from benchmarks.serving_faults import asked_of
from contracts import CountDistribution
from service.board.decisions import withdraw
from service.board.people import person_named


@dataclass(frozen=True)
class Scaled:
    """A model that expects so many times as much."""

    model: object
    factor: float

    def predict(self, panel, geography, horizons):
        mean = self.model.predict(panel, geography, horizons).mean
        return CountDistribution(self.factor * mean, np.array(0.2), np.array(0.01))

    def explain(self, panel, geography, horizons):
        reasons = self.model.explain(panel, geography, horizons)
        return replace(reasons, crimes=self.factor * reasons.crimes)


class Scene:
    """A city with two forecasts and what a client saw of both."""

    def __init__(self, city, serve_city):
        client = serve_city(city)
        self.city, self.damaged, self.outages, self.interruptions = city, set(), [], []
        asked = [*asked_of(city.workspace, city.ledger.entries("issue")[0]), Asked("/readyz", "/readyz")]
        self.first = {one: self.seen(client, one) for one in asked}
        load = city.sources.load
        for target in ("violence", "robbery"):
            city.registry.add(target, city.workspace.root / target)
        city.approve()
        city.sources = replace(city.sources, load=lambda folder, sha256: Scaled(load(folder, sha256), 1.1))
        city.issue()
        client.watcher.poll()
        self.client = client
        self.second = {one: self.seen(client, one) for one in asked}

    def seen(self, client, asked):
        sent = time.monotonic()
        answer = client.get(asked.path, headers={"accept-encoding": "identity"})
        now = time.monotonic()
        return Seen(asked, answer.status_code, answer.content, 1, now, now, sent, sent)

    def findings(self):
        entries = self.city.ledger.entries()
        issued = issued_forecasts(self.city.workspace.forecasts, entries)
        audit = Audit(issued, withdrawals_of(entries), self.damaged, self.outages)
        load = Load(1.0, [*self.first.values(), *self.second.values()], self.interruptions)
        return audit.judge(load).findings

    def of(self, answers, route):
        return next(one for asked, one in answers.items() if asked.route == route)

    def change(self, seen, **fields):
        seen.body = json.dumps({**json.loads(seen.body), **fields}).encode()


@pytest.fixture
def scene(issued_city, serve_city):
    return Scene(issued_city, serve_city)


SCORED = ("/v1/forecasts", "/v1/levels", "/v1/hotspots", "/v1/area", "/v1/areas", "/v1/summary", "/v1/history")


def test_nothing_is_found_where_nothing_is_wrong(scene):
    assert scene.findings() == []


@pytest.mark.parametrize("route", SCORED)
def test_an_answer_that_names_another_forecast_than_its_own(scene, route):
    older, newer = (json.loads(scene.of(answers, route).body) for answers in (scene.first, scene.second))
    scene.change(scene.of(scene.second, route), forecast_id=older["forecast_id"])
    assert newer["forecast_id"] != older["forecast_id"]
    assert scene.findings() != []


def test_one_row_of_another_forecast(scene):
    older, newer = scene.of(scene.first, "/v1/forecasts"), scene.of(scene.second, "/v1/forecasts")
    rows = json.loads(newer.body)["areas"]
    scene.change(newer, areas=[*rows[:-1], json.loads(older.body)["areas"][-1]])
    (found,) = scene.findings()
    assert "are not those of the forecast it names" in found


def test_a_row_that_is_missing(scene):
    seen = scene.of(scene.second, "/v1/forecasts")
    scene.change(seen, areas=json.loads(seen.body)["areas"][:-1])
    assert any("9 areas, not 10" in found for found in scene.findings())


def test_a_forecast_that_was_not_issued(scene):
    scene.change(scene.of(scene.second, "/v1/summary"), forecast_id="2025-08-00000000")
    assert any("which was not issued" in found for found in scene.findings())


def test_a_failed_answer(scene):
    scene.of(scene.second, "/v1/levels").status = 500
    assert any("status 500" in found for found in scene.findings())


def test_an_answer_that_is_cut(scene):
    seen = scene.of(scene.second, "/v1/levels")
    seen.body = seen.body[:-5]
    assert any("no document" in found for found in scene.findings())


def test_an_older_forecast_after_a_newer_one(scene):
    scene.of(scene.first, "/v1/areas").last_sent = time.monotonic()
    assert any("was answered after" in found for found in scene.findings())


def test_scores_of_a_damaged_model(scene):
    scene.damaged.add(json.loads(scene.of(scene.second, "/v1/forecasts").body)["model_sha256"])
    assert any("of a damaged model" in found for found in scene.findings())


def test_an_interrupted_connection_is_excused_only_while_the_service_was_away(scene):
    scene.interruptions.append(Interruption(100.0, "cut"))
    assert any("interrupted (cut)" in found for found in scene.findings())
    scene.outages.append(Outage("service", 99.0, 103.0))
    assert scene.findings() == []


def take_out(scene):
    city = scene.city
    person = person_named(city.workspace.settings, "Ben Board")
    withdraw(city.workspace, city.ledger, city.registry, by=person, reason="Wrong.", target="violence")
    return withdrawals_of(city.ledger.entries())[0].at


def test_a_withdrawn_forecast_is_served_for_five_seconds_at_most(scene):
    at = take_out(scene)
    seen = scene.of(scene.second, "/v1/forecasts")
    assert json.loads(seen.body)["target"] == "violence"
    seen.last_sent = at + 4.9
    assert scene.findings() == []
    seen.last_sent = at + 5.1
    assert any("5.1 seconds after its withdrawal" in found for found in scene.findings())
    scene.outages.append(Outage("database", at + 1.0, at + 2.0))
    assert scene.findings() == []


def test_the_refusal_of_a_withdrawn_forecast_is_no_failure_and_any_other_is_one(scene):
    scene.client.watcher.poll()
    at = take_out(scene)
    scene.client.watcher.poll()
    asked = Asked("/v1/levels", "/v1/levels?target=violence")
    refusal = scene.seen(scene.client, asked)
    assert refusal.status == 410
    scene.second[asked] = refusal
    assert scene.findings() == []
    refusal.first_received = at - 1.0
    assert any("before it was withdrawn" in found for found in scene.findings())
    refusal.first_received = at + 1.0
    refusal.asked = Asked("/v1/levels", "/v1/levels?target=robbery")
    assert any("another target" in found for found in scene.findings())


def test_steps_spread_what_is_damaged_and_what_is_withdrawn():
    steps = list(steps_of(("violence", "robbery"), 100, damaged=20, withdrawn=10))
    damaged = [step for step in steps if step.damage]
    assert [step.number for step in steps] == list(range(1, 101))
    assert len(damaged) == 20
    assert len({step.damage for step in damaged}) == 4
    assert {step.target for step in damaged} == {"violence", "robbery"}
    assert 5 <= sum(step.is_withdrawn for step in steps) <= 10
