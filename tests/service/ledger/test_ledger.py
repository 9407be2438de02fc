"""The ledger: what was recorded cannot be changed unseen, and two writers never make two heads."""

from __future__ import annotations

import multiprocessing
import sqlite3
from contextlib import closing

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts import BadInput, MissingThing
from service.ledger.database import open_database, writing
from service.ledger.entries import ENTRIES
from service.ledger.ledger import GENESIS, Ledger, canonical_json, findings_of, sha256_of

PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def fill(ledger, entries=5):
    for number in range(1, entries + 1):
        ledger.append("issue", f"Person {number}", {"forecast_id": f"f{number}", "note": "für ≥ 1"})


def test_the_database_itself_refuses_a_second_successor(ledger, url):
    fill(ledger)
    copy = {**vars(ledger.entries()[-1]), "number": 6, "hash": "b" * 64}
    engine = open_database(url)
    with pytest.raises(sa.exc.IntegrityError), writing(engine) as connection:
        connection.execute(sa.insert(ENTRIES).values(**copy))
    engine.dispose()
    assert len(ledger.entries()) == 5


def test_entries_are_numbered_without_a_gap_and_linked(ledger):
    fill(ledger)
    entries = ledger.entries()
    assert [entry.number for entry in entries] == [1, 2, 3, 4, 5]
    assert [entry.previous_hash for entry in entries] == [GENESIS, *(entry.hash for entry in entries[:-1])]
    assert ledger.place().hash == entries[-1].hash
    assert ledger.verify().findings == ()


def test_the_hash_is_the_documented_one(ledger):
    entry = ledger.append("approval", "Ada", {"b": 1, "a": "é"})
    assert entry.payload == '{"a":"é","b":1}'
    assert entry.payload_sha256 == sha256_of('{"a":"é","b":1}')
    sealed = (
        f'{{"actor":"Ada","kind":"approval","number":1,"payload_sha256":"{entry.payload_sha256}",'
        f'"previous_hash":"{"0" * 64}","recorded_at":"{entry.recorded_at}"}}'
    )
    assert entry.hash == sha256_of(sealed)


@settings(max_examples=30, deadline=None)
@given(payload=st.dictionaries(st.text(), PLAIN, max_size=4))
def test_canonical_json_does_not_depend_on_order(payload):
    turned = dict(reversed(list(payload.items())))
    assert canonical_json(payload) == canonical_json(turned)


@settings(max_examples=20, deadline=None)
@given(payloads=st.lists(st.dictionaries(st.text(), PLAIN, max_size=3), min_size=1, max_size=5), data=st.data())
def test_any_changed_payload_is_found(payloads, data):
    ledger = Ledger(open_database("sqlite://"))
    for payload in payloads:
        ledger.append("issue", "Ada", payload)
    entries = list(ledger.entries())
    ledger.close()
    where = data.draw(st.integers(0, len(entries) - 1))
    entries[where] = type(entries[where])(**{**vars(entries[where]), "payload": entries[where].payload + " "})
    assert [finding.number for finding in findings_of(tuple(entries))] == [where + 1]


@pytest.mark.parametrize(
    ("kind", "actor", "payload"),
    [
        ("party", "Ada", {}),
        ("key", "Ada", {"public_key": "0" * 64}),
        ("issue", "  ", {}),
        ("issue", "A\x00da", {}),
        ("issue", "Ada", {"x": float("nan")}),
        ("issue", "Ada", {"x": "\udc80"}),
    ],
)
def test_what_cannot_be_recorded_is_refused_and_leaves_no_entry(ledger, kind, actor, payload):
    with pytest.raises(BadInput):
        ledger.append(kind, actor, payload)
    assert ledger.entries() == ()


def _append_many(url, seal, actor, count):
    ledger = Ledger(open_database(url), seal)
    for number in range(count):
        ledger.append("issue", actor, {"number": number})
    ledger.close()


def test_two_processes_do_not_fork_the_chain(ledger, seal, url):
    ledger.close()
    context = multiprocessing.get_context("fork")
    writers = [context.Process(target=_append_many, args=(url, seal, f"writer {index}", 25)) for index in range(2)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0, 0]
    verification = ledger.verify()
    assert (verification.entries, verification.findings, verification.notes) == (50, (), ())


def test_a_database_that_is_not_there_or_none_is_told_in_one_line(tmp_path):
    with pytest.raises(MissingThing, match="cannot be used"):
        open_database("postgresql://nobody:secret@127.0.0.1:1/none")
    with pytest.raises(BadInput, match="ledger_url"):
        open_database("not an address")
    broken = tmp_path / "ledger.db"
    broken.write_text("this is no database, and long enough to be seen as none " * 5)
    with pytest.raises(MissingThing, match="not a database"):
        open_database(f"sqlite:///{broken}")


def test_the_password_is_not_told():
    with pytest.raises(MissingThing) as told:
        open_database("postgresql://nobody:secret@127.0.0.1:1/none")
    assert "secret" not in str(told.value)


def test_sqlite_keeps_a_write_ahead_log(tmp_path):
    open_database(f"sqlite:///{tmp_path / 'ledger.db'}").dispose()
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
