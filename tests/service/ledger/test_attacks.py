"""Attacks on the ledger, by someone who owns its database: each is found and told in one sentence with the entry."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, fields, replace

import pytest
import sqlalchemy as sa

from contracts import BadInput, MissingThing
from service.ledger.database import open_database, writing
from service.ledger.entries import ENTRIES, next_entry
from service.ledger.ledger import Entry, Ledger, refuse_findings
from service.ledger.seal import HEAD_FILE, PRIVATE_KEY_FILE, PUBLIC_KEY_FILE
from service.ledger.signed_head import read_head, sign_head, write_head
from service.ledger.signing_key import SigningKey, public_pem

ENTRY_COUNT = 6
ANOTHER = {
    "number": 99,
    "kind": "approval",
    "recorded_at": "2020-01-01T00:00:00.000000+00:00",
    "actor": "Mallory",
    "payload": '{"forecast_id":"forged"}',
    "payload_sha256": "c" * 64,
    "previous_hash": "d" * 64,
    "hash": "e" * 64,
    "signed_by": "f" * 64,
    "signature": "a" * 128,
}
MALLORY = SigningKey.new()


@pytest.fixture
def full(ledger):
    """A sound ledger of six entries."""
    for number in range(1, ENTRY_COUNT + 1):
        ledger.append("issue", f"Person {number}", {"forecast_id": f"f{number}", "note": "für ≥ 1"})
    assert ledger.verify().findings == ()
    return ledger


@pytest.fixture
def rewrite(full, url, change):
    """Replaces the entries in the database by what an attack makes of them."""
    change(url)
    engine = open_database(url)

    def rewrite_with(attack):
        entries = attack(list(full.rows()))
        with writing(engine) as connection:
            connection.execute(sa.delete(ENTRIES))
            if entries:
                connection.execute(sa.insert(ENTRIES), [asdict(entry) for entry in entries])

    yield rewrite_with
    engine.dispose()


def chained(entries, key=None):
    """The entries renumbered and linked anew from the first one, with the signatures they have or those of a key."""
    made, last = [], None
    for entry in entries:
        linked = replace(
            entry,
            number=1 if last is None else last.number + 1,
            previous_hash="0" * 64 if last is None else last.hash,
        )
        linked = replace(linked, hash=linked.expected_hash())
        made.append(linked if key is None else linked.signed(key))
        last = linked
    return made


def forged(entry, key=None):
    """An entry with another actor and the hash that it should have then."""
    other = replace(entry, actor="Mallory")
    other = replace(other, hash=other.expected_hash())
    return other if key is None else other.signed(key)


def assert_found(ledger, number, *words):
    verification = ledger.verify()
    found = [finding.problem for finding in verification.findings if finding.number == number]
    assert any(all(word in problem for word in words) for problem in found), verification.findings
    assert verification.findings[0].number == number
    with pytest.raises(BadInput, match=rf"The ledger was changed .*; entry {number}: ") as told:
        refuse_findings(verification)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("number", [1, 3, ENTRY_COUNT])
def test_an_edited_column_is_found(full, rewrite, number):
    sound = full.rows()
    for column in (field.name for field in fields(Entry)):
        edited = list(sound)
        edited[number - 1] = replace(sound[number - 1], **{column: ANOTHER[column]})
        rewrite(lambda _, edited=edited: edited)
        assert_found(full, number + 1 if column == "number" and number < ENTRY_COUNT else number)


@pytest.mark.parametrize("key", [None, MALLORY], ids=["old signature", "another key"])
def test_an_entry_rewritten_with_a_fitting_hash_is_found(full, rewrite, key):
    rewrite(lambda entries: [*entries[:2], forged(entries[2], key), *entries[3:]])
    assert {finding.number for finding in full.verify().findings} == {3, 4}
    assert_found(full, 3, "sign")


def test_a_chain_computed_anew_from_an_edited_entry_is_found(full, rewrite):
    rewrite(lambda entries: chained([*entries[:2], forged(entries[2]), *entries[3:]]))
    assert_found(full, 3, "signature is not one of these fields")
    rewrite(lambda entries: [*entries[:2], *chained(entries, MALLORY)[2:]])
    assert_found(full, 3, "signed by another key")


def added(entries, kind="issue", payload="{}"):
    return next_entry(entries[-1], kind, "Mallory", payload)


ATTACKS = {
    "last deleted": (lambda e: e[:-1], 6, "gone from the end of the ledger, which ends at entry 5"),
    "end deleted": (lambda e: e[:2], 3, "gone from the end of the ledger, which ends at entry 2"),
    "all deleted": (lambda e: [], 1, "gone from the end of the ledger, which ends at entry 0"),
    "middle deleted": (lambda e: [*e[:2], *e[3:]], 4, "a gap: the entries after number 2"),
    "first deleted": (lambda e: e[1:], 2, "a gap: the entries after number 0"),
    "middle deleted, rest renumbered": (
        lambda e: [*e[:2], *(replace(one, number=one.number - 1) for one in e[3:])],
        3,
        "does not follow the entry before it",
    ),
    "middle deleted, rest chained anew": (lambda e: chained([*e[:2], *e[3:]]), 3, "not one of these fields"),
    "two swapped": (
        lambda e: [e[0], replace(e[2], number=2), replace(e[1], number=3), *e[3:]],
        2,
        "does not follow the entry before it",
    ),
    "two swapped, chained anew": (lambda e: chained([e[0], e[2], e[1], *e[3:]]), 2, "not one of these fields"),
    "added without a signature": (lambda e: [*e, added(e)], 7, "its signature is missing"),
    "added with another key": (lambda e: [*e, added(e).signed(MALLORY)], 7, "signed by another key"),
    "added in the name of the key": (
        lambda e: [*e, replace(added(e), signed_by=e[0].signed_by, signature="0" * 128)],
        7,
        "not one of these fields",
    ),
    "inserted in the middle, chained anew": (lambda e: chained([*e[:3], forged(e[1]), *e[3:]]), 4, "not one of these"),
    "a key that introduces itself": (
        lambda e: [*e, added(e, "key", json.dumps({"public_key": MALLORY.public})).signed(MALLORY)],
        7,
        "signed by another key",
    ),
    "all signed anew": (lambda e: chained(e, MALLORY), 1, "signed by another key"),
    "signatures removed": (
        lambda e: [replace(one, signed_by="", signature="") for one in e],
        1,
        "signature is missing",
    ),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_on_the_rows_is_found(full, rewrite, name):
    attack, number, words = ATTACKS[name]
    rewrite(attack)
    assert_found(full, number, words)


def test_nothing_more_is_entered_into_a_ledger_whose_end_was_changed(full, rewrite):
    rewrite(lambda entries: entries[:-1])
    with pytest.raises(BadInput, match=r"ends at entry 5, but its signed head names entry 6"):
        full.append("issue", "Ada", {})
    rewrite(lambda entries: [*entries, next_entry(entries[-1], "issue", "Mallory", "{}").signed(MALLORY)])
    with pytest.raises(BadInput, match=r"entry 6 is not the one that its signed head names"):
        full.append("issue", "Ada", {})
    assert_found(full, 6, "signed by another key")


def test_an_old_copy_of_the_database_is_found(full, rewrite, seal, tmp_path):
    copy = full.rows()
    full.append("issue", "Ada", {"forecast_id": "f7"})
    full.append("issue", "Ada", {"forecast_id": "f8"})
    rewrite(lambda entries: list(copy))
    assert_found(full, 7, "an old copy of the database was put back", "names entry 8")


def test_an_old_copy_of_the_file_of_a_sqlite_database_is_found(seal, tmp_path):
    seal.make(None)
    path = tmp_path / "ledger.db"
    for name in ("f1", "f2"):
        ledger = Ledger(open_database(f"sqlite:///{path}"), seal)
        ledger.append("issue", "Ada", {"forecast_id": name})
        ledger.close()
        if name == "f1":
            shutil.copy(path, tmp_path / "copy.db")
    shutil.copy(tmp_path / "copy.db", path)
    ledger = Ledger(open_database(f"sqlite:///{path}"), seal)
    assert_found(ledger, 2, "an old copy of the database was put back")
    ledger.close()


def put_head(seal, **change):
    head = replace(read_head(seal.head_file), **change)
    write_head(seal.head_file, head)
    return head


def test_an_edited_head_is_found(full, seal):
    head = read_head(seal.head_file)
    for change in ({"number": 5}, {"number": 7}, {"hash": "a" * 64}, {"signed_from": 7}, {"noted_at": "2020-01-01"}):
        number = put_head(seal, **change).number
        assert_found(full, number, "was edited: its signature does not fit")
        with pytest.raises(BadInput, match="signed head was edited"):
            full.append("issue", "Ada", {})
        write_head(seal.head_file, head)
    assert full.verify().findings == ()


def test_a_head_signed_by_another_key_is_found(full, seal):
    newest = full.rows()[-1]
    write_head(seal.head_file, sign_head(MALLORY, number=6, entry_hash=newest.hash, signed_from=1))
    assert_found(full, 6, "is not signed by the key")
    with pytest.raises(BadInput, match="is not the one that signed the ledger's head"):
        full.append("issue", "Ada", {})


def test_an_old_head_in_the_place_of_the_newest_is_found(full, seal):
    old = seal.head_file.read_bytes()
    for number in (7, 8):
        full.append("issue", "Ada", {"forecast_id": f"f{number}"})
    seal.head_file.write_bytes(old)
    assert_found(full, 7, "stops before it, although 2 entries follow")
    with pytest.raises(BadInput, match="row 8 is no continuation"):
        full.append("issue", "Ada", {})


@pytest.mark.parametrize("content", [None, b"", b"[]", b"{}", b"\x00\xff", b'{"number": "6"}'])
def test_a_lost_or_broken_head_is_found(full, seal, content):
    seal.head_file.unlink()
    if content is not None:
        seal.head_file.write_bytes(content)
    assert_found(full, 6, "nothing outside the database vouches for it", HEAD_FILE)
    with pytest.raises((BadInput, MissingThing)):
        full.append("issue", "Ada", {})


def test_a_lost_or_broken_key_is_found(full, seal):
    whole = (seal.folder / PUBLIC_KEY_FILE).read_bytes()
    (seal.folder / PUBLIC_KEY_FILE).unlink()
    assert_found(full, 6, "nothing outside the database vouches for it", PUBLIC_KEY_FILE)
    (seal.folder / PUBLIC_KEY_FILE).write_bytes(whole[:40])
    assert_found(full, 6, "holds no public key")
    (seal.folder / PUBLIC_KEY_FILE).write_bytes(public_pem(MALLORY.public))
    assert_found(full, 1, "signed by another key")


def test_another_private_key_signs_nothing(full, seal):
    MALLORY.write(seal.folder / PRIVATE_KEY_FILE)
    with pytest.raises(BadInput, match="is not the one that signed the ledger's head"):
        full.append("issue", "Ada", {})
    assert len(full.rows()) == ENTRY_COUNT
    assert full.verify().findings == ()


def test_a_seal_that_was_taken_away_is_found(full, seal):
    shutil.rmtree(seal.folder)
    assert_found(full, 1, "it is signed, but the folder 'seal'")
    with pytest.raises(MissingThing, match="entry 6 is signed, but this workspace has no key"):
        full.append("issue", "Ada", {})


def test_who_takes_database_and_workspace_cannot_take_a_head_that_was_kept_elsewhere(full, seal, rewrite):
    noted = read_head(seal.head_file)
    assert full.verify(noted).findings == ()
    full.append("issue", "Ada", {"forecast_id": "f7"})
    assert full.verify(noted).findings == ()

    rewrite(lambda entries: entries[:4])
    head = read_head(seal.head_file)
    own = SigningKey.read(seal.folder / PRIVATE_KEY_FILE)
    write_head(seal.head_file, sign_head(own, number=4, entry_hash=full.rows()[-1].hash, signed_from=1))
    assert full.verify().findings == ()
    assert full.verify(noted).findings[0].number == 5
    assert "the head you gave names entry 6" in full.verify(noted).findings[0].problem

    for number in (5, 6, 7):
        full.append("issue", "Mallory", {"forecast_id": f"f{number}"})
    assert full.verify().findings == ()
    assert "written anew" in full.verify(noted).findings[0].problem

    rewrite(lambda entries: chained(entries, MALLORY))
    (seal.folder / PUBLIC_KEY_FILE).write_bytes(public_pem(MALLORY.public))
    MALLORY.write(seal.folder / PRIVATE_KEY_FILE)
    newest = full.rows()[-1]
    write_head(seal.head_file, sign_head(MALLORY, number=7, entry_hash=newest.hash, signed_from=head.signed_from))
    assert full.verify().findings == ()
    assert "is not signed by the key that this ledger had then" in full.verify(noted).findings[0].problem


@pytest.mark.parametrize("payload", ["{}", "[]", "no JSON", '{"public_key":7}'])
def test_a_forged_key_entry_of_any_form_is_found_and_refused(full, rewrite, payload):
    full.rotate_key("Ada", "Ben left")
    sound = list(full.rows())
    forgeries = [
        [*sound, added(sound, "key", payload)],
        [*sound, added(sound, "key", payload).signed(MALLORY)],
        [*sound[:-1], replace(sound[-1], payload=payload)],
        [*sound[:-1], added(sound[:-1], "key", payload).signed(MALLORY)],
    ]
    for number, forgery in zip((8, 8, 7, 7), forgeries, strict=True):
        rewrite(lambda _, forgery=forgery: forgery)
        assert_found(full, number)
        if number == 8:
            with pytest.raises(BadInput, match="row 8 is no continuation of entry 7"):
                full.append("issue", "Ada", {})


def test_a_retired_key_signs_nothing_more(full, seal, rewrite):
    retired = SigningKey.read(seal.folder / PRIVATE_KEY_FILE)
    full.rotate_key("Ada", "Ben left")
    full.append("issue", "Ada", {"forecast_id": "f8"})
    assert full.verify().findings == ()
    rewrite(lambda entries: [*entries, next_entry(entries[-1], "issue", "Ben", "{}").signed(retired)])
    assert_found(full, 9, "signed by another key")
    rewrite(lambda entries: entries[:6])
    assert_found(full, 7, "names entry 8, with a key that no entry left introduces: the end was removed")
    write_head(seal.head_file, sign_head(retired, number=8, entry_hash="a" * 64, signed_from=1))
    assert_found(full, 7, "names entry 8: the end was removed")
