"""Every horizon from 1 is issued, an unjudged one is not; baselines are signed and never served."""

from __future__ import annotations

import io
import json
from datetime import date
from typing import Any

import numpy as np
import orjson
import pandas as pd
import pytest

from contracts import CountDistribution, GateLimits, RefusedAction
from contracts.tables import FORECASTS, check
from monitoring import GateReport, GateResult
from monitoring.gates.result import GateFinding
from service.board.decisions import withdraw
from service.board.people import person_named
from service.forecasts.issued import FORECASTS_FILE, RECORD_FILE, read_files
from service.issuing.baselines import BASELINES_FILE
from service.issuing.contents import Occasion, issue_contents

JUDGED = (1, 2, 3, 4)


def gates_of(horizons: tuple[int, ...]) -> str:
    passed = GateFinding("horizon 1", "pass", "deviance over that of ewma", 0.9, 0.8, 0.95)
    return GateReport((GateResult("skill", (passed,)),), GateLimits(), "f" * 64, horizons).to_json()


def judged_city(city: Any, horizons: tuple[int, ...] = JUDGED) -> Any:
    for target in ("violence", "robbery"):
        city.registry.add(target, city.workspace.root / target, gates=gates_of(horizons))
    city.approve()
    return city


def newest(city: Any) -> tuple[Any, dict[str, bytes]]:
    entry = city.ledger.entries("issue")[-1]
    return entry, read_files(city.workspace, entry)


def test_the_record_says_which_horizons_were_judged_and_which_periods_had_begun(city: Any) -> None:
    judged_city(city).issue()
    entry, contents = newest(city)
    about = json.loads(contents[RECORD_FILE])["targets"][0]
    assert about["judged_horizons"] == [1, 2, 3, 4]
    assert about["earlier_periods"] == [{"period": "2025-07", "horizon": 1}]
    assert [one["period"] for one in about["periods"]] == ["2025-08", "2025-09", "2025-10"]
    assert about["notes"] == []
    assert entry.content["targets"][0]["judged_horizons"] == [1, 2, 3, 4]


@pytest.mark.parametrize("horizons", [(1,), (1, 2, 3), (2, 3, 4), (1, 2, 4)])
def test_a_horizon_that_was_never_judged_is_not_issued(city: Any, horizons: tuple[int, ...]) -> None:
    judged_city(city, horizons)
    with pytest.raises(RefusedAction, match=r"what was never judged is not issued.*wardcast train --target violence"):
        city.issue()
    assert city.ledger.entries("issue") == ()
    assert not city.workspace.forecasts.exists()


def test_counts_that_came_later_than_at_training_reach_an_unjudged_horizon(city: Any) -> None:
    """On 1 August the next period is September: the last of three is at horizon 5, of which no gate speaks."""
    judged_city(city)
    with pytest.raises(RefusedAction, match=r"judged at horizons 1–4.*horizon 5 \(2025-11, from counts to 2025-06\)"):
        city.issue(today=date(2025, 8, 1))


@pytest.mark.parametrize(("gates", "why"), [(None, "its run had no gates"), (gates_of(()), "do not say of which")])
def test_a_model_that_was_judged_at_no_horizon_is_not_approved(city: Any, gates: str | None, why: str) -> None:
    city.registry.add("violence", city.workspace.root / "violence", gates=gates)
    entries = city.ledger.entries()
    for reason in ("", "Looked at by hand."):
        with pytest.raises(RefusedAction, match=f"was judged at no horizon.*{why}.*wardcast train --target violence"):
            city.approve(target="violence", inconclusive=reason)
    assert city.ledger.entries() == entries


