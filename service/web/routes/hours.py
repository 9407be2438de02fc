"""When in the week crime happened and where it is repeated, from the tables of the issued forecast."""

from __future__ import annotations

from typing import Annotated

import orjson
from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import HTMLResponse

from service.web import schemas
from service.web.answers.answer import Answer, Json
from service.web.answers.drawn_map import FILLS, UNKNOWN
from service.web.answers.tables import TABLES
from service.web.answers.week import NIGHTS, WEEKDAYS, Hours, Weekday, hour_rows
from service.web.pages.asked import Asked
from service.web.pages.hours import hours_map, hours_page_of
from service.web.pages.rendering import render, shell_of
from service.web.routes.answers import HTML, PROBLEMS, AskedFor, Code, Served, Svg, Tabular, send
from service.web.routes.forecasts import FORMATS, TABULAR, Format
from service.web.routes.formats import preferred
from service.web.routes.pages import Target, Within
from service.web.snapshot import Snapshot

router = APIRouter(include_in_schema=False)
records = APIRouter(prefix="/v1", responses=PROBLEMS, tags=["forecasts"])

Days = Annotated[
    list[Weekday] | None,
    Query(examples=["friday,saturday"], description="Weekdays, separated by commas; without them, every one."),
]
FromHour = Annotated[int, Query(ge=0, le=23, examples=["20"], description="The first hour, local time.")]
ToHour = Annotated[
    int,
    Query(ge=0, le=24, examples=["4"], description="Where the hours end; past midnight they belong to the day before."),
]


def _hours(days: list[Weekday] | None, first: int, last: int, *, default: tuple[int, ...]) -> Hours:
    return Hours(tuple(sorted(WEEKDAYS.index(day) for day in set(days))) if days else default, first, last)


async def asked_about(
    target: Target = None,
    within: Within = None,
    days: Days = None,
    from_hour: FromHour = NIGHTS.first,
    to_hour: ToHour = NIGHTS.last,
) -> tuple[Asked, Hours]:
    """What the page and its map are asked; without days, the nights of the night-time economy."""
    return Asked(target, within=within), _hours(days, from_hour, to_hour, default=NIGHTS.days)


AskedAbout = Annotated[tuple[Asked, Hours], Depends(asked_about)]


@router.get("/hours", response_class=HTMLResponse)
async def hours_page(request: Request, served: Served, asked: AskedAbout) -> Response:
    """Where crime happened on chosen weekdays in chosen hours."""
    here = hours_page_of(served, *asked)
    page = render("hours", shell_of(served.about), here=here, fills=FILLS, unknown=UNKNOWN)
    return send(request, Answer(page.encode("utf-8")), HTML)


@router.get("/hours.svg", response_class=Svg)
async def hours_drawn(request: Request, served: Served, asked: AskedAbout) -> Response:
    """The same as a map."""
    drawn = hours_map(served, *asked)
    return send(request, Answer(drawn.encode("utf-8")), Svg.media_type)


@records.get("/hours", response_class=Tabular, responses={200: {"model": schemas.InHours, "content": TABULAR}})
async def in_hours(
    request: Request,
    served: AskedFor,
    target: Target = None,
    within: Within = None,
    days: Days = None,
    from_hour: FromHour = 0,
    to_hour: ToHour = 24,
    answer_format: Format = None,
) -> Response:
    """Crimes that were recorded in each area on chosen weekdays in chosen hours, those with most first."""
    answers = served.of(target)
    week, shown = answers.hours(), answers.of(None)
    hours = _hours(days, from_hour, to_hour, default=tuple(range(len(WEEKDAYS))))
    inside = shown.where(within=None if within is None else [within]).row_of
    rows = [row for row in hour_rows(week, hours, shown.row_of) if row["area"] in inside]
    about = {**_about(served, shown.envelope), **week.about, "hours": hours.words}
    return _told(request, served, about, rows, answer_format)


@records.get("/areas/{code}/hours", responses={200: {"model": schemas.AreaHours}})
async def area_hours(request: Request, served: AskedFor, code: Code, target: Target = None) -> Response:
    """One area's recorded crimes by weekday and hour."""
    answers = served.of(target)
    served.areas_of(target, None, [code])
    week = answers.hours()
    about = {**_about(served, answers.of(None).envelope), **week.about, "area": code, "name": served.names[code]}
    crimes = dict(zip(WEEKDAYS, week.of([code]).tolist(), strict=True))
    return send(request, Answer(orjson.dumps({**about, "crimes": crimes})))


@records.get("/repeats", response_class=Tabular, responses={200: {"model": schemas.Repeats, "content": TABULAR}})
async def repeats(request: Request, served: AskedFor, target: Target = None, answer_format: Format = None) -> Response:
    """Incidents that followed others at the same place or near it, by area, and the city's table of near repeats."""
    answers = served.of(target)
    found = answers.repeated()
    envelope = answers.of(None).envelope
    rows = [{"area": code, "name": served.names[code], **counts} for code, counts in found.of_area.items()]
    about = {
        **_about(served, envelope),
        "repeats": found.about,
        "near_repeats": found.about_table,
        "near_repeat_table": found.table,
    }
    return _told(request, served, about, rows, answer_format)


def _about(served: Snapshot, envelope: Json) -> Json:
    return {"forecast_id": served.forecast_id, "target": envelope["target"], "title": envelope["title"]}


def _told(request: Request, served: Snapshot, about: Json, rows: list[Json], asked: str | None) -> Response:
    """Rows of areas as JSON or as a table."""
    name = asked or preferred(request.headers.get("accept", ""), FORMATS)
    if name == "json":
        return send(request, Answer(orjson.dumps({**about, "areas": rows})))
    media_type, made = TABLES[name]
    alone = {key: about[key] for key in ("forecast_id", "target")}
    table = made([{**alone, **row} for row in rows], served.geometry_of)
    return send(request, Answer(table), media_type, name=f"{served.forecast_id}.{name}")
