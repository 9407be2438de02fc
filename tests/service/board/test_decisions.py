"""Decisions: who may, when, with which report and gates, and what the ledger keeps of them."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from contracts import BadInput, GateLimits, MissingThing, RefusedAction, Settings, Workspace
from monitoring import GateFinding, GateReport, GateResult
from service.board.champions import current_champions
from service.board.decisions import approve, propose, reject, withdraw
from service.board.life_cycle import ModelKey, life_cycle_of
from service.board.people import PERMISSIONS, person_named, refuse_unless_may

PEOPLE = """
[people]
"Pat Proposer" = ["proposer"]
"Alex Approver" = ["approver"]
"Robin Both" = ["proposer", "approver"]
"Ada Administrator" = ["administrator"]
"""


def gates(limits: GateLimits | None = None, **verdicts: str) -> str:
    """What a run's gates found, with these verdicts."""
    results = tuple(
        GateResult(gate, (GateFinding("the city", verdict, "ratio", 1.1, 1.05, 1.2),))
        for gate, verdict in verdicts.items()
    )
    return GateReport(results, limits or GateLimits(), "0" * 64, (1, 2, 3, 4)).to_json()


@pytest.fixture
def with_people(city):
    """The city, with people in its settings."""
    path = city.workspace.root / "wardcast.toml"
    path.write_text(path.read_text() + PEOPLE)
    city.workspace = Workspace(city.workspace.root)
    return city


def decide(city, decision, by, **choice):
    person = person_named(city.workspace.settings, by)
    told = {"by": person, "reason": "Because.", **choice}
    return decision(city.workspace, city.ledger, city.registry, **told)


def kinds(city):
    return [entry.kind for entry in decisions(city)]


def decisions(city):
    """Every entry but those of trainings."""
    return [entry for entry in city.ledger.entries() if entry.kind != "trained"]


def state_of(city, target, version):
    model = city.registry.versions[target, version]
    return str(life_cycle_of(city.ledger.entries()).of(ModelKey(target, version, model.sha256)).state)


def test_a_model_goes_from_draft_to_champion_and_keeps_who_when_why_and_the_report(with_people):
    city = with_people
    assert state_of(city, "violence", 1) == "draft"
    decide(city, propose, "Pat Proposer", target="violence", reason="Better than the count.")
    assert state_of(city, "violence", 1) == "proposed"
    decide(city, approve, "Alex Approver", target="violence", reason="Audit read.")
    assert state_of(city, "violence", 1) == "approved"
    proposal, approval = decisions(city)
    assert (proposal.actor, proposal.content["reason"]) == ("Pat Proposer", "Better than the count.")
    assert (approval.actor, approval.content["reason"]) == ("Alex Approver", "Audit read.")
    assert approval.content["report_sha256"] == proposal.content["report_sha256"] == "f" * 64
    assert (approval.content["proposed_by"], approval.content["proposal_entry"]) == ("Pat Proposer", 3)
    assert (proposal.content["role"], approval.content["role"]) == ("proposer", "approver")


@pytest.mark.parametrize(
    ("decision", "by", "needed"),
    [
        (propose, "Alex Approver", "a proposer"),
        (propose, "Sam Stranger", "a proposer"),
        (approve, "Pat Proposer", "an approver"),
        (approve, "Ada Administrator", "an approver"),
        (reject, "Pat Proposer", "an approver"),
        (withdraw, "Pat Proposer", "an administrator or an approver"),
    ],
)
def test_whoever_has_not_the_role_is_refused_and_nothing_is_written(with_people, decision, by, needed):
    with pytest.raises(RefusedAction, match=needed):
        decide(with_people, decision, by, target="violence")
    assert decisions(with_people) == []


def test_the_person_of_the_settings_is_found_whatever_the_case_and_spaces(with_people):
    settings = with_people.workspace.settings
    assert person_named(settings, "  alex   APPROVER ").name == "Alex Approver"
    assert person_named(settings, "Alex Approver Jr").roles == frozenset()


def test_one_person_cannot_stand_twice_in_the_settings(with_people):
    raw = with_people.workspace.settings.model_dump()
    with pytest.raises(ValueError, match="one person twice"):
        Settings.model_validate(raw | {"people": {"Ann": ("proposer",), "ANN ": ("approver",)}})


def test_every_action_has_a_role_and_only_a_challenge_needs_none():
    assert set(PERMISSIONS) == {"propose", "approve", "override", "reject", "withdraw", "reply", "decide"}
    assert all(PERMISSIONS.values())


