"""The documents of OGC API – Features: landing page, conformance, collections and pages of features.

A collection is the forecast of one target and period; a feature is an area, with its row and its colour on the map.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from service.web.answers.answer import Json
from service.web.answers.boxes import Bounds, meets
from service.web.answers.drawn_map import FILLS, UNKNOWN
from service.web.answers.nearest import unknown
from service.web.answers.period import PeriodAnswers
from service.web.answers.views import VIEWS
from service.web.pages.words import period_words
from service.web.snapshot import Snapshot

CONFORMS_TO = tuple(
    f"http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/{part}" for part in ("core", "oas30", "html", "geojson")
)
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
GEOJSON = "application/geo+json"
COLOUR_VIEW = "expected"


@dataclass(frozen=True)
class Page:
    """Which features of a collection are asked for: those in ``bbox``, from ``offset`` on, at most ``limit``."""

    limit: int
    offset: int
    bbox: Bounds | None


def with_page(document: Json) -> Json:
    """The document with a link to the same for people, where it has links."""
    own = next((link["href"] for link in document.get("links", ()) if link["rel"] == "self"), None)
    if own is None:
        return document
    page = {"href": own, "rel": "alternate", "type": "text/html", "title": "The same for people"}
    return {**document, "links": [*document["links"], page]}


def landing(base: str, title: str) -> Json:
    """Where to go from here."""
    return {
        "title": title,
        "description": "Issued forecasts of crime by area: a collection for each target and period.",
        "links": [
            _link(base, "", "self", "This document"),
            {"href": f"{base.removesuffix('/ogc')}/openapi.json", "rel": "service-desc",
             "type": "application/vnd.oai.openapi+json;version=3.0", "title": "The definition of the API"},
            {"href": f"{base.removesuffix('/ogc')}/docs", "rel": "service-doc", "type": "text/html",
             "title": "The same for people"},
            _link(base, "/conformance", "conformance", "What this keeps to"),
            _link(base, "/collections", "data", "The forecasts"),
        ],
    }  # fmt: skip


def collections(base: str, served: Snapshot) -> Json:
    """Every target that is served, in each of its periods."""
    found = [with_page(_collection(base, served, answers)) for answers in _all(served)]
    return {"links": [_link(base, "/collections", "self", "This document")], "collections": found}


def collection(base: str, served: Snapshot, name: str) -> Json:
    """One of them; raises ``MissingThing``."""
    return _collection(base, served, answers_of(served, name))


def answers_of(served: Snapshot, name: str) -> PeriodAnswers:
    """The forecast that a collection stands for; raises ``MissingThing``."""
    known = {_name(answers): answers for answers in _all(served)}
    if name not in known:
        raise unknown(f"There is no collection '{name}'.", name, known, remedy=f"Ask for one of {', '.join(known)}.")
    return known[name]


def features(base: str, served: Snapshot, name: str, page: Page) -> Json:
    """A page of features, with the way to the next one."""
    answers = answers_of(served, name)
    rows = [row for row in answers.ranked() if page.bbox is None or meets(served.bounds_of[row["area"]], page.bbox)]
    shown = rows[page.offset : page.offset + page.limit]
    path = f"/collections/{quote(name)}/items"
    links = [_link(base, f"{path}?{_question(page, page.offset)}", "self", "This page", GEOJSON)]
    if page.offset + page.limit < len(rows):
        further = _question(page, page.offset + page.limit)
        links.append(_link(base, f"{path}?{further}", "next", "The next page", GEOJSON))
    links.append(_link(base, f"/collections/{quote(name)}", "collection", "The collection"))
    return {
        "type": "FeatureCollection",
        "numberMatched": len(rows),
        "numberReturned": len(shown),
        "timeStamp": served.issued_at,
        "links": links,
        "features": [_feature(served, answers, row) for row in shown],
    }


def feature(base: str, served: Snapshot, name: str, code: str) -> Json:
    """One feature; raises ``MissingThing``."""
    answers = answers_of(served, name)
    if code not in answers.row_of:
        raise unknown(
            f"There is no area '{code}' in '{name}'.", code, answers.row_of, remedy="Ask for one that its items list."
        )
    path = f"/collections/{quote(name)}"
    links = [
        _link(base, f"{path}/items/{quote(code)}", "self", "This feature", GEOJSON),
        _link(base, path, "collection", "The collection"),
    ]
    return {**_feature(served, answers, answers.row_of[code]), "links": links}


def _all(served: Snapshot) -> Iterator[PeriodAnswers]:
    for name in served.targets:
        if name not in served.refused_targets:
            yield from served.of(name).periods.values()


def _name(answers: PeriodAnswers) -> str:
    return f"{answers.envelope['target']}-{answers.envelope['period']}"


def _collection(base: str, served: Snapshot, answers: PeriodAnswers) -> Json:
    about, path = answers.envelope, f"/collections/{quote(_name(answers))}"
    every = [served.bounds_of[code] for code in answers.row_of]
    west, south = min(one[0] for one in every), min(one[1] for one in every)
    east, north = max(one[2] for one in every), max(one[3] for one in every)
    days = [f"{about['first_day']}T00:00:00Z", f"{about['last_day']}T23:59:59Z"]
    return {
        "id": _name(answers),
        "title": f"{about['title']}, {period_words(about['period'])}",
        "description": about["note"],
        "itemType": "feature",
        "crs": [CRS84],
        "extent": {"spatial": {"bbox": [[west, south, east, north]], "crs": CRS84}, "temporal": {"interval": [days]}},
        "links": [
            _link(base, path, "self", "This document"),
            _link(base, f"{path}/items", "items", "The areas", GEOJSON),
        ],
    }


def _feature(served: Snapshot, answers: PeriodAnswers, row: Json) -> Json:
    harm = row["harm"] or {}
    scale = served.targets[answers.envelope["target"]].scales[COLOUR_VIEW]
    step = scale.step(VIEWS[COLOUR_VIEW].value(row))
    properties = {name: value for name, value in row.items() if name != "harm"}
    return {
        "type": "Feature",
        "id": row["area"],
        "geometry": served.geometry_of[row["area"]],
        "properties": {
            **properties,
            **{f"harm_{name}": harm.get(name) for name in ("mean", "low", "high")},
            "colour": UNKNOWN if step is None else FILLS[step],
        },
    }


def _question(page: Page, offset: int) -> str:
    given: list[tuple[str, Any]] = [("limit", page.limit), ("offset", offset)]
    if page.bbox is not None:
        given.append(("bbox", ",".join(f"{one:g}" for one in page.bbox)))
    return urlencode(given, safe=",")


def _link(base: str, path: str, rel: str, title: str, media_type: str = "application/json") -> dict[str, str]:
    return {"href": f"{base}{path}", "rel": rel, "type": media_type, "title": title}
