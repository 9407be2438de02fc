"""The files of the pages: our own, Leaflet's and Swagger UI's, each from this package or from a kept one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import fastapi_offline
from xstatic.pkg import leaflet

from contracts import MissingThing
from service.web.answers.answer import Answer, answer_ahead

_DIGITS = 12
_FOLDERS: Mapping[str, Path] = {
    "": Path(__file__).resolve().parent / "static",
    "leaflet/": Path(leaflet.BASE_DIR),
    "docs/": Path(fastapi_offline.__file__).resolve().parent / "static",
}


@cache
def version() -> str:
    """What changes when any of the files does: the start of their common hash."""
    digest = hashlib.sha256()
    for name, path in sorted(_places().items()):
        digest.update(name.encode("utf-8") + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:_DIGITS]


def address_of(name: str) -> str:
    """Where a file is found under the version, so that a browser need not ask for it again."""
    return f"/static/{version()}/{name}"


@cache
def file(name: str) -> Answer:
    """One of the files; raises ``MissingThing`` for any other name."""
    if name not in _places():
        raise MissingThing(f"There is no file '{name}'.", remedy="See / for the pages that there are.")
    return answer_ahead(_places()[name].read_bytes())


@cache
def _places() -> Mapping[str, Path]:
    return dict(_walk())


def _walk() -> Iterator[tuple[str, Path]]:
    for prefix, folder in _FOLDERS.items():
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                yield f"{prefix}{path.relative_to(folder).as_posix()}", path
