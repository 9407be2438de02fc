"""Harm of an issue: worked by hand, the same everywhere, told where it is missing, refused where it does not add up."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import service.issuing
from contracts import BadInput, CountDistribution
from contracts.tables import HARM, check
from features.geographies.geography import load_geography
from features.views.hierarchy import hierarchy_over
from models.sums.harm import load_harm_mix
from service.cli import wardcast
from service.forecasts.harm import HARM_FILE, refuse_incoherent_harm
from service.forecasts.issued import read_issued
from service.issuing.harm import mixes_of, target_harm
from service.web import schemas

WEIGHTS = "violence = 10.0, robbery = 60.0"


@pytest.fixture
def weighed(city_maker, tmp_path):
    city = city_maker(tmp_path / "weighed", columns=12, rows=4, replay=True, weights=WEIGHTS)
    city.approve()
    city.issue()
    return city


@pytest.fixture
def issued(weighed):
    return read_issued(weighed.workspace, weighed.ledger.entries("issue")[0])


def test_a_crime_of_sixty_days_makes_harm_of_sixty_times_the_count(issued):
    harm = check(issued.harm, HARM)
    assert set(harm["level"]) == {"cells", "parents", "city"}
    counts = pd.concat([issued.forecasts.assign(level="cells"), issued.larger.levels])
    both = harm.merge(counts, on=["level", "area", "target", "period"], suffixes=("", "_count"), validate="one_to_one")
    assert len(both) == len(harm) == len(counts)
    weight = both["target"].map({"violence": 10.0, "robbery": 60.0})
    assert both["mean"].to_numpy() == pytest.approx((weight * both["mean_count"]).to_numpy(), rel=1e-12)
    of_levels = both["level"] != "cells"
    for end, quantile in (("low", "q10"), ("high", "q90")):
        expected = (weight * both[quantile])[of_levels].to_numpy()
        assert both.loc[of_levels, end].to_numpy() == pytest.approx(expected, rel=0.1)


def test_harm_adds_up_to_districts_and_the_city(issued):
    harm, nesting = issued.harm, issued.larger.nesting
    finest = harm[harm["level"] == "cells"]
    for level in ("parents", "city"):
        inside = nesting[nesting["level"] == level]
        sums = finest.merge(inside[["area", "within"]], on="area").groupby(["target", "period", "within"])["mean"].sum()
        ours = harm[harm["level"] == level].set_index(["target", "period", "area"])["mean"]
        assert np.abs(ours.sort_index().to_numpy() - sums.sort_index().to_numpy()).max() < 1e-6


def test_harm_changed_by_hand_is_refused(issued):
    for level in ("cells", "parents", "city"):
        at = issued.harm.index[issued.harm["level"] == level][0]
        spoiled = issued.harm.assign(mean=issued.harm["mean"] + (issued.harm.index == at) * 1e-3)
        with pytest.raises(BadInput, match="not the sum of its areas"):
            refuse_incoherent_harm(spoiled, issued.larger.nesting)
    with pytest.raises(BadInput, match="not the sum of its areas"):
        refuse_incoherent_harm(issued.harm.iloc[1:], issued.larger.nesting)
    refuse_incoherent_harm(issued.harm, issued.larger.nesting)


def test_the_api_and_the_command_line_say_the_same_and_name_the_source(weighed, serve_city, monkeypatch):
    client = serve_city(weighed)
    areas = client.get("/v1/forecasts?target=robbery")
    levels = client.get("/v1/levels?target=robbery")
    schemas.Forecasts.model_validate_json(areas.content)
    schemas.Levels.model_validate_json(levels.content)
    assert areas.json()["harm"]["source"] == levels.json()["harm"]["source"] == "Tiny list"
    assert (areas.json()["harm"]["unit"], areas.json()["harm"]["weights"]) == ("days", {"robbery": 60.0})
    (city,) = levels.json()["levels"][1]["areas"]
    total = sum(row["harm"]["mean"] for row in areas.json()["areas"])
    assert city["harm"]["mean"] == pytest.approx(total, abs=1e-6)
    one = client.get(f"/v1/areas/{areas.json()['areas'][0]['area']}/forecast?target=robbery").json()
    assert one["forecast"]["harm"] == areas.json()["areas"][0]["harm"]

    monkeypatch.setattr(service.issuing, "open_sources", lambda workspace: weighed.sources)
    words = ["issue", "--workspace", str(weighed.workspace.root)]
    printed = json.loads(CliRunner().invoke(wardcast, [*words, "--json"]).stdout)["expected"]
    (row,) = [row for row in printed if (row["target"], row["level"]) == ("robbery", "city")]
    told = [row["harm_mean"], row["harm_low"], row["harm_high"]]
    assert told == pytest.approx([city["harm"][name] for name in ("mean", "low", "high")], abs=1e-6)
    text = CliRunner().invoke(wardcast, words).stdout
    assert f"harm {row['harm_mean']:,.0f}, 80%: {row['harm_low']:,.0f} to {row['harm_high']:,.0f}" in text
    assert "Harm: days; weights: Tiny list" in text


def test_without_weights_there_is_no_harm_anywhere(issued_city, serve_city):
    entry = issued_city.ledger.entries("issue")[0]
    assert HARM_FILE not in entry.content["files"]
    assert read_issued(issued_city.workspace, entry).harm is None
    client = serve_city(issued_city)
    for path in ("/v1/forecasts", "/v1/levels"):
        assert client.get(path).json()["harm"] is None
    assert {row["harm"] for row in client.get("/v1/forecasts").json()["areas"]} == {None}
    assert not [sentence for sentence in issued_city.told if "harm" in sentence]


def test_a_target_with_an_unweighed_offence_has_no_harm_and_that_is_told(city_maker, serve_city, tmp_path):
    city = city_maker(tmp_path / "partly", weights="violence = 10.0")
    city.approve()
    city.issue()
    (told,) = [sentence for sentence in city.told if "harm" in sentence]
    assert told.startswith("No harm of robbery is forecast. [harm.simulated] has no weight for robbery.")
    client = serve_city(city)
    assert client.get("/v1/levels?target=robbery").json()["levels"][1]["areas"][0]["harm"] is None
    assert client.get("/v1/levels?target=violence").json()["levels"][1]["areas"][0]["harm"]["mean"] > 0


def test_the_same_inputs_give_the_same_harm(weighed):
    assert not weighed.issue().is_new


def test_harm_of_a_simulated_city_comes_from_the_mix_of_each_areas_offences(small_workspace):
    """Robbery is one offence of 60 points; violence is assault with injury, of 40."""
    day = date(2030, 1, 1)
    from features.views.as_of import load_door

    geography = load_geography(small_workspace, small_workspace.settings.geography)
    panel = load_door(small_workspace).view(day).for_target("violence")
    local = geography.only(panel.areas)
    hierarchy = hierarchy_over(small_workspace, local, ("parents", "city"))
    forecast = CountDistribution(np.full((2, len(panel.areas)), 3.0), np.array(0.2), np.array(0.05))
    told: list[str] = []
    made = target_harm(
        small_workspace, mixes_of(small_workspace), hierarchy, panel, "violence", (1, 2), forecast, told.append
    )
    assert told == []
    mix = load_harm_mix(small_workspace, "violence", day, panel.areas)
    city = made.rows[made.rows["level"] == "city"]
    assert city["mean"].to_numpy() == pytest.approx([3.0 * mix.harm_per_crime.sum()] * 2)
    assert (city["low"] < city["mean"]).all()
    assert (city["mean"] < city["high"]).all()
    assert made.about["source"] == "Invented for the simulated city"
    bare = replace(small_workspace)
    object.__setattr__(bare, "settings", small_workspace.settings.model_copy(update={"harm": {}}))
    assert target_harm(bare, mixes_of(bare), hierarchy, panel, "violence", (1, 2), forecast, told.append) is None
