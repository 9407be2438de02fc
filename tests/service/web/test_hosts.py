"""A request is answered where it names this service, and nowhere else."""

from __future__ import annotations

import asyncio
from datetime import date

import pytest

from service.web.app import SECURITY_HEADERS, create_app
from service.web.hosts import LOOPBACK_NAMES, host_of
from service.web.serving import bind_loopback, names_of
from service.web.watcher import SnapshotWatcher


def _asked(app, path, *hosts, method="GET"):
    """Status, headers and body of one request, as any server would hand it over."""
    messages = []
    received = iter([{"type": "http.request", "body": b"", "more_body": False}])
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "scheme": "http",
        "headers": [(b"host", host) for host in hosts],
        "server": ("127.0.0.1", 8000),
        "client": ("127.0.0.1", 50_000),
    }

    async def receive():
        return next(received, {"type": "http.disconnect"})

    async def send(message):
        messages.append(message)

    asyncio.run(app(scope, receive, send))
    body = b"".join(message.get("body", b"") for message in messages[1:])
    return messages[0]["status"], dict(messages[0]["headers"]), body


@pytest.fixture(scope="module")
def app(city_maker, tmp_path_factory):
    """The application of a city in which nothing was issued."""
    city = city_maker(tmp_path_factory.mktemp("hosts") / "workspace")
    return create_app(SnapshotWatcher(city.workspace, city.ledger), today=lambda: date(2025, 7, 10))


@pytest.mark.parametrize("host", [b"127.0.0.1", b"127.0.0.1:8000", b"localhost:1", b"LOCALHOST", b"[::1]:8000"])
@pytest.mark.parametrize("path", ["/healthz", "/static/page.css"])
def test_our_own_names_are_answered(app, host, path):
    assert _asked(app, path, host)[0] == 200


@pytest.mark.parametrize(
    "hosts",
    [
        (b"evil.example",),
        (b"evil.example:8000",),
        (b"127.0.0.1.evil.example",),
        (b"localhost.evil.example:8000",),
        (b"evil.example#127.0.0.1",),
        (b"127.0.0.1@evil.example",),
        (b"[::1].evil.example",),
        (b"127.0.0.1:8000:evil.example",),
        (b"192.168.1.5",),
        (b"0.0.0.0",),
        (b"",),
        (),
        (b"127.0.0.1", b"evil.example"),
    ],
)
@pytest.mark.parametrize("path", ["/", "/v1/summary", "/healthz", "/static/page.js", "/openapi.json", "/none"])
def test_every_other_host_is_refused_on_every_route(app, hosts, path):
    status, headers, body = _asked(app, path, *hosts)
    assert status == 421
    assert headers[b"content-type"] == b"application/problem+json"
    assert headers[b"x-content-type-options"] == SECURITY_HEADERS["X-Content-Type-Options"].encode()
    assert b"evil" not in body


def test_a_refusal_of_head_has_no_body(app):
    assert _asked(app, "/healthz", b"evil.example", method="HEAD")[::2] == (421, b"")


@pytest.mark.parametrize("path", ["/v1/summary/", "/healthz/", "//healthz", "/v1/areas/"])
def test_no_slash_is_redirected(app, path):
    status, headers, _ = _asked(app, path, b"127.0.0.1")
    assert status == 404
    assert b"location" not in headers


def test_the_names_are_those_of_the_address_that_was_bound():
    with bind_loopback("127.0.0.5", 0) as listener:
        assert names_of(listener) == LOOPBACK_NAMES | {"127.0.0.5"}


def test_a_host_keeps_no_port():
    assert host_of([(b"host", b"127.0.0.1:")]) == "127.0.0.1"
    assert host_of([(b"host", b"127.0.0.1:80x")]) is None
