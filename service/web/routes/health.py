"""``/healthz`` and ``/readyz``."""

from __future__ import annotations

from fastapi import APIRouter, Request

from service.web.routes.answers import PROBLEMS, Served
from service.web.schemas import Health, Readiness
from service.web.watcher import SnapshotWatcher

router = APIRouter(tags=["health"])


@router.get("/healthz")
async def healthz() -> Health:
    """The process runs."""
    return Health(status="ok")


@router.get("/readyz", responses=PROBLEMS)
async def readyz(request: Request, served: Served) -> Readiness:
    """A forecast is served; ``degraded`` with the reasons where a newer one was refused or a model withdrawn."""
    watcher: SnapshotWatcher = request.app.state.watcher
    served.refuse_unserved()
    refused = [*watcher.standing.refused, *served.refusals]
    return Readiness(status="degraded" if refused else "ready", forecast_id=served.forecast_id, refused=refused)
