"""``/ogc``: OGC API – Features. Its own rules hold: a parameter that is not known, or cannot be used, is told 400."""

from __future__ import annotations

from typing import Annotated

import orjson
from fastapi import APIRouter, Path, Query, Request, Response

from service.web.answers.answer import Answer, Json
from service.web.answers.boxes import bounds_of_text
from service.web.ogc import documents
from service.web.pages.rendering import render, shell_of
from service.web.routes.answers import HTML, GeoJson, Served, send
from service.web.routes.formats import preferred
from service.web.snapshot import Snapshot


class OgcDocument(Response):
    """A document of the standard, or the same as a page."""

    media_type = "application/json"
    formats = ("application/json", "text/html")


class OgcFeatures(GeoJson):
    """Features, or the same as a page."""

    formats = ("application/geo+json", "text/html")


router = APIRouter(prefix="/ogc", tags=["OGC API – Features"], include_in_schema=False)

MOST = 10_000
Collection = Annotated[str, Path(description="Id of a collection.")]
Feature = Annotated[str, Path(description="Code of an area.")]
Limit = Annotated[int, Query(ge=1, le=MOST, examples=["1000"], description="Features on a page.")]
Offset = Annotated[int, Query(ge=0, le=10_000_000, examples=["1000"], description="Features before the page.")]
Box = Annotated[str | None, Query(examples=["-0.2,51.4,0.1,51.6"], description="Only areas that meet this box.")]


@router.get("", response_class=OgcDocument)
async def landing(request: Request, served: Served) -> Response:
    """Where to go from here."""
    return _sent(request, served, documents.landing(_base(request), f"Wardcast, {served.about['city']}"))


@router.get("/conformance", response_class=OgcDocument)
async def conformance(request: Request, served: Served) -> Response:
    """What this keeps to."""
    return _sent(request, served, {"conformsTo": documents.CONFORMS_TO})


@router.get("/collections", response_class=OgcDocument)
async def collections(request: Request, served: Served) -> Response:
    """Every target and period."""
    return _sent(request, served, documents.collections(_base(request), served))


@router.get("/collections/{collection}", response_class=OgcDocument)
async def collection(request: Request, served: Served, collection: Collection) -> Response:
    """One target and period."""
    return _sent(request, served, documents.collection(_base(request), served, collection))


@router.get("/collections/{collection}/items", response_class=OgcFeatures)
async def items(
    request: Request, served: Served, collection: Collection, limit: Limit = 1000, offset: Offset = 0, bbox: Box = None
) -> Response:
    """A page of areas."""
    page = documents.Page(limit, offset, None if bbox is None else bounds_of_text(bbox))
    return _sent(request, served, documents.features(_base(request), served, collection, page), GeoJson.media_type)


@router.get("/collections/{collection}/items/{feature}", response_class=OgcFeatures)
async def item(request: Request, served: Served, collection: Collection, feature: Feature) -> Response:
    """One area."""
    return _sent(request, served, documents.feature(_base(request), served, collection, feature), GeoJson.media_type)


def _base(request: Request) -> str:
    return f"{str(request.base_url).rstrip('/')}/ogc"


def _sent(request: Request, served: Snapshot, document: Json, media_type: str = "application/json") -> Response:
    accept = request.headers.get("accept", "")
    if preferred(accept, {"json": media_type, "html": "text/html"}) == "html":
        page = render("ogc", shell_of(served.about), document=document, base=_base(request))
        return send(request, Answer(page.encode("utf-8")), HTML)
    return send(request, Answer(orjson.dumps(documents.with_page(document))), media_type)
