"""The ledger: an append-only record in which every entry carries the hash of the one before it.

An entry's hash is the SHA-256 of the canonical JSON of its number, kind, moment, actor, payload hash and the
previous entry's hash; the first entry follows ``GENESIS``. Every entry is signed over its hash with the key of its
workspace. An entry removed from the very end leaves a shorter chain that is sound in itself: the signed head, which
the workspace keeps outside the database, shows it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, TypeVar

import sqlalchemy as sa

from contracts import BadInput, MissingThing, RefusedAction, Workspace
from service.ledger.database import PATIENCE_SECONDS, is_passing, open_database, patiently, reading, unusable, writing
from service.ledger.entries import (
    ENTRIES,
    GENESIS,
    KEY,
    LOSS,
    SET_ASIDE,
    Entry,
    Place,
    canonical_json,
    next_entry,
    sha256_of,
)
from service.ledger.findings import Finding, Verification, findings_of, refuse_findings
from service.ledger.intruders import chain_of, content_of
from service.ledger.seal import Seal, seal_of
from service.ledger.signed_head import SignedHead
from service.ledger.verification import look, verification_of, what_is_left

__all__ = [
    "GENESIS",
    "KINDS",
    "Entry",
    "Finding",
    "Ledger",
    "Place",
    "Verification",
    "canonical_json",
    "findings_of",
    "open_ledger",
    "refuse_findings",
    "sha256_of",
]

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
    "trained",
)

Answer = TypeVar("Answer")


class Ledger:
    """The ledger in one database, signed with the key of one workspace.

    Without a seal its entries are not signed, and only the chain can be checked.
    """

    def __init__(self, engine: sa.Engine, seal: Seal | None = None, *, patience: float = PATIENCE_SECONDS) -> None:
        self._engine = engine
        self._seal = seal
        self._patience = patience

    def append(self, kind: str, actor: str, payload: Mapping[str, Any]) -> Entry:
        """Write the next entry, in one transaction that no other writer can run beside, then the signed head.

        A lost connection is tried again for ``patience`` seconds. Where it was lost while the entry was committed,
        the entry is looked up by its hash first, so that nothing is entered twice.

        Raises ``BadInput`` for an unknown kind, an empty actor, a payload that is not plain JSON, and a ledger that
        does not agree with its head; ``MissingThing`` where the database cannot be reached, saying whether the entry
        was written, was not, or may have been.
        """
        if kind not in KINDS:
            raise BadInput(f"'{kind}' is not a kind of entry.", remedy=f"Use one of {', '.join(KINDS)}.")
        text = _payload_text(payload)
        return self._enter(kind, _actor_text(actor), lambda: text)

    def rotate_key(self, actor: str, reason: str) -> Entry:
        """Replace the key that signs: an entry signed by the old key introduces the new one.

        Raises ``RefusedAction`` for an empty name or reason and for a ledger that is not signed.
        """
        seal = self._seal
        if seal is None or not reason.strip():
            raise RefusedAction("A new key needs a signed ledger and a reason.", remedy="Give it with --reason TEXT.")
        return self._enter(
            KEY,
            _actor_text(actor),
            lambda: _payload_text({"public_key": seal.prepare_next_key().public, "reason": reason.strip()}),
        )

    def accept_loss(self, actor: str, reason: str) -> Entry:
        """Go on after the newest entries were lost for good: an entry names the head that cannot be reached any more.

        Raises ``RefusedAction`` for an empty reason, and where nothing is missing from the end; ``BadInput`` where
        what is left was changed.
        """
        seal = self._seal
        if seal is None or not reason.strip():
            raise RefusedAction("A loss is accepted with a reason.", remedy="Give it with --reason TEXT.")
        refuse_findings(what_is_left(self.rows(), look(seal)))

        def make(connection: sa.Connection) -> Entry:
            last = _newest(connection)
            key, lost = seal.key_after_loss(last)
            content = {"lost_head": {"number": lost.number, "hash": lost.hash}, "reason": reason.strip()}
            return next_entry(last, LOSS, _actor_text(actor), _payload_text(content)).signed(key)

        entry = self._entered_once(make)
        seal.note(entry, after_loss=True)
        return entry

    def set_aside(self, actor: str, reason: str) -> Entry:
        """Set aside, with a signed entry, every row of the table that is no continuation of the chain.

        Raises ``RefusedAction`` for an empty reason, where there is no such row, and where the chain that is left does
        not reach the signed head: then something was changed that this cannot mend.
        """
        seal = self._seal
        if seal is None or not seal.exists() or not reason.strip():
            raise RefusedAction("Rows are set aside in a signed ledger, with a reason.", remedy="Give --reason TEXT.")
        name, why = _actor_text(actor), reason.strip()

        def make(connection: sa.Connection) -> Entry:
            rows = [_entry(row) for row in connection.execute(sa.select(ENTRIES).order_by(ENTRIES.c.number))]
            chain = chain_of(rows, seal.first_key(), seal.head().signed_from)
            if not chain.intruders:
                raise RefusedAction("Every row of the ledger continues it.", remedy="Nothing is to be set aside.")
            last = chain.sound[-1] if chain.sound else None
            key = seal.key_after(last)
            payload = _payload_text(content_of(chain.intruders, last, why))
            return next_entry(rows[-1], SET_ASIDE, name, payload).signed(key)

        entry = self._entered_once(make)
        seal.note(entry)
        return entry

    def _entered_once(self, make: Callable[[sa.Connection], Entry]) -> Entry:
        """Make and write one entry in one transaction, which is not tried again."""
        committing: list[Entry] = []
        try:
            with writing(self._engine) as connection:
                entry = make(connection)
                connection.execute(sa.insert(ENTRIES).values(**asdict(entry)))
                committing.append(entry)
        except sa.exc.DBAPIError as error:
            return self._stands(error, committing)
        return entry

    def _stands(self, error: sa.exc.DBAPIError, committing: Sequence[Entry]) -> Entry:
        """The entry that was being committed, where it stands although the database said no.

        Raises ``MissingThing`` that says whether it was entered: where that can be looked up, by looking.
        """
        lost = unusable(self._engine, error)
        if committing:
            # Another transaction of a lost connection may still be at work in a server, but not under the lock.
            look = reading if self._engine.dialect.name == "sqlite" else writing
            try:
                with look(self._engine) as connection:
                    found = _one(connection, ENTRIES.c.hash == committing[-1].hash)
            except sa.exc.DBAPIError:
                raise _unclear(lost, committing[-1]) from error
            if found is not None:
                return found
        raise MissingThing(f"{lost.message} Nothing was entered into the ledger.", remedy=lost.remedy) from error

    def _enter(self, kind: str, actor: str, payload: Callable[[], str]) -> Entry:
        committing: list[Entry] = []

        def attempt() -> Entry:
            with writing(self._engine) as connection:
                if committing:
                    found = _one(connection, ENTRIES.c.hash == committing[-1].hash)
                    if found is not None:
                        return found
                    committing.clear()
                entry = self._next(_newest(connection), kind, actor, payload)
                connection.execute(sa.insert(ENTRIES).values(**asdict(entry)))
                committing.append(entry)
            return entry

        try:
            entry = patiently(attempt, patience=self._patience, passing=_is_worth_another_try)
        except sa.exc.DBAPIError as error:
            entry = self._stands(error, committing)
        if self._seal is not None:
            self._seal.note(entry)
        return entry

    def _next(self, last: Entry | None, kind: str, actor: str, payload: Callable[[], str]) -> Entry:
        if self._seal is None:
            return next_entry(last, kind, actor, payload())
        key = self._seal.key_after(last)
        return next_entry(last, kind, actor, payload()).signed(key)

    def rows(self) -> tuple[Entry, ...]:
        """Every row of the table in order of number, unchecked; raises ``MissingThing`` for a lost database."""
        query = sa.select(ENTRIES).order_by(ENTRIES.c.number)

        def attempt() -> tuple[Entry, ...]:
            with reading(self._engine) as connection:
                return tuple(_entry(row) for row in connection.execute(query))

        return self._tried(attempt)

    def entries(self, kind: str | None = None) -> tuple[Entry, ...]:
        """Every entry in order of number, or those of one kind, all of them checked.

        Raises ``BadInput`` that names the first one that is not sound, ``MissingThing`` for a lost database.
        """
        entries, verification = self.check()
        refuse_findings(verification)
        return entries if kind is None else tuple(entry for entry in entries if entry.kind == kind)

    def place(self) -> Place:
        """Where the ledger ends.

        One look at one row, and not tried again: a service asks every few seconds. Raises ``MissingThing``.
        """
        try:
            with reading(self._engine) as connection:
                return Place.of(_newest(connection))
        except sa.exc.DBAPIError as error:
            raise unusable(self._engine, error) from error

    def signed_place(self) -> Place | None:
        """Where the ledger ends by its signed head; None where there is none that is genuine."""
        found = look(self._seal).head
        return Place(found.number, found.hash) if found is not None and found.is_genuine() else None

    def signers(self) -> frozenset[str]:
        """Public keys that the seal vouches for: the first one, and the one that signed the head."""
        found = look(self._seal)
        signer = found.head.signed_by if found.head is not None and found.head.is_genuine() else None
        return frozenset(key for key in (found.first_key, signer) if key)

    def check(self, noted: SignedHead | None = None) -> tuple[tuple[Entry, ...], Verification]:
        """Every row that was not set aside, and what is wrong with them; ``noted`` is a head kept elsewhere."""
        # The head is read before the rows: a writer at work meanwhile can only add to them.
        before = look(self._seal)
        rows = self.rows()
        after = look(self._seal)
        if after.is_made and not before.is_made:
            return self.check(noted)
        entries = before.entries_of(rows)
        return entries, verification_of(entries, before, after, noted)

    def verify(self, noted: SignedHead | None = None) -> Verification:
        """Check every hash, link and signature, the workspace's head, and a head that was ``noted`` elsewhere."""
        return self.check(noted)[1]

    def mend_head(self) -> None:
        """Let the workspace's head name the newest entry, where a process was interrupted before it could.

        Raises as ``append`` does.
        """
        seal = self._seal
        if seal is None or not seal.exists():
            return

        def attempt() -> None:
            with writing(self._engine) as connection:
                seal.key_after(_newest(connection))

        self._tried(attempt)

    def _tried(self, action: Callable[[], Answer]) -> Answer:
        try:
            return patiently(action, patience=self._patience)
        except sa.exc.DBAPIError as error:
            raise unusable(self._engine, error) from error

    def close(self) -> None:
        """Give the database's connections back."""
        self._engine.dispose()


