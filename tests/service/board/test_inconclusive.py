"""Not enough evidence is no pass: a reason of its own is asked for, recorded, and shown wherever the model is."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from contracts import GateLimits, RefusedAction
from monitoring import GateFinding, GateReport, GateResult
from service.board.champions import champions_of
from service.board.decisions import approve
from service.board.history import history_of, runs_in_ledger
from service.board.life_cycle import life_cycle_of
from service.board.people import person_named
from service.cli import wardcast
from service.web import schemas

REASON = "Two years are too short to tell."
SENTENCE = f"Not enough evidence for coverage; Ada Example approved all the same: {REASON}"


def gates(**verdicts):
    """Gates of one part each, as a run keeps them."""
    parts = {gate: GateFinding("the city", verdict, "share", 0.5, 0.4, 0.6) for gate, verdict in verdicts.items()}
    results = tuple(GateResult(gate, (part,)) for gate, part in parts.items())
    return GateReport(results, GateLimits(), "0" * 64, (1, 2, 3, 4)).to_json()


@pytest.fixture
def unproven(city):
    """A city whose newest model of violence passed one gate and lacks evidence for another."""
    found = gates(skill="pass", coverage="not enough evidence")
    city.registry.add("violence", city.workspace.root / "violence", gates=found)
    return city


def test_without_a_reason_of_its_own_it_is_refused_and_the_gates_are_named(unproven):
    before = unproven.ledger.entries()
    for missing in ("", "   "):
        with pytest.raises(RefusedAction, match="not enough evidence for coverage") as refused:
            unproven.approve(target="violence", inconclusive=missing)
        assert "--inconclusive REASON" in refused.value.remedy
    assert unproven.ledger.entries() == before


def test_an_override_is_no_reason_for_what_lacks_evidence(unproven):
    found = gates(skill="fail", coverage="not enough evidence")
    unproven.registry.add("violence", unproven.workspace.root / "violence", gates=found)
    with pytest.raises(RefusedAction, match="for coverage"):
        unproven.approve(target="violence", overrides=["skill"], inconclusive="")
    with pytest.raises(RefusedAction, match="failed a gate: skill"):
        unproven.approve(target="violence", inconclusive=REASON)
    unproven.approve(target="violence", overrides=["skill"], inconclusive=REASON)
    content = unproven.ledger.entries("approval")[0].content
    assert [one["gate"] for one in content["overrides"]] == ["skill"]
    assert content["inconclusive"]["gates"] == ["coverage"]


def test_the_reason_is_shown_wherever_the_model_is(unproven, serve_city):
    unproven.approve(target="violence", inconclusive=REASON)
    issued = unproven.issue()
    recorded = {"gates": ["coverage"], "by": "Ada Example", "reason": REASON}
    assert unproven.ledger.entries("approval")[0].content["inconclusive"] == recorded
    assert any(SENTENCE in note for note in issued.notes)
    client = serve_city(unproven)
    assert client.get("/v1/forecasts?target=violence").json()["inconclusive"] == recorded
    assert client.get("/v1/summary").json()["targets"][0]["inconclusive"] == recorded
    history = schemas.ModelHistory.model_validate_json(client.get("/v1/models/violence").content)
    assert history.versions[0].inconclusive is not None
    assert history.versions[0].inconclusive.model_dump() == recorded
    assert SENTENCE in history.standing
    assert any(SENTENCE in event.details for event in history.events)
    assert client.get("/models/violence").text.count(REASON) == 3, "now, the model, and what happened"


def test_the_command_takes_the_reason_and_prints_it(unproven, monkeypatch):
    def decided(decide, workspace, by, **choice):
        person = person_named(workspace.settings, by)
        return decide(unproven.workspace, unproven.ledger, unproven.registry, by=person, **choice)

    monkeypatch.setattr("service.commands.approve.decided", decided)
    given = ["approve", "--target", "violence", "--by", "Ada Example", "--reason", "Good."]
    given += ["--workspace", str(unproven.workspace.root)]
    refused = CliRunner().invoke(wardcast, given)
    assert isinstance(refused.exception, RefusedAction)
    done = CliRunner().invoke(wardcast, [*given, "--inconclusive", REASON])
    assert (done.exit_code, SENTENCE in done.stdout) == (0, True)


def test_where_every_gate_had_evidence_nothing_is_recorded_and_that_is_told(city):
    city.registry.add("violence", city.workspace.root / "violence", gates=gates(skill="pass"))
    person = person_named(city.workspace.settings, "Ada Example")
    told = {"by": person, "reason": "Good.", "target": "violence"}
    done = approve(city.workspace, city.ledger, city.registry, **told, inconclusive=REASON)
    assert "not needed" in done.notes[0]
    assert "inconclusive" not in city.ledger.entries("approval")[0].content
    assert done.champions[0].inconclusive is None


def test_an_approval_from_before_goes_on(unproven, serve_city, monkeypatch):
    """An older version entered such approvals without a word on the gates that lacked evidence."""
    monkeypatch.setattr("service.board.decisions.refuse_inconclusive", lambda *_: None)
    monkeypatch.setattr("service.board.decisions._inconclusive", lambda *_: {})
    unproven.approve(target="violence", inconclusive="")
    monkeypatch.undo()
    champion = champions_of(life_cycle_of(unproven.ledger.entries()))["violence"]
    assert (champion.inconclusive, champion.gates["coverage"]) == (None, "not enough evidence")
    unproven.issue()
    assert serve_city(unproven).get("/v1/forecasts?target=violence").json()["inconclusive"] is None
    history = history_of(unproven.ledger.entries(), "violence", "Violence")
    assert "coverage: not enough evidence" in json.dumps(history.to_dict())


def test_a_gate_that_is_outside_but_not_counted_stops_no_approval_and_reads_as_what_it_is(city):
    parts = (
        GateFinding("calibration", "pass", "ratio", 1.0, 0.95, 1.05),
        GateFinding("exposure, ethnic group: A", "outside but not counted", "ratio", 2.0, 1.8, 2.2),
    )
    report = GateReport((GateResult("audit", parts),), GateLimits(), "0" * 64, (1, 2, 3, 4))
    city.registry.add("violence", city.workspace.root / "violence", gates=report.to_json())
    city.approve(target="violence", inconclusive="")
    text = history_of(city.ledger.entries(), "violence", "Violence").as_text()
    assert "Gates: audit: outside but not counted." in text
    assert "exposure, ethnic group: A" in report.as_text()


def test_reports_are_told_the_same_without_names_by_the_entries_of_the_ledger(unproven):
    found = gates(skill="fail", coverage="not enough evidence")
    unproven.registry.add("violence", unproven.workspace.root / "violence", gates=found)
    unproven.approve(target="violence", overrides=["skill"], inconclusive=REASON)
    entries = unproven.ledger.entries()
    trained = [entry for entry in entries if entry.kind == "trained" and entry.content["target"] == "violence"][-1]
    told = runs_in_ledger(entries)[trained.content["run_id"]]
    override, approval = (unproven.ledger.entries(kind)[-1] for kind in ("override", "approval"))
    day = approval.recorded_at[:10]
    assert told.entry == trained.number
    assert told.gates_sha256 == trained.content["gates_sha256"]
    assert told.decided == (
        f"The failed gate 'skill' was overridden on {day} (entry {override.number}): Skill and audit are in order.",
        f"Approved and put into use on {day} (entry {approval.number}): Skill and audit are in order. Not enough "
        f"evidence for coverage; approved all the same: {REASON}",
    )
    assert "Ada Example" not in told.words


def test_a_run_on_which_nobody_decided_is_told_so(unproven):
    trained = unproven.ledger.entries("trained")[-1]
    told = runs_in_ledger(unproven.ledger.entries())[trained.content["run_id"]]
    assert told.words.endswith("Nothing was decided on it since.")
