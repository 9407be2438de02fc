"""How answers are sent: compressed as the client takes them, in ranges, and files that need not be asked for again."""

from __future__ import annotations

import asyncio
import gzip

import pytest
import zstandard

from service.web.pages.files import address_of

WHOLE = {"Accept-Encoding": "identity"}


@pytest.fixture(scope="module")
def client(tmp_path_factory, city_maker, serve_city):
    city = city_maker(tmp_path_factory.mktemp("sending") / "city")
    city.approve()
    city.issue()
    yield serve_city(city)
    city.ledger.close()


@pytest.mark.parametrize("path", ["/v1/forecasts", "/v1/forecasts?limit=3", "/", "/static/page.css", "/v1/areas"])
def test_an_answer_is_compressed_as_the_client_takes_it(client, path):
    plain = client.get(path, headers=WHOLE)
    assert "content-encoding" not in plain.headers
    tags = {plain.headers["etag"]}
    for encoding, unpack in (("gzip", gzip.decompress), ("zstd", zstandard.decompress)):
        answer = client.get(path, headers={"Accept-Encoding": encoding})
        assert answer.headers["content-encoding"] == encoding
        assert answer.headers["vary"] == "Accept, Accept-Encoding"
        assert answer.content == plain.content
        tags.add(answer.headers["etag"])
        assert unpack(raw(client, path, encoding)) == plain.content
    assert len(tags) == 3, "each form has a tag of its own"
    best = client.get(path, headers={"Accept-Encoding": "gzip, deflate, br, zstd"})
    assert best.headers["content-encoding"] == "zstd"


def raw(client, path, encoding):
    """The body as it went over the wire."""
    sent = []

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        sent.append(message.get("body", b""))

    name, _, query = path.partition("?")
    scope = {
        "type": "http", "method": "GET", "path": name, "raw_path": name.encode(), "query_string": query.encode(),
        "headers": [(b"host", b"127.0.0.1:8000"), (b"accept-encoding", encoding.encode())], "root_path": "",
        "scheme": "http", "server": ("127.0.0.1", 8000), "client": ("127.0.0.1", 1), "http_version": "1.1",
    }  # fmt: skip
    asyncio.run(client.app(scope, receive, send))
    return b"".join(sent)


@pytest.mark.parametrize("path", ["/v1/forecasts", "/v1/forecasts?format=parquet", "/static/page.css"])
def test_a_range_is_those_bytes(client, path):
    whole = client.get(path, headers=WHOLE)
    size = len(whole.content)
    assert whole.headers["accept-ranges"] == "bytes"
    for asked, begin, end in (
        ("bytes=0-9", 0, 10),
        ("bytes=5-", 5, size),
        ("bytes=-8", size - 8, size),
        (f"bytes=3-{size + 50}", 3, size),
        (f"bytes=-{size + 50}", 0, size),
    ):
        for encoding in ("identity", "gzip, zstd"):
            answer = client.get(path, headers={"Range": asked, "Accept-Encoding": encoding})
            assert answer.status_code == 206
            assert answer.content == whole.content[begin:end]
            assert answer.headers["content-range"] == f"bytes {begin}-{end - 1}/{size}"
            assert answer.headers["etag"] == whole.headers["etag"]
    beyond = client.get(path, headers={"Range": f"bytes={size}-", **WHOLE})
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{size}")


@pytest.mark.parametrize("asked", ["bytes=0-1,4-5", "bytes=9-2", "bytes=", "bytes=-", "lines=1-2", "bytes=a-b"])
def test_a_range_that_is_not_one_is_passed_over_as_the_standard_says(client, asked):
    assert client.get("/v1/forecasts", headers={"Range": asked}).status_code == 200


def test_a_range_of_what_has_changed_is_the_whole(client):
    tag = client.get("/v1/forecasts", headers=WHOLE).headers["etag"]
    same = client.get("/v1/forecasts", headers={"Range": "bytes=0-9", "If-Range": tag})
    assert same.status_code == 206
    changed = client.get("/v1/forecasts", headers={"Range": "bytes=0-9", "If-Range": '"another"', **WHOLE})
    assert changed.status_code == 200
    assert len(changed.content) > 10


def test_the_files_of_a_page_need_not_be_asked_for_again(client):
    page = client.get("/").text
    for name in ("page.css", "briefing.js", "leaflet/leaflet.css"):
        assert address_of(name) in page
        kept = client.get(address_of(name))
        assert kept.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert client.get(f"/static/{name}").headers["cache-control"] == "no-cache"
        assert kept.content == client.get(f"/static/{name}").content
    assert "/static/" not in client.get(address_of("briefing.js")).text, "a module that names no version is asked again"


@pytest.mark.parametrize(
    "name", ["none.css", "../rendering.py", "..%2Frendering.py", "000000000000/page.css", "leaflet/"]
)
def test_no_other_file_is_given(client, name):
    assert client.get(f"/static/{name}").status_code == 404


def test_the_boundaries_are_kept_under_their_hash(client):
    address = client.get("/").text.partition('data-outlines="')[2].partition('"')[0]
    kept = client.get(address)
    assert kept.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert kept.json()["features"] == client.get("/v1/areas").json()["features"]
    assert client.get("/outlines/0").status_code == 404