@pytest.mark.parametrize("spelling", ["Robin Both", "robin both", " ROBIN  Both "])
def test_nobody_approves_what_they_proposed_even_with_both_roles(with_people, spelling):
    decide(with_people, propose, "Robin Both", target="violence")
    with pytest.raises(RefusedAction, match="nobody approves their own model"):
        decide(with_people, approve, spelling, target="violence")
    assert kinds(with_people) == ["proposal"]
    decide(with_people, approve, "Alex Approver", target="violence")
    assert current_champions(with_people.ledger)["violence"].approved_by == "Alex Approver"


def test_where_nobody_is_named_anybody_may_but_never_the_proposer_or_the_trainer(city):
    decide(city, propose, "Ann", target="violence")
    with pytest.raises(RefusedAction, match="nobody approves their own model"):
        decide(city, approve, "ann", target="violence")
    decide(city, approve, "Ben", target="violence")
    city.registry.add("robbery", city.workspace.root / "robbery", trained_by="Cleo")
    with pytest.raises(RefusedAction, match="nobody approves their own model"):
        decide(city, approve, "CLEO", target="robbery")
    decide(city, approve, "Ben", target="robbery")
    assert current_champions(city.ledger)["robbery"].version == 2


def test_a_draft_is_approved_directly_unless_the_settings_ask_for_a_proposal(city):
    path = city.workspace.root / "wardcast.toml"
    path.write_text(path.read_text() + "[life_cycle]\nproposal_required = true\n")
    city.workspace = Workspace(city.workspace.root)
    for decision in (approve, reject):
        with pytest.raises(RefusedAction, match="wardcast propose --target violence"):
            decide(city, decision, "Ben", target="violence")
    with pytest.raises(MissingThing, match="nothing to approve"):
        decide(city, approve, "Ben")
    decide(city, propose, "Ann")
    decide(city, approve, "Ben")
    assert set(current_champions(city.ledger)) == {"violence", "robbery"}


def test_a_rejected_model_is_never_approved(city):
    decide(city, propose, "Ann", target="violence")
    assert decide(city, reject, "Ben", target="violence").state == "rejected"
    for decision in (propose, approve):
        with pytest.raises(RefusedAction, match="a model that is rejected"):
            decide(city, decision, "Ben", target="violence", version=1)
    with pytest.raises(RefusedAction, match=r"is rejected already \(ledger entry 4, by Ben\)"):
        decide(city, reject, "Ben", target="violence", version=1)
    with pytest.raises(MissingThing, match="no champion"):
        decide(city, withdraw, "Ben", target="violence")


def test_the_proposed_version_is_decided_on_though_a_newer_draft_is_there(city):
    decide(city, propose, "Ann", target="violence")
    city.registry.add("violence", city.workspace.root / "violence")
    decide(city, approve, "Ben", target="violence")
    assert current_champions(city.ledger)["violence"].version == 1
    decide(city, propose, "Ann", target="violence")
    assert state_of(city, "violence", 2) == "proposed"


def test_a_report_that_was_exchanged_after_the_proposal_is_not_approved(city):
    decide(city, propose, "Ann", target="violence")
    model = city.registry.versions["violence", 1]
    tags = {**model.tags, "report_sha256": "e" * 64}
    city.registry.versions["violence", 1] = type(model)(**{**vars(model), "tags": tags})
    with pytest.raises(RefusedAction, match=r"recorded of it \(entry 1\): the tag report_sha256 differs"):
        decide(city, approve, "Ben", target="violence")


def test_a_failed_gate_stops_an_approval_until_the_board_overrides_it_and_that_is_kept(city):
    found = gates(skill="pass", coverage="fail", audit="not enough evidence")
    city.registry.add("violence", city.workspace.root / "violence", gates=found)
    (proposal,) = decide(city, propose, "Ann", target="violence")
    assert proposal.gates == {"skill": "pass", "coverage": "fail", "audit": "not enough evidence"}
    assert "coverage: fail" in proposal.notes[0]
    told = {"target": "violence", "inconclusive": "No run was made."}
    with pytest.raises(RefusedAction, match="failed a gate: coverage"):
        decide(city, approve, "Ben", **told)
    with pytest.raises(BadInput, match="'skill' did not fail"):
        decide(city, approve, "Ben", **told, overrides=["coverage", "skill"])
    assert kinds(city) == ["proposal"]
    decide(city, approve, "Ben", **told, overrides=["coverage"], reason="Known, and watched.")
    assert kinds(city) == ["proposal", "override", "approval"]
    champion = current_champions(city.ledger)["violence"]
    assert champion.gates["coverage"] == "fail"
    assert champion.overrides == ({"gate": "coverage", "by": "Ben", "reason": "Known, and watched.", "entry": 5},)
    override = city.ledger.entries("override")[0]
    assert (override.actor, override.content["gate"], override.content["version"]) == ("Ben", "coverage", 2)


