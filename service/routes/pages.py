"""The page and its files; everything comes from this process."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter, FastAPI
from fastapi.responses import FileResponse
from fastapi.staticfiles import StaticFiles
from xstatic.pkg import leaflet

from service import pages

FOLDER = Path(pages.__file__).resolve().parent

router = APIRouter(include_in_schema=False)


@router.get("/")
async def page() -> FileResponse:
    """The map, the ranking and an area's history."""
    return FileResponse(FOLDER / "index.html", media_type="text/html; charset=utf-8")


def mount_files(app: FastAPI) -> None:
    """Serve the page's own files and Leaflet's."""
    app.mount("/static/leaflet", StaticFiles(directory=leaflet.BASE_DIR), name="leaflet")
    app.mount("/static", StaticFiles(directory=FOLDER / "static"), name="static")
