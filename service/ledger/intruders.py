"""Rows of the ledger's table that are no continuation of it, and the entries that set them aside.

Whoever may insert into the table, and has no key, can put a row there that nothing sound follows, and nothing can be
removed. A signed entry then sets such rows aside: it names each by its number and by the hash of all that stands in
it, follows the last of them in the table, and the last sound entry in the chain.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from service.ledger.entries import KEY, SET_ASIDE, Entry, Place, canonical_json, sha256_of


@dataclass(frozen=True)
class Chain:
    """The longest sound chain in a table, from its first row, and the rows that are not part of it."""

    sound: tuple[Entry, ...]
    intruders: tuple[Entry, ...]


def row_sha256(entry: Entry) -> str:
    """The hash of everything that stands in a row, whatever its own hash says."""
    return sha256_of(canonical_json(asdict(entry)))


def chain_of(rows: Sequence[Entry], first_key: str, signed_from: int) -> Chain:
    """Follow the chain through the rows in order of number, with the key of entry ``signed_from``."""
    sound: list[Entry] = []
    intruders: list[Entry] = []
    key = first_key
    for row in rows:
        if _continues(row, sound, signed_from, key) or _sets_aside(row, sound, intruders, key):
            sound.append(row)
            key = str(row.content["public_key"]) if row.kind == KEY and row.signature else key
        else:
            intruders.append(row)
    named = _set_aside_by(sound)
    return Chain(tuple(sound), tuple(row for row in intruders if row.number not in named))


def without_set_aside(rows: Sequence[Entry], first_key: str, signed_from: int) -> tuple[Entry, ...]:
    """The rows without those that an entry of the sound chain sets aside, each as it was then."""
    if not any(row.kind == SET_ASIDE for row in rows):
        return tuple(rows)
    named = _set_aside_by(chain_of(rows, first_key, signed_from).sound)
    return tuple(row for row in rows if named.get(row.number) != row_sha256(row))


def content_of(intruders: Sequence[Entry], last: Entry | None, reason: str) -> dict[str, Any]:
    """The payload of the entry that sets ``intruders`` aside and follows ``last`` in the chain."""
    follows = Place.of(last)
    return {
        "set_aside": [{"number": row.number, "sha256": row_sha256(row)} for row in intruders],
        "follows": {"number": follows.number, "hash": follows.hash},
        "reason": reason,
    }


def predecessor_of(entry: Entry) -> tuple[int, str] | None:
    """Number and hash of the entry before one that sets rows aside; None for any other entry.

    What is written there is believed of a genuine entry only.
    """
    if entry.kind != SET_ASIDE or not entry.is_genuine():
        return None
    follows = entry.content.get("follows")
    if not isinstance(follows, dict):
        return None
    return follows.get("number", 0), str(follows.get("hash"))


def _continues(row: Entry, sound: Sequence[Entry], signed_from: int, key: str) -> bool:
    last = Place.of(sound[-1] if sound else None)
    if (row.number, row.previous_hash) != (last.number + 1, last.hash) or row.kind == SET_ASIDE:
        return False
    if row.number < signed_from and not row.signature:
        return sha256_of(row.payload) == row.payload_sha256 and row.expected_hash() == row.hash
    return row.signed_by == key and row.is_genuine()


def _sets_aside(row: Entry, sound: Sequence[Entry], intruders: Sequence[Entry], key: str) -> bool:
    if row.kind != SET_ASIDE or row.signed_by != key or not row.is_genuine():
        return False
    named = _named(row)
    there = {one.number: row_sha256(one) for one in intruders}
    last = Place.of(sound[-1] if sound else None)
    return predecessor_of(row) == (last.number, last.hash) and all(
        there.get(number) == found for number, found in named.items()
    )


def _set_aside_by(sound: Sequence[Entry]) -> dict[int, str]:
    return {number: found for entry in sound if entry.kind == SET_ASIDE for number, found in _named(entry).items()}


def _named(entry: Entry) -> dict[int, str]:
    return {one["number"]: one["sha256"] for one in entry.content["set_aside"]}
