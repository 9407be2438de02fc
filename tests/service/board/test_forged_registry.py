"""Whoever can write to MLflow decides nothing: each forgery is refused by what the signed ledger says of the model."""

from __future__ import annotations

import hashlib
import json
import shutil
import threading
from collections.abc import Callable
from dataclasses import replace

import pytest

from contracts import GateLimits, MissingThing, RefusedAction, TrainedModel, WardcastError
from monitoring import GateFinding, GateReport, GateResult
from service.board.champions import current_champions
from service.board.decisions import approve, propose, reject, withdraw
from service.board.history import history_of
from service.board.life_cycle import ModelKey, life_cycle_of
from service.board.people import person_named
from service.board.trained import UNNAMED, enter_trained, trainer_named

TARGET = "violence"
OF_ROBBERY = {"target": "robbery"}


def gates(verdict: str) -> str:
    """What a run's gates found, with this verdict on skill."""
    finding = GateFinding("the city", verdict, "ratio", 1.1, 1.05, 1.2)
    return GateReport((GateResult("skill", (finding,)),), GateLimits(), "0" * 64, (1, 2, 3, 4)).to_json()


@pytest.fixture
def town(city_maker, tmp_path, url):
    """A city, its ledger in either database; Tess trained version 2, which failed its gate, and then a good version 3.

    Version 2 was proposed, so it is the one to be decided on.
    """
    city = city_maker(tmp_path / "town", ledger_url=url)
    folder = city.workspace.root / TARGET
    city.registry.add(TARGET, folder, gates=gates("fail"), trained_by="Tess")
    decide(city, propose, "Ann", version=2)
    city.registry.add(TARGET, folder, gates=gates("pass"), trained_by="Theo")
    yield city
    city.ledger.close()


def decide(city, decision, by, **choice):
    person = person_named(city.workspace.settings, by)
    given = {"by": person, "reason": "Because.", "target": TARGET, **choice}
    return decision(city.workspace, city.ledger, city.registry, **given)


def change(city, version=2, **tags):
    """Rewrite tags of a version, or fields of it with a leading underscore; None takes a tag away."""
    model = city.registry.versions[TARGET, version]
    new = {name: tag for name, tag in {**model.tags, **tags}.items() if tag is not None and name[0] != "_"}
    fields = {name[1:]: value for name, value in tags.items() if name[0] == "_"}
    city.registry.versions[TARGET, version] = replace(model, tags=new, **fields)


def rewrite_gates(city, *, in_place=True):
    passing = gates("pass")
    run = city.registry.versions[TARGET, 2].run_id
    city.registry.texts[run, "gates/gates.json"] = passing
    if in_place:
        change(city, gates_sha256=hashlib.sha256(passing.encode()).hexdigest())


def replace_files(city, *, with_its_tag):
    model, good = (city.registry.versions[TARGET, number] for number in (2, 3))
    shutil.copy(good.folder / "model.txt", model.folder / "model.txt")
    if with_its_tag:
        change(city, _sha256=good.sha256)


def point_to_a_good_run(city):
    good = city.registry.versions[TARGET, 3]
    change(city, run_id=good.run_id, _run_id=good.run_id)


def register_again(city):
    """Version 2 removed, and the files and run of the good one registered under its number."""
    good = city.registry.versions[TARGET, 3]
    city.registry.versions[TARGET, 2] = replace(good, version=2)


