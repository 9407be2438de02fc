"""Districts and the city of an issue: they add up, know what areas share, and are refused where they do not."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import service.issuing
from contracts import BadInput, CountDistribution, Workspace
from contracts.tables import FORECASTS, LEVEL_FORECASTS, NESTING, check, distribution_columns
from service.cli import wardcast
from service.forecasts.issued import (
    AREAS_FILE,
    FORECASTS_FILE,
    RECORD_FILE,
    forecast_id_of,
    hashes_of,
    parquet_bytes,
    read_files,
    read_issued,
    write_folder,
)
from service.forecasts.larger_areas import LEVELS_FILE, NESTING_FILE, LargerAreas, level_rows, refuse_incoherent
from service.issuing.larger_areas import issue_hierarchy
from service.web import schemas

CITY = {"columns": 12, "rows": 4}
"""Two districts of 24 areas."""


@pytest.fixture
def wide_city(city_maker, tmp_path):
    city = city_maker(tmp_path / "wide", **CITY)
    city.approve()
    city.issue()
    return city


@pytest.fixture
def issued(wide_city):
    return read_issued(wide_city.workspace, wide_city.ledger.entries("issue")[0])


def two_areas(shared=(0.5, 0.5)):
    """The worked example of ``contracts.sums``: means 4 and 6, dispersion 0.5, all of it shared."""
    distribution = CountDistribution(np.array([4.0, 6.0]), np.array([0.5, 0.5]), np.array(shared))
    about = {
        "model": "wardcast",
        "area": ["A", "B"],
        "target": "violence",
        "as_of": np.datetime64("2025-07-10", "s"),
        "period": np.datetime64("2025-08-01", "s"),
        "horizon": np.int64(2),
    }
    forecasts = check(pd.DataFrame({**about, **distribution_columns(distribution)}), FORECASTS)
    nesting = pd.DataFrame({"level": "city", "area": ["A", "B"], "within": "city", "name": "Tiny"})
    return forecasts, check(nesting, NESTING)


def test_two_areas_that_share_everything_by_hand():
    """Mean 10 and variance 10 + 0.5 · 10² = 60; were they independent, 10 + 0.5 · (16 + 36) = 36."""
    for shared, variance in (((0.5, 0.5), 60.0), ((0.0, 0.0), 36.0)):
        (row,) = level_rows(*two_areas(shared)).to_dict(orient="records")
        assert (row["level"], row["area"], row["reconciliation"], row["mean"]) == ("city", "city", "bottom_up", 10.0)
        assert row["mean"] + row["dispersion"] * row["mean"] ** 2 == pytest.approx(variance)


def test_issued_levels_keep_their_contract_and_add_up(issued):
    levels, nesting = check(issued.larger.levels, LEVEL_FORECASTS), check(issued.larger.nesting, NESTING)
    assert len(levels) == 2 * 4 * (2 + 1), "two targets, horizons 1 to 4, two districts and the city"
    for level, inside in nesting.groupby("level"):
        sums = issued.forecasts.merge(inside, on="area").groupby(["target", "period", "within"])["mean"].sum()
        ours = levels[levels["level"] == level].set_index(["target", "period", "area"])["mean"]
        assert np.abs(ours.sort_index().to_numpy() - sums.sort_index().to_numpy()).max() < 1e-6
    districts = levels[levels["level"] == "parents"].groupby(["target", "period"])["mean"].sum()
    city = levels[levels["level"] == "city"].set_index(["target", "period"])["mean"]
    assert np.abs(districts.sort_index() - city.sort_index()).max() < 1e-6


def test_the_citys_interval_is_wider_than_independent_areas_would_give(issued):
    """Var = independent + shared · ((Σ mean)² − Σ mean²), and every interval of the city is wider for it."""
    alone = level_rows(issued.forecasts.assign(shared=0.0), issued.larger.nesting)
    ours, theirs = (table[table["level"] == "city"] for table in (issued.larger.levels, alone))
    assert (ours["q90"] - ours["q10"] > theirs["q90"] - theirs["q10"]).all()
    squares = issued.forecasts.groupby(["target", "horizon"], sort=False)["mean"].agg(lambda mean: (mean**2).sum())
    wider = (ours["dispersion"] - theirs["dispersion"]) * ours["mean"] ** 2
    assert wider.to_numpy() == pytest.approx(0.01 * (ours["mean"] ** 2).to_numpy() - 0.01 * squares.to_numpy())


def test_a_citys_interval_agrees_with_coherent_draws_of_its_areas(issued):
    from contracts import coherent_draws
    from contracts.tables import distribution_of

    rows = issued.forecasts[(issued.forecasts["target"] == "violence") & (issued.forecasts["horizon"] == 2)]
    drawn = coherent_draws(distribution_of(rows), 20_000, seed=3).sum(axis=1)
    levels = issued.larger.levels
    (city,) = levels[(levels["level"] == "city") & (levels["target"] == "violence") & (levels["horizon"] == 2)].to_dict(
        orient="records"
    )
    assert np.quantile(drawn, [0.1, 0.9]) == pytest.approx([city["q10"], city["q90"]], rel=0.02)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda levels: levels.assign(mean=levels["mean"] + (levels.index == 0) * 1e-4), "differs by 0.000100"),
        (lambda levels: levels.assign(dispersion=levels["dispersion"] * 1.001), "dispersion of"),
        (lambda levels: levels.assign(shared=levels["shared"] * 0.5), "shared of"),
        (lambda levels: levels.iloc[1:], "differ in"),
    ],
    ids=["a sum", "a spread", "what is shared", "a row"],
)
def test_levels_changed_by_hand_are_refused(issued, spoil, words):
    spoiled = LargerAreas(spoil(issued.larger.levels), issued.larger.nesting)
    with pytest.raises(BadInput, match=words):
        refuse_incoherent(spoiled, issued.forecasts)


def test_an_area_that_lies_in_none_is_refused(issued):
    lost = replace(issued.larger, nesting=issued.larger.nesting.iloc[1:])
    with pytest.raises(BadInput, match="lies in none of 'parents'"):
        refuse_incoherent(lost, issued.forecasts)


def reissue(city, change):
    """Enter the newest issue again with other files, under hashes that agree with them."""
    entry = city.ledger.entries("issue")[-1]
    contents = change(read_files(city.workspace, entry))
    hashes = hashes_of(contents)
    forecast_id = forecast_id_of("2025-08", hashes)
    write_folder(city.workspace, forecast_id, contents)
    about = {**entry.content, "forecast_id": forecast_id, "files": hashes}
    return city.ledger.append("issue", "Mallory", about)


def with_table(name, change):
    def changed(contents):
        import io

        return {**contents, name: parquet_bytes(change(pd.read_parquet(io.BytesIO(contents[name]))))}

    return changed


def test_a_child_changed_by_hand_is_refused_on_loading_and_the_last_good_forecast_stays(wide_city, serve_city):
    """Even where the ledger's hashes were made to agree with the change."""
    before = serve_city(wide_city).get("/v1/summary").json()["forecast_id"]
    entry = reissue(
        wide_city, with_table(FORECASTS_FILE, lambda table: table.assign(mean=table["mean"] + (table.index == 3) * 0.5))
    )
    with pytest.raises(BadInput, match=r"differs by 0\.500000 from the sum of its areas"):
        read_issued(wide_city.workspace, entry)
    ready = serve_city(wide_city).get("/readyz").json()
    assert (ready["status"], ready["forecast_id"]) == ("degraded", before)
    assert "from the sum of its areas" in ready["refused"][0]


