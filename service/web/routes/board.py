"""The board's reading room: nothing here changes anything, and nothing needs a forecast that is served."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import date
from functools import partial
from mimetypes import guess_type
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse

from contracts import BadInput, MissingThing
from contracts.run_sheets import REPORT_DOCUMENT
from service.forecasts.issued import RECORD_FILE
from service.forecasts.record import target_records
from service.ledger import Entry
from service.web import schemas
from service.web.answers.answer import Answer
from service.web.answers.tables import TABLES
from service.web.pages.board import (
    board_page_of,
    days_left,
    disputes_of,
    entry_of,
    page_of_entries,
    payload_of,
    summary_of,
)
from service.web.pages.reports import PlainReport, address_of, plain_report_of
from service.web.routes.answers import IMMUTABLE, PROBLEMS, NamedFile, page_of_city, send, sound_entries
from service.web.watcher import SnapshotWatcher, Standing

router = APIRouter(include_in_schema=False)
records = APIRouter(prefix="/v1", responses=PROBLEMS, tags=["records"])

ForecastId = Annotated[str, Path(description="Id of an issued forecast.")]
FileName = Annotated[str, Path(description="Name of one of its files.")]
Number = Annotated[int, Path(ge=1, le=10**12, description="Number of an entry.")]
Before = Annotated[
    int | None, Query(ge=1, le=10**12, examples=["101"], description="Only entries before the one of this number.")
]


async def what_stands(request: Request) -> Standing:
    """What the watcher last found."""
    watcher: SnapshotWatcher = request.app.state.watcher
    return watcher.standing


Stands = Annotated[Standing, Depends(what_stands)]


@router.get("/board", response_class=HTMLResponse)
async def board(request: Request, standing: Stands) -> Response:
    """What waits for the board, and what is in use."""
    watcher: SnapshotWatcher = request.app.state.watcher
    here = board_page_of(watcher.workspace, standing.entries, _today(request))
    sheets, _ = await run_in_threadpool(watcher.sheets.list, standing.entries)
    plain = await run_in_threadpool(_plain_reports, watcher, standing, [one.run_id for one in here.waiting])
    return page_of_city(
        request,
        "board",
        here=here,
        runs={one.sheet.run_id for one in sheets},
        reports={one.sheet.run_id: address_of(one.sheet.run_id) for one in sheets if one.has_report},
        plain=plain,
        checked=checked_words(standing),
        left=_left(request),
    )


def _plain_reports(watcher: SnapshotWatcher, standing: Standing, runs: Sequence[str]) -> dict[str, PlainReport | str]:
    """Run → the plain part of its report, or why there is none to read."""
    found: dict[str, PlainReport | str] = {}
    for run_id in runs:
        try:
            found[run_id] = plain_report_of(
                run_id, watcher.sheets.report_file(run_id, REPORT_DOCUMENT, standing.entries)
            )
        except (MissingThing, BadInput) as error:
            found[run_id] = error.message
    return found


@router.get("/challenges", response_class=HTMLResponse)
async def challenges(request: Request, standing: Stands) -> Response:
    """Every dispute and where it stands."""
    return page_of_city(
        request, "challenges", disputes=disputes_of(standing.entries, _today(request)), left=_left(request)
    )


@router.get("/ledger", response_class=HTMLResponse)
async def ledger(request: Request, standing: Stands, before: Before = None) -> Response:
    """The entries of the ledger, the newest first."""
    entries, older = page_of_entries(standing.entries, before)
    checked = checked_words(standing)
    return page_of_city(request, "ledger", entries=entries, older=older, checked=checked, summary=summary_of)


@router.get("/ledger/{number}", response_class=HTMLResponse)
async def entry(request: Request, standing: Stands, number: Number) -> Response:
    """One entry, whole."""
    found: Entry = entry_of(standing.entries, number)
    return page_of_city(request, "entry", entry=found, payload=payload_of(found))


@records.get("/issues", responses={200: {"model": schemas.Issues}})
async def issues(request: Request, standing: Stands) -> Response:
    """Every issued forecast, the newest first."""
    served = None if standing.snapshot is None else standing.snapshot.entry
    found = [
        {
            **{name: entry.content[name] for name in ("forecast_id", "as_of", "replay", "next_period")},
            "entry": entry.number,
            "issued_at": entry.recorded_at,
            "issued_by": entry.actor,
            "targets": [about.target for about in target_records(entry)],
            "is_served": entry.number == served,
        }
        for entry in reversed(standing.entries)
        if entry.kind == "issue"
    ]
    return send(request, Answer(orjson.dumps({"issues": found})))


@records.get("/issues/{forecast_id}", responses={200: {"model": dict[str, Any]}})
async def one_issue(request: Request, standing: Stands, forecast_id: ForecastId) -> Response:
    """The signed record of an issued forecast, byte for byte: what it is of, and the hashes of its files."""
    return await _signed(request, standing, forecast_id, RECORD_FILE)


@records.get("/issues/{forecast_id}/files/{name}", response_class=NamedFile)
async def signed_file(request: Request, standing: Stands, forecast_id: ForecastId, name: FileName) -> Response:
    """A signed file of an issued forecast, byte for byte as its hash in the ledger says."""
    return await _signed(request, standing, forecast_id, name)


async def _signed(request: Request, standing: Standing, forecast_id: str, name: str) -> Response:
    watcher: SnapshotWatcher = request.app.state.watcher
    found = await run_in_threadpool(watcher.past.file, forecast_id, name, sound_entries(standing))
    media_type = guess_type(name)[0] or TABLES[name.rpartition(".")[2]][0]
    return send(request, found, media_type, name=name if name != RECORD_FILE else None, more=IMMUTABLE)


@records.get("/challenges", responses={200: {"model": schemas.Challenges}})
async def told_challenges(request: Request, standing: Stands) -> Response:
    """Every dispute, those that wait for a reply first."""
    found = [asdict(one.about) for one in disputes_of(standing.entries, _today(request))]
    return send(request, Answer(orjson.dumps({"challenges": found})))


@records.get("/ledger", responses={200: {"model": schemas.LedgerPage}})
async def ledger_entries(request: Request, standing: Stands, before: Before = None) -> Response:
    """Entries of the ledger, the newest first, with hashes and signatures."""
    entries, older = page_of_entries(standing.entries, before)
    told = [{**vars(one), "payload": one.content} for one in entries]
    return send(request, Answer(orjson.dumps({"entries": told, "older": older, "checked": checked_words(standing)})))


def checked_words(standing: Standing) -> str:
    """What was found when the ledger was last looked at."""
    if standing.refused:
        return f"Something was refused when this service last looked: {standing.refused[0]}"
    if not standing.entries:
        return "The ledger has no entry yet."
    head = standing.entries[-1]
    return (
        f"{len(standing.entries):,} entries; every hash, link and signature was as recorded when this service last "
        f"looked. The newest is entry {head.number}, {head.hash}."
    )


def _today(request: Request) -> date:
    today: Callable[[], date] = request.app.state.today
    return today()


def _left(request: Request) -> Callable[[str], str]:
    return partial(days_left, today=_today(request))