FORGERIES: dict[str, tuple[Callable, str]] = {
    "the trainer's name": (lambda city: change(city, trained_by="Somebody Else"), "the tag trained_by differs"),
    "the trainer's name taken away": (lambda city: change(city, trained_by=None), "the tag trained_by differs"),
    "gates and their hash": (rewrite_gates, "the tag gates_sha256 differs"),
    "gates taken away": (lambda city: change(city, gates_sha256=None), "the tag gates_sha256 differs"),
    "gates alone": (lambda city: rewrite_gates(city, in_place=False), "gates.json of run run-violence-2 is not what"),
    "the report's hash": (lambda city: change(city, report_sha256="e" * 64), "the tag report_sha256 differs"),
    "files": (lambda city: replace_files(city, with_its_tag=False), "the sha256 of its files differs"),
    "files and their hash": (lambda city: replace_files(city, with_its_tag=True), "the sha256 of its files, the tag"),
    "files taken away": (lambda city: shutil.rmtree(city.registry.versions[TARGET, 2].folder), "sha256 of its files"),
    "another run": (point_to_a_good_run, "its run"),
    "another run by its tag": (lambda city: change(city, run_id="run-violence-3"), "the tag run_id differs"),
    "registered again": (register_again, "the tag sha256"),
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forgery_in_mlflow_gets_nothing_approved_and_nothing_signed(town, forgery):
    forge, told = FORGERIES[forgery]
    forge(town)
    before = town.ledger.entries()
    for choice in ({}, {"version": 2}, {"version": 2, "overrides": ["skill"]}):
        with pytest.raises(WardcastError) as refused:
            decide(town, approve, "Tess", **choice)
        assert told in refused.value.message
        assert "entry 3" in refused.value.message
        assert "wardcast train" in refused.value.remedy
    assert town.ledger.entries() == before
    assert current_champions(town.ledger) == {}
    decide(town, approve, "Ben", version=3)
    assert current_champions(town.ledger)[TARGET].version == 3


@pytest.mark.parametrize("forgery", FORGERIES)
def test_what_was_forged_can_still_be_rejected_as_what_it_is(town, forgery):
    recorded = town.registry.versions[TARGET, 2].sha256
    FORGERIES[forgery][0](town)
    assert decide(town, reject, "Ben", version=2).state == "rejected"
    entry = town.ledger.entries("rejection")[0]
    assert (entry.content["sha256"], entry.content["run_id"]) == (recorded, "run-violence-2")
    assert entry.content["gates"] == {"skill": "fail"}


def test_without_a_forgery_the_ledger_says_who_trained_and_what_the_gates_found(town):
    with pytest.raises(RefusedAction, match="Tess trained or proposed it"):
        decide(town, approve, "Tess", overrides=["skill"])
    with pytest.raises(RefusedAction, match="failed a gate: skill"):
        decide(town, approve, "Ben")
    decide(town, approve, "Ben", overrides=["skill"])
    approval = town.ledger.entries("approval")[0].content
    assert (approval["trained_by"], approval["trained_entry"], approval["gates"]) == ("Tess", 3, {"skill": "fail"})


def test_a_moved_alias_does_not_choose_what_is_approved(town):
    decide(town, reject, "Ben", version=2)
    town.registry.aliases[TARGET, "challenger"] = 1
    with pytest.raises(RefusedAction, match=r"version 1 the challenger of 'violence'.* version 3 \(entry 5\)") as told:
        decide(town, approve, "Ben")
    assert "--version 3" in told.value.remedy
    decide(town, approve, "Ben", version=3)
    assert current_champions(town.ledger)[TARGET].version == 3


def test_what_is_signed_is_what_was_checked_though_the_registry_changes_meanwhile(town, monkeypatch):
    append, model = town.ledger.append, town.registry.versions[TARGET, 3]

    def late(kind, actor, payload):
        change(town, 3, trained_by="Mallory", report_sha256="e" * 64, gates_sha256="e" * 64, _run_id="x", _sha256="y")
        return append(kind, actor, payload)

    monkeypatch.setattr(town.ledger, "append", late)
    decide(town, approve, "Ben", version=3)
    signed = town.ledger.entries("approval")[0].content
    assert (signed["run_id"], signed["sha256"]) == (model.run_id, model.sha256)
    assert {name: signed[name] for name in ("trained_by", "report_sha256", "gates_sha256")} == {
        "trained_by": "Theo",
        "report_sha256": "f" * 64,
        "gates_sha256": model.tags["gates_sha256"],
    }


def test_a_training_that_ended_before_its_entry_leaves_a_draft_that_cannot_be_approved(town):
    ledger, town.registry.ledger = town.registry.ledger, None
    town.registry.add(TARGET, town.workspace.root / TARGET, gates=gates("pass"))
    decide(town, reject, "Ben", version=2)
    with pytest.raises(RefusedAction, match="a training was interrupted before its entry"):
        decide(town, approve, "Ben")
    for decision in (propose, approve):
        with pytest.raises(RefusedAction, match="no entry of the training of version 4") as told:
            decide(town, decision, "Ben", version=4)
        assert "wardcast train --target violence" in told.value.remedy
    town.registry.ledger = ledger
    town.registry.add(TARGET, town.workspace.root / TARGET, gates=gates("pass"))
    decide(town, approve, "Ben")
    assert current_champions(town.ledger)[TARGET].version == 5


def test_models_registered_anew_after_the_registry_was_lost_can_be_approved_under_the_old_numbers(town):
    """MLflow counts from 1 again: the same number, other files, and an entry of its own."""
    town.registry.versions.clear()
    model = town.registry.add(TARGET, town.workspace.root / "after", trained_by="Uma")
    assert model.version == 1
    decide(town, reject, "Ben", version=1)
    state = life_cycle_of(town.ledger.entries()).of(ModelKey(TARGET, 1, model.sha256)).state
    assert str(state) == "rejected"


def old_approval(city, version, **more):
    """An approval as it was signed before trainings were entered, of a model without such an entry."""
    ledger, city.registry.ledger = city.registry.ledger, None
    model = city.registry.add("robbery", city.workspace.root / "robbery", gates=None)
    city.registry.ledger = ledger
    assert model.version == version
    about = {"target": "robbery", "version": version, "run_id": model.run_id, "sha256": model.sha256}
    content = {**about, "report_sha256": "f" * 64, "gates_sha256": None, "gates": {}, "reason": "Old.", **more}
    return model, content


def test_a_model_that_was_approved_before_trainings_were_entered_goes_on(town):
    model, content = old_approval(town, 2)
    town.ledger.append("approval", "Ada Example", content)
    assert town.issue().targets[0]["model_version"] == 2
    decide(town, approve, "Ben", **OF_ROBBERY, version=1)
    with pytest.raises(RefusedAction, match="any gate: none was recorded"):
        decide(town, approve, "Ben", **OF_ROBBERY, version=2)
    decide(town, approve, "Ben", **OF_ROBBERY, version=2, inconclusive="No run was made.")
    assert current_champions(town.ledger)["robbery"].sha256 == model.sha256
    assert decide(town, withdraw, "Ben", target="robbery").version == 2


def test_of_such_a_model_the_signed_approval_is_what_the_registry_is_compared_with(town):
    model, content = old_approval(town, 2)
    town.ledger.append("approval", "Ada Example", content)
    decide(town, approve, "Ben", **OF_ROBBERY, version=1)
    town.registry.versions["robbery", 2] = replace(model, tags={**model.tags, "trained_by": "Zed"})
    with pytest.raises(RefusedAction, match=r"\(entry 6\): the tag trained_by differs"):
        decide(town, approve, "Ben", **OF_ROBBERY, version=2)


def test_a_model_that_was_only_proposed_before_must_be_trained_again(town):
    _, content = old_approval(town, 2)
    town.ledger.append("proposal", "Ann", content)
    for choice in ({}, {"version": 2}):
        with pytest.raises(RefusedAction, match="no entry of the training of version 2") as told:
            decide(town, approve, "Ben", **OF_ROBBERY, **choice)
        assert "wardcast train --target robbery" in told.value.remedy
    assert decide(town, reject, "Ben", target="robbery").state == "rejected"
    town.registry.add("robbery", town.workspace.root / "robbery")
    decide(town, approve, "Ben", **OF_ROBBERY)


def test_who_trained_is_recorded_and_where_nobody_was_named_that_is_said(town):
    one, two, *_ = town.ledger.entries("trained")[1:]
    assert (one.actor, one.content["trained_by"], two.actor) == (UNNAMED, None, "Tess")
    assert one.content["account"]
    history = history_of(town.ledger.entries(), TARGET, "Violence")
    words = [event.what for event in history.events]
    assert words[-1] == "Version 1 was trained and nobody was named as its trainer."
    assert "Version 2 was trained by Tess." in words


@pytest.mark.parametrize(("given", "name"), [("", None), (" \t", None), (" Tess\n Trainer ", "Tess Trainer")])
def test_the_name_of_who_trains_is_one_line(given, name):
    assert trainer_named(given) == name


def test_a_name_that_cannot_be_shown_is_refused_before_the_training():
    with pytest.raises(WardcastError, match="cannot be printed"):
        trainer_named("Te\u202ess")


def test_trainings_that_end_at_once_are_all_entered(town):
    before = len(town.ledger.entries())
    town.registry.ledger = None
    models = [town.registry.add(TARGET, town.workspace.root / TARGET) for _ in range(4)]
    document = json.loads(town.ledger.entries("trained")[0].payload)
    document.pop("account")
    documents = [{**document, "version": one.version, "sha256": one.sha256} for one in models]
    threads = [threading.Thread(target=enter_trained, args=(town.ledger, TrainedModel(**one))) for one in documents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    entries = town.ledger.entries()[before:]
    assert sorted(entry.content["version"] for entry in entries) == [one.version for one in models]
    assert town.ledger.verify().findings == ()


def test_where_the_ledger_is_away_the_training_says_what_that_means(town, monkeypatch):
    def away(*_):
        raise MissingThing("The ledger cannot be used.", remedy="Start it.")

    monkeypatch.setattr(town.ledger, "append", away)
    with pytest.raises(MissingThing, match=r"can never be approved\. Start it\. Then train again"):
        town.registry.add(TARGET, town.workspace.root / TARGET)


def test_an_entry_that_does_not_say_how_its_model_was_trained_has_no_effect(town):
    town.ledger.append("trained", "Mallory", {"target": TARGET, "version": 9, "sha256": "a" * 64})
    cycle = life_cycle_of(town.ledger.entries())
    assert cycle.without_effect[-1].reason == "it does not say how its model was trained"
    assert cycle.of(ModelKey(TARGET, 9, "a" * 64)).trained is None
