"""The pages and their files; everything comes from this process."""

from __future__ import annotations

from mimetypes import guess_type
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import HTMLResponse

from contracts import MissingThing, WithdrawnModel
from service.web.answers.answer import Answer
from service.web.answers.drawn_map import CHANGES, FILLS
from service.web.pages import files
from service.web.pages.areas import area_page_of
from service.web.pages.asked import Asked, target_options
from service.web.pages.briefing import briefing_of, drawn_map
from service.web.pages.comparing import comparison_of
from service.web.pages.rendering import Shell, render, shell_of
from service.web.routes.answers import (
    HTML,
    IMMUTABLE,
    NOTHING_MORE,
    AskedFor,
    Code,
    GeoJson,
    NamedFile,
    Served,
    Svg,
    Told,
    asked_snapshot,
    send,
)
from service.web.routes.board import Stands
from service.web.snapshot import Snapshot

router = APIRouter(include_in_schema=False)

Target = Annotated[str | None, Query(examples=["violence"], description="A target.")]
Period = Annotated[str | None, Query(examples=["2025-08"], description="An issued period.")]
Within = Annotated[str | None, Query(description="Code of a district.")]
Area = Annotated[str | None, Query(description="Code of the chosen area.")]
OtherIssue = Annotated[str | None, Query(description="Id of the issued forecast on the right.")]
ViewName = Annotated[str | None, Query(examples=["expected"], description="What the map shows.")]
Covered = Annotated[int | None, Query(ge=1, le=1_000_000, examples=["20"], description="How many areas are covered.")]


Digest = Annotated[str, Path(description="Hash of the boundaries.")]
FileName = Annotated[str, Path(description="Name of a file, with or without the version of the pages before it.")]


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
    page = render(
        "briefing",
        shell_of(served.about),
        here=here,
        refused=refused,
        targets=targets,
        outlines=f"/outlines/{served.outlines.tag}",
    )
    return send(request, Answer(page.encode("utf-8")), HTML)


@router.get("/map.svg", response_class=Svg)
async def map_of_areas(
    request: Request,
    served: AskedFor,
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


@router.get("/compare", response_class=HTMLResponse)
async def side_by_side(
    request: Request,
    served: AskedFor,
    standing: Stands,
    target: Target = None,
    period: Period = None,
    view: ViewName = None,
    other_target: Target = None,
    other_period: Period = None,
    other_issue: OtherIssue = None,
) -> Response:
    """Two targets, periods or issued forecasts; the right is what the left is, but for what is named."""
    left = Asked(target, period, view=view)
    other = served if other_issue is None else await asked_snapshot(request, other_issue)
    right = Asked(other_target or target, other_period or period, view=view)
    here = comparison_of((served, left), (other, right), standing.entries)
    page = render("compare", shell_of(served.about), here=here, fills=FILLS, changes=CHANGES)
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


@router.get("/outlines/{digest}", response_class=GeoJson)
async def outlines(request: Request, served: Served, digest: Digest) -> Response:
    """The boundaries of the areas, under their hash; raises ``MissingThing`` for any other."""
    if digest != served.outlines.tag:
        raise MissingThing("These are not the boundaries of the forecast that is served.", remedy="See /v1/areas.")
    return send(request, served.outlines, GeoJson.media_type, more=IMMUTABLE)


@router.get("/static/{file:path}", response_class=NamedFile)
async def static_file(request: Request, file: FileName) -> Response:
    """A file of the pages; under the version of them all it never changes."""
    is_versioned = file.startswith(f"{files.version()}/")
    plain = file.removeprefix(f"{files.version()}/")
    media_type = guess_type(plain)[0] or NamedFile.media_type
    return send(request, files.file(plain), media_type, more=IMMUTABLE if is_versioned else NOTHING_MORE)


def _first(served: Snapshot) -> str:
    return str(served.about["targets"][0]["target"])
