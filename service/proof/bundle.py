"""A bundle: everything an outsider needs to make one issued forecast again, and to check that it is what was recorded.

It is laid out like a workspace: the publications and the geography that were in the store, the models and the reports,
the forecast, and the chain of the ledger. The ledger's entry of the issue says what each part must be.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from contracts import BadInput, RefusedAction, sha256_of_files
from service.forecasts.issued import hashes_of
from service.forecasts.record import TargetRecord, issue_entry, target_records
from service.ledger import GENESIS, Entry, sha256_of
from service.proof.zip_files import read_zip

FORMAT = 1
LIST_FILE = "bundle.json"
LEDGER_FILE = "ledger.json"
FORECAST, PUBLICATIONS, GEOGRAPHIES, MODELS, REPORTS = "forecast", "publications", "geographies", "models", "reports"
SUPERSEDED_MODELS = "superseded"
"""Folder of the models before the champions, whose forecasts were issued for comparison."""
WITHHELD = ""
"""Stands for the payload of an entry that is not about the forecast: its hash is enough to prove the chain."""
_REMEDY = "Restore what was recorded, or get the bundle again from whoever exported it."


@dataclass(frozen=True)
class Bundle:
    """The files of a bundle by name, those of ``LEDGER_FILE`` and of the folders."""

    forecast_id: str
    files: Mapping[str, bytes]

    def part(self, *folders: str) -> dict[str, bytes]:
        """The files below a folder, by their name within it."""
        start = "/".join(folders) + "/"
        return {name.removeprefix(start): content for name, content in self.files.items() if name.startswith(start)}

    def names(self, folder: str) -> set[str]:
        """What lies directly in one of the folders."""
        return {name.split("/")[0] for name in self.part(folder)}

    def entries(self) -> tuple[Entry, ...]:
        """The chain, in which the payload of an entry may be ``WITHHELD``; raises ``BadInput`` where it is broken."""
        try:
            entries = tuple(Entry(**fields) for fields in json.loads(self.files[LEDGER_FILE]))
        except (KeyError, TypeError, ValueError, RecursionError) as error:
            raise BadInput(f"{LEDGER_FILE} cannot be read: {error}.", remedy=_REMEDY) from error
        _refuse_broken_chain(entries)
        return entries

    def issued(self) -> Entry:
        """The checked entry of the issue; raises ``RefusedAction`` where it does not say what it was made from."""
        entry = issue_entry((one for one in self.entries() if one.payload != WITHHELD), self.forecast_id)
        refuse_without_inputs(entry)
        return entry


def refuse_without_inputs(issued: Entry) -> None:
    """Raise ``RefusedAction`` for a forecast that was issued before its inputs were recorded."""
    if "inputs" not in issued.content:
        raise RefusedAction(
            f"{issued.content['forecast_id']} was issued before settings and code were recorded with each forecast.",
            remedy="It can be checked with 'wardcast ledger verify', and not be made again.",
        )


def chain_text(entries: Sequence[Entry], concerned: Sequence[Entry]) -> bytes:
    """The chain as JSON, with the payloads of the concerned entries only."""
    kept = {entry.number for entry in concerned}
    chain = [asdict(entry) | ({} if entry.number in kept else {"payload": WITHHELD}) for entry in entries]
    return (json.dumps(chain, indent=1, ensure_ascii=False) + "\n").encode("utf-8")


def _refuse_broken_chain(entries: Sequence[Entry]) -> None:
    number, previous = 0, GENESIS
    for entry in entries:
        sound = (
            (entry.number, entry.previous_hash) == (number + 1, previous)
            and entry.expected_hash() == entry.hash
            and (entry.payload == WITHHELD or sha256_of(entry.payload) == entry.payload_sha256)
            and (not entry.signature or entry.signature_fits())
        )
        if not sound:
            raise BadInput(
                f"{LEDGER_FILE}: entry {entry.number} was changed, or does not follow the one before it.",
                remedy=_REMEDY,
            )
        number, previous = entry.number, entry.hash


def refuse_changed(bundle: Bundle) -> None:
    """Raise ``BadInput`` that names the first part which is not what the ledger's entry of the issue says."""
    issued = bundle.issued()
    content, inputs = issued.content, issued.content["inputs"]
    _refuse_unless(hashes_of(bundle.part(FORECAST)) == content["files"], f"the files of {bundle.forecast_id}")
    recorded = {(PUBLICATIONS, one["id"]): one["folder_sha256"] for one in inputs["publications"]}
    recorded[GEOGRAPHIES, inputs["geography"]["name"]] = inputs["geography"]["folder_sha256"]
    targets = target_records(issued)
    recorded |= {(MODELS, about.target): about.sha256 for about in targets}
    recorded |= {(SUPERSEDED_MODELS, about.target): about.superseded["sha256"] for about in targets if about.superseded}
    for (folder, name), sha256 in recorded.items():
        _refuse_unless(sha256_of_files(bundle.part(folder, name)) == sha256, f"{folder}/{name}")
    for folder in (PUBLICATIONS, GEOGRAPHIES, MODELS, SUPERSEDED_MODELS):
        added = bundle.names(folder) - {name for place, name in recorded if place == folder}
        _refuse_unless(not added, f"{folder}/{min(added, default='')}")
    _refuse_other_approvals(bundle, targets)