def test_only_the_board_overrides(with_people):
    city = with_people
    city.registry.add("violence", city.workspace.root / "violence", gates=gates(skill="fail"))
    with pytest.raises(RefusedAction, match="an approver"):
        decide(city, approve, "Ada Administrator", target="violence", overrides=["skill"])
    with pytest.raises(RefusedAction, match="may not override"):
        refuse_unless_may(person_named(city.workspace.settings, "Pat Proposer"), "override")
    assert decisions(city) == []


def test_findings_that_were_changed_after_the_run_are_refused(city):
    model = city.registry.add("violence", city.workspace.root / "violence", gates=gates(skill="fail"))
    city.registry.texts[model.run_id, "gates/gates.json"] = gates(skill="pass")
    for decision in (propose, approve):
        with pytest.raises(BadInput, match="was changed"):
            decide(city, decision, "Ben", target="violence")
    assert decide(city, reject, "Ben", target="violence").state == "rejected"


def test_limits_that_were_changed_after_the_run_are_told(city):
    found = gates(GateLimits(coverage_margin=0.01), skill="pass")
    city.registry.add("violence", city.workspace.root / "violence", gates=found)
    (proposal,) = decide(city, propose, "Ann", target="violence")
    assert any("limits under [gates] have changed" in note for note in proposal.notes)


def test_a_run_without_gates_says_that_there_is_no_evidence(city):
    city.registry.add("violence", city.workspace.root / "violence", gates=None)
    (proposal,) = decide(city, propose, "Ann", target="violence")
    assert proposal.gates == {}
    assert "not enough evidence" in proposal.notes[0]


def test_a_withdrawn_champion_leaves_no_champion_and_no_alias(city):
    city.approve()
    withdrawn = decide(city, withdraw, "Ben", target="violence", reason="Wrong counts.")
    assert (withdrawn.state, withdrawn.version, withdrawn.report_sha256) == ("withdrawn", 1, "f" * 64)
    assert set(current_champions(city.ledger)) == {"robbery"}
    assert ("violence", "champion") not in city.registry.aliases
    issued = city.issue()
    assert [about["target"] for about in issued.targets] == ["robbery"]
    for version in (None, 1):
        with pytest.raises(RefusedAction, match=r"'violence' is withdrawn already \(ledger entry 5, by Ben\)"):
            decide(city, withdraw, "Ben", target="violence", version=version)
    with pytest.raises(RefusedAction, match="a model that is withdrawn"):
        decide(city, approve, "Ben", target="violence", version=1)


def test_a_superseded_model_can_be_withdrawn_and_the_champion_stays(city):
    city.approve()
    city.registry.add("violence", city.workspace.root / "violence")
    city.approve(target="violence")
    decide(city, withdraw, "Ben", target="violence", version=1)
    assert current_champions(city.ledger)["violence"].version == 2
    assert state_of(city, "violence", 1) == "withdrawn"
    with pytest.raises(MissingThing, match="version 7 that is or was a champion"):
        decide(city, withdraw, "Ben", target="violence", version=7)


def test_a_withdrawal_needs_no_registry(city, monkeypatch):
    city.approve()

    def unreachable(*_):
        raise ConnectionError

    monkeypatch.setattr(city.registry, "registered", unreachable)
    with pytest.raises(ConnectionError):
        decide(city, withdraw, "Ben", target="violence")
    assert state_of(city, "violence", 1) == "withdrawn"


