"""New workspaces: one with an example's settings, or one with a simulated city that is ready to be used."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import filelock

from contracts import SETTINGS_FILE, BadInput, RefusedAction, Workspace
from contracts.settings import read_settings
from service.flushing import flush
from service.seal import seal_of

if TYPE_CHECKING:
    from features.simulation import CityFiles, SimulatedCityParameters

EXAMPLES = ("london", "chicago", "simulated")
SIMULATED_SOURCE = "simulated-source"
"""The folder of a simulated workspace with the city's files and its truth."""
_SEED_LINE = re.compile(r"^seed = \d+$", re.MULTILINE)


def make_workspace(root: Path, example: str) -> Workspace:
    """A workspace with the example's commented ``wardcast.toml`` and the key of its ledger.

    Raises ``RefusedAction`` where something already is; nothing is changed then.
    """
    with _new_folder(root) as unfinished:
        _write_settings(unfinished, example_settings(example))
        seal_of(Workspace(unfinished)).make(None)
    return Workspace(root)


def make_simulated_workspace(
    root: Path, seed: int, tell: Callable[[str], None], parameters: SimulatedCityParameters | None = None
) -> Workspace:
    """A workspace with a simulated city: its files under ``simulated-source``, its areas and both publications.

    ``parameters`` are those of the default city if not given. ``tell`` is called with a sentence about each step.
    Raises ``RefusedAction`` where something already is. The workspace appears whole, or not at all if the process is
    killed.
    """
    from features.simulation import SimulatedCityParameters, simulate_city, write_city

    with _new_folder(root) as unfinished:
        _write_settings(unfinished, _SEED_LINE.sub(f"seed = {seed}", example_settings("simulated")))
        tell(f"Simulating a city from seed {seed}.")
        source = unfinished / SIMULATED_SOURCE
        source.mkdir()
        files = write_city(simulate_city(parameters or SimulatedCityParameters(), seed), source)
        _fill(Workspace(unfinished), files, tell)
        seal_of(Workspace(unfinished)).make(None)
    return Workspace(root)


def _fill(workspace: Workspace, files: CityFiles, tell: Callable[[str], None]) -> None:
    from features.geography import add_geography
    from features.ingesting import ingest_incidents
    from features.sources.incident_rows import IncidentColumns

    geography = add_geography(
        workspace,
        workspace.settings.geography,
        boundaries=files.boundaries,
        code="code",
        area_name="name",
        parent="district",
        parent_name="district_name",
        attributes=files.attributes,
        attributes_code="area_code",
    )
    tell(f"Added {geography.name}: {len(geography.codes)} simulated areas.")
    for published_on, path in files.publications.items():
        publication = ingest_incidents(
            workspace,
            path,
            columns=IncidentColumns("incident_time", "longitude", "latitude", "category"),
            geography=geography.name,
            frequency=workspace.settings.frequency,
            published_on=published_on,
        )
        tell(
            f"Ingested {path.name}: {publication.crimes:,} simulated incidents, "
            f"{publication.first} to {publication.last}."
        )


def example_settings(example: str) -> str:
    """The text of an example's ``wardcast.toml``."""
    return (resources.files("contracts") / "examples" / f"{example}.toml").read_text(encoding="utf-8")


def _write_settings(folder: Path, text: str) -> None:
    path = folder / SETTINGS_FILE
    path.write_text(text, encoding="utf-8")
    read_settings(path)


@contextmanager
def _new_folder(root: Path) -> Iterator[Path]:
    """A hidden folder beside ``root`` that becomes ``root`` once the block is done, and is removed if it fails.

    What a killed process left of one is removed by the next. Two processes at once do not mix: the second is refused.
    """
    root = Path(os.path.abspath(root))  # noqa: PTH100 (a link is not followed: the workspace takes its place)
    lock_path = root.parent / f".{root.name}.init.lock"
    unfinished = root.parent / f".{root.name}.unfinished"
    lock = filelock.FileLock(lock_path)
    _hold(lock, root)
    try:
        _refuse_existing(root)
        if unfinished.exists():
            shutil.rmtree(unfinished)
        unfinished.mkdir()
        yield unfinished
        _flush(unfinished)
        unfinished.rename(root)
        flush(root.parent)
    finally:
        if unfinished.exists():
            shutil.rmtree(unfinished)
        lock_path.unlink(missing_ok=True)
        lock.release()


def _hold(lock: filelock.BaseFileLock, root: Path) -> None:
    """Make the folder above ``root`` and take the lock in it.

    Raises ``RefusedAction`` where something already is or another process holds the lock, ``BadInput`` where no
    folder can be made.
    """
    try:
        _refuse_existing(root)
        root.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire(blocking=False)
    except filelock.Timeout as error:
        raise RefusedAction(
            f"Another process is making the workspace {root} right now.", remedy="Wait for it, or name another folder."
        ) from error
    except OSError as error:
        raise BadInput(
            f"The workspace {root} cannot be made: {error.strerror}.", remedy="Name another folder with --workspace."
        ) from error


def _refuse_existing(root: Path) -> None:
    if (root / SETTINGS_FILE).exists():
        raise RefusedAction(
            f"There is already a workspace at {root}.", remedy="Name another folder with --workspace, or move it away."
        )
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise RefusedAction(f"{root} already exists and is no empty folder.", remedy="Name another with --workspace.")


def _flush(folder: Path) -> None:
    for path in (*folder.rglob("*"), folder):
        flush(path)
