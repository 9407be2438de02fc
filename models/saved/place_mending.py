"""Stores of before, in which MLflow's places are absolute: made relative to the workspace when it is opened."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path, PurePosixPath
from urllib.request import url2pathname

from contracts import Workspace
from contracts.files import new_folder, write_file
from models.artefact_places import folder_of, place_of

BUSY_SECONDS = 30.0
STORE = "mlflow.db"
EXPERIMENTS = "wardcast-"
"""How the names of our experiments begin; the kind follows, after which their folder is called."""
DEFAULT_PLACE = PurePosixPath("artefacts/default")
"""Of MLflow's own experiment, which it places into the folder that a command was called from; no command uses it."""
PLACES = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("logged_models", "artifact_location"),
    ("model_versions", "storage_location"),
    ("model_versions", "source"),
)
"""Tables and columns in which MLflow keeps places."""
KEPT_IN = {"runs": False, "logged_models": True}
"""Tables whose places are folders of their own, and whether such a folder holds an MLmodel that names its place."""
MODEL_FILE = "MLmodel"


def mend_places(workspace: Workspace) -> None:
    """Make every absolute place of the workspace's own store relative, whole or not at all.

    Call it with the store's lock held. Where nothing is to be done, it costs one look at a few rows. Artefacts that
    the training of a copy wrote into the workspace it was copied from are fetched from there.
    """
    store = workspace.root / STORE
    if not workspace.keeps_tracking or not store.is_file():
        return
    with closing(sqlite3.connect(store, timeout=BUSY_SECONDS, isolation_level=None)) as connection:
        if not (_old_roots(connection) or _default_is_elsewhere(connection)):
            return
        with _transaction(connection):
            roots = _old_roots(connection)
            for table, column in PLACES:
                _mend_column(connection, workspace.root, roots, table, column)
            if _default_is_elsewhere(connection):
                connection.execute(
                    "UPDATE experiments SET artifact_location = ? WHERE experiment_id = 0", (place_of(DEFAULT_PLACE),)
                )


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    with connection:
        yield


def _old_roots(connection: sqlite3.Connection) -> tuple[str, ...]:
    """The folders in which the workspace lay, as the places of our experiments name them; the longest first."""
    rows = connection.execute("SELECT name, artifact_location FROM experiments WHERE name LIKE 'wardcast-%'")
    found = set()
    for name, place in rows:
        end = f"/artefacts/{name.removeprefix(EXPERIMENTS)}"
        if _is_local(place) and place.endswith(end):
            found.add(place.removesuffix(end))
    return tuple(sorted(found, key=len, reverse=True))


def _default_is_elsewhere(connection: sqlite3.Connection) -> bool:
    """Whether MLflow's own experiment has an absolute place and nothing in it."""
    row = connection.execute("SELECT artifact_location FROM experiments WHERE experiment_id = 0").fetchone()
    if row is None or not _is_local(row[0]):
        return False
    return connection.execute("SELECT 1 FROM runs WHERE experiment_id = 0 LIMIT 1").fetchone() is None


def _is_local(place: str | None) -> bool:
    return place is not None and place.startswith(("/", "file:"))


def _mend_column(
    connection: sqlite3.Connection, root: Path, old_roots: tuple[str, ...], table: str, column: str
) -> None:
    changed = []
    for row, place in connection.execute(f"SELECT rowid, {column} FROM {table}").fetchall():
        inside = _inside(place, old_roots)
        if inside is None:
            continue
        if table in KEPT_IN:
            _fetch(Path(_path_text(place)), folder_of(place_of(inside), root))
        if KEPT_IN.get(table):
            _mend_model_file(folder_of(place_of(inside), root) / MODEL_FILE, place, place_of(inside))
        changed.append((place_of(inside), row))
    connection.executemany(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", changed)


def _inside(place: str | None, old_roots: tuple[str, ...]) -> PurePosixPath | None:
    """A place below one of the roots, relative to it; None for any other."""
    for root in old_roots:
        if place is not None and place.startswith(f"{root}/"):
            return PurePosixPath(url2pathname(place.removeprefix(f"{root}/")))
    return None


def _path_text(place: str) -> str:
    return url2pathname(place.removeprefix("file://")) if place.startswith("file:") else place


def _fetch(there: Path, here: Path) -> None:
    """Copy a folder of artefacts into the workspace, whole, where it is only at its absolute place."""
    if here.exists() or not there.is_dir():
        return
    with new_folder(here) as made:
        shutil.copytree(there, made, dirs_exist_ok=True)


def _mend_model_file(path: Path, before: str, after: str) -> None:
    """Let an MLmodel name its new place; it is replaced whole."""
    if not path.is_file():
        return
    text = path.read_text(encoding="utf-8")
    mended = text.replace(f"artifact_path: {before}\n", f"artifact_path: {after}\n")
    if mended == text:
        return
    write_file(path, mended.encode("utf-8"))
