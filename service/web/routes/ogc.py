"""``/ogc``: OGC API – Features. Its own rules hold: a parameter that is not known, or cannot be used, is told 400."""

from __future__ import annotations

from typing import Annotated

import orjson
from fastapi import APIRouter, Path, Query, Request, Response

from service.web.answer import Answer, Json
from service.web.answers.boxes import bounds_of_text
from service.web.ogc import documents
from service.web.routes.answers import GeoJson, Served, send

router = APIRouter(prefix="/ogc", tags=["OGC API – Features"], include_in_schema=False)

MOST = 10_000
Collection = Annotated[str, Path(description="Id of a collection.")]
Feature = Annotated[str, Path(description="Code of an area.")]
Limit = Annotated[int, Query(ge=1, le=MOST, examples=["1000"], description="Features on a page.")]
Offset = Annotated[int, Query(ge=0, le=10_000_000, examples=["1000"], description="Features before the page.")]
Box = Annotated[str | None, Query(examples=["-0.2,51.4,0.1,51.6"], description="Only areas that meet this box.")]


@router.get("")
async def landing(request: Request, served: Served) -> Response:
    """Where to go from here."""
    return _sent(request, documents.landing(_base(request), f"Wardcast, {served.about['city']}"))


@router.get("/conformance")
async def conformance(request: Request) -> Response:
    """What this keeps to."""
    return _sent(request, {"conformsTo": documents.CONFORMS_TO})


@router.get("/collections")
async def collections(request: Request, served: Served) -> Response:
    """Every target and period."""
    return _sent(request, documents.collections(_base(request), served))


@router.get("/collections/{collection}")
async def collection(request: Request, served: Served, collection: Collection) -> Response:
    """One target and period."""
    return _sent(request, documents.collection(_base(request), served, collection))


@router.get("/collections/{collection}/items", response_class=GeoJson)
async def items(
    request: Request, served: Served, collection: Collection, limit: Limit = 1000, offset: Offset = 0, bbox: Box = None
) -> Response:
    """A page of areas."""
    page = documents.Page(limit, offset, None if bbox is None else bounds_of_text(bbox))
    return _sent(request, documents.features(_base(request), served, collection, page), GeoJson.media_type)


@router.get("/collections/{collection}/items/{feature}", response_class=GeoJson)
async def item(request: Request, served: Served, collection: Collection, feature: Feature) -> Response:
    """One area."""
    return _sent(request, documents.feature(_base(request), served, collection, feature), GeoJson.media_type)


def _base(request: Request) -> str:
    return f"{str(request.base_url).rstrip('/')}/ogc"


def _sent(request: Request, document: Json, media_type: str = "application/json") -> Response:
    return send(request, Answer(orjson.dumps(document)), media_type)
