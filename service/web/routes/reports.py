"""The oversight reports that trainings wrote for the board: listed, and read file by file."""

from __future__ import annotations

from mimetypes import guess_type
from types import MappingProxyType
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Path, Request, Response
from fastapi.concurrency import run_in_threadpool

from contracts.run_sheets import REPORT_DOCUMENT, REPORT_PAGE
from service.web import schemas
from service.web.answers.answer import Answer
from service.web.pages.reports import address_of
from service.web.routes.answers import HTML, PROBLEMS, NamedFile, send
from service.web.routes.bench import RunId
from service.web.routes.board import Stands
from service.web.watcher import SnapshotWatcher

router = APIRouter(include_in_schema=False)
records = APIRouter(prefix="/v1", responses=PROBLEMS, tags=["records"])

SELF_CONTAINED = MappingProxyType(
    {
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    }
)
"""A report carries its styles in itself and has no script."""
FilePath = Annotated[str, Path(description="Path of one of the report's files.")]


@router.get("/reports/{run_id}/{path:path}", response_class=NamedFile)
async def report_file(request: Request, standing: Stands, run_id: RunId, path: FilePath) -> Response:
    """A file of the report, as the training wrote it."""
    watcher: SnapshotWatcher = request.app.state.watcher
    content = await run_in_threadpool(watcher.sheets.report_file, run_id, path, standing.entries)
    if path == REPORT_PAGE:
        return send(request, Answer(content), HTML, more=SELF_CONTAINED)
    return send(request, Answer(content), guess_type(path)[0] or "text/plain")


@records.get("/reports", responses={200: {"model": schemas.Reports}})
async def reports(request: Request, standing: Stands) -> Response:
    """Every oversight report that a training wrote and for which the ledger vouches, the newest first."""
    watcher: SnapshotWatcher = request.app.state.watcher
    sheets, _ = await run_in_threadpool(watcher.sheets.list, standing.entries)
    found = [
        {
            **{name: getattr(one.sheet, name) for name in ("run_id", "target", "title", "made_at")},
            "entry": one.entry,
            "address": address_of(one.sheet.run_id),
            "files": one.sheet.report,
        }
        for one in sheets
        if one.has_report
    ]
    return send(request, Answer(orjson.dumps({"reports": found})))


@records.get("/reports/{run_id}", responses={200: {"model": dict[str, Any]}})
async def report(request: Request, standing: Stands, run_id: RunId) -> Response:
    """The oversight report of a training as JSON, byte for byte as it was written."""
    watcher: SnapshotWatcher = request.app.state.watcher
    content = await run_in_threadpool(watcher.sheets.report_file, run_id, REPORT_DOCUMENT, standing.entries)
    return send(request, Answer(content))
