"""The pages and their files; everything comes from this process."""

from __future__ import annotations

from pathlib import Path as FilePath
from typing import Annotated

import fastapi_offline
from fastapi import APIRouter, FastAPI, Query, Request, Response
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles
from xstatic.pkg import leaflet

from contracts import WithdrawnModel
from service.web import pages
from service.web.answer import Answer
from service.web.answers.drawn_map import CHANGES, FILLS
from service.web.pages.areas import area_page_of
from service.web.pages.asked import Asked, target_options
from service.web.pages.briefing import briefing_of, drawn_map
from service.web.pages.rendering import Shell, render, shell_of
from service.web.routes.answers import HTML, Code, Served, Told, send
from service.web.snapshot import Snapshot

FOLDER = FilePath(pages.__file__).resolve().parent

router = APIRouter(include_in_schema=False)

Target = Annotated[str | None, Query(examples=["violence"], description="A target.")]
Period = Annotated[str | None, Query(examples=["2025-08"], description="An issued period.")]
Within = Annotated[str | None, Query(description="Code of a district.")]
Area = Annotated[str | None, Query(description="Code of the chosen area.")]
ViewName = Annotated[str | None, Query(examples=["expected"], description="What the map shows.")]
Covered = Annotated[int | None, Query(ge=1, le=1_000_000, examples=["20"], description="How many areas are covered.")]


class Svg(Response):
    """A drawing."""

    media_type = "image/svg+xml"


@router.get("/", response_class=HTMLResponse)
async def briefing(
    request: Request,
    served: Served,
    target: Target = None,
    period: Period = None,
    within: Within = None,
    area: Area = None,
    view: ViewName = None,
    k: Covered = None,
) -> Response:
    """What is expected, how sure that is and where; a target whose model was withdrawn says so in its place."""
    try:
        here, refused = briefing_of(served, Asked(target, period, within, area, view, k)), None
    except WithdrawnModel as error:
        here, refused = None, {"title": "The model was withdrawn.", "detail": error.message, "remedy": error.remedy}
    targets = target_options(served, _first(served) if target is None else target)
    page = render("briefing", shell_of(served.about), here=here, refused=refused, targets=targets)
    return send(request, Answer(page.encode("utf-8")), HTML)


@router.get("/map.svg", response_class=Svg)
async def map_of_areas(
    request: Request,
    served: Served,
    target: Target = None,
    period: Period = None,
    within: Within = None,
    area: Area = None,
    view: ViewName = None,
    k: Covered = None,
) -> Response:
    """The map of a briefing as a drawing."""
    drawn = drawn_map(served, Asked(target, period, within, area, view, k))
    return send(request, Answer(drawn.encode("utf-8")), Svg.media_type)


@router.get("/print", response_class=HTMLResponse)
async def on_paper(
    request: Request,
    served: Served,
    target: Target = None,
    period: Period = None,
    within: Within = None,
    area: Area = None,
    view: ViewName = None,
    k: Covered = None,
) -> Response:
    """A briefing on one page of paper."""
    here = briefing_of(served, Asked(target, period, within, area, view, k))
    fills = CHANGES if here.diverging else FILLS
    page = render("print", shell_of(served.about), here=here, fills=fills)
    return send(request, Answer(page.encode("utf-8")), HTML)


@router.get("/areas/{code}", response_class=HTMLResponse)
async def one_area(
    request: Request, served: Served, code: Code, target: Target = None, period: Period = None
) -> Response:
    """One area: what is expected there, beside its past, its district and the city."""
    here = area_page_of(served, code, Asked(target, period))
    page = render("area", shell_of(served.about), here=here)
    return send(request, Answer(page.encode("utf-8")), HTML)


@router.get("/models/{target}", response_class=HTMLResponse)
async def model_history(request: Request, told: Told) -> Response:
    """The history of a target's models, for people."""
    return send(request, told.page, HTML)


@router.get("/docs", response_class=HTMLResponse)
async def api_description(request: Request) -> Response:
    """The description of the API, for people; its files come with a package."""
    return send(request, Answer(render("docs", Shell("")).encode("utf-8")), HTML)


def mount_files(app: FastAPI) -> None:
    """Serve the pages' own files, Leaflet's and Swagger UI's."""
    swagger_ui = FilePath(fastapi_offline.__file__).resolve().parent / "static"
    app.mount("/static/leaflet", StaticFiles(directory=leaflet.BASE_DIR), name="leaflet")
    app.mount("/static/docs", StaticFiles(directory=swagger_ui), name="docs")
    app.mount("/static", StaticFiles(directory=FOLDER / "static"), name="static")


def _first(served: Snapshot) -> str:
    return str(served.about["targets"][0]["target"])
