"""The bench shows what each run's sheet says, who vouches for it, and what cannot be read."""

from __future__ import annotations

from dataclasses import replace
from html import unescape

import pytest

from contracts.run_sheets import SHEET_FILE, write_sheet
from service.web import schemas
from service.web.worth import worth_of


def read(client, path):
    answer = client.get(path, headers={"Accept": "text/html"})
    assert answer.status_code == 200, answer.text
    return unescape(" ".join(answer.text.split()))


def test_a_run_is_listed_and_told_whole(trained, serve_city):
    city, run_id = trained
    client = serve_city(city)
    listed = read(client, "/bench")
    for words in (
        "training run-viol",
        "0.950 (0.900–0.990)",
        "1 of 1 pass",
        "p-2 <small>2023-07 to 2025-06, 1 periods",
    ):
        assert words in listed
    assert "2024-12: 40% of areas changed" in listed
    page = client.get(f"/bench/{run_id}").text
    for words in (
        "holds the SHA-256 of this sheet",
        "Short &lt;b&gt;history&lt;/b&gt;.",
        "noise floor, negative binomial",
        "district D1: 70% of 60 forecasts",
        "the &lt;city&gt;: pass, ratio 0.950",
        "Outside: 1",
        "There is no earlier training",
        f"/bench/{run_id}/errors.svg",
    ):
        assert words in page
    drawn = client.get(f"/bench/{run_id}/errors.svg")
    assert drawn.headers["content-type"] == "image/svg+xml"
    assert '#b2182b"' in drawn.text, "60% more than expected"
    schemas.Runs.model_validate_json(client.get("/v1/runs").content)
    whole = client.get(f"/v1/runs/{run_id}").json()
    schemas.WholeRun.model_validate(whole)
    assert whole["is_vouched"]
    assert whole["sheet"]["errors"] == {"C0203": [10.0, 16.0], "C0001": [0.0, 1.0]}


def test_a_sheet_that_was_changed_is_called_that(trained, serve_city, make_sheet):
    city, run_id = trained
    write_sheet(city.workspace, make_sheet(city, run_id, title="Better"))
    client = serve_city(city)
    assert "it was changed since" in client.get(f"/bench/{run_id}").text
    assert client.get(f"/v1/runs/{run_id}").json()["is_vouched"] is False
    assert "its error was" not in client.get("/").text, "the briefing says only what the ledger vouches for"


def test_the_briefing_says_what_the_tests_of_the_model_found(trained, serve_city):
    city, _ = trained
    assert "its error was 5.0% less than a simple count" in read(serve_city(city), "/")


def test_a_backtest_is_vouched_for_by_nobody(trained, serve_city, make_sheet):
    city, _ = trained
    write_sheet(city.workspace, make_sheet(city, "backtest-1", kind="backtest", gates=[]))
    client = serve_city(city)
    assert "No entry of the ledger names this run" in client.get("/bench/backtest-1").text
    assert [one["run_id"] for one in client.get("/v1/runs").json()["runs"]] == ["backtest-1", "run-violence-2"]


def test_the_settings_are_held_against_the_run_before(trained, serve_city, make_sheet):
    city, run_id = trained
    older = make_sheet(city, "older-run", made_at="2025-06-10T09:00:00Z")
    write_sheet(city.workspace, replace(older, settings={**older.settings, "city": "Oldham"}))
    page = serve_city(city).get(f"/bench/{run_id}").text
    assert "<code>city</code>: Oldham → Testham" in page


def test_a_sheet_that_cannot_be_read_is_told_and_hides_no_other(trained, serve_city):
    city, run_id = trained
    broken = city.workspace.runs / "broken" / SHEET_FILE
    broken.parent.mkdir()
    broken.write_text("{")
    client = serve_city(city)
    page = read(client, "/bench")
    assert "sheet.json cannot be read as the sheet of a run" in page
    assert run_id[:8] in page
    assert len(client.get("/v1/runs").json()["refused"]) == 1


@pytest.mark.parametrize(
    ("path", "status"), [("/bench/nosuchrun", 404), ("/bench/run-v", 404), ("/v1/runs/nosuchrun", 404)]
)
def test_a_run_that_is_not_there_is_told(trained, serve_city, path, status):
    assert serve_city(trained[0]).get(path).status_code == status


def test_a_workspace_without_runs_says_how_to_make_one(issued_city, serve_city):
    assert "wardcast backtest" in serve_city(issued_city).get("/bench").text


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({}, "5.0% less than a simple count's (ratio 0.900 to 0.990); the 5% of areas"),
        ({"vs_ewma_high": 1.02}, "(ratio 0.900 to 1.020), which may be chance"),
        ({"vs_ewma": 1.1, "vs_ewma_low": 1.05, "vs_ewma_high": 1.2}, "10.0% more than a simple count's"),
        ({"pai_5": None}, "(ratio 0.900 to 0.990)."),
    ],
)
def test_worth_is_said_as_the_figures_are(city, make_sheet, row, words):
    ours, simple = make_sheet(city, "x").leaderboard
    assert words in worth_of(make_sheet(city, "x", leaderboard=[{**ours, **row}, simple]))


def test_worth_is_not_said_without_figures(city, make_sheet):
    ours, simple = make_sheet(city, "x").leaderboard
    assert worth_of(make_sheet(city, "x", leaderboard=[{**ours, "vs_ewma": None}, simple])) is None
    assert worth_of(make_sheet(city, "x", leaderboard=[ours])) is None
