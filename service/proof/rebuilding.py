"""Rebuilding: an issued forecast made again from what the ledger refers to, and compared byte by byte."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from contracts import BadInput, Workspace, code_version, library_versions, settings_of
from service.board.champions import Champion, ModelRegistry
from service.forecasts.flags import as_recorded
from service.forecasts.issued import RECORD_FILE
from service.forecasts.record import IssueRecord, TargetRecord
from service.issuing import SETTINGS_COPY, Occasion, issue_contents, open_sources
from service.proof.bundle import FORECAST, MODELS, SUPERSEDED_MODELS, Bundle
from service.proof.differences import Difference, differences

if TYPE_CHECKING:
    from models.saved import RegisteredModel


@dataclass(frozen=True)
class Rebuilt:
    """Whether a forecast that was made again is the same bytes.

    ``software`` says in a sentence each which code or library is another one than was recorded; ``head`` is the newest
    entry's hash of the ledger that was used.
    """

    forecast_id: str
    entry: int
    head: str
    identical: bool
    differences: tuple[Difference, ...]
    files: tuple[str, ...]
    software: tuple[str, ...]


def rebuild(bundle: Bundle, tell: Callable[[str], None]) -> Rebuilt:
    """Make the forecast of a checked bundle again, in a folder that is cleared away.

    Settings, publications, areas and models are those of the bundle, whatever was changed or added since. The models
    are verified and probed as they are when a forecast is issued. The recorded settings are what went in: a newer
    version knows more of them, whose defaults it takes, and copies them as they were recorded.
    """
    issued = bundle.issued()
    recorded = bundle.part(FORECAST)
    record = IssueRecord.of(recorded[RECORD_FILE])
    with tempfile.TemporaryDirectory(prefix="wardcast-rebuild-") as scratch:
        folder = Path(scratch)
        _unpack(bundle, folder)
        workspace = Workspace(folder, settings_of(recorded[SETTINGS_COPY]))
        models = cast(ModelRegistry, _BundledModels(folder, record))
        sources = replace(open_sources(workspace), registry=models)
        champions = {about.target: _champion(about) for about in record.targets}
        occasion = Occasion(date.fromisoformat(record.as_of), replay=record.replay, issue_format=record.format)
        rebuilt = issue_contents(workspace, sources, champions, occasion, tell)
    rebuilt = as_recorded(recorded, rebuilt) | {SETTINGS_COPY: recorded[SETTINGS_COPY]}
    found = differences(recorded, rebuilt)
    return Rebuilt(
        forecast_id=bundle.forecast_id,
        entry=issued.number,
        head=bundle.entries()[-1].hash,
        identical=not found,
        differences=found,
        files=tuple(sorted(recorded)),
        software=tuple(software_notes(issued.content["inputs"])),
    )


def refuse_difference(rebuilt: Rebuilt) -> None:
    """Raise ``BadInput`` that names the first file and value that differ, if there are any."""
    if rebuilt.identical:
        return
    if all(one.same_values for one in rebuilt.differences):
        names = ", ".join(one.file for one in rebuilt.differences)
        raise BadInput(
            f"{rebuilt.forecast_id} was made again with the same values in other bytes ({names}).",
            remedy="Use the versions that 'wardcast explain' names for the same bytes.",
        )
    first = next(one for one in rebuilt.differences if not one.same_values)
    raise BadInput(
        f"{rebuilt.forecast_id} is not what was recorded, in {len(rebuilt.differences)} of {len(rebuilt.files)} files; "
        f"{first}.",
        remedy="Use the code and the libraries that 'wardcast explain' names; if they are the same, tell the board.",
    )


@dataclass(frozen=True)
class _BundledModels:
    """The models of a bundle in place of the registry's: ``issue_contents`` asks for versions and nothing else."""

    folder: Path
    record: IssueRecord

    def version(self, workspace: Workspace, target: str, number: int, /) -> RegisteredModel:
        from models.saved import RegisteredModel

        about = next(one for one in self.record.targets if one.target == target)
        before = about.superseded
        if before is not None and number == before["version"]:
            return RegisteredModel(
                target, number, before["run_id"], before["sha256"], self.folder / SUPERSEDED_MODELS / target
            )
        return RegisteredModel(target, number, about.run_id, about.sha256, self.folder / MODELS / target)


def _champion(about: TargetRecord) -> Champion:
    """The champion as it was when the forecast was issued."""
    return Champion(
        target=about.target,
        version=about.model_version,
        run_id=about.run_id,
        sha256=about.sha256,
        report_sha256=about.report_sha256,
        approved_by=about.approved_by,
        approved_at=about.approved_at,
        reason=about.approval_reason,
        entry=about.approval_entry,
        proposed_by=about.proposed_by,
        gates=dict(about.gates),
        overrides=about.overrides,
        inconclusive=about.inconclusive,
        judged_horizons=about.judged_horizons,
        superseded=about.superseded,
    )


def _unpack(bundle: Bundle, folder: Path) -> None:
    for name, content in bundle.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def software_notes(inputs: Mapping[str, Any]) -> list[str]:
    """A sentence for each part of the software that is another one than was recorded."""
    recorded = {"wardcast": inputs["code"]["version"], **inputs["libraries"]}
    present = {"wardcast": code_version().version, **library_versions()}
    told = [
        f"{name} is {present.get(name, 'absent')} here and was {recorded.get(name, 'not recorded')} then."
        for name in sorted(recorded.keys() | present.keys())
        if recorded.get(name) != present.get(name)
    ]
    before, now = inputs["code"], asdict(code_version())
    if before["commit"] != now["commit"]:
        told.append(f"The code is of commit {now['commit']} here and was of {before['commit']} then.")
    if before["tree_clean"] is False:
        told.append("The code had changes then that were in no commit.")
    return told
