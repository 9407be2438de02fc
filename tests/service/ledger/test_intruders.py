"""Rows that somebody without the key put into the ledger: refused by the database, or set aside by a signed entry."""

from __future__ import annotations

from dataclasses import asdict, replace

import pytest
import sqlalchemy as sa

from contracts import BadInput, RefusedAction
from service.ledger.database import open_database, writing
from service.ledger.entries import ENTRIES, SET_ASIDE, next_entry
from service.ledger.ledger import refuse_findings
from service.ledger.seal import HEAD_FILE
from service.ledger.signing_key import SigningKey

MALLORY = SigningKey.new()


@pytest.fixture
def full(ledger):
    """A sound ledger of three entries."""
    for number in (1, 2, 3):
        ledger.append("issue", "Ada", {"forecast_id": f"f{number}"})
    return ledger


@pytest.fixture
def insert(full, url):
    """Inserts rows as somebody who may insert, and nothing else."""
    engine = open_database(url)

    def insert_rows(*rows):
        with writing(engine) as connection:
            for row in rows:
                connection.execute(sa.insert(ENTRIES).values(**asdict(row)))

    yield insert_rows
    engine.dispose()


@pytest.fixture
def armless_insert(insert, url, change):
    """Inserts rows into a database that was made before it refused any."""
    change(url)
    return insert


def intruder(last, **other):
    return replace(next_entry(last, "withdrawal", "Mallory", '{"forecast_id":"forged"}').signed(MALLORY), **other)


REFUSED = {
    "out of its place": lambda last: intruder(last, number=last.number + 2),
    "before the first": lambda last: intruder(last, number=-1),
    "the last number there is": lambda last: intruder(last, number=2**63 - 1),
    "after another one": lambda last: intruder(last, previous_hash=last.previous_hash[::-1]),
    "without a signature": lambda last: intruder(last, signature="", signed_by=""),
    "with half a signature": lambda last: intruder(last, signature="ab"),
    "no hash": lambda last: intruder(last, hash="no hash"),
    "no kind": lambda last: intruder(last, kind=""),
}


@pytest.mark.parametrize("what", REFUSED)
def test_the_database_refuses_what_can_be_no_continuation(full, insert, what):
    with pytest.raises(sa.exc.IntegrityError, match="the ledger takes only what continues it"):
        insert(REFUSED[what](full.rows()[-1]))
    assert full.verify().findings == ()


def test_a_payload_that_its_hash_does_not_fit_is_refused_or_found(full, insert, url):
    """SQLite has no function for a SHA-256, and takes the row."""
    row = intruder(full.rows()[-1], payload='{"forecast_id":"other"}')
    if url.startswith("sqlite"):
        insert(row)
        assert "its payload was edited" in [finding.problem for finding in full.verify().findings]
    else:
        with pytest.raises(sa.exc.IntegrityError):
            insert(row)


def _several(last):
    first = intruder(last)
    second = intruder(first, kind="approval")
    return first, second, intruder(second, kind="issue")


INTRUDERS = {
    "one with a key of their own": lambda last: (intruder(last),),
    "one with a signature of nothing": lambda last: (intruder(last, signed_by=last.signed_by, signature="a" * 128),),
    "one whose payload is not JSON": lambda last: (next_entry(last, "approval", "Mallory", "no JSON").signed(MALLORY),),
    "several": _several,
}


@pytest.mark.parametrize("what", INTRUDERS)
def test_intruders_are_set_aside_and_the_ledger_goes_on(full, insert, what):
    sound = full.entries()
    insert(*INTRUDERS[what](sound[-1]))
    with pytest.raises(BadInput, match="no continuation of entry 3") as refused:
        full.append("withdrawal", "Ben", {"target": "violence"})
    assert "wardcast ledger set-aside --by NAME --reason TEXT" in refused.value.remedy
    with pytest.raises(BadInput, match="The ledger was changed"):
        full.entries()
    entry = full.set_aside("Ada", "somebody used the writer's password")
    assert full.entries() == (*sound, entry)
    refuse_findings(full.verify())
    following = full.append("issue", "Ada", {"forecast_id": "f4"})
    full.rotate_key("Ada", "to be safe")
    full.append("issue", "Ada", {"forecast_id": "f5"})
    assert full.verify().findings == ()
    assert full.entries("issue")[3] == following
    assert "Mallory" not in {one.actor for one in full.entries()}
    assert "Mallory" in {one.actor for one in full.rows()}


def test_rows_of_a_time_before_the_database_refused_any_are_set_aside_too(full, armless_insert):
    last = full.entries()[-1]
    armless_insert(intruder(last, number=-5), intruder(last, number=2**40, hash="b" * 64, previous_hash="c" * 64))
    entry = full.set_aside("Ada", "rows of nobody")
    assert [one["number"] for one in entry.content["set_aside"]] == [-5, 2**40]
    assert full.append("issue", "Ada", {"forecast_id": "f4"}).number == 2**40 + 2
    assert full.verify().findings == ()


def test_twice_is_possible(full, insert):
    for reason in ("once", "twice"):
        insert(intruder(full.rows()[-1]))
        full.set_aside("Ada", reason)
    assert [entry.kind for entry in full.entries()] == ["issue"] * 3 + [SET_ASIDE] * 2
    assert full.verify().findings == ()


def test_a_process_that_ends_before_it_noted_the_head_is_mended_by_the_next(full, insert, seal):
    insert(intruder(full.rows()[-1]))
    head = (seal.folder / HEAD_FILE).read_bytes()
    full.set_aside("Ada", "rows of nobody")
    (seal.folder / HEAD_FILE).write_bytes(head)
    assert full.verify().is_behind
    assert full.verify().findings == ()
    full.append("issue", "Ada", {"forecast_id": "f4"})
    assert not full.verify().is_behind


def test_nothing_is_set_aside_where_all_is_sound(full):
    with pytest.raises(RefusedAction, match="Every row of the ledger continues it"):
        full.set_aside("Ada", "in case")
    with pytest.raises(RefusedAction, match="with a reason"):
        full.set_aside("Ada", "  ")


def test_what_was_sealed_is_never_set_aside(full, url, change):
    change(url, "UPDATE ledger_entries SET actor = 'Mallory' WHERE number = 2")
    with pytest.raises(BadInput, match="The ledger ends at entry 1, but its signed head names entry 3"):
        full.set_aside("Ada", "to hide entry 2")
    assert len(full.rows()) == 3


def test_a_row_that_was_set_aside_cannot_be_changed_afterwards(full, insert, url, change):
    insert(intruder(full.rows()[-1]))
    full.set_aside("Ada", "rows of nobody")
    change(url, "UPDATE ledger_entries SET actor = 'Ada' WHERE number = 4")
    assert {finding.number for finding in full.verify().findings} >= {4}


def test_mallory_cannot_set_aside_what_the_ledger_says(full, insert):
    last = full.entries()[-1]
    named = {"set_aside": [{"number": 3, "sha256": "0" * 64}], "follows": {"number": 2, "hash": last.previous_hash}}
    for content in (named, {}, {"follows": 3}, {"follows": {"number": "x"}, "set_aside": 7}):
        text = str(content).replace("'", '"')
        insert(next_entry(full.rows()[-1], SET_ASIDE, "Mallory", text).signed(MALLORY))
        assert full.rows()[2] == last
        assert full.verify().findings
        with pytest.raises(BadInput):
            full.entries()
    full.set_aside("Ada", "rows of nobody")
    assert full.entries()[2] == last
    assert full.verify().findings == ()
