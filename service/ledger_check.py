"""The whole record: the ledger, its signatures and heads, and the files of every issued forecast."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from contracts import BadInput, MissingThing, RefusedAction, Workspace
from contracts.whole_files import write_file
from service.issued import read_files
from service.ledger import Entry, Finding, Ledger, Verification
from service.ledger_head import SignedHead, read_head
from service.seal import seal_of


def verify_record(workspace: Workspace, ledger: Ledger, noted: Path | None = None) -> Verification:
    """Check the ledger, a head that was noted elsewhere, and each issued file against the hash in its entry.

    A head of the workspace that an interrupted process left one entry behind is mended, where nothing else is wrong.
    Raises ``MissingThing`` or ``BadInput`` for a file ``noted`` that cannot be read.
    """
    verification = ledger.verify(None if noted is None else read_head(noted))
    edited = {finding.number for finding in verification.findings}
    issues = [entry for entry in ledger.entries("issue") if entry.number not in edited]
    files = tuple(finding for entry in issues for finding in _file_findings(workspace, entry))
    if verification.is_behind and not verification.findings:
        ledger.mend_head()
    return replace(verification, findings=verification.findings + files)


def _file_findings(workspace: Workspace, entry: Entry) -> tuple[Finding, ...]:
    try:
        read_files(workspace, entry)
    except (BadInput, MissingThing) as error:
        return (Finding(entry.number, error.message.rstrip(".")),)
    return ()


def export_head(workspace: Workspace, ledger: Ledger, out: Path) -> SignedHead:
    """Write the signed head to a file, to be kept where nobody who can change the ledger can change it.

    Raises ``BadInput`` for a ledger that was changed: a head of it would vouch for the change. Raises
    ``RefusedAction`` where the file is there already, or where no entry was made with a key yet, ``NotWritten`` where
    it cannot be made.
    """
    ledger.sound_entries()
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
