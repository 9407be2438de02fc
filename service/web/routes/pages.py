"""The page and its files; everything comes from this process."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter, FastAPI
from fastapi.responses import FileResponse, HTMLResponse
from fastapi.staticfiles import StaticFiles
from xstatic.pkg import leaflet

from service.web import pages
from service.web.routes.answers import Told

FOLDER = Path(pages.__file__).resolve().parent

router = APIRouter(include_in_schema=False)


@router.get("/", response_class=HTMLResponse)
async def page() -> FileResponse:
    """The map, the ranking and an area's history."""
    return FileResponse(FOLDER / "index.html", media_type="text/html; charset=utf-8")


@router.get("/models/{target}", response_class=HTMLResponse)
async def model_history(told: Told) -> HTMLResponse:
    """The history of a target's models, for people."""
    return HTMLResponse(told.page, headers={"Cache-Control": "no-cache"})


def mount_files(app: FastAPI) -> None:
    """Serve the page's own files and Leaflet's."""
    app.mount("/static/leaflet", StaticFiles(directory=leaflet.BASE_DIR), name="leaflet")
    app.mount("/static", StaticFiles(directory=FOLDER / "static"), name="static")
