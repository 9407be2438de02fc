"""``/v1``: forecasts, flags, hotspots, areas and their history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response

from service.web import schemas
from service.web.answers.answer import Answer
from service.web.answers.boxes import corners_of_text
from service.web.answers.page import Page, page_of, rank_of_cursor
from service.web.answers.tables import TABLES, flat_rows
from service.web.routes.answers import NOTHING_MORE, PROBLEMS, AskedFor, Code, GeoJson, Tabular, Told, send, together
from service.web.routes.formats import preferred
from service.web.schemas import BandName

router = APIRouter(prefix="/v1", responses=PROBLEMS, tags=["forecasts"])

SEVERAL = "One or several, separated by commas; several are answered as a list."
Targets = Annotated[
    list[str] | None,
    Query(alias="target", description=f"A target; without it, the first of the settings. {SEVERAL}"),
]
Periods = Annotated[
    list[str] | None,
    Query(alias="period", description=f"An issued period, like 2025-08; without it, the next period. {SEVERAL}"),
]
Codes = Annotated[list[str] | None, Query(description="Only these areas: one code or several, separated by commas.")]
Limit = Annotated[
    int | None,
    Query(ge=1, le=1_000_000, examples=["20"], description="Only so many areas, highest expected first."),
]
Share = Annotated[
    float | None,
    Query(gt=0, le=1, examples=["0.05"], description="Share of the land; without it, that of the settings."),
]
Within = Annotated[
    list[str] | None, Query(description="Only areas in these districts: one code or several, separated by commas.")
]
Bands = Annotated[list[BandName] | None, Query(alias="band", description=f"Only areas in these bands. {SEVERAL}")]
Flagged = Annotated[bool | None, Query(examples=["true"], description="Only flagged areas, or only the others.")]
Format = Annotated[
    Literal["json", "csv", "geojson", "gpkg", "parquet", "arrow"] | None,
    Query(
        alias="format",
        examples=["csv"],
        description="Format of the answer; without it, what the header Accept asks for, or JSON.",
    ),
]
Cursor = Annotated[
    str | None,
    Query(
        examples=["2025-08-1f3a90c2.100"], description="Where the last answer ended: its 'next', or its header Link."
    ),
]
Box = Annotated[
    str | None,
    Query(
        examples=["-0.2,51.4,0.1,51.6"],
        description="Only areas that meet this box, by two opposite corners: west, south, east and north in degrees.",
    ),
]
TABULAR: dict[str, dict[str, object]] = {media_type.partition(";")[0]: {} for media_type, _ in TABLES.values()}
"""Media types of tables, for the description of a route that gives them."""
FORMATS = {"json": "application/json", **{name: media_type for name, (media_type, _) in TABLES.items()}}


def _asked(targets: Sequence[str] | None, periods: Sequence[str] | None) -> list[tuple[str | None, str | None]]:
    """Each target and period that is asked for; None means the one that is given where none is named."""
    return list(product(targets or (None,), periods or (None,)))


@router.get("/summary", responses={200: {"model": schemas.Summary}})
async def summary(request: Request, served: AskedFor) -> Response:
    """What is served: targets, periods, models, approvals and the legend."""
    return send(request, served.summary)


@router.get(
    "/forecasts",
    response_class=Tabular,
    responses={
        200: {
            "model": schemas.Forecasts | schemas.Several[schemas.Forecasts],
            "content": TABULAR,
        }
    },
)
async def forecasts(
    request: Request,
    served: AskedFor,
    targets: Targets = None,
    periods: Periods = None,
    areas: Codes = None,
    within: Within = None,
    bands: Bands = None,
    flagged: Flagged = None,
    bbox: Box = None,
    limit: Limit = None,
    cursor: Cursor = None,
    answer_format: Format = None,
) -> Response:
    """Every area's forecast, from the highest expected count to the lowest; as a table, one row an area.

    Without ``limit`` an answer is whole. With it, ``next`` of the answer, or a table's header ``Link``, leads on.
    """
    asked = [
        served.areas_of(target, period, areas) if areas else served.of(target).of(period)
        for target, period in _asked(targets, periods)
    ]
    within_box = None if bbox is None else served.meeting(corners_of_text(bbox))
    kept = [one.where(within=within, bands=bands, flagged=flagged, codes=within_box) for one in asked]
    pages = [page_of(one, limit, rank_of_cursor(cursor, served.forecast_id, len(kept))) for one in kept]
    name = answer_format or preferred(request.headers.get("accept", ""), FORMATS)
    if name == "json":
        return send(request, together([page.answer() for page in pages]))
    rows = [row for page in pages for row in flat_rows(page.answers.envelope, page.rows)]
    media_type, made = TABLES[name]
    answer = Answer(made(rows, served.geometry_of))
    further = _further(request, pages[0]) if len(pages) == 1 else NOTHING_MORE
    return send(request, answer, media_type, name=f"{served.forecast_id}.{name}", more=further)


def _further(request: Request, page: Page) -> Mapping[str, str]:
    """The header that leads to the next page of a table."""
    if page.next is None:
        return NOTHING_MORE
    return {"Link": f'<{request.url.include_query_params(cursor=page.next)}>; rel="next"'}


@router.get("/levels", responses={200: {"model": schemas.Levels | schemas.Several[schemas.Levels]}})
async def levels(request: Request, served: AskedFor, targets: Targets = None, periods: Periods = None) -> Response:
    """Districts and the city: sums of the areas' forecasts, with intervals that know what areas share."""
    asked = [served.of(target).of(period).levels() for target, period in _asked(targets, periods)]
    return send(request, together(asked))


