"""Approvals: the ledger says who the champion is, and the alias follows it."""

from __future__ import annotations

import pytest

from contracts import BadInput, MissingThing, RefusedAction
from service.board.champions import approved_model, current_champions, mend_aliases


def test_every_new_challenger_becomes_champion_in_ledger_and_registry(city):
    city.approve()
    champions = current_champions(city.ledger)
    assert {target: champion.version for target, champion in champions.items()} == {"violence": 1, "robbery": 1}
    assert city.registry.aliases["violence", "champion"] == 1
    first = champions["violence"]
    assert (first.approved_by, first.reason, first.report_sha256) == (
        "Ada Example",
        "Skill and audit are in order.",
        "f" * 64,
    )


@pytest.mark.parametrize(
    ("words", "option"),
    [({"by": ""}, "--by"), ({"by": " \t"}, "--by"), ({"reason": ""}, "--reason"), ({"reason": "\n"}, "--reason")],
)
def test_no_name_or_no_reason_is_refused_and_leaves_no_entry(city, words, option):
    with pytest.raises(RefusedAction, match=option):
        city.approve(**words)
    assert [entry.kind for entry in city.ledger.entries()] == ["trained", "trained"]
    assert ("violence", "champion") not in city.registry.aliases


def test_the_same_model_is_not_approved_twice(city):
    city.approve()
    with pytest.raises(MissingThing, match="no challenger"):
        city.approve()
    with pytest.raises(RefusedAction, match="champion already"):
        city.approve(target="violence")
    assert len(city.ledger.entries("approval")) == 2


def test_an_earlier_version_can_be_approved_again(city):
    city.approve()
    city.registry.add("violence", city.workspace.root / "violence")
    city.approve(target="violence")
    city.approve(target="violence", version=1)
    assert current_champions(city.ledger)["violence"].version == 1
    assert city.registry.aliases["violence", "champion"] == 1


def test_a_version_without_a_target_and_an_unknown_target_are_told(city):
    with pytest.raises(BadInput, match="belongs to a target"):
        city.approve(version=1)
    with pytest.raises(MissingThing, match="no target 'arson'"):
        city.approve(target="arson")


def test_an_unknown_version_is_told_and_leaves_no_entry(city):
    with pytest.raises(MissingThing, match="no version 9 of a model of 'violence'"):
        city.approve(target="violence", version=9)
    assert [entry.kind for entry in city.ledger.entries()] == ["trained", "trained"]
    assert ("violence", "champion") not in city.registry.aliases


def test_a_target_that_was_never_trained_is_told_with_the_command(city):
    del city.registry.aliases["robbery", "challenger"]
    with pytest.raises(MissingThing, match="wardcast train --target robbery"):
        city.approve(target="robbery")


def test_the_entry_is_written_before_the_alias_moves(city, monkeypatch):
    move, seen = city.registry.set_champion, []

    def watched(workspace, model):
        content = city.ledger.entries("approval")[-1].content
        seen.append((content["target"], content["version"], city.registry.aliases.get((model.target, "champion"))))
        move(workspace, model)

    monkeypatch.setattr(city.registry, "set_champion", watched)
    city.approve()
    assert seen == [("violence", 1, None), ("robbery", 1, None)]


def test_an_approval_cut_off_before_the_alias_moved_is_mended_and_told(city, monkeypatch):
    def killed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(city.registry, "set_champion", killed)
    with pytest.raises(KeyboardInterrupt):
        city.approve(target="violence")
    monkeypatch.undo()
    assert current_champions(city.ledger)["violence"].version == 1
    assert ("violence", "champion") not in city.registry.aliases
    city.issue()
    assert city.registry.aliases["violence", "champion"] == 1
    assert any("names now" in sentence for sentence in city.told)
    assert mend_aliases(city.workspace, city.ledger, city.registry) == ()


def test_an_alias_moved_past_the_ledger_is_moved_back(city):
    city.approve()
    unapproved = city.registry.add("violence", city.workspace.root / "violence")
    city.registry.set_champion(city.workspace, unapproved)
    issued = city.issue()
    assert next(about for about in issued.targets if about["target"] == "violence")["model_version"] == 1
    assert city.registry.aliases["violence", "champion"] == 1


def test_a_registry_that_holds_another_model_under_the_number_is_refused(city):
    city.approve()
    model = city.registry.versions["violence", 1]
    city.registry.versions["violence", 1] = type(model)(**{**vars(model), "sha256": "0" * 64})
    champion = current_champions(city.ledger)["violence"]
    with pytest.raises(RefusedAction, match="not the model that Ada Example approved"):
        approved_model(city.workspace, city.registry, champion)
    with pytest.raises(RefusedAction):
        city.issue()
