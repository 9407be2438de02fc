"""Forecasts that were issued earlier: by their id, their signed files, and what was withdrawn or hidden since."""

from __future__ import annotations

import hashlib
import io
import sqlite3
from contextlib import closing
from datetime import date

import pandas as pd
import pytest

from service.board.decisions import withdraw
from service.board.people import person_named
from service.web.past import KEPT
from service.web.stopping import STOP_FILE

LATER = date(2025, 8, 10)
PATHS = (
    *("/v1/summary", "/v1/forecasts", "/v1/forecasts?format=csv", "/v1/forecasts?target=robbery&limit=3", "/v1/levels"),
    *("/v1/flags", "/v1/hotspots", "/v1/areas", "/v1/areas/C0203/forecast", "/v1/areas/C0203/history?target=robbery"),
)


@pytest.fixture
def two(issued_city):
    """A city with two issued forecasts, and their ids."""
    issued_city.issue(today=LATER)
    return issued_city, [entry.content["forecast_id"] for entry in issued_city.ledger.entries("issue")]


def asked(path, forecast_id):
    return f"{path}{'&' if '?' in path else '?'}issue={forecast_id}"


def test_an_earlier_forecast_answers_as_it_did_when_it_was_the_newest(issued_city, serve_city):
    before = {path: serve_city(issued_city).get(path).content for path in PATHS}
    first = issued_city.ledger.entries("issue")[0].content["forecast_id"]
    issued_city.issue(today=LATER)
    client = serve_city(issued_city, today=LATER)
    for path, content in before.items():
        answer = client.get(asked(path, first))
        assert answer.status_code == 200, answer.text
        assert answer.content == content, path
        assert client.get(path).content != content, path


def test_an_earlier_forecast_is_given_when_the_newest_is_stale(two, serve_city):
    city, (first, _) = two
    client = serve_city(city, today=date(2027, 1, 1))
    assert client.get("/v1/forecasts").status_code == 503
    assert client.get(asked("/v1/forecasts", first)).json()["forecast_id"] == first


def test_a_model_that_was_withdrawn_is_not_served_in_an_earlier_forecast_either(two, serve_city):
    city, (first, _) = two
    client = serve_city(city, today=LATER)
    assert client.get(asked("/v1/forecasts", first)).status_code == 200
    ben = person_named(city.workspace.settings, "Ben Board")
    withdraw(city.workspace, city.ledger, city.registry, by=ben, reason="Wrong counts.", target="violence")
    client.watcher.poll()
    assert client.get(asked("/v1/forecasts", first)).status_code == 410
    assert client.get(asked("/v1/forecasts?target=robbery", first)).status_code == 200
    assert client.get(f"/v1/issues/{first}/files/forecasts.parquet").status_code == 410
    assert client.get(f"/v1/issues/{first}").status_code == 200


def test_a_file_that_stops_a_target_stops_earlier_forecasts_of_it(two, serve_city):
    city, (first, _) = two
    (city.workspace.root / STOP_FILE).write_text("violence wrong counts\n")
    client = serve_city(city, today=LATER)
    assert client.get(asked("/v1/forecasts", first)).status_code == 410
    assert client.get(asked("/v1/forecasts?target=robbery", first)).status_code == 200


def test_no_earlier_forecast_is_given_while_the_ledger_is_not_sound(two, serve_city):
    city, (first, _) = two
    client = serve_city(city, today=LATER)
    with closing(sqlite3.connect(city.workspace.root / "ledger.db")) as database, database:
        database.execute("DROP TRIGGER IF EXISTS ledger_entries_no_delete")
        for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            database.execute(f"DROP TRIGGER {name}")
        database.execute("DELETE FROM ledger_entries WHERE number = (SELECT max(number) FROM ledger_entries)")
    client.watcher.poll()
    for path in (asked("/v1/forecasts", first), f"/v1/issues/{first}", f"/v1/issues/{first}/files/forecasts.parquet"):
        answer = client.get(path)
        assert answer.status_code == 503, path
        assert "withdrawal may be hidden" in answer.json()["detail"]


@pytest.mark.parametrize(
    "path", ["/v1/forecasts?issue=2024-01-00000000", "/v1/issues/2024-01-00000000", "/v1/areas?issue=none"]
)
def test_an_id_that_was_not_issued_is_told(two, serve_city, path):
    answer = serve_city(two[0], today=LATER).get(path)
    assert answer.status_code == 404
    assert "/v1/issues" in answer.json()["remedy"]


def test_the_signed_files_are_what_the_ledger_says_and_never_change(two, serve_city):
    city, (first, _) = two
    client = serve_city(city, today=LATER)
    entry = city.ledger.entries("issue")[0]
    for name, sha256 in entry.content["files"].items():
        answer = client.get(f"/v1/issues/{first}/files/{name}")
        assert hashlib.sha256(answer.content).hexdigest() == sha256
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert client.get(f"/v1/issues/{first}").content == client.get(f"/v1/issues/{first}/files/issue.json").content
    table = pd.read_parquet(io.BytesIO(client.get(f"/v1/issues/{first}/files/forecasts.parquet").content))
    assert {"area", "target", "horizon", "mean"} <= set(table.columns)
    answer = client.get(f"/v1/issues/{first}/files/forecast.parquet")
    assert answer.status_code == 404
    assert "forecasts.parquet" in answer.json()["remedy"]


def test_a_signed_file_that_was_changed_is_not_given(two, serve_city):
    city, (first, _) = two
    path = city.workspace.forecasts / first / "forecasts.parquet"
    path.write_bytes(path.read_bytes() + b"x")
    client = serve_city(city, today=LATER)
    answer = client.get(f"/v1/issues/{first}/files/forecasts.parquet")
    assert answer.status_code == 422
    assert "SHA-256 differs" in answer.json()["detail"]


def test_only_the_newest_that_were_asked_for_are_kept(issued_city, serve_city):
    for day in range(11, 11 + KEPT + 1):
        issued_city.issue(today=date(2025, 7, day))
    client = serve_city(issued_city)
    ids = [one["forecast_id"] for one in client.get("/v1/issues").json()["issues"]]
    for forecast_id in (*ids, ids[0]):
        assert client.get(asked("/v1/flags", forecast_id)).json()["forecast_id"] == forecast_id
        assert len(client.watcher.past.kept) <= KEPT
