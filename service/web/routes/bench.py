"""The scientist's bench: what each run's sheet says. Nothing here loads a model or asks MLflow."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import orjson
from fastapi import APIRouter, Path, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse

from contracts import MissingThing
from service.web import schemas
from service.web.answers.answer import Answer
from service.web.pages import bench
from service.web.pages.reports import address_of
from service.web.routes.answers import PROBLEMS, Svg, page_of_city, send
from service.web.routes.board import Stands
from service.web.watcher import SnapshotWatcher

router = APIRouter(include_in_schema=False)
records = APIRouter(prefix="/v1", responses=PROBLEMS, tags=["records"])

RunId = Annotated[str, Path(description="Id of a run, or its beginning.")]


@router.get("/bench", response_class=HTMLResponse)
async def runs(request: Request, standing: Stands) -> Response:
    """Every run that left a sheet, and what the newest one's publications revised."""
    watcher: SnapshotWatcher = request.app.state.watcher
    sheets, refused = await run_in_threadpool(watcher.sheets.list, standing.entries)
    newest = sheets[0].sheet if sheets else None
    return page_of_city(
        request,
        "bench",
        kinds=bench.KINDS,
        rows=list(bench.rows_of(sheets)),
        refused=refused,
        strip=bench.strip_of(newest) if newest and newest.publications else None,
        newest=newest,
    )


@router.get("/bench/{run_id}", response_class=HTMLResponse)
async def one_run(request: Request, standing: Stands, run_id: RunId) -> Response:
    """All that one run came to."""
    watcher: SnapshotWatcher = request.app.state.watcher
    kept, before = await run_in_threadpool(watcher.sheets.one, run_id, standing.entries)
    sheet, served = kept.sheet, standing.snapshot
    return page_of_city(
        request,
        "run",
        kinds=bench.KINDS,
        kept=kept,
        report=address_of(sheet.run_id),
        here=sheet,
        boards=list(bench.boards_of(sheet)),
        far=bench.far_groups(sheet),
        checks=bench.checks_of(sheet),
        before=before,
        changed=bench.settings_changed(sheet, before.sheet) if before else [],
        has_map=served is not None and not sheet.errors.keys().isdisjoint(served.names),
        legend=bench.error_legend(),
        mlflow=bench.mlflow_of(watcher.workspace, sheet.run_id),
        keeps_tracking=watcher.workspace.keeps_tracking,
    )


@router.get("/bench/{run_id}/errors.svg", response_class=Svg)
async def errors(request: Request, standing: Stands, run_id: RunId) -> Response:
    """A map of what came against what was expected."""
    watcher: SnapshotWatcher = request.app.state.watcher
    kept, _ = await run_in_threadpool(watcher.sheets.one, run_id, standing.entries)
    if standing.snapshot is None:
        raise MissingThing("No boundaries are served.", remedy="Issue a forecast with: wardcast issue")
    drawn = bench.error_map(kept.sheet, standing.snapshot.drawing, standing.snapshot.names)
    return send(request, Answer(drawn.encode("utf-8")), Svg.media_type)


@records.get("/runs", responses={200: {"model": schemas.Runs}})
async def told_runs(request: Request, standing: Stands) -> Response:
    """Every run that left a sheet, the newest first, with its main model's scores at its horizon."""
    watcher: SnapshotWatcher = request.app.state.watcher
    sheets, refused = await run_in_threadpool(watcher.sheets.list, standing.entries)
    found = [
        {
            **{name: getattr(one.sheet, name) for name in schemas.Run.model_fields if hasattr(one.sheet, name)},
            "sha256": one.sha256,
            "entry": one.entry,
            "is_vouched": one.is_vouched,
            "scores": one.sheet.row(),
            "gates": {gate["gate"]: gate["verdict"] for gate in one.sheet.gates},
        }
        for one in sheets
    ]
    return send(request, Answer(orjson.dumps({"runs": found, "refused": refused})))


@records.get("/runs/{run_id}", responses={200: {"model": schemas.WholeRun}})
async def told_run(request: Request, standing: Stands, run_id: RunId) -> Response:
    """A run's whole sheet, and who vouches for it."""
    watcher: SnapshotWatcher = request.app.state.watcher
    kept, _ = await run_in_threadpool(watcher.sheets.one, run_id, standing.entries)
    about = {"sheet": asdict(kept.sheet), "sha256": kept.sha256, "entry": kept.entry, "is_vouched": kept.is_vouched}
    return send(request, Answer(orjson.dumps(about)))
