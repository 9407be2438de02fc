"""The ledger's database: append-only by itself, migrated up and down, and lost at the worst moment."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import asdict, replace

import psycopg
import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from contracts import MissingThing
from service.ledger.database import MIGRATIONS, _is_starting_or_stopping, open_database, patiently, writing
from service.ledger.entries import ENTRIES
from service.ledger.ledger import Ledger

CHANGES = (
    "UPDATE ledger_entries SET actor = 'Mallory' WHERE number = 1",
    "UPDATE ledger_entries SET actor = actor",
    "DELETE FROM ledger_entries",
    "DELETE FROM ledger_entries WHERE number = 2",
)
WRITER = "wardcast_writer"


def note(number):
    return {"forecast_id": f"f{number}"}


def fill(ledger, entries=2):
    for number in range(1, entries + 1):
        ledger.append("issue", "Ada", note(number))


def run(url, statement, parameters=None):
    engine = open_database(url)
    try:
        with writing(engine) as connection:
            connection.execute(statement if parameters is None else statement.values(**parameters))
    finally:
        engine.dispose()


def test_the_owner_of_the_table_changes_nothing(ledger, url):
    fill(ledger)
    before = ledger.entries()
    truncate = ["TRUNCATE ledger_entries"] if url.startswith("postgresql") else []
    for statement in (*CHANGES, *truncate):
        with pytest.raises(sa.exc.DBAPIError, match="the ledger is append-only"):
            run(url, sa.text(statement))
    assert ledger.entries() == before
    ledger.append("issue", "Ada", note(3))


def test_sqlite_replaces_no_entry(tmp_path):
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    ledger = Ledger(open_database(url))
    fill(ledger)
    last = ledger.entries()[-1]
    for change in ({}, {"number": 3}, {"number": 3, "hash": "a" * 64}):
        with pytest.raises(sa.exc.IntegrityError, match=r"this place is taken|takes only what continues it"):
            run(url, sa.insert(ENTRIES).prefix_with("OR REPLACE"), asdict(replace(last, actor="Mallory", **change)))
    assert ledger.entries()[-1] == last
    ledger.close()


def test_a_replayed_replica_session_of_postgresql_changes_nothing(postgres):
    ledger = Ledger(open_database(postgres))
    fill(ledger)
    with psycopg.connect(postgres) as connection:
        connection.execute("SET session_replication_role = replica")
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="DELETE of ledger_entries is refused"):
            connection.execute("DELETE FROM ledger_entries")
    ledger.close()


def test_a_role_with_the_documented_rights_appends_and_can_do_nothing_else(postgres, seal):
    documented = (
        f"CREATE ROLE {WRITER} LOGIN",
        f"GRANT SELECT, INSERT ON ledger_entries TO {WRITER}",
        f"GRANT SELECT ON alembic_version TO {WRITER}",
    )
    open_database(postgres).dispose()
    with psycopg.connect(postgres, autocommit=True) as owner:
        for statement in documented:
            owner.execute(statement)
        try:
            url = postgres.replace("postgres:@", f"{WRITER}:@")
            assert url != postgres
            ledger = Ledger(open_database(url), seal)
            fill(ledger)
            assert ledger.verify().findings == ()
            for statement in (
                *CHANGES,
                "TRUNCATE ledger_entries",
                "DROP TABLE ledger_entries",
                "ALTER TABLE ledger_entries DISABLE TRIGGER ALL",
                "DROP TRIGGER ledger_entries_append_only ON ledger_entries",
                "DROP FUNCTION wardcast_refuse_change() CASCADE",
                "SET session_replication_role = replica",
            ):
                with pytest.raises(sa.exc.ProgrammingError, match=r"permission denied|must be owner"):
                    run(url, sa.text(statement))
            ledger.close()
        finally:
            owner.execute(f"DROP OWNED BY {WRITER}")
            owner.execute(f"DROP ROLE {WRITER}")


def test_a_role_without_rights_is_told_in_one_line(postgres):
    open_database(postgres).dispose()
    with psycopg.connect(postgres, autocommit=True) as owner:
        owner.execute(f"CREATE ROLE {WRITER} LOGIN")
        try:
            with pytest.raises(MissingThing, match="permission denied for table alembic_version"):
                open_database(postgres.replace("postgres:@", f"{WRITER}:@"))
        finally:
            owner.execute(f"DROP ROLE {WRITER}")


def test_migrations_go_down_and_up_again_with_entries_in_the_table(url, seal):
    ledger = Ledger(open_database(url))
    fill(ledger)
    before = ledger.entries()
    ledger.close()
    columns = {column.name for column in ENTRIES.columns}
    engine = open_database(url)
    with writing(engine) as connection:
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(MIGRATIONS))
        for revision, expected in (("0002", columns), ("0001", columns - {"signed_by", "signature"}), ("base", None)):
            command.downgrade(config, revision)
            inspector = sa.inspect(connection)
            if expected is None:
                assert not inspector.has_table("ledger_entries")
                command.upgrade(config, "0001")
                old = [{k: v for k, v in asdict(e).items() if k not in ("signed_by", "signature")} for e in before]
                table = sa.table("ledger_entries", *(sa.column(name) for name in old[0]))
                connection.execute(sa.insert(table), old)
            else:
                assert {column["name"] for column in inspector.get_columns("ledger_entries")} == expected
    engine.dispose()
    again = Ledger(open_database(url), seal)
    assert again.entries() == before
    again.append("issue", "Ada", note(3))
    assert again.verify().findings == ()
    again.close()
    with pytest.raises(sa.exc.DBAPIError, match="append-only"):
        run(url, sa.text(CHANGES[0]))


@pytest.fixture
def postgres_ledger(postgres, seal):
    engine = open_database(postgres)
    ledger = Ledger(engine, seal, patience=5.0)
    fill(ledger, 1)
    yield ledger, engine, postgres
    ledger.close()


def end_other_sessions(url):
    with psycopg.connect(url) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def once(action):
    """A listener that acts on its first call only."""
    calls = []

    def listener(*_):
        calls.append(1)
        if len(calls) == 1:
            action()

    return listener


@pytest.mark.parametrize(
    "moment", ["INSERT INTO ledger_entries", "SELECT pg_advisory", "ORDER BY ledger_entries.number DESC"]
)
def test_a_session_ended_before_the_commit_is_tried_again(postgres_ledger, moment):
    ledger, engine, url = postgres_ledger
    end_once = once(lambda: end_other_sessions(url))

    def before_execute(connection, cursor, statement, *_):
        if moment in statement:
            end_once()

    sa.event.listen(engine, "before_cursor_execute", before_execute)
    entry = ledger.append("issue", "Ada", note(2))
    assert [one.number for one in ledger.entries()] == [1, entry.number]
    assert ledger.verify().findings == ()


def test_a_read_whose_session_was_ended_is_tried_again(postgres_ledger):
    ledger, engine, url = postgres_ledger
    end_once = once(lambda: end_other_sessions(url))
    sa.event.listen(engine, "before_cursor_execute", lambda *_: end_once())
    assert len(ledger.entries()) == 1


@pytest.mark.parametrize("reached", [True, False], ids=["committed", "not committed"])
def test_a_commit_whose_answer_was_lost_enters_nothing_twice(postgres_ledger, monkeypatch, reached):
    ledger, engine, url = postgres_ledger
    commit = engine.dialect.do_commit
    lose = once(lambda: end_other_sessions(url))
    lost = []

    def lose_the_answer(connection):
        if not lost:
            lost.append(1)
            if reached:
                commit(connection)
            lose()
            raise psycopg.OperationalError("server closed the connection unexpectedly")
        commit(connection)

    monkeypatch.setattr(engine.dialect, "do_commit", lose_the_answer)
    entry = ledger.append("issue", "Ada", note(2))
    assert lost
    assert [one.hash for one in ledger.entries()] == [ledger.entries()[0].hash, entry.hash]
    assert ledger.verify().findings == ()


def refuse(*_, **__):
    raise psycopg.OperationalError("connection refused")


def test_a_commit_whose_fate_cannot_be_found_out_is_told(postgres_ledger, monkeypatch):
    ledger, engine, url = postgres_ledger
    ledger._patience = 0.2
    commit = engine.dialect.do_commit

    def lose_the_answer(connection):
        commit(connection)
        end_other_sessions(url)
        monkeypatch.setattr(engine.dialect, "connect", refuse)
        raise psycopg.OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(engine.dialect, "do_commit", lose_the_answer)
    with pytest.raises(MissingThing, match=r"while entry 2 was committed, and whether that is .*look for the") as told:
        ledger.append("issue", "Ada", note(2))
    monkeypatch.undo()
    entry = ledger.entries()[-1]
    assert entry.hash in str(told.value)
    assert ledger.verify().is_behind
    ledger.append("issue", "Ada", note(3))
    assert ledger.verify().findings == ()


def test_an_append_that_surely_was_not_written_says_so(postgres_ledger, monkeypatch):
    ledger, engine, _ = postgres_ledger
    ledger._patience = 0.2
    engine.dispose()
    with monkeypatch.context() as down:
        down.setattr(engine.dialect, "connect", refuse)
        slept = []
        down.setattr("service.ledger.database.time.sleep", slept.append)
        with pytest.raises(MissingThing, match=r"connection refused\. Nothing was entered into the ledger\. Start the"):
            ledger.append("issue", "Ada", note(2))
        with pytest.raises(MissingThing, match="cannot be used"):
            ledger.entries()
        with pytest.raises(MissingThing, match="cannot be used"):
            ledger.place()
        assert 0 < sum(slept) <= 3 * 0.2
    assert len(ledger.entries()) == 1


def test_a_place_that_another_writer_took_is_left_to_them(postgres_ledger, seal, monkeypatch):
    """Even without the lock that writers take: the unique predecessor refuses, and the entry follows theirs."""
    ledger, engine, url = postgres_ledger

    @contextmanager
    def without_the_lock(engine):
        with engine.begin() as connection:
            yield connection

    monkeypatch.setattr("service.ledger.ledger.writing", without_the_lock)
    other = Ledger(open_database(url), seal)
    take_the_place = once(lambda: other.append("issue", "Ben", note(2)))

    def before_execute(connection, cursor, statement, *_):
        if "INSERT INTO ledger" in statement:
            take_the_place()

    sa.event.listen(engine, "before_cursor_execute", before_execute)
    assert ledger.append("issue", "Ada", note(3)).number == 3
    assert [entry.actor for entry in ledger.entries()] == ["Ada", "Ben", "Ada"]
    assert ledger.verify().findings == ()
    other.close()


def test_patience_ends_and_waits_for_passing_errors_only():
    error = sa.exc.OperationalError("SELECT 1", {}, psycopg.OperationalError("connection refused"))
    tries = []

    def fail(error):
        tries.append(1)
        raise error

    with pytest.raises(sa.exc.OperationalError):
        patiently(lambda: fail(error), patience=0.3)
    assert 2 < len(tries) < 6
    tries.clear()
    with pytest.raises(sa.exc.ProgrammingError):
        patiently(lambda: fail(sa.exc.ProgrammingError("X", {}, psycopg.errors.InsufficientPrivilege())), patience=9.0)
    with pytest.raises(sa.exc.OperationalError):
        patiently(lambda: fail(error), patience=9.0, passing=_is_starting_or_stopping)
    assert len(tries) == 2