def test_a_levels_table_that_breaks_its_contract_is_refused_in_one_line(wide_city):
    entry = reissue(wide_city, with_table(LEVELS_FILE, lambda table: table.drop(columns="shared")))
    with pytest.raises(BadInput, match=r"levels\.parquet breaks its contract") as refused:
        read_issued(wide_city.workspace, entry)
    assert "\n" not in refused.value.message


def without_levels(contents):
    kept = {name: content for name, content in contents.items() if name not in (LEVELS_FILE, NESTING_FILE)}
    return with_table(FORECASTS_FILE, lambda table: table.drop(columns="shared"))(kept)


def test_a_forecast_issued_before_there_were_levels_is_still_served_and_says_what_it_lacks(wide_city, serve_city):
    entry = reissue(wide_city, without_levels)
    issued = read_issued(wide_city.workspace, entry)
    assert (check(issued.forecasts, FORECASTS)["shared"] == 0.0).all()
    client = serve_city(wide_city)
    for path, schema in (("/v1/summary", schemas.Summary), ("/v1/forecasts", schemas.Forecasts)):
        answer = client.get(path)
        schema.model_validate_json(answer.content)
        assert answer.json()["forecast_id"] == issued.forecast_id
        assert "count them as independent" in answer.json()["note"]
    assert client.get("/v1/summary").json()["levels"] == []
    answer = client.get("/v1/levels")
    assert answer.status_code == 404
    assert "wardcast issue" in answer.json()["remedy"]


def test_the_api_adds_up_and_says_what_the_table_says(wide_city, serve_city, issued):
    client = serve_city(wide_city)
    for period in ("2025-08", "2025-10"):
        answer = client.get(f"/v1/levels?target=robbery&period={period}")
        schemas.Levels.model_validate_json(answer.content)
        areas = client.get(f"/v1/forecasts?target=robbery&period={period}").json()["areas"]
        districts, (city,) = (level["areas"] for level in answer.json()["levels"])
        assert [level["title"] for level in answer.json()["levels"]] == ["Districts", "City"]
        assert (city["name"], city["areas"]) == ("Testham", 48)
        for row in districts:
            inside = [area["mean"] for area in areas if area["parent"] == row["area"]]
            assert len(inside) == row["areas"] == 24
            assert sum(inside) == pytest.approx(row["mean"], abs=1e-6)
        assert sum(row["mean"] for row in districts) == pytest.approx(city["mean"], abs=1e-6)
        table = issued.larger.levels
        (row,) = table[
            (table["level"] == "city")
            & (table["target"] == "robbery")
            & (table["period"] == pd.Timestamp(f"{period}-01"))
        ].to_dict(orient="records")
        assert (city["q10"], city["q90"]) == (row["q10"], row["q90"])