def _refuse_other_approvals(bundle: Bundle, targets: Sequence[TargetRecord]) -> None:
    """The approval that a forecast names must be one of this chain, of that model and by that person."""
    chain = {entry.number: entry for entry in bundle.entries() if entry.payload != WITHHELD}
    for about in targets:
        approval = chain.get(about.approval_entry)
        agrees = approval is not None and (approval.content.get("sha256"), approval.actor, approval.recorded_at) == (
            about.sha256,
            about.approved_by,
            about.approved_at,
        )
        _refuse_unless(agrees, f"the approval of '{about.target}' in entry {about.approval_entry}")


def refuse_changed_reports(bundle: Bundle) -> None:
    """Raise ``BadInput`` where the report that was read before an approval is not there as it was read."""
    for about in target_records(bundle.issued()):
        found = hashes_of(bundle.part(REPORTS, about.target)).values()
        if about.report_sha256 is not None:
            _refuse_unless(about.report_sha256 in found, f"the report in {REPORTS}/{about.target}")


def _refuse_unless(as_recorded: bool, what: str) -> None:
    if not as_recorded:
        raise BadInput(
            f"{what} is missing, was changed, or was not there when the forecast was issued: it does not have the "
            "hash that the ledger recorded.",
            remedy=_REMEDY,
        )


def list_text(bundle: Bundle) -> bytes:
    """``bundle.json``: whose bundle it is, and the hash of every other file."""
    content: dict[str, Any] = {"format": FORMAT, "forecast_id": bundle.forecast_id, "files": hashes_of(bundle.files)}
    return (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode("utf-8")


def read_bundle(path: Path, forecast_id: str) -> Bundle:
    """The bundle in a zip, checked whole: its list, the chain, and every part against the ledger's entry.

    Raises ``MissingThing`` for no file and ``BadInput``, in one line, for anything that is not as it was exported.
    """
    files = read_zip(path)
    try:
        listed = json.loads(files.pop(LIST_FILE))
        held, made, hashes = listed["forecast_id"], listed["format"], dict(listed["files"])
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise BadInput(f"{path} is no bundle: it has no {LIST_FILE} that can be read.", remedy=_REMEDY) from error
    if (held, made) != (forecast_id, FORMAT):
        raise BadInput(
            f"{path} holds {held} in format {made}, not {forecast_id} in format {FORMAT}.",
            remedy="Name the forecast that the bundle was exported for.",
        )
    for name in sorted(hashes.keys() | files.keys()):
        if name not in files:
            raise BadInput(f"{path} lacks {name}.", remedy=_REMEDY)
        if hashlib.sha256(files[name]).hexdigest() != hashes.get(name):
            raise BadInput(f"{path}: {name} was changed, or added, since it was exported.", remedy=_REMEDY)
    bundle = Bundle(forecast_id, files)
    refuse_changed(bundle)
    refuse_changed_reports(bundle)
    return bundle