def open_ledger(workspace: Workspace) -> Ledger:
    """The workspace's ledger; its database is made, or brought to the newest schema, where needed."""
    return Ledger(open_database(workspace.ledger_url), seal_of(workspace))


def _payload_text(payload: Mapping[str, Any]) -> str:
    try:
        text = canonical_json(dict(payload))
        text.encode("utf-8")
    except (TypeError, ValueError) as error:
        raise BadInput(
            f"The entry's payload is not plain JSON: {error}.", remedy="Give finite, plain values."
        ) from error
    return text


def _actor_text(actor: str) -> str:
    if not actor.strip():
        raise BadInput("An entry needs the name of who makes it.", remedy="Give a name.")
    if not actor.isprintable():
        raise BadInput(
            "The name of who makes an entry holds characters that cannot be printed.", remedy="Leave them out."
        )
    return actor.strip()


def _is_worth_another_try(error: sa.exc.DBAPIError) -> bool:
    """A lost connection, or another writer who took the place after the same entry."""
    return is_passing(error) or isinstance(error, sa.exc.IntegrityError)


def _unclear(lost: MissingThing, entry: Entry) -> MissingThing:
    return MissingThing(
        f"{lost.message} It was lost while entry {entry.number} was committed, and whether that is in the ledger could "
        "not be found out.",
        remedy=f"Before you repeat the command, look for the hash {entry.hash} with 'wardcast ledger list --json'.",
    )


def _one(connection: sa.Connection, where: sa.ColumnElement[bool]) -> Entry | None:
    row = connection.execute(sa.select(ENTRIES).where(where)).one_or_none()
    return None if row is None else _entry(row)


def _newest(connection: sa.Connection) -> Entry | None:
    row = connection.execute(sa.select(ENTRIES).order_by(ENTRIES.c.number.desc()).limit(1)).one_or_none()
    return None if row is None else _entry(row)


def _entry(row: sa.Row[Any]) -> Entry:
    return Entry(**row._mapping)