def test_districts_have_the_names_that_the_geography_has(city_maker, serve_city, tmp_path):
    city = city_maker(tmp_path / "named", **CITY)
    city.sources = replace(
        city.sources, geography=replace(city.sources.geography, parent_names={"D1": "Westside", "D2": "Eastside"})
    )
    city.approve()
    city.issue()
    client = serve_city(city)
    districts = client.get("/v1/levels").json()["levels"][0]["areas"]
    assert [(row["area"], row["name"]) for row in districts] == [("D1", "Westside"), ("D2", "Eastside")]
    named = {row["parent"]: row["parent_name"] for row in client.get("/v1/forecasts").json()["areas"]}
    assert named == {"D1": "Westside", "D2": "Eastside"}


def test_a_target_known_in_fewer_areas_is_summed_over_those(city_maker, serve_city, tmp_path):
    city = city_maker(tmp_path / "fewer", **CITY)
    panel = city.sources.door.panel
    counts = panel.counts.copy()
    counts[1, [0, 6, 7]] = np.nan
    city.sources = replace(city.sources, door=replace(city.sources.door, panel=replace(panel, counts=counts)))
    city.approve()
    city.issue()
    client = serve_city(city)
    assert [row["areas"] for row in client.get("/v1/levels?target=robbery").json()["levels"][0]["areas"]] == [23, 22]
    assert [row["areas"] for row in client.get("/v1/levels?target=violence").json()["levels"][0]["areas"]] == [24, 24]


def test_without_parents_the_city_alone_is_forecast_and_some_without_are_told(city):
    geography = city.sources.geography
    orphans = replace(geography, areas=geography.areas.assign(parent=None))
    assert [level.name for level in issue_hierarchy(city.workspace, orphans, city.told.append).levels] == [
        "cells",
        "city",
    ]
    assert city.told == []
    some = geography.areas["parent"].where(geography.areas.index > 1, None)
    issue_hierarchy(city.workspace, replace(geography, areas=geography.areas.assign(parent=some)), city.told.append)
    assert city.told == ["2 areas of 'cells' name no parent: the city is forecast, and no districts."]


def test_levels_named_in_the_settings_are_those_that_are_issued(city):
    settings = city.workspace.root / "wardcast.toml"
    settings.write_text(settings.read_text().replace("[forecast]", '[forecast]\nlevels = ["city"]'))
    city = replace(city, workspace=Workspace(city.workspace.root))
    city.approve()
    city.issue()
    issued = read_issued(city.workspace, city.ledger.entries("issue")[0])
    assert set(issued.larger.levels["level"]) == {"city"}


def test_the_command_prints_what_the_api_answers(city_maker, serve_city, tmp_path, monkeypatch):
    city = city_maker(tmp_path / "told", **CITY, replay=True)
    city.approve()
    monkeypatch.setattr(service.issuing, "open_sources", lambda workspace: city.sources)
    words = ["issue", "--workspace", str(city.workspace.root)]
    told = CliRunner().invoke(wardcast, words)
    assert told.exit_code == 0, told.output
    printed = json.loads(CliRunner().invoke(wardcast, [*words, "--json"]).stdout)["expected"]
    answer = serve_city(city).get("/v1/levels?target=violence").json()
    (expected,) = answer["levels"][1]["areas"]
    (row,) = [row for row in printed if (row["target"], row["level"]) == ("violence", "city")]
    assert (row["name"], row["q10"], row["q90"]) == ("Testham", expected["q10"], expected["q90"])
    assert row["mean"] == pytest.approx(expected["mean"], abs=1e-6)
    assert row["harm_mean"] is None
    assert len([row for row in printed if row["level"] == "parents" and row["target"] == "robbery"]) == 2
    highest = serve_city(city).get("/v1/forecasts?target=violence&limit=5").json()["areas"]
    assert [row["area"] for row in printed if (row["target"], row["level"]) == ("violence", "cells")] == [
        row["area"] for row in highest
    ]
    assert f"{'Testham':<32}{row['mean']:>10,.1f}  80%: {row['q10']:,.0f} to {row['q90']:,.0f}" in told.stdout


def test_the_ledger_holds_the_hash_of_every_file(wide_city):
    files = wide_city.ledger.entries("issue")[0].content["files"]
    assert {LEVELS_FILE, NESTING_FILE, FORECASTS_FILE, AREAS_FILE, RECORD_FILE} <= set(files)
