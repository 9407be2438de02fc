"""New workspaces: one with an example's settings, or one with a simulated city that is ready to be used."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from contracts import SETTINGS_FILE, NotWritten, RefusedAction, Workspace
from contracts.files import is_being_made, new_folder, telling, write_files
from contracts.settings.file import read_settings
from service.ledger import seal_of

if TYPE_CHECKING:
    from features.simulation import CityFiles, SimulatedCityParameters

EXAMPLES = ("london", "chicago", "simulated")
SIMULATED_SOURCE = "simulated-source"
"""The folder of a simulated workspace with the city's files and its truth."""
_IGNORE_ALL = b"# A workspace holds a private key: git leaves all of it alone.\n*\n"
_SEED_LINE = re.compile(r"^seed = \d+$", re.MULTILINE)


def make_workspace(root: Path, example: str) -> Workspace:
    """A workspace with the example's commented ``wardcast.toml`` and the key of its ledger.

    Raises ``RefusedAction`` where something already is; nothing is changed then.
    """
    with _new_workspace(root) as unfinished:
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

    with _new_workspace(root) as unfinished:
        _write_settings(unfinished, _SEED_LINE.sub(f"seed = {seed}", example_settings("simulated")))
        tell(f"Simulating a city from seed {seed}.")
        source = unfinished / SIMULATED_SOURCE
        source.mkdir()
        files = write_city(simulate_city(parameters or SimulatedCityParameters(), seed), source)
        _fill(Workspace(unfinished), files, tell)
        seal_of(Workspace(unfinished)).make(None)
    return Workspace(root)


def _fill(workspace: Workspace, files: CityFiles, tell: Callable[[str], None]) -> None:
    from features.geographies.geography import add_geography
    from features.sources.incident_rows import IncidentColumns
    from features.store import ingest_incidents

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
    write_files(folder, {SETTINGS_FILE: text.encode("utf-8")})
    read_settings(folder / SETTINGS_FILE)


@contextmanager
def _new_workspace(root: Path) -> Iterator[Path]:
    """A folder that becomes the workspace ``root`` once the block is done, whole or not at all.

    Two processes at once do not mix: the second is refused. Raises ``RefusedAction``, also where something already is,
    and ``NotWritten``.
    """
    try:
        with telling(root):
            _refuse_existing(root)
            _refuse_second(root)
        with new_folder(root) as made:
            write_files(made, {".gitignore": _IGNORE_ALL})
            yield made
    except NotWritten as error:
        raise NotWritten(
            error.message.replace(f"{root} cannot be written:", f"The workspace {root} cannot be made:"),
            remedy="Name another folder with --workspace.",
        ) from error


def _refuse_second(root: Path) -> None:
    if is_being_made(root):
        raise RefusedAction(
            f"Another process is making the workspace {root} right now.", remedy="Wait for it, or name another folder."
        )


def _refuse_existing(root: Path) -> None:
    if (root / SETTINGS_FILE).exists():
        raise RefusedAction(
            f"There is already a workspace at {root}.", remedy="Name another folder with --workspace, or move it away."
        )
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise RefusedAction(f"{root} already exists and is no empty folder.", remedy="Name another with --workspace.")
