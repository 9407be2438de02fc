"""Answers that are kept are the same answers, as long as nothing changed, and take no more than they may."""

from __future__ import annotations

import asyncio
from datetime import date

import pytest

from service.board.decisions import withdraw
from service.board.people import person_named
from service.web import kept
from service.web.kept import KeptAnswers

PATHS = (
    "/v1/forecasts",
    "/v1/forecasts?target=robbery&format=csv",
    "/v1/areas/C0203/forecast",
    "/v1/flags",
    "/v1/summary",
)


@pytest.fixture
def client(issued_city, serve_city):
    return serve_city(issued_city)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "headers",
    [{}, {"Accept-Encoding": "gzip"}, {"Accept-Encoding": "zstd"}, {"Range": "bytes=0-9"}, {"If-None-Match": "*"}],
    ids=str,
)
def test_the_same_is_answered_again(client, path, headers):
    first, second = (client.get(path, headers=headers) for _ in range(2))
    assert (second.status_code, second.content) == (first.status_code, first.content)
    assert second.headers == first.headers
    other = client.get(path, headers={"Accept-Encoding": "identity"})
    assert other.status_code == 200
    assert "content-encoding" not in other.headers


def test_head_has_the_headers_and_no_body(client):
    got = client.get("/v1/forecasts")
    for _ in range(2):
        head = client.request("HEAD", "/v1/forecasts")
        assert (head.headers, head.content) == (got.headers, b"")


def test_the_link_to_the_next_page_names_the_host_that_was_asked(client):
    for host in ("127.0.0.1:8000", "localhost:8000", "127.0.0.1:8000"):
        link = client.get("/v1/forecasts?format=csv&limit=3", headers={"Host": host}).headers["link"]
        assert link.startswith(f"<http://{host}/v1/forecasts?")


def test_a_withdrawal_ends_what_was_kept(issued_city, client):
    assert client.get("/v1/flags").status_code == 200
    ben = person_named(issued_city.workspace.settings, "Ben Board")
    about = (issued_city.workspace, issued_city.ledger, issued_city.registry)
    withdraw(*about, by=ben, reason="Wrong counts.", target="violence")
    client.watcher.poll()
    assert client.get("/v1/flags").status_code == 410


def test_a_newer_forecast_takes_the_place_of_what_was_kept(issued_city, client):
    before = client.get("/v1/summary").json()["forecast_id"]
    issued_city.issue(today=date(2025, 7, 20))
    client.watcher.poll()
    assert client.get("/v1/summary").json()["forecast_id"] != before


def test_what_is_stale_tomorrow_is_not_kept_for_tomorrow(issued_city, serve_city):
    client = serve_city(issued_city)
    assert client.get("/v1/summary").status_code == 200
    (keeping,) = layers(client.app, KeptAnswers)
    keeping._today = lambda: date(2027, 1, 1)
    client.app.state.today = lambda: date(2027, 1, 1)
    assert client.get("/v1/summary").status_code == 503


def layers(app, kind):
    """The middlewares of a kind, from the outside in."""
    layer = app.middleware_stack
    while layer is not None:
        if isinstance(layer, kind):
            yield layer
        layer = getattr(layer, "_app", None)


@pytest.mark.parametrize("name", ["issue", "%69ssue", "iss%75e"])
def test_an_earlier_forecast_is_not_kept_however_its_name_is_written(client, name):
    forecast_id = client.watcher.standing.snapshot.forecast_id
    (keeping,) = layers(_asked(client, f"/v1/flags?{name}={forecast_id}"), KeptAnswers)
    assert keeping.size == 0


def test_a_refusal_is_not_kept(client):
    (keeping,) = layers(_asked(client, "/v1/forecasts?target=arson"), KeptAnswers)
    assert keeping.size == 0


def _asked(client, path):
    client.get(path)
    return client.app


def test_no_more_is_kept_than_there_is_room_for(client, monkeypatch):
    monkeypatch.setattr(kept, "MOST", 40_000)
    sizes = set()
    for at in range(60):
        assert client.get("/v1/flags", headers={"If-None-Match": f'"{at}", *'}).status_code == 304
        assert client.get(f"/v1/forecasts?limit={at + 1}").status_code == 200
        (keeping,) = layers(client.app, KeptAnswers)
        sizes.add(keeping.size)
    assert max(sizes) <= 40_000
    assert len(keeping._given) < 20


def test_many_at_once_get_the_right_answers(client):
    paths = [f"/v1/forecasts?limit={number}" for number in range(1, 9)] * 5

    async def ask():
        import httpx

        transport = httpx.ASGITransport(app=client.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as asking:
            return await asyncio.gather(*(asking.get(path) for path in paths))

    for path, answer in zip(paths, asyncio.run(ask()), strict=True):
        assert len(answer.json()["areas"]) == int(path.rpartition("=")[2])