@pytest.mark.parametrize(
    ("decision", "by", "told"),
    [
        (propose, "Ann", "is proposed already (ledger entry 3, by Ann)"),
        (approve, "Ben", "is the champion already (ledger entry 4, by Ben)"),
        (withdraw, "Ben", "is withdrawn already (ledger entry 5, by Ben)"),
    ],
)
def test_a_decision_that_was_killed_after_its_entry_is_told_to_stand_when_it_is_repeated(city, decision, by, told):
    steps = {propose: "Ann", approve: "Ben", withdraw: "Ben"}
    for step, name in steps.items():
        append = city.ledger.append

        def killed(*arguments, append=append):
            append(*arguments)
            raise KeyboardInterrupt

        if step is decision:
            city.ledger.append = killed
            with pytest.raises(KeyboardInterrupt):
                decide(city, step, name, target="violence")
            city.ledger.append = append
            break
        decide(city, step, name, target="violence")
    before = city.ledger.entries()
    choices = [{"target": "violence"}, {"target": "violence", "version": 1}]
    for choice in choices:
        with pytest.raises(RefusedAction) as refused:
            decide(city, decision, by, **choice)
        assert told in refused.value.message
    assert city.ledger.entries() == before
    if decision is withdraw:
        assert ("violence", "champion") not in city.registry.aliases


def test_where_nothing_waits_what_stands_is_told(city):
    decide(city, approve, "Ben")
    with pytest.raises(MissingThing) as told:
        decide(city, approve, "Ben")
    assert "Version 1 of 'violence' is the champion already (ledger entry 3, by Ben)." in told.value.message


def test_of_two_changes_at_once_the_first_counts_and_the_second_is_told(city, monkeypatch):
    """Another machine rejects the model after this one has looked, and before it writes."""
    append = city.ledger.append

    def late(kind, actor, payload):
        if kind == "approval":
            append("rejection", "Zoe", {**payload, "reason": "No."})
        return append(kind, actor, payload)

    monkeypatch.setattr(city.ledger, "append", late)
    with pytest.raises(RefusedAction, match="Another change came first"):
        decide(city, approve, "Ben", target="violence")
    assert state_of(city, "violence", 1) == "rejected"
    assert current_champions(city.ledger) == {}
    assert ("violence", "champion") not in city.registry.aliases


def test_an_entry_that_names_no_model_has_no_effect(city):
    city.ledger.append("approval", "Mallory", {"target": "violence"})
    cycle = life_cycle_of(city.ledger.entries())
    assert (cycle.champions, cycle.without_effect[0].reason) == ({}, "it names no model")


def test_a_champion_that_changes_while_a_forecast_is_made_stops_the_issue(city):
    city.approve()
    before = city.sources

    def load_slowly(folder, sha256):
        if "withdrawal" not in kinds(city):
            decide(city, withdraw, "Ben", target="violence")
        return before.load(folder, sha256)

    city.sources = replace(before, load=load_slowly)
    with pytest.raises(RefusedAction, match="changed while the forecast was made"):
        city.issue()
    assert "issue" not in kinds(city)
    assert [about["target"] for about in city.issue().targets] == ["robbery"]


def test_decisions_are_plain_values(city):
    decision = decide(city, propose, "Ann", target="violence")[0]
    assert json.loads(json.dumps(vars(decision)))["state"] == "proposed"


@pytest.fixture
def registry_away(city, monkeypatch):
    """Lets the registry be away for what moves an alias; called once, it is back."""

    def away(*_):
        raise MissingThing("MLflow's store cannot be used: gone.", remedy="Start it.")

    for name in ("set_champion", "clear_champion"):
        monkeypatch.setattr(city.registry, name, away)
    return monkeypatch.undo


def test_an_approval_stands_where_the_registry_is_away_and_the_next_issue_moves_the_alias(city, registry_away):
    person = person_named(city.workspace.settings, "Ada Example")
    told = {"by": person, "reason": "In order."}
    done = approve(city.workspace, city.ledger, city.registry, **told, target="violence")
    assert [one.version for one in done.champions] == [1]
    assert "has not followed" in done.notes[-1]
    assert "cannot be used: gone." in done.notes[-1]
    assert current_champions(city.ledger)["violence"].version == 1
    assert ("violence", "champion") not in city.registry.aliases
    registry_away()
    city.issue()
    assert city.registry.aliases["violence", "champion"] == 1


def test_a_withdrawal_stands_where_the_registry_is_away(city, request):
    city.approve()
    request.getfixturevalue("registry_away")
    person = person_named(city.workspace.settings, "Ada Example")
    done = withdraw(city.workspace, city.ledger, city.registry, by=person, reason="Wrong.", target="violence")
    assert done.state == "withdrawn"
    assert "has not followed" in done.notes[-1]
    assert "violence" not in current_champions(city.ledger)