def test_a_model_that_was_approved_before_horizons_were_recorded_goes_on_and_that_is_told(
    city: Any, serve_city: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An older version entered such approvals, of runs that did not record horizons."""
    monkeypatch.setattr("service.board.decisions.refuse_unjudged", lambda *_: None)
    judged_city(city, ())
    monkeypatch.undo()
    told = "The model was approved before judged horizons were recorded; not known to be judged: horizons 1–4."
    assert f"Violence with injury: {told}" in city.issue().notes
    assert told in serve_city(city).get("/v1/forecasts").json()["note"]
    assert city.issue(today=date(2025, 8, 1)).next_period == "2025-09"


def test_what_is_served_first_is_the_next_period_at_a_judged_horizon(city: Any, serve_city: Any) -> None:
    judged_city(city).issue()
    client = serve_city(city)
    forecast = client.get("/v1/forecasts").json()
    assert (forecast["period"], forecast["horizon"], forecast["is_next_period"]) == ("2025-08", 2, True)
    about = client.get("/v1/summary").json()["targets"][0]
    assert forecast["horizon"] in about["judged_horizons"]
    assert [one["horizon"] for one in about["periods"]] == [2, 3, 4]


def test_the_period_in_progress_is_listed_apart_and_never_answered_as_a_next_one(city: Any, serve_city: Any) -> None:
    judged_city(city).issue()
    client = serve_city(city)
    area = client.get("/v1/areas/C0203/forecast").json()
    assert [one["period"] for one in area["periods"]] == ["2025-08", "2025-09", "2025-10"]
    assert [(one["period"], one["horizon"], one["is_next_period"]) for one in area["earlier_periods"]] == [
        ("2025-07", 1, False)
    ]
    for path in ("/v1/forecasts", "/v1/hotspots", "/v1/levels", "/v1/areas/C0203/forecast"):
        refused = client.get(f"{path}?period=2025-07")
        assert refused.status_code == 404
        assert "2025-07 had begun when this was issued" in refused.json()["detail"]
        assert "the next period is 2025-08" in refused.json()["detail"]


def test_where_nothing_is_in_arrears_the_first_horizon_is_the_next_period(city: Any) -> None:
    """Daily or weekly counts may be there before the period has ended: then nothing earlier is issued."""
    judged_city(city).issue(on=date(2025, 6, 30), today=date(2025, 7, 10))
    about = json.loads(newest(city)[1][RECORD_FILE])["targets"][0]
    assert about["earlier_periods"] == []
    assert [one["horizon"] for one in about["periods"]] == [1, 2, 3]


def baselines_of(contents: dict[str, bytes]) -> pd.DataFrame:
    return check(pd.read_parquet(io.BytesIO(contents[BASELINES_FILE])), FORECASTS)


def test_the_simple_count_is_signed_beside_the_forecast_at_every_horizon(city: Any) -> None:
    judged_city(city).issue()
    entry, contents = newest(city)
    table = baselines_of(contents)
    assert BASELINES_FILE in entry.content["files"]
    assert set(table["model"]) == {"ewma"}
    assert len(table) == 2 * 4 * 30
    key = ["target", "area", "period", "horizon"]
    ours = pd.read_parquet(io.BytesIO(contents[FORECASTS_FILE])).set_index(key)
    assert set(ours["model"]) == {"wardcast"}
    assert table.set_index(key).index.equals(ours.index)
    assert json.loads(contents[RECORD_FILE])["targets"][0]["baselines"] == ["ewma"]


def test_the_model_before_the_champion_is_forecast_with_beside_it(city: Any) -> None:
    city.approve()
    judged_city(city).issue()
    _, contents = newest(city)
    table, about = baselines_of(contents), json.loads(contents[RECORD_FILE])["targets"][0]
    assert set(table["model"]) == {"ewma", "superseded"}
    assert (about["model_version"], about["superseded"]["version"]) == (2, 1)
    assert about["baselines"] == ["ewma", "superseded"]


def test_a_withdrawn_model_is_no_baseline(city: Any) -> None:
    city.approve()
    judged_city(city)
    ben = person_named(city.workspace.settings, "Ben Board")
    withdraw(city.workspace, city.ledger, city.registry, by=ben, reason="Harmful.", target="violence", version=1)
    city.issue()
    about = {one["target"]: one for one in json.loads(newest(city)[1][RECORD_FILE])["targets"]}
    assert about["violence"]["superseded"] is None
    assert about["robbery"]["superseded"]["version"] == 1


def test_a_model_before_that_is_lost_stops_no_issue_and_is_told(city: Any) -> None:
    city.approve()
    judged_city(city)
    del city.registry.versions["violence", 1]
    city.issue()
    about = {one["target"]: one for one in json.loads(newest(city)[1][RECORD_FILE])["targets"]}
    assert about["violence"]["superseded"] is None
    assert any("Version 1 of 'violence' is not forecast with for comparison" in one for one in city.told)


def test_no_answer_holds_a_figure_of_a_baseline(city: Any, serve_city: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """With baselines of another size, every answer is the very same."""
    city.approve()
    judged_city(city).issue()
    whole = _answers(serve_city(city))
    _, contents = newest(city)
    table = baselines_of(contents)
    assert not np.isclose(table["mean"], 4321.5).any()
    planted = table.assign(mean=4321.5)
    buffer = io.BytesIO()
    planted.to_parquet(buffer, index=False)
    changed = {**contents, BASELINES_FILE: buffer.getvalue()}
    monkeypatch.setattr("service.forecasts.issued.read_files", lambda *_: changed)
    assert _answers(serve_city(city)) == whole
    assert b"4321.5" not in b"".join(whole)


def _answers(client: Any) -> list[bytes]:
    paths = ("/v1/summary", "/v1/forecasts", "/v1/levels", "/v1/hotspots", "/v1/areas/C0203/forecast")
    answers = [
        client.get(f"{path}{query}") for path in paths for query in ("", "?target=robbery")[: 1 + (path != paths[0])]
    ]
    assert all(one.status_code == 200 for one in answers)
    return [orjson.dumps(one.json()) for one in answers]


def test_the_older_format_is_made_again_as_it_was(city: Any) -> None:
    """What was issued before has no horizon 1, no baselines and none of the newer keys, and its bytes stay the same."""
    judged_city(city)
    champions = _champions(city)
    older = Occasion(date(2025, 7, 10), replay=False, issue_format=1)
    contents = issue_contents(city.workspace, city.sources, champions, older, city.told.append)
    record = json.loads(contents[RECORD_FILE])
    assert BASELINES_FILE not in contents
    assert set(pd.read_parquet(io.BytesIO(contents[FORECASTS_FILE]))["horizon"]) == {2, 3, 4}
    assert "format" not in record
    newer = {"earlier_periods", "judged_horizons", "notes", "baselines", "superseded"}
    assert newer.isdisjoint(record["targets"][0])


def _champions(city: Any) -> dict[str, Any]:
    from service.board.champions import current_champions

    return current_champions(city.ledger)


def test_a_forecast_of_the_older_format_is_still_served(city: Any, serve_city: Any, monkeypatch: Any) -> None:
    judged_city(city)
    older = Occasion(date(2025, 7, 10), replay=False, issue_format=1)
    monkeypatch.setattr("service.issuing.issuing.occasion_of", lambda *_, **__: older)
    city.issue()
    client = serve_city(city)
    assert client.get("/v1/forecasts").json()["horizon"] == 2
    assert client.get("/v1/areas/C0203/forecast").json()["earlier_periods"] == []
    assert client.get("/v1/summary").json()["targets"][0]["judged_horizons"] == []
    assert client.get("/v1/forecasts?period=2025-07").status_code == 404


def test_the_same_inputs_give_the_same_baselines(city: Any, city_maker: Any, tmp_path: Any) -> None:
    city.approve()
    judged_city(city).issue()
    other = city_maker(tmp_path / "other")
    other.approve()
    judged_city(other).issue()
    assert newest(city)[1][BASELINES_FILE] == newest(other)[1][BASELINES_FILE]


def test_the_model_before_is_the_one_approved_last(city: Any) -> None:
    city.approve()
    judged_city(city)
    judged_city(city)
    assert [one.superseded["version"] for one in _champions(city).values()] == [2, 2]
    city.approve(target="violence", version=1)
    assert _champions(city)["violence"].superseded["version"] == 3


def test_the_distribution_of_a_baseline_is_whole(city: Any) -> None:
    judged_city(city).issue()
    table = baselines_of(newest(city)[1])
    made = CountDistribution(table["mean"].to_numpy(), table["dispersion"].to_numpy())
    np.testing.assert_allclose(table["q90"], made.quantile(0.9))
