"""The ledger: an append-only record in which every entry carries the hash of the one before it.

An entry's hash is the SHA-256 of the canonical JSON of its number, kind, moment, actor, payload hash and the
previous entry's hash; the first entry follows ``GENESIS``. Whoever knows the newest hash (the *head*) can tell
that nothing before it was changed. An entry removed from the very end leaves a shorter chain that is sound in itself:
only a head noted outside the database shows it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from contracts import BadInput, Workspace
from service.database import open_database, reading, writing

GENESIS = "0" * 64
KINDS = (
    "approval",
    "issue",
    "proposal",
    "rejection",
    "override",
    "withdrawal",
    "challenge",
    "challenge_reply",
    "challenge_decision",
)

ENTRIES = sa.Table(
    "ledger_entries",
    sa.MetaData(),
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("kind", sa.String(40), nullable=False),
    sa.Column("recorded_at", sa.String(40), nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("payload", sa.Text, nullable=False),
    sa.Column("payload_sha256", sa.String(64), nullable=False),
    sa.Column("previous_hash", sa.String(64), nullable=False, unique=True),
    sa.Column("hash", sa.String(64), nullable=False, unique=True),
)


def canonical_json(value: object) -> str:
    """JSON with sorted keys and no spaces: equal values give equal text. Numbers must be finite.

    >>> canonical_json({"b": 1, "a": [True, None]})
    '{"a":[true,null],"b":1}'
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def sha256_of(text: str) -> str:
    """SHA-256 of the text's UTF-8 bytes, as 64 hexadecimal digits."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


@dataclass(frozen=True)
class Entry:
    """One entry as it stands in the database. ``payload`` is canonical JSON."""

    number: int
    kind: str
    recorded_at: str
    actor: str
    payload: str
    payload_sha256: str
    previous_hash: str
    hash: str

    @property
    def content(self) -> dict[str, Any]:
        """The payload, parsed."""
        parsed: dict[str, Any] = json.loads(self.payload)
        return parsed

    def expected_hash(self) -> str:
        """The hash that the entry's own fields give."""
        sealed = {key: value for key, value in asdict(self).items() if key not in ("payload", "hash")}
        return sha256_of(canonical_json(sealed))


@dataclass(frozen=True)
class Finding:
    """Something that should not be so: at which entry, and what."""

    number: int
    problem: str


@dataclass(frozen=True)
class Verification:
    """What recomputing the chain gave. ``head`` is the newest entry's hash."""

    entries: int
    head: str
    findings: tuple[Finding, ...]


class Ledger:
    """The ledger in one database."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def append(self, kind: str, actor: str, payload: Mapping[str, Any]) -> Entry:
        """Write the next entry, in one transaction that no other writer can run beside.

        Raises ``BadInput`` for an unknown kind, an empty actor or a payload that is not plain JSON.
        """
        if kind not in KINDS:
            raise BadInput(f"'{kind}' is not a kind of entry.", remedy=f"Use one of {', '.join(KINDS)}.")
        if not actor.strip():
            raise BadInput("An entry needs the name of who makes it.", remedy="Give a name.")
        text = _payload_text(payload)
        with writing(self._engine) as connection:
            last = connection.execute(sa.select(ENTRIES).order_by(ENTRIES.c.number.desc()).limit(1)).one_or_none()
            entry = _next_entry(_entry(last) if last is not None else None, kind, actor.strip(), text)
            connection.execute(sa.insert(ENTRIES).values(**asdict(entry)))
        return entry

    def entries(self, kind: str | None = None) -> tuple[Entry, ...]:
        """Every entry in order of number, or those of one kind."""
        query = sa.select(ENTRIES).order_by(ENTRIES.c.number)
        if kind is not None:
            query = query.where(ENTRIES.c.kind == kind)
        with reading(self._engine) as connection:
            return tuple(_entry(row) for row in connection.execute(query))

    def head(self) -> str:
        """The newest entry's hash; ``GENESIS`` where there is none."""
        query = sa.select(ENTRIES.c.hash).order_by(ENTRIES.c.number.desc()).limit(1)
        with reading(self._engine) as connection:
            newest = connection.execute(query).scalar_one_or_none()
        return GENESIS if newest is None else str(newest)

    def verify(self) -> Verification:
        """Recompute every hash and every link; the findings say which entry and what."""
        entries = self.entries()
        head = entries[-1].hash if entries else GENESIS
        return Verification(entries=len(entries), head=head, findings=tuple(findings_of(entries)))

    def close(self) -> None:
        """Give the database's connections back."""
        self._engine.dispose()


def open_ledger(workspace: Workspace) -> Ledger:
    """The workspace's ledger; its database is made, or brought to the newest schema, where needed."""
    return Ledger(open_database(workspace.ledger_url))


def findings_of(entries: tuple[Entry, ...]) -> list[Finding]:
    """What is wrong with a chain, entry by entry: edited, missing, inserted or reordered."""
    findings = []
    previous_number, previous_hash = 0, GENESIS
    for entry in entries:
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


def refuse_findings(verification: Verification) -> None:
    """Raise ``BadInput`` that names the first finding, if there is one."""
    if verification.findings:
        first = verification.findings[0]
        raise BadInput(
            f"The ledger was changed ({len(verification.findings)} finding(s)); entry {first.number}: {first.problem}.",
            remedy="Run 'wardcast ledger verify --json' for all of them, and restore the database from a backup.",
        )


def _payload_text(payload: Mapping[str, Any]) -> str:
    try:
        return canonical_json(dict(payload))
    except (TypeError, ValueError) as error:
        raise BadInput(
            f"The entry's payload is not plain JSON: {error}.", remedy="Give finite, plain values."
        ) from error


def _next_entry(last: Entry | None, kind: str, actor: str, payload: str) -> Entry:
    unsealed = Entry(
        number=1 if last is None else last.number + 1,
        kind=kind,
        recorded_at=datetime.now(UTC).isoformat(timespec="microseconds"),
        actor=actor,
        payload=payload,
        payload_sha256=sha256_of(payload),
        previous_hash=GENESIS if last is None else last.hash,
        hash="",
    )
    return Entry(**{**asdict(unsealed), "hash": unsealed.expected_hash()})


def _entry(row: sa.Row[Any]) -> Entry:
    return Entry(**row._mapping)
