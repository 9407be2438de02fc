"""The whole record: the ledger, its signatures, key and heads, the files of every issued forecast, and the settings."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from contracts import BadInput, MissingThing, RefusedAction, Workspace
from contracts.files import write_file
from service.forecasts.issued import RECORD_FILE, folders_of, read_files
from service.forecasts.record import IssueRecord
from service.ledger import (
    Entry,
    Finding,
    Ledger,
    SignedHead,
    Verification,
    date_findings,
    key_in_force,
    read_head,
    seal_of,
)

APPROVAL = "approval"
SAID_OF_A_FORECAST = ("city", "simulated")
"""Settings that every issued forecast says of itself."""


def verify_record(workspace: Workspace, ledger: Ledger, noted: Path | None = None) -> Verification:
    """Check the ledger, a head that was noted elsewhere, and all that the workspace holds beside it.

    A head of the workspace that an interrupted process left one entry behind is mended, where nothing else is wrong.
    Raises ``MissingThing`` or ``BadInput`` for a file ``noted`` that cannot be read.
    """
    entries, verification = ledger.check(None if noted is None else read_head(noted))
    edited = {finding.number for finding in verification.findings}
    sound = [entry for entry in entries if entry.number not in edited]
    issues = [entry for entry in sound if entry.kind == "issue"]
    if verification.is_behind and not verification.findings:
        ledger.mend_head()
    interrupted = _interrupted(workspace, sound)
    found = (
        *date_findings(sound),
        *_key_findings(workspace, entries, verification),
        *_forgotten_forecasts(workspace, entries, interrupted),
        *_changed_settings(workspace, issues),
        *(finding for entry in issues for finding in _file_findings(workspace, entry)),
    )
    return replace(
        verification,
        findings=verification.findings + found,
        notes=(*verification.notes, *map(_interrupted_words, interrupted)),
    )


def _file_findings(workspace: Workspace, entry: Entry) -> tuple[Finding, ...]:
    try:
        read_files(workspace, entry)
    except (BadInput, MissingThing) as error:
        return (Finding(entry.number, error.message.rstrip(".")),)
    return ()


def _key_findings(workspace: Workspace, entries: Sequence[Entry], verification: Verification) -> Iterator[Finding]:
    """A private key that is not the one in force. One that is absent is no finding: a copy to check needs none."""
    seal = seal_of(workspace)
    if verification.findings or not seal.exists():
        return
    try:
        public = seal.present_key()
    except MissingThing:
        return
    except (BadInput, RefusedAction) as error:
        yield Finding(verification.entries, f"nothing can be signed after it: {error.message.rstrip('.')}")
        return
    if public != key_in_force(entries, seal.first_key(), seal.head().signed_from):
        yield Finding(verification.entries, "the private key in the folder 'seal' is not the one that signs after it")


def _forgotten_forecasts(
    workspace: Workspace, entries: Sequence[Entry], interrupted: Collection[Path]
) -> Iterator[Finding]:
    """Forecasts beside a ledger that knows of no issue: database and seal were deleted, or are of another workspace."""
    folders = [folder for folder in folders_of(workspace) if folder not in interrupted]
    if folders and not any(entry.kind == "issue" for entry in entries):
        yield Finding(0, f"the ledger knows of no issue, but {folders[0].name} was issued here: its entries are gone")


def _interrupted(workspace: Workspace, entries: Sequence[Entry]) -> tuple[Path, ...]:
    """Forecasts that no entry names, though the ledger knows every approval that they name."""
    issued = {entry.content["forecast_id"] for entry in entries if entry.kind == "issue"}
    approvals = {
        (entry.number, entry.actor, entry.recorded_at, entry.content.get("sha256"))
        for entry in entries
        if entry.kind == APPROVAL
    }
    without = (folder for folder in folders_of(workspace) if folder.name not in issued)
    return tuple(folder for folder in without if _approvals_named(folder) <= approvals)


def _interrupted_words(folder: Path) -> str:
    return (
        f"{folder.name} has no entry, as an interrupted issue leaves it: the next one sets it aside. If it was issued, "
        "the ledger is older than the forecasts: restore the newest backup of it."
    )


def _approvals_named(folder: Path) -> set[tuple[int, str, str, str | None]]:
    """Entry, person, time and model of each approval that a forecast names; a record that is none names another."""
    try:
        record = IssueRecord.of((folder / RECORD_FILE).read_bytes())
    except (OSError, ValueError, BadInput):
        return {(0, "", "", None)}
    return {(one.approval_entry, one.approved_by, one.approved_at, one.sha256) for one in record.targets}


def _changed_settings(workspace: Workspace, issues: Sequence[Entry]) -> Iterator[Finding]:
    """What the newest forecast says of itself, where the settings say something else by now."""
    for entry in issues[-1:]:
        for name in SAID_OF_A_FORECAST:
            then, now = entry.content.get(name), getattr(workspace.settings, name)
            if then is not None and then != now:
                yield Finding(entry.number, f"it was issued with {name} = {then!r}, and wardcast.toml says {now!r}")


def export_head(workspace: Workspace, ledger: Ledger, out: Path) -> SignedHead:
    """Write the signed head to a file, to be kept where nobody who can change the ledger can change it.

    Raises ``BadInput`` for a ledger that was changed: a head of it would vouch for the change. Raises
    ``RefusedAction`` where the file is there already, or where no entry was made with a key yet, ``NotWritten`` where
    it cannot be made.
    """
    ledger.entries()
    seal = seal_of(workspace)
    if not seal.exists():
        raise RefusedAction(
            "This workspace has no key for its ledger yet, so there is no signed head.",
            remedy="Approve or issue something: the first entry makes one.",
        )
    if out.exists():
        raise RefusedAction(f"There is a file {out} already.", remedy="Name another one with --out.")
    ledger.mend_head()
    head = seal.head()
    write_file(out, head.as_text().encode("utf-8"), replace=False)
    return head