@router.get("/flags", responses={200: {"model": schemas.Flags | schemas.Several[schemas.Flags]}})
async def flags(request: Request, served: AskedFor, targets: Targets = None, periods: Periods = None) -> Response:
    """The flagged areas, by the one rule that is issued, shown, audited and simulated; the rule is told in words."""
    asked = [served.of(target).of(period).flags() for target, period in _asked(targets, periods)]
    return send(request, together(asked))


@router.get("/hotspots", responses={200: {"model": schemas.Hotspots | schemas.Several[schemas.Hotspots]}})
async def hotspots(
    request: Request, served: AskedFor, targets: Targets = None, periods: Periods = None, share: Share = None
) -> Response:
    """The areas of highest expected count per square kilometre that together stay within a share of the land.

    They answer another question than ``/v1/flags``: they are chosen by land, and are not the audited flags.
    """
    chosen = served.hotspot_share if share is None else share
    asked = [served.of(target).of(period).hotspots(chosen) for target, period in _asked(targets, periods)]
    return send(request, together(asked))


@router.get("/areas", responses={200: {"model": schemas.Boundaries}}, response_class=GeoJson)
async def areas(request: Request, served: AskedFor) -> Response:
    """Boundaries of every area, GeoJSON in WGS 84."""
    return send(request, served.boundaries, media_type=GeoJson.media_type)


@router.get("/areas/{code}/forecast", responses={200: {"model": schemas.OneArea | schemas.Several[schemas.OneArea]}})
async def area_forecast(
    request: Request, served: AskedFor, code: Code, targets: Targets = None, periods: Periods = None
) -> Response:
    """One area's forecast of a period with its reasons, and of every issued period."""
    asked = [served.area_forecast(code, target, period) for target, period in _asked(targets, periods)]
    return send(request, together(asked))


@router.get("/areas/{code}/history", responses={200: {"model": schemas.History | schemas.Several[schemas.History]}})
async def area_history(request: Request, served: AskedFor, code: Code, targets: Targets = None) -> Response:
    """One area's counts as they were known when the forecast was issued."""
    asked = [served.area_history(code, target) for target, _ in _asked(targets, None)]
    return send(request, together(asked))


@router.get("/models/{target}", responses={200: {"model": schemas.ModelHistory}})
async def model_history(request: Request, told: Told) -> Response:
    """The models of a target: where each stands, their gates and overrides, and all that was decided, with reasons."""
    return send(request, told.answer)
