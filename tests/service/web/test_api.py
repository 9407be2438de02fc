"""The API over an issued forecast of a small city."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from fastapi.routing import iter_route_contexts

from service.web import schemas
from service.web.snapshot import Snapshot


@pytest.fixture
def client(issued_city, serve_city):
    return serve_city(issued_city)


@pytest.mark.parametrize(
    ("path", "schema"),
    [
        ("/v1/summary", schemas.Summary),
        ("/v1/forecasts", schemas.Forecasts),
        ("/v1/forecasts?target=robbery&period=2025-09&limit=3", schemas.Forecasts),
        ("/v1/hotspots?share=0.1", schemas.Hotspots),
        ("/v1/flags", schemas.Flags),
        ("/v1/areas", schemas.Boundaries),
        ("/v1/areas/C0203/forecast?target=violence", schemas.OneArea),
        ("/v1/areas/C0203/history?target=robbery", schemas.History),
        ("/v1/issues", schemas.Issues),
        ("/v1/ledger", schemas.LedgerPage),
        ("/v1/ledger?before=4", schemas.LedgerPage),
        ("/v1/challenges", schemas.Challenges),
        ("/healthz", schemas.Health),
        ("/readyz", schemas.Readiness),
    ],
)
def test_answers_keep_their_published_schema(client, path, schema):
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    schema.model_validate_json(answer.content)


ENVELOPE = {
    "forecast_id", "as_of", "issued_at", "target", "period", "is_next_period", "horizon", "last_known_period", "replay",
    "simulated", "model_version", "approved_by", "note",
}  # fmt: skip


@pytest.mark.parametrize(
    "path", ["/v1/forecasts", "/v1/hotspots", "/v1/areas/C0203/forecast", "/v1/areas/C0203/history"]
)
def test_every_answer_says_where_it_comes_from(client, path):
    answer = client.get(path).json()
    assert answer.keys() >= ENVELOPE
    assert (answer["period"], answer["horizon"], answer["is_next_period"]) == ("2025-08", 2, True)
    assert "two periods ahead of the last known one, 2025-06" in answer["note"]
    assert "simulated" in answer["note"]


def test_areas_come_from_the_highest_expected_count_to_the_lowest(client):
    areas = client.get("/v1/forecasts?target=violence").json()["areas"]
    means = [row["mean"] for row in areas]
    assert means == sorted(means, reverse=True)
    assert [row["rank"] for row in areas] == list(range(1, 31))
    assert sum(row["risk_score"] for row in areas) == pytest.approx(30, abs=0.01)
    assert client.get("/v1/forecasts?target=violence&limit=4").json()["areas"] == areas[:4]


def test_hotspots_stay_within_the_share_of_the_land(client):
    answer = client.get("/v1/hotspots?share=0.1").json()
    assert len(answer["areas"]) == 3
    assert answer["land_share"] == pytest.approx(0.1, abs=1e-4)
    every = client.get("/v1/forecasts").json()["areas"]
    expected = sum(row["mean"] for row in answer["areas"]) / sum(row["mean"] for row in every)
    assert answer["expected_share"] == pytest.approx(expected, abs=1e-3)


def test_an_answer_is_the_same_plain_and_compressed(client):
    plain = client.get("/v1/forecasts", headers={"Accept-Encoding": "identity"})
    zipped = client.get("/v1/forecasts", headers={"Accept-Encoding": "gzip"})
    assert zipped.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert plain.json() == zipped.json()


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/v1/forecasts?target=arson", 404, "violence, robbery"),
        ("/v1/forecasts?period=2024-01", 404, "2025-08, 2025-09, 2025-10"),
        ("/v1/areas/E99/forecast", 404, "30 codes"),
        ("/v1/areas/E99/history", 404, "30 codes"),
        ("/v1/areas/C0203/forecast?target=arson", 404, "violence, robbery"),
        ("/v1/areas/C0203/history?target=arson", 404, "violence, robbery"),
        ("/v1/areas/C0203/forecast?period=2025-07", 404, "2025-08, 2025-09, 2025-10"),
        ("/v1/hotspots?target=arson", 404, "violence, robbery"),
        ("/v1/hotspots?period=August", 422, "2025-08, 2025-09, 2025-10"),
        ("/v1/forecasts?target=", 422, "leave it out"),
        ("/v1/areas/%00/forecast", 422, "/v1/areas/{code}/forecast"),
        ("/v1/forecasts?limit=0", 422, "openapi"),
        ("/v1/forecasts?limit=many", 422, "openapi"),
        ("/v1/hotspots?share=1.5", 422, "openapi"),
        ("/v1/hotspots?share=nan", 422, "openapi"),
        ("/nowhere", 404, "openapi"),
        ("/static/../../app.py", 404, "openapi"),
    ],
)
def test_a_bad_question_gets_a_problem_document_with_the_remedy(client, path, status, words):
    answer = client.get(path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert "content-security-policy" in answer.headers
    problem = schemas.ProblemDocument.model_validate_json(answer.content)
    assert problem.status == status
    assert words in problem.remedy


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_no_route_changes_anything(client, method):
    for path in ("/v1/forecasts", "/v1/areas", "/v1/models/violence", "/models/violence", "/readyz", "/"):
        answer = client.request(method, path)
        assert answer.status_code == 405
        assert answer.headers["content-type"] == "application/problem+json"
        assert "GET" in answer.headers["allow"]


def test_every_route_there_is_only_reads(client):
    routes = list(iter_route_contexts(client.app.routes))
    assert "/v1/areas/{code}/forecast" in {route.path for route in routes}
    assert {method for route in routes for method in getattr(route, "methods", None) or ()} == {"GET", "HEAD"}


def test_every_route_of_the_openapi_document_is_answered(trained, serve_city):
    city, run_id = trained
    client = serve_city(city)
    document = client.get("/openapi.json").json()
    assert set(document["paths"]) == {
        "/v1/summary",
        "/v1/forecasts",
        "/v1/levels",
        "/v1/flags",
        "/v1/hotspots",
        "/v1/areas",
        "/v1/areas/{code}/forecast",
        "/v1/areas/{code}/history",
        "/v1/models/{target}",
        "/v1/issues",
        "/v1/issues/{forecast_id}",
        "/v1/issues/{forecast_id}/files/{name}",
        "/v1/ledger",
        "/v1/challenges",
        "/v1/runs",
        "/v1/runs/{run_id}",
        "/v1/reports",
        "/v1/hours",
        "/v1/areas/{code}/hours",
        "/v1/repeats",
        "/v1/reports/{run_id}",
        "/healthz",
        "/readyz",
    }
    forecast_id = client.get("/v1/summary").json()["forecast_id"]
    names = {
        "code": "C0203",
        "target": "robbery",
        "forecast_id": forecast_id,
        "name": "history.parquet",
        "run_id": run_id,
    }
    for path, methods in document["paths"].items():
        assert set(methods) == {"get"}
        assert client.get(path.format(**names)).status_code == 200


def test_the_page_and_its_files_are_answered_with_their_types(client):
    for path, media_type in (
        ("/", "text/html"),
        ("/static/page.css", "text/css"),
        ("/static/briefing.js", "javascript"),
        ("/static/leaflet/leaflet.js", "javascript"),
        ("/v1/areas", "application/geo+json"),
        ("/map.svg", "image/svg+xml"),
    ):
        answer = client.get(path)
        assert answer.status_code == 200
        assert media_type in answer.headers["content-type"]


def test_a_fault_of_our_own_is_a_problem_document_without_its_reason(client, monkeypatch):
    def broken(*_):
        raise ValueError("secret of the house")

    monkeypatch.setattr(Snapshot, "of", broken)
    answer = client.get("/v1/forecasts")
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    assert "secret of the house" not in answer.text
    assert client.get("/healthz").status_code == 200


def test_an_area_has_the_numbers_that_the_list_gives_it(client):
    for target in ("violence", "robbery"):
        for row in client.get(f"/v1/forecasts?target={target}&period=2025-10&limit=5").json()["areas"]:
            one = client.get(f"/v1/areas/{row['area']}/forecast?target={target}&period=2025-10").json()
            assert one["forecast"] == row
            assert [step["period"] for step in one["periods"]] == ["2025-08", "2025-09", "2025-10"]
            assert [step["is_next_period"] for step in one["periods"]] == [True, False, False]
            assert {**row, **{key: one["periods"][2][key] for key in ("period", "is_next_period", "horizon")}} == (
                one["periods"][2]
            )


def test_intervals_are_ordered_around_the_mean_and_probabilities_agree(client):
    names = ("q025", "q05", "q10", "q25", "q50", "q75", "q90", "q95", "q975")
    for row in client.get("/v1/forecasts").json()["areas"]:
        quantiles = [row[name] for name in names]
        assert quantiles == sorted(quantiles)
        assert row["q025"] <= row["mean"] <= row["q975"]
        assert (row["q50"] >= 1) == (row["p_at_least_one"] >= 0.5)


def test_history_is_what_the_panel_knew(issued_city, client):
    panel = issued_city.sources.door.panel
    history = client.get("/v1/areas/C0203/history?target=robbery").json()["history"]
    known = panel.of("robbery")[panel.areas.index("C0203"), -36:]
    assert [step["count"] for step in history] == known.astype(int).tolist()
    assert (history[0]["period"], history[-1]["period"]) == ("2022-07", "2025-06")


def test_nothing_issued_is_told_with_the_remedy(city, serve_city):
    client = serve_city(city)
    for path in ("/v1/forecasts", "/readyz"):
        answer = client.get(path)
        assert answer.status_code == 404
        assert "wardcast issue" in answer.json()["remedy"]
    assert client.get("/healthz").status_code == 200


def test_a_stale_forecast_is_not_served(issued_city, serve_city):
    assert serve_city(issued_city, today=date(2025, 9, 30)).get("/v1/forecasts").status_code == 200
    answer = serve_city(issued_city, today=date(2025, 10, 1)).get("/v1/forecasts")
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert "stale" in answer.json()["detail"]
    assert "wardcast issue" in answer.json()["remedy"]
    late = serve_city(issued_city, today=date(2025, 10, 1))
    for path in ("/v1/summary", "/v1/hotspots", "/v1/areas", "/v1/areas/C0203/history", "/readyz"):
        assert late.get(path).status_code == 503
    assert late.get("/healthz").status_code == 200


def test_a_replay_does_not_grow_stale(city_maker, serve_city, tmp_path):
    city = city_maker(tmp_path / "replay", replay=True)
    city.approve()
    city.issue(today=date(2026, 11, 22))
    answer = serve_city(city, today=date(2027, 11, 22)).get("/v1/forecasts").json()
    assert answer["replay"]
    assert "Replayed" in answer["note"]


def test_a_new_issue_is_taken_up_whole(issued_city, serve_city):
    client = serve_city(issued_city)
    before = client.get("/v1/summary").json()["forecast_id"]
    newer = issued_city.issue(today=date(2025, 8, 2)).forecast_id
    assert client.get("/v1/summary").json()["forecast_id"] == before
    client.watcher.poll()
    ids = {client.get(path).json()["forecast_id"] for path in ("/v1/summary", "/v1/forecasts", "/v1/areas")}
    assert ids == {newer}


def test_a_new_issue_is_picked_up_by_a_running_service(issued_city, serve_city, monkeypatch):
    monkeypatch.setattr("service.web.watcher.POLL_SECONDS", 0.01)
    client = serve_city(issued_city)
    taken = threading.Event()
    poll = client.watcher.poll

    def poll_and_tell():
        poll()
        if client.watcher.standing.snapshot.forecast_id.startswith("2025-09"):
            taken.set()

    monkeypatch.setattr(client.watcher, "poll", poll_and_tell)
    client.watcher.start()
    try:
        assert client.get("/v1/summary").json()["next_period"] == "2025-08"
        newer = issued_city.issue(today=date(2025, 8, 2)).forecast_id
        assert taken.wait(300)
        assert client.get("/v1/summary").json()["forecast_id"] == newer
    finally:
        client.watcher.stop()


def test_a_damaged_issue_is_refused_and_the_last_good_one_stays(issued_city, serve_city):
    client = serve_city(issued_city)
    before = client.get("/v1/summary").json()["forecast_id"]
    newer = issued_city.issue(today=date(2025, 8, 2)).forecast_id
    file = issued_city.workspace.forecasts / newer / "forecasts.parquet"
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    for served in (client, serve_city(issued_city)):
        served.watcher.poll()
        ready = served.get("/readyz").json()
        assert (ready["status"], ready["forecast_id"]) == ("degraded", before)
        assert newer in ready["refused"][0]
    file.write_bytes(whole)
    client.watcher.poll()
    assert client.get("/readyz").json() == {"status": "ready", "forecast_id": newer, "refused": []}


def test_a_forecast_of_a_model_that_nobody_approved_is_not_served(issued_city, serve_city):
    entry = issued_city.ledger.entries("issue")[0]
    targets = [{**about, "sha256": "0" * 64} for about in entry.content["targets"]]
    issued_city.ledger.append("issue", "Mallory", {**entry.content, "targets": targets})
    ready = serve_city(issued_city).get("/readyz").json()
    assert ready["status"] == "degraded"
    assert "not of a model that was approved" in ready["refused"][0]


def test_a_changed_ledger_stops_anything_newer(issued_city, serve_city):
    client = serve_city(issued_city)
    issued_city.issue(today=date(2025, 8, 2))
    with closing(sqlite3.connect(issued_city.workspace.root / "ledger.db")) as connection:
        connection.execute("DROP TRIGGER ledger_entries_no_update")
        connection.execute("UPDATE ledger_entries SET actor = 'Mallory' WHERE number = 1")
        connection.commit()
    client.watcher.poll()
    ready = client.get("/readyz").json()
    assert ready["status"] == "degraded"
    assert "The ledger was changed" in ready["refused"][0]
    assert serve_city(issued_city).get("/v1/forecasts").status_code == 404


def test_an_issue_removed_from_the_end_does_not_bring_back_an_older_one(issued_city, serve_city):
    newer = issued_city.issue(today=date(2025, 8, 2)).forecast_id
    client = serve_city(issued_city)
    with closing(sqlite3.connect(issued_city.workspace.root / "ledger.db")) as connection:
        connection.execute("DROP TRIGGER ledger_entries_no_delete")
        connection.execute("DELETE FROM ledger_entries WHERE number = 6")
        connection.commit()
    for _ in range(2):
        client.watcher.poll()
        ready = client.get("/readyz").json()
        assert (ready["status"], ready["forecast_id"]) == ("degraded", newer)
        assert "gone from the end of the ledger" in ready["refused"][0]


def test_a_target_known_in_fewer_areas_is_answered_for_those(city, serve_city):
    panel = city.sources.door.panel
    counts = panel.counts.copy()
    counts[1, 7] = np.nan
    city.sources = replace(city.sources, door=replace(city.sources.door, panel=replace(panel, counts=counts)))
    city.approve()
    city.issue()
    client = serve_city(city)
    lost = panel.areas[7]
    assert len(client.get("/v1/forecasts?target=robbery").json()["areas"]) == 29
    assert len(client.get("/v1/hotspots?target=robbery&share=1").json()["areas"]) == 29
    assert client.get(f"/v1/areas/{lost}/forecast?target=violence").status_code == 200
    for path in ("forecast", "history"):
        answer = client.get(f"/v1/areas/{lost}/{path}?target=robbery")
        assert answer.status_code == 404
        assert "no counts in the area" in answer.json()["detail"]


def test_answers_carry_strict_headers_and_nothing_of_another_host(client):
    for path in ("/", "/v1/forecasts", "/static/page.css", "/nowhere", "/docs"):
        headers = client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert "default-src 'self'" in headers["content-security-policy"]
    assert client.get("/openapi.json").status_code == 200


def test_the_web_process_loads_no_model(issued_city):
    issued_city.ledger.close()
    script = (
        "import sys\nfrom pathlib import Path\nfrom contracts import Workspace\nfrom service.web import serving\n"
        "from service.ledger.ledger import open_ledger\nfrom service.web.watcher import SnapshotWatcher\n"
        f"workspace = Workspace(Path({str(issued_city.workspace.root)!r}))\n"
        "watcher = SnapshotWatcher(workspace, open_ledger(workspace))\nwatcher.poll()\n"
        "assert watcher.standing.snapshot is not None\n"
        "heavy = {'mlflow', 'lightgbm', 'statsforecast', 'sklearn', 'training', 'models'}\n"
        "sys.exit(' '.join(heavy & set(sys.modules)) or None)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
