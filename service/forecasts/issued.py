"""Issued forecasts on disk: one folder a forecast, holding all that is needed to serve it without a model.

The name of a folder is the first period and the start of the hash of its content, so equal forecasts have equal names
and bytes. A folder without an entry in the ledger was never issued; an entry whose folder is missing or differs by one
bit is refused.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from contracts import BadInput, MissingThing, Workspace
from contracts.files import move_whole, remove_folder, remove_leftovers, replaced_folder, write_files
from service.forecasts.flags import IssuedFlags, read_flags
from service.forecasts.harm import read_harm
from service.forecasts.larger_areas import LargerAreas, read_larger_areas
from service.forecasts.patterns import NO_PATTERNS, IssuedPatterns, read_patterns
from service.forecasts.ranks import IssuedRanks, read_ranks
from service.forecasts.record import IssueRecord
from service.ledger import Entry, canonical_json, sha256_of

FORECASTS_FILE = "forecasts.parquet"
HISTORY_FILE = "history.parquet"
REASONS_FILE = "reasons.parquet"
AREAS_FILE = "areas.parquet"
BOUNDARIES_FILE = "boundaries.geojson"
RECORD_FILE = "issue.json"
WITHOUT_SHARED = "Issued before what areas share was kept: sums of these areas count them as independent."
_SET_ASIDE = ".without-entry-"


@dataclass(frozen=True)
class IssuedForecast:
    """What one entry of the ledger stands for.

    ``record`` is ``issue.json``; ``forecasts`` keeps ``contracts.tables.FORECASTS``; ``history`` has the columns area,
    target, period, count (NaN where not known) and settled; ``areas`` keeps ``contracts.tables.AREAS``;
    ``boundaries`` is GeoJSON. ``larger`` holds districts and the city, ``harm`` keeps ``contracts.tables.HARM``; either
    is None where the forecast was issued without it; so are ``flags`` and ``reasons``, which keeps
    ``contracts.tables.REASONS``, and ``ranks``. ``patterns`` are those of targets whose incidents are kept.
    ``notes`` say what an older forecast lacks.
    """

    forecast_id: str
    issued_at: str
    issued_by: str
    entry: int
    record: IssueRecord
    forecasts: pd.DataFrame
    history: pd.DataFrame
    areas: pd.DataFrame
    boundaries: bytes
    larger: LargerAreas | None = None
    harm: pd.DataFrame | None = None
    reasons: pd.DataFrame | None = None
    flags: IssuedFlags | None = None
    ranks: IssuedRanks | None = None
    patterns: IssuedPatterns = NO_PATTERNS
    notes: tuple[str, ...] = ()


def parquet_bytes(table: pd.DataFrame) -> bytes:
    """A table as Parquet; equal tables give equal bytes under equal versions of the libraries."""
    buffer = io.BytesIO()
    table.to_parquet(buffer, index=False, compression="zstd")
    return buffer.getvalue()


def hashes_of(contents: Mapping[str, bytes]) -> dict[str, str]:
    """File name → SHA-256 of its bytes."""
    return {name: hashlib.sha256(content).hexdigest() for name, content in sorted(contents.items())}


def forecast_id_of(first_period: str, hashes: Mapping[str, str]) -> str:
    """For instance ``2025-08-1f3a90c2``: the next period and eight digits of the hash of all files' hashes."""
    return f"{first_period}-{sha256_of(canonical_json(dict(hashes)))[:8]}"


def write_folder(workspace: Workspace, forecast_id: str, contents: Mapping[str, bytes]) -> Path:
    """Write the folder of a forecast whole or not at all; a damaged one that is there is replaced."""
    folder = workspace.forecasts / forecast_id
    with replaced_folder(folder) as made:
        write_files(made, contents)
    return folder


def folders_of(workspace: Workspace) -> list[Path]:
    """The folders of forecasts that are whole, whether an entry names them or not, in order of their name."""
    if not workspace.forecasts.is_dir():
        return []
    return sorted(path for path in workspace.forecasts.iterdir() if path.is_dir() and not path.name.startswith("."))


def clear_remains(workspace: Workspace, issued: Collection[str]) -> tuple[str, ...]:
    """Clear away what a killed issue left, and say so in a sentence each.

    Half-written folders are removed. A whole folder that no entry names is only set aside: should the settings name
    the wrong ledger, no forecast of the right one is lost.
    """
    if not workspace.forecasts.exists():
        return ()
    left = remove_leftovers(workspace.forecasts)
    without_entry = [
        folder
        for folder in sorted(workspace.forecasts.iterdir())
        if folder.is_dir() and folder.name not in issued and not folder.name.startswith(".")
    ]
    return (
        *(f"Removed {name}, which an interrupted issue left behind." for name in left),
        *map(_set_aside, without_entry),
    )


def _set_aside(folder: Path) -> str:
    aside = folder.with_name(f"{_SET_ASIDE}{folder.name}")
    if aside.exists():
        remove_folder(aside)
    move_whole(folder, aside)
    return f"Set aside {folder.name} as {aside.name}: no entry of the ledger names it."


def read_files(workspace: Workspace, entry: Entry) -> dict[str, bytes]:
    """The files of an entry of kind ``issue``, each checked against the hash that the entry recorded.

    Raises ``MissingThing`` for an absent folder or file and ``BadInput`` for one that was changed.
    """
    forecast_id, hashes = entry.content["forecast_id"], entry.content["files"]
    contents = {}
    for name, recorded in hashes.items():
        path = workspace.forecasts / forecast_id / name
        try:
            contents[name] = path.read_bytes()
        except FileNotFoundError as error:
            raise MissingThing(
                f"The issued forecast {forecast_id} (ledger entry {entry.number}) has lost {path}.",
                remedy="Restore it from a backup, or issue again with: wardcast issue",
            ) from error
        if hashlib.sha256(contents[name]).hexdigest() != recorded:
            raise BadInput(
                f"{path} is not what was issued (ledger entry {entry.number}): its SHA-256 differs.",
                remedy="Restore it from a backup, or issue again with: wardcast issue",
            )
    return contents


def read_issued(workspace: Workspace, entry: Entry) -> IssuedForecast:
    """The issued forecast of an entry; raises as ``read_files`` does, and ``BadInput`` where levels do not add up."""
    contents = read_files(workspace, entry)
    forecasts = pd.read_parquet(io.BytesIO(contents[FORECASTS_FILE]))
    notes = () if "shared" in forecasts else (WITHOUT_SHARED,)
    if notes:
        forecasts.insert(list(forecasts.columns).index("dispersion") + 1, "shared", 0.0)
    larger = read_larger_areas(contents, forecasts)
    return IssuedForecast(
        forecast_id=entry.content["forecast_id"],
        issued_at=entry.recorded_at,
        issued_by=entry.actor,
        entry=entry.number,
        record=IssueRecord.of(contents[RECORD_FILE]),
        forecasts=forecasts,
        history=pd.read_parquet(io.BytesIO(contents[HISTORY_FILE])),
        areas=pd.read_parquet(io.BytesIO(contents[AREAS_FILE])),
        boundaries=contents[BOUNDARIES_FILE],
        larger=larger,
        harm=read_harm(contents, None if larger is None else larger.nesting),
        flags=read_flags(contents),
        ranks=read_ranks(contents),
        patterns=read_patterns(contents),
        notes=notes,
        reasons=pd.read_parquet(io.BytesIO(contents[REASONS_FILE])) if REASONS_FILE in contents else None,
    )
