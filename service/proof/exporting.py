"""Exporting: one issued forecast with all that it was made from, as a bundle in one zip."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from contracts import MissingThing, Workspace
from service.board.champions import ModelRegistry
from service.forecasts.issued import read_files
from service.forecasts.record import issue_entry, target_records
from service.ledger import Entry, Ledger
from service.proof.bundle import (
    FORECAST,
    GEOGRAPHIES,
    LEDGER_FILE,
    LIST_FILE,
    MODELS,
    PUBLICATIONS,
    REPORTS,
    SUPERSEDED_MODELS,
    Bundle,
    chain_text,
    list_text,
    refuse_changed,
    refuse_changed_reports,
    refuse_without_inputs,
)
from service.proof.bundle_readme import README_FILE, readme
from service.proof.provenance import is_concerned, provenance
from service.proof.zip_files import write_zip

AUDIT = "audit"
"""Where the reports lie among the artefacts of a run."""


class Archive(ModelRegistry, Protocol):
    """What an export needs of ``models.saved.registry``: the models, and the artefacts of the runs that made them."""

    def run_folder(self, workspace: Workspace, run_id: str, path: str, /) -> Path:
        """A folder of a run's artefacts; raises ``MissingThing``."""
        ...


@dataclass(frozen=True)
class Exported:
    """The bundle that was written. ``head`` is the newest entry's hash, which an outsider compares with ours."""

    forecast_id: str
    path: str
    files: int
    bytes: int
    head: str


def export(workspace: Workspace, ledger: Ledger, archive: Archive, *, forecast_id: str, out: Path) -> Exported:
    """Write the bundle of a forecast, whole or not at all; the same ledger and forecast give the same bytes.

    Raises ``MissingThing`` for an unknown forecast or a lost part, ``BadInput`` for a part that was changed.
    """
    bundle = collect(workspace, ledger, archive, forecast_id)
    reports = _reports(workspace, archive, bundle.issued())
    told = provenance([entry for entry in bundle.entries() if entry.payload], forecast_id)
    head = bundle.entries()[-1].hash
    bundle = Bundle(forecast_id, {**bundle.files, **reports, README_FILE: readme(told, head)})
    refuse_changed_reports(bundle)
    write_zip({**bundle.files, LIST_FILE: list_text(bundle)}, out)
    return Exported(forecast_id, str(out), len(bundle.files) + 1, out.stat().st_size, head)


def collect(workspace: Workspace, ledger: Ledger, registry: ModelRegistry, forecast_id: str) -> Bundle:
    """What a rebuild needs, read from the workspace and checked against the ledger; the reports are left out."""
    entries = ledger.entries()
    issued = issue_entry(entries, forecast_id)
    refuse_without_inputs(issued)
    inputs = issued.content["inputs"]
    geography = inputs["geography"]["name"]
    files = {LEDGER_FILE: chain_text(entries, [entry for entry in entries if is_concerned(entry, issued)])}
    files |= _placed(read_files(workspace, issued), FORECAST)
    for one in inputs["publications"]:
        files |= _placed(_folder(workspace.publications / one["id"]), PUBLICATIONS, one["id"])
    files |= _placed(_folder(workspace.geographies / geography), GEOGRAPHIES, geography)
    for about in target_records(issued):
        made = registry.version(workspace, about.target, about.model_version)
        files |= _placed(_folder(made.folder), MODELS, about.target)
        if about.superseded:
            before = registry.version(workspace, about.target, about.superseded["version"])
            files |= _placed(_folder(before.folder), SUPERSEDED_MODELS, about.target)
    bundle = Bundle(forecast_id, files)
    refuse_changed(bundle)
    return bundle


def _reports(workspace: Workspace, archive: Archive, issued: Entry) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for about in target_records(issued):
        found |= _placed(_folder(archive.run_folder(workspace, about.run_id, AUDIT)), REPORTS, about.target)
    return found


def _folder(folder: Path) -> dict[str, bytes]:
    if not folder.is_dir():
        raise MissingThing(f"There is no folder {folder}.", remedy="Restore it from a backup.")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def _placed(files: dict[str, bytes], *folders: str) -> dict[str, bytes]:
    return {"/".join((*folders, name)): content for name, content in files.items()}
