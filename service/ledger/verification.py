"""The verdict on a ledger: its chain, its signatures, and where its head stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from contracts import WardcastError
from service.ledger.entries import GENESIS, Entry
from service.ledger.findings import (
    Finding,
    Verification,
    behind_findings,
    findings_of,
    head_findings,
    signature_findings,
)
from service.ledger.intruders import without_set_aside
from service.ledger.seal import Seal
from service.ledger.signed_head import SignedHead

NO_KEY = "This workspace has no key yet, so its ledger carries no signatures; the next entry makes one."
BEHIND = (
    "The signed head was one entry behind, as a process leaves it that is interrupted after it wrote the entry; the "
    "next entry, or 'wardcast ledger verify', mends it."
)


@dataclass(frozen=True)
class SealAsFound:
    """What lay in the folder of the seal: its first key and its head, or why they cannot be used."""

    is_made: bool
    first_key: str | None = None
    head: SignedHead | None = None
    problems: tuple[str, ...] = ()

    def entries_of(self, rows: Sequence[Entry]) -> tuple[Entry, ...]:
        """The rows of the ledger's table that are entries: all but those that were set aside."""
        if self.first_key is None or self.head is None:
            return tuple(rows)
        return without_set_aside(rows, self.first_key, self.head.signed_from)


def look(seal: Seal | None) -> SealAsFound:
    """What lies in the folder of the seal now."""
    if seal is None or not seal.exists():
        return SealAsFound(is_made=False)
    first_key, head, problems = None, None, []
    try:
        first_key = seal.first_key()
    except WardcastError as error:
        problems.append(error.message)
    try:
        head = seal.head()
    except WardcastError as error:
        problems.append(error.message)
    return SealAsFound(True, first_key, head, tuple(problems))


def verification_of(
    entries: Sequence[Entry], before: SealAsFound, after: SealAsFound, noted: SignedHead | None = None
) -> Verification:
    """Everything that can be told of a ledger from its entries, its seal, and a head that was noted elsewhere.

    The seal was seen ``before`` and ``after`` the entries were read. Between the two a writer may have added entries,
    so the entries must reach the head seen before, and may pass the one seen after by one at the most.
    """
    newest = entries[-1].number if entries else 0
    findings = findings_of(entries)
    findings += _findings_with_a_seal(entries, newest, before, noted) if before.is_made else _unsealed(entries, noted)
    findings += behind_findings(entries, after.head) if after.head is not None else []
    is_behind = after.head is not None and sum(entry.number > after.head.number for entry in entries) == 1
    return Verification(
        entries=len(entries),
        head=entries[-1].hash if entries else GENESIS,
        findings=tuple(sorted(findings, key=lambda finding: finding.number)),
        notes=(*([] if before.is_made else [NO_KEY]), *([BEHIND] if is_behind else [])),
        is_behind=is_behind,
    )


def what_is_left(entries: Sequence[Entry], seal: SealAsFound) -> Verification:
    """The verdict on the entries without their head, which names one that was lost."""
    findings = [Finding(len(entries), f"it cannot be checked: {said}") for said in seal.problems]
    if seal.first_key is not None and seal.head is not None:
        findings = [*findings_of(entries), *signature_findings(entries, seal.first_key, seal.head.signed_from)]
    return Verification(len(entries), entries[-1].hash if entries else GENESIS, tuple(findings))


def _findings_with_a_seal(
    entries: Sequence[Entry], newest: int, seal: SealAsFound, noted: SignedHead | None
) -> list[Finding]:
    findings = [Finding(newest, f"nothing outside the database vouches for it: {said}") for said in seal.problems]
    key, head = seal.first_key, seal.head
    if key is None:
        return findings
    first_signed = next((entry.number for entry in entries if entry.signature), newest + 1)
    signed_from = head.signed_from if head is not None and head.is_genuine() else first_signed
    findings += signature_findings(entries, key, signed_from)
    if head is not None:
        findings += head_findings(entries, head, key, named="the workspace's signed head")
    if noted is not None:
        findings += head_findings(entries, noted, key, named="the head you gave")
    return findings


def _unsealed(entries: Sequence[Entry], noted: SignedHead | None) -> list[Finding]:
    said = "it is signed, but the folder 'seal' with the ledger's key is missing"
    findings = [Finding(entry.number, said) for entry in entries if entry.signature][:1]
    if noted is not None:
        said = "the head you gave names it, but this workspace has no key for its ledger"
        findings.append(Finding(noted.number, said))
    return findings
