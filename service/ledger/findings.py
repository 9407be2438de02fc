"""What is wrong with a ledger, entry by entry: pure functions of its entries, its first key and a signed head."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from contracts import BadInput
from service.ledger.entries import GENESIS, KEY, Entry, sha256_of
from service.ledger.intruders import predecessor_of
from service.ledger.signed_head import SignedHead

CLOCKS_DIFFER = timedelta(hours=1)
"""By so much the clocks of machines that write one ledger may differ."""


@dataclass(frozen=True)
class Finding:
    """Something that should not be so: at which entry, and what."""

    number: int
    problem: str


@dataclass(frozen=True)
class Verification:
    """What checking the ledger gave. ``head`` is the newest entry's hash; ``notes`` are no findings.

    ``is_behind`` tells that the workspace's signed head stops one entry before the newest, as an interrupted process
    leaves it.
    """

    entries: int
    head: str
    findings: tuple[Finding, ...]
    notes: tuple[str, ...] = ()
    is_behind: bool = False


def findings_of(entries: Sequence[Entry]) -> list[Finding]:
    """What is wrong with a chain: entries edited, missing, inserted or reordered."""
    findings = []
    previous_number, previous_hash = 0, GENESIS
    for entry in entries:
        follows = predecessor_of(entry)
        if follows is not None:
            if follows != (previous_number, previous_hash):
                findings.append(Finding(entry.number, "it sets rows aside after another entry than the one before it"))
            previous_number, previous_hash = entry.number - 1, entry.previous_hash
        if entry.number != previous_number + 1:
            findings.append(Finding(entry.number, f"a gap: the entries after number {previous_number} are missing"))
        if entry.previous_hash != previous_hash:
            findings.append(Finding(entry.number, f"it does not follow the entry before it, number {previous_number}"))
        if sha256_of(entry.payload) != entry.payload_sha256:
            findings.append(Finding(entry.number, "its payload was edited"))
        if entry.expected_hash() != entry.hash:
            findings.append(Finding(entry.number, "its fields were edited: they do not give its hash"))
        previous_number, previous_hash = entry.number, entry.hash
    return findings


def signature_findings(entries: Sequence[Entry], first_key: str, signed_from: int) -> list[Finding]:
    """What is wrong with the signatures, given the key of entry ``signed_from``; entries of kind ``key`` change it."""
    findings = []
    keys = _keys(entries, first_key, signed_from)
    for entry, key in zip(entries, keys[:-1], strict=True):
        if entry.number < signed_from:
            if entry.signature or entry.signed_by:
                findings.append(Finding(entry.number, "a signature was added to it, which it never had"))
        elif not entry.signature:
            findings.append(Finding(entry.number, "its signature is missing"))
        elif entry.signed_by != key:
            findings.append(Finding(entry.number, f"it is signed by another key than the ledger's: {entry.signed_by}"))
        elif not entry.is_genuine():
            findings.append(Finding(entry.number, "its signature is not one of these fields by the ledger's key"))
    return findings


def head_findings(entries: Sequence[Entry], head: SignedHead, first_key: str, *, named: str) -> list[Finding]:
    """What is wrong between the entries and a signed head, called ``named`` in the sentences.

    Any number of entries may follow the one that it names.
    """
    newest = entries[-1].number if entries else 0
    if not head.is_genuine():
        return [Finding(head.number, f"{named}, which should name it, was edited: its signature does not fit")]
    is_known = head.signed_by == _key_after(entries, first_key, head)
    if head.number > newest:
        signer = "" if is_known else ", with a key that no entry left introduces"
        return [
            Finding(
                newest + 1,
                f"it is gone from the end of the ledger, which ends at entry {newest}, while {named} names entry "
                f"{head.number}{signer}: the end was removed, or an old copy of the database was put back",
            )
        ]
    if not is_known:
        return [Finding(head.number, f"{named}, which names it, is not signed by the key that this ledger had then")]
    named_hash = GENESIS if head.number == 0 else {entry.number: entry.hash for entry in entries}.get(head.number)
    if named_hash is None:
        return [Finding(head.number, f"it is missing, though {named} names it")]
    if named_hash != head.hash:
        return [Finding(head.number, f"it is not the entry that {named} names: the ledger was written anew")]
    return []


def behind_findings(entries: Sequence[Entry], head: SignedHead) -> list[Finding]:
    """What is wrong with a workspace's head that stops more than one entry before the newest one."""
    following = [entry.number for entry in entries if entry.number > head.number]
    missed = len(following)
    if missed <= 1:
        return []
    return [
        Finding(
            following[0],
            f"the workspace's signed head stops before it, although {missed} entries follow: an old head was put in "
            "its place",
        )
    ]


def date_findings(entries: Sequence[Entry]) -> list[Finding]:
    """Entries that are dated well before the one they follow, as by a clock that was set back."""
    return [
        Finding(
            later.number,
            f"it is dated {later.recorded_at[:19]}, before the entry it follows ({earlier.recorded_at[:19]})",
        )
        for earlier, later in itertools.pairwise(entries)
        if datetime.fromisoformat(earlier.recorded_at) - datetime.fromisoformat(later.recorded_at) > CLOCKS_DIFFER
    ]


def key_in_force(entries: Sequence[Entry], first_key: str, signed_from: int) -> str:
    """The key that signs the next entry."""
    return _keys(entries, first_key, signed_from)[-1]


def refuse_findings(verification: Verification) -> None:
    """Raise ``BadInput`` that names the first finding, if there is one."""
    if verification.findings:
        first = verification.findings[0]
        raise BadInput(
            f"The ledger was changed ({len(verification.findings)} finding(s)); entry {first.number}: {first.problem}.",
            remedy="Run 'wardcast ledger verify --json' for all of them, and restore the database from a backup.",
        )


def _keys(entries: Sequence[Entry], first_key: str, signed_from: int) -> list[str]:
    """The key that had to sign each entry, and the one in force after the last."""
    keys = [first_key]
    for entry in entries:
        is_change = entry.number >= signed_from and entry.kind == KEY
        changes = is_change and entry.signed_by == keys[-1] and entry.is_genuine()
        keys.append(_introduced_by(entry) if changes else keys[-1])
    return keys


def _key_after(entries: Sequence[Entry], first_key: str, head: SignedHead) -> str:
    """The key in force once the entry that the head names was made."""
    return _keys([entry for entry in entries if entry.number <= head.number], first_key, head.signed_from)[-1]


def _introduced_by(entry: Entry) -> str:
    content = json.loads(entry.payload) if sha256_of(entry.payload) == entry.payload_sha256 else {}
    return str(content.get("public_key", ""))
