"""OGC API – Features: what Part 1 (17-069r4) asks of links, paging, boxes and errors."""

from __future__ import annotations

import pytest

from service.board.decisions import withdraw
from service.board.people import person_named

ITEMS = "/ogc/collections/violence-2025-08/items"


@pytest.fixture(scope="module")
def client(tmp_path_factory, city_maker, serve_city):
    city = city_maker(tmp_path_factory.mktemp("ogc") / "city", columns=12, rows=3, weights="violence = 10.0")
    city.approve()
    city.issue()
    yield serve_city(city)
    city.ledger.close()


def link(document, rel):
    """Where a document's link of a relation leads, without the host."""
    (found,) = [one["href"] for one in document["links"] if one["rel"] == rel]
    assert found.startswith("http://127.0.0.1:8000/")
    return found.removeprefix("http://127.0.0.1:8000")


def test_from_the_landing_page_every_document_is_reached(client):
    landing = client.get("/ogc").json()
    for rel in ("service-desc", "service-doc", "conformance", "data"):
        assert client.get(link(landing, rel)).status_code == 200
    conforms = client.get(link(landing, "conformance")).json()["conformsTo"]
    assert "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core" in conforms
    found = client.get(link(landing, "data")).json()["collections"]
    assert [one["id"] for one in found] == [
        f"{target}-2025-{month}" for target in ("violence", "robbery") for month in ("08", "09", "10")
    ]
    for one in found:
        assert client.get(link(one, "self")).json() == one
        assert client.get(link(one, "items")).headers["content-type"] == "application/geo+json"
        (interval,) = one["extent"]["temporal"]["interval"]
        assert [moment[:7] for moment in interval] == [one["id"][-7:]] * 2


def test_pages_lead_from_one_to_the_next_and_hold_every_area_once(client):
    seen, path, pages = [], f"{ITEMS}?limit=10", 0
    while path:
        page = client.get(path).json()
        assert page["numberMatched"] == 36
        assert page["numberReturned"] == len(page["features"])
        assert link(page, "self").startswith(ITEMS)
        seen += [one["id"] for one in page["features"]]
        path = link(page, "next") if any(one["rel"] == "next" for one in page["links"]) else None
        pages += 1
    assert pages == 4
    assert seen == [row["area"] for row in client.get("/v1/forecasts?target=violence").json()["areas"]]


def test_a_feature_is_the_area_with_its_row_its_boundary_and_its_colour(client):
    row = client.get("/v1/areas/C0203/forecast?target=violence").json()["forecast"]
    one = client.get(f"{ITEMS}/C0203").json()
    (boundary,) = [
        feature["geometry"] for feature in client.get("/v1/areas").json()["features"]
        if feature["properties"]["code"] == "C0203"
    ]  # fmt: skip
    assert one["geometry"] == boundary
    assert one["properties"]["mean"] == row["mean"]
    assert one["properties"]["harm_mean"] == row["harm"]["mean"]
    assert one["properties"]["colour"].startswith("#")
    assert client.get(link(one, "collection")).status_code == 200


def test_a_box_keeps_the_areas_that_meet_it(client):
    every = client.get(ITEMS).json()["features"]
    ring = next(one for one in every if one["id"] == "C0203")["geometry"]["coordinates"][0]
    lon, lat = sum(point[0] for point in ring[:4]) / 4, sum(point[1] for point in ring[:4]) / 4
    box = f"{lon - 1e-6},{lat - 1e-6},{lon + 1e-6},{lat + 1e-6}"
    assert [one["id"] for one in client.get(f"{ITEMS}?bbox={box}").json()["features"]] == ["C0203"]
    with_heights = f"{lon - 1e-6},{lat - 1e-6},0,{lon + 1e-6},{lat + 1e-6},9"
    assert client.get(f"{ITEMS}?bbox={with_heights}").json()["numberMatched"] == 1
    assert client.get(f"{ITEMS}?bbox=-180,-90,180,90").json()["numberMatched"] == 36
    assert client.get(f"{ITEMS}?bbox=170,-90,160,90").json()["numberMatched"] == 36, "across the 180th meridian"
    assert client.get(f"{ITEMS}?bbox=170,-90,-170,90").json()["numberMatched"] == 0


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"{ITEMS}?nosuch=1", 400),
        (f"{ITEMS}?limit=0", 400),
        (f"{ITEMS}?limit=many", 400),
        (f"{ITEMS}?bbox=1,2,3", 400),
        (f"{ITEMS}?bbox=1,2,3,x", 400),
        (f"{ITEMS}?bbox=0,52,1,51", 400),
        (f"{ITEMS}?bbox=0,nan,1,51", 400),
        (f"{ITEMS}/C9999", 404),
        ("/ogc/collections/violence-2025-07", 404),
        ("/ogc/collections/arson-2025-08/items", 404),
    ],
)
def test_what_cannot_be_used_is_told_as_the_standard_asks(client, path, status):
    answer = client.get(path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == status


def test_a_withdrawn_target_is_no_collection(issued_city, serve_city):
    ben = person_named(issued_city.workspace.settings, "Ben Board")
    about = (issued_city.workspace, issued_city.ledger, issued_city.registry)
    withdraw(*about, by=ben, reason="Its counts were wrong.", target="violence")
    client = serve_city(issued_city)
    names = [one["id"] for one in client.get("/ogc/collections").json()["collections"]]
    assert names == ["robbery-2025-08", "robbery-2025-09", "robbery-2025-10"]
    assert client.get("/ogc/collections/violence-2025-08").status_code == 404


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/ogc", "The forecasts"),
        ("/ogc/conformance", "conf/html"),
        ("/ogc/collections", "items"),
        ("/ogc/collections/violence-2025-08", "August 2025"),
        (f"{ITEMS}?limit=3", "3 of 36 areas"),
        (f"{ITEMS}/C0203", "C0203"),
    ],
)
def test_each_document_is_a_page_for_people_too(client, path, words):
    browser = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
    page = client.get(path, headers=browser)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert words in page.text
    document = client.get(path)
    assert "json" in document.headers["content-type"]
    for link in document.json().get("links", ()):
        assert link["href"].replace("&", "&amp;") in page.text
        if link["rel"] == "alternate":
            assert client.get(link["href"], headers={"Accept": link["type"]}).text == page.text
