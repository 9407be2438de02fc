"""One set of flags: the signed forecast, the API, the audit and the simulation's rule, under each rule; ties; age."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import service.issuing.issuing
from contracts import BadInput, CountDistribution, FlagSettings, MissingThing, RefusedAction, TrainedModel, Workspace
from features.views.as_of import ViewMode
from monitoring import Flags
from monitoring.audits.audit import audit
from monitoring.audits.material import Material
from service.board.trained import enter_trained
from service.forecasts.flags import FLAG_FILES, FLAG_RULE_FILE, as_recorded, read_flags
from service.forecasts.issued import read_files, read_issued
from service.issuing.contents import issue_contents
from service.web import schemas
from training.backtests.auditing import flag_rule_of
from training.feedback import feedback_of_settings

RULES = ("count", "rate", "density", "harm")
WEIGHTS = "violence = 10.0, robbery = 60.0"


def flagging(city_maker, folder, rule, more="share = 0.1"):
    """A city of 48 cells of unequal land and residents, with a rule of flags, its forecast issued."""
    city = city_maker(folder, columns=12, rows=4, replay=True, weights=WEIGHTS)
    settings = city.workspace.root / "wardcast.toml"
    given = f'[flags]\nrule = "{rule}"\n{more}\n[geographies.cells]\nresidents = "people"\n[forecast]'
    settings.write_text(settings.read_text().replace("[forecast]", given))
    size = len(city.sources.geography.codes)
    generator = np.random.default_rng(3)
    areas = city.sources.geography.areas.assign(area_km2=generator.uniform(0.1, 3.0, size))
    people = pd.DataFrame({"people": generator.uniform(200.0, 9000.0, size)}, index=areas["area"])
    geography = replace(city.sources.geography, areas=areas, attributes=people)
    city.sources = replace(city.sources, geography=geography)
    city.workspace = Workspace(city.workspace.root)
    city.approve()
    city.issue()
    return city


def by_hand(rule, geography, rows):
    """The four areas (a tenth of 48, rounded down) that a person would take with a pencil."""
    people = geography.attributes["people"].to_dict()
    land = dict(zip(geography.areas["area"], geography.areas["area_km2"], strict=True))
    size = {"count": dict.fromkeys(land, 1.0), "rate": people, "density": land, "harm": dict.fromkeys(land, 0.1)}[rule]
    return {row["area"] for row in sorted(rows, key=lambda row: (-row["mean"] / size[row["area"]], row["area"]))[:4]}


@pytest.mark.parametrize("rule", RULES)
def test_issue_api_audit_and_simulation_flag_the_same_areas(city_maker, serve_city, tmp_path, rule):
    city = flagging(city_maker, tmp_path / rule, rule)
    issued = read_issued(city.workspace, city.ledger.entries("issue")[0])
    client, study = serve_city(city), feedback_of_settings(city.workspace.settings) if rule != "harm" else None
    assert study is None or study.schedule.flags == issued.flags.rule
    words = client.get("/v1/summary").json()["flags"]
    assert words == {"rule": rule, "share": 0.1, "number": None, "words": issued.flags.rule.words}
    for about in issued.record.targets:
        for step in about.periods:
            asked = f"target={about.target}&period={step.period}"
            rows = client.get(f"/v1/forecasts?{asked}").json()["areas"]
            signed = issued.flags.areas(about.target, step.horizon)
            answer = client.get(f"/v1/flags?{asked}").json()
            schemas.Flags.model_validate(answer)
            assert answer["flags"]["words"] == answer["chosen_by"] == issued.flags.rule.words
            assert {row["area"] for row in rows if row["flagged"]} == signed
            assert signed == by_hand(rule, city.sources.geography, rows)
            assert {row["area"] for row in answer["areas"]} == signed
            assert audited(city, issued, about.target, step.horizon, rule) == signed
            one = next(iter(signed))
            assert client.get(f"/v1/areas/{one}/forecast?{asked}").json()["forecast"]["flagged"] is True


def audited(city, issued, target, horizon, rule):
    """What an audit of the issued forecast flags, with the rule as training makes it."""
    table = issued.forecasts.query("target == @target and horizon == @horizon")
    geography, settings = city.sources.geography, city.workspace.settings
    if rule == "harm":
        weight = settings.harm["simulated"].weights[target]
        flags = Flags(settings.flags, geography.codes, worth=np.full(len(table), weight))
    else:
        day = pd.Timestamp(issued.record.as_of).date()
        flags = flag_rule_of(city.workspace, settings, geography, target, day, ViewMode.AS_OF)
    mean = table.set_index("area").loc[list(geography.codes), "mean"].to_numpy()[None]
    material = Material(
        forecast=CountDistribution(mean, np.full(mean.shape, 0.1)),
        outcomes=np.round(mean),
        positions=geography.areas[["longitude", "latitude"]].to_numpy(),
        groups=(),
        flag_rule=flags,
        seed=1,
    )
    result = audit(material)
    assert {code for code, on in zip(geography.codes, material.flags[0], strict=True) if on} == set(result.flagged)
    assert type(result).from_json(result.to_json()).flag_rule == settings.flags
    return set(result.flagged)


def test_the_four_rules_are_not_the_same_question(city_maker, tmp_path):
    found = {}
    for rule in RULES[:3]:
        city = flagging(city_maker, tmp_path / rule, rule)
        found[rule] = read_issued(city.workspace, city.ledger.entries("issue")[0]).flags.areas("violence", 2)
    assert len(set(found.values())) == 3


def test_hotspots_by_land_say_that_they_are_not_the_flags(city_maker, serve_city, tmp_path):
    city = flagging(city_maker, tmp_path / "city", "count")
    client = serve_city(city)
    hotspots = client.get("/v1/hotspots").json()
    assert "by land" in hotspots["chosen_by"]
    assert "not the flags" in hotspots["chosen_by"]
    flags = client.get("/v1/flags").json()
    assert {row["area"] for row in hotspots["areas"]} != {row["area"] for row in flags["areas"]}


def test_a_number_of_areas_stands_for_the_share(city_maker, serve_city, tmp_path):
    city = flagging(city_maker, tmp_path / "city", "count", "number = 7")
    answer = serve_city(city).get("/v1/flags").json()
    assert len(answer["areas"]) == 7
    assert answer["chosen_by"].startswith("the 7 areas with the highest expected count")


@pytest.mark.parametrize("rule", ["rate", "harm"])
def test_a_rule_without_its_measure_is_refused_and_nothing_is_issued(city, rule):
    settings = city.workspace.root / "wardcast.toml"
    settings.write_text(settings.read_text().replace("[forecast]", f'[flags]\nrule = "{rule}"\n[forecast]'))
    city.workspace = Workspace(city.workspace.root)
    city.approve()
    with pytest.raises(MissingThing, match=r"flags\.rule"):
        city.issue()
    assert city.ledger.entries("issue") == ()


def test_a_changed_flag_is_not_served(issued_city, serve_city):
    entry = issued_city.ledger.entries("issue")[0]
    path = issued_city.workspace.forecasts / entry.content["forecast_id"] / FLAG_RULE_FILE
    path.write_text(path.read_text().replace('"count"', '"harm"'))
    answer = serve_city(issued_city).get("/v1/flags")
    assert (answer.status_code, "areas" in answer.json()) == (404, False)


@pytest.mark.parametrize("changed", ['rule = "density"', "share = 0.2", "number = 3"])
def test_another_rule_than_was_audited_is_not_issued(city, changed):
    train_with_audit(city)
    city.approve(target="violence")
    assert city.ledger.entries("approval")[0].content["flags"] == FlagSettings().model_dump(mode="json")
    settings = city.workspace.root / "wardcast.toml"
    given = settings.read_text()
    settings.write_text(given.replace("[forecast]", f"[flags]\n{changed}\n[forecast]"))
    city.workspace = Workspace(city.workspace.root)
    with pytest.raises(RefusedAction, match="was audited with the 5% of the areas with the highest expected count"):
        city.issue()
    settings.write_text(given)
    city.workspace = Workspace(city.workspace.root)
    assert city.issue().is_new


def test_an_audit_that_was_rewritten_is_not_approved(city):
    model = city.registry.versions["violence", 1]
    city.registry.texts[model.run_id, "audit/fairness.json"] = audit_text(city)
    with pytest.raises(BadInput, match="was changed"):
        city.approve(target="violence")


def train_with_audit(city):
    """Another version of violence, whose run has an audit, in the registry and in the ledger."""
    content = dict(city.ledger.entries("trained")[0].content)
    del content["account"]
    city.registry.ledger = None
    model = city.registry.add("violence", city.workspace.root / "violence")
    text = audit_text(city)
    city.registry.texts[model.run_id, "audit/fairness.json"] = text
    report = {"report_sha256": hashlib.sha256(text.encode()).hexdigest()}
    city.registry.versions["violence", model.version] = replace(model, tags={**model.tags, **report})
    about = {"version": model.version, "run_id": model.run_id, "sha256": model.sha256}
    enter_trained(city.ledger, TrainedModel(**{**content, **about, **report}))


def audit_text(city):
    """An audit as a run keeps it, by the default rule."""
    codes = city.sources.geography.codes
    mean = np.linspace(1.0, 9.0, len(codes))[None]
    result = audit(
        Material(
            forecast=CountDistribution(mean, np.full(mean.shape, 0.1)),
            outcomes=np.round(mean),
            positions=city.sources.geography.areas[["longitude", "latitude"]].to_numpy(),
            groups=(),
            flag_rule=Flags(FlagSettings(), codes),
            seed=1,
        )
    )
    return result.to_json() + "\n"


def test_a_forecast_from_before_flags_is_served_and_says_so(city, serve_city, monkeypatch):
    def without(*given):
        return as_recorded({}, issue_contents(*given))

    monkeypatch.setattr(service.issuing.issuing, "issue_contents", without)
    city.approve()
    city.issue()
    entry = city.ledger.entries("issue")[0]
    assert not set(FLAG_FILES) & entry.content["files"].keys()
    assert read_flags(read_files(city.workspace, entry)) is None
    client = serve_city(city)
    assert client.get("/v1/summary").json()["flags"] is None
    assert {row["flagged"] for row in client.get("/v1/forecasts").json()["areas"]} == {None}
    refused = client.get("/v1/flags")
    assert (refused.status_code, "without flags" in refused.json()["detail"]) == (404, True)
