"""One entry of the ledger: its fields, its hash, and the table that keeps it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from contracts import this_moment
from service.ledger.signing_key import SigningKey, fits

GENESIS = "0" * 64
"""What the first entry names as the hash before it."""
KEY = "key"
"""Kind of the entry that introduces a new key; only ``Ledger.rotate_key`` writes it."""
LOSS = "loss"
"""Kind of the entry that goes on after entries were lost; only ``Ledger.accept_loss`` writes it."""
SET_ASIDE = "set_aside"
"""Kind of the entry that sets rows aside which are no continuation; only ``Ledger.set_aside`` writes it."""
NOT_SEALED = ("payload", "hash", "signed_by", "signature")
"""Fields outside an entry's hash: the payload is in it by its own hash, a signature is made over the hash."""
_PURPOSE = "ledger entry"

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
    sa.Column("signed_by", sa.String(64), nullable=False),
    sa.Column("signature", sa.String(128), nullable=False),
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
    """One entry as it stands in the database. ``payload`` is canonical JSON.

    ``signed_by`` is the public key and ``signature`` the signature over ``hash``, both hexadecimal; both are empty in
    entries that were made before their workspace had a key.
    """

    number: int
    kind: str
    recorded_at: str
    actor: str
    payload: str
    payload_sha256: str
    previous_hash: str
    hash: str
    signed_by: str = ""
    signature: str = ""

    @property
    def content(self) -> dict[str, Any]:
        """The payload, parsed."""
        parsed: dict[str, Any] = json.loads(self.payload)
        return parsed

    def expected_hash(self) -> str:
        """The hash that the entry's own fields give."""
        sealed = {key: value for key, value in vars(self).items() if key not in NOT_SEALED}
        return sha256_of(canonical_json(sealed))

    def signed(self, key: SigningKey) -> Entry:
        """The same entry with the key's signature over its hash."""
        return replace(self, signed_by=key.public, signature=key.sign(_PURPOSE, self.hash))

    def is_genuine(self) -> bool:
        """Whether payload and fields give the hashes, and the signature is that of the key it names."""
        is_whole = sha256_of(self.payload) == self.payload_sha256 and self.expected_hash() == self.hash
        return is_whole and self.signature_fits()

    def signature_fits(self) -> bool:
        """Whether the signature over the hash is that of the key it names."""
        return fits(self.signed_by, _PURPOSE, self.hash, self.signature)


@dataclass(frozen=True)
class Place:
    """Number and hash of an entry, or of none: 0 and ``GENESIS``."""

    number: int
    hash: str

    @classmethod
    def of(cls, entry: Entry | None) -> Place:
        """The place of an entry."""
        return cls(0, GENESIS) if entry is None else cls(entry.number, entry.hash)


def next_entry(last: Entry | None, kind: str, actor: str, payload: str) -> Entry:
    """The entry that follows ``last`` in the table, made now and not signed yet."""
    unsealed = Entry(
        number=1 if last is None else last.number + 1,
        kind=kind,
        recorded_at=this_moment().isoformat(timespec="microseconds"),
        actor=actor,
        payload=payload,
        payload_sha256=sha256_of(payload),
        previous_hash=GENESIS if last is None else last.hash,
        hash="",
    )
    return replace(unsealed, hash=unsealed.expected_hash())
