"""The database of the ledger: SQLite or PostgreSQL, brought to the newest schema when it is opened."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import psycopg
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from contracts import BadInput, MissingThing

MIGRATIONS = Path(__file__).resolve().parent / "migrations"
BUSY_SECONDS = 30.0
LEDGER_LOCK = 0x57415244
"""Number of the PostgreSQL advisory lock that every writer of the ledger takes ("WARD" in ASCII)."""

PATIENCE_SECONDS = 30.0
"""How long a lost connection is tried again: a database that is restarted is back within this."""
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.05, 1.0
_STARTING_OR_STOPPING = ("57P01", "57P02", "57P03")
_PASSING = (*_STARTING_OR_STOPPING, "40001", "40P01", "53300", "55P03")
"""Codes of PostgreSQL (its appendix A) that pass by themselves: also a conflict or deadlock with another transaction,
too many connections, and a lock that was held too long."""
_POSTGRESQL_OPTIONS: dict[str, Any] = {
    # A look-up under the writers' lock must see what was committed before the lock was given.
    "isolation_level": "READ COMMITTED",
    # A server that vanished without a word is noticed within about half a minute, not within hours.
    "connect_args": {
        "connect_timeout": 10,
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": 30_000,
    },
}

_READ_ONLY = "wardcast_read_only"
"""Execution option of a transaction that only reads."""
_UNWRITABLE = "wardcast_unwritable"
"""Execution option of an engine on a file that cannot be written."""
_AGAIN = "then run the same again."
_SQLITE_REMEDIES = {
    sqlite3.SQLITE_FULL: f"Make room on its disk, {_AGAIN}",
    sqlite3.SQLITE_READONLY: "Give this account the right to write the file and its folder, or mount the disk for it.",
    sqlite3.SQLITE_IOERR: f"Check its disk, and whether there is room on it, {_AGAIN}",
    sqlite3.SQLITE_CANTOPEN: "See that its folder is there and may be written to, and that the limit of open files "
    f"(ulimit -n) is not reached, {_AGAIN}",
    sqlite3.SQLITE_BUSY: f"Wait for the process that holds it, {_AGAIN}",
    sqlite3.SQLITE_CORRUPT: "Restore it from its newest backup.",
    sqlite3.SQLITE_NOTADB: "Restore it from its newest backup, or correct ledger_url in wardcast.toml.",
}
_PRIMARY_CODE = 0xFF
"""Part of an extended code of SQLite that says the kind of error."""

Answer = TypeVar("Answer")


def open_database(url: str) -> sa.Engine:
    """An engine on the database with every migration applied.

    A SQLite file that cannot be written, as on a mount that is only read, is opened for reading as it is. Raises
    ``BadInput`` for an address that is none and ``MissingThing`` for a database that cannot be reached.
    """
    engine = _engine(url)
    if _is_read_only(engine):
        _refuse_older_schema(engine)
        return engine

    def upgrade() -> None:
        with writing(engine) as connection:
            config = Config(attributes={"connection": connection})
            config.set_main_option("script_location", str(MIGRATIONS))
            command.upgrade(config, "head")

    try:
        patiently(upgrade, patience=PATIENCE_SECONDS, passing=_is_starting_or_stopping)
    except sa.exc.DBAPIError as error:
        engine.dispose()
        raise unusable(engine, error) from error
    return engine


def unusable(engine: sa.Engine, error: sa.exc.DBAPIError) -> MissingThing:
    """The error to raise where the ledger's database cannot be reached, or refuses: its address and the reason."""
    remedy = "Start the database, or correct ledger_url in wardcast.toml."
    if isinstance(error.orig, sqlite3.Error):
        remedy = _SQLITE_REMEDIES.get(getattr(error.orig, "sqlite_errorcode", 0) & _PRIMARY_CODE, remedy)
    return MissingThing(
        f"The ledger's database at {engine.url.render_as_string(hide_password=True)} cannot be used: "
        f"{_first_line(error)}.",
        remedy=remedy,
    )


def is_passing(error: sa.exc.DBAPIError) -> bool:
    """Whether the same action may succeed in a moment: the connection was lost, or the server said so."""
    if not isinstance(error.orig, psycopg.Error):
        return False
    code = error.orig.sqlstate
    if code is None:
        return isinstance(error.orig, psycopg.OperationalError)
    return code.startswith("08") or code in _PASSING


def _is_starting_or_stopping(error: sa.exc.DBAPIError) -> bool:
    """Whether the server is there and says so: an address where nothing answers is told at once."""
    code = error.orig.sqlstate if isinstance(error.orig, psycopg.Error) else None
    return code in _STARTING_OR_STOPPING or "the database system is" in str(error.orig)


def patiently(
    action: Callable[[], Answer],
    *,
    patience: float,
    passing: Callable[[sa.exc.DBAPIError], bool] = is_passing,
) -> Answer:
    """The action's answer; while its error is a passing one, it is tried again for ``patience`` seconds."""
    give_up = time.monotonic() + patience
    pause = _FIRST_PAUSE_SECONDS
    while True:
        try:
            return action()
        except sa.exc.DBAPIError as error:
            if not passing(error) or time.monotonic() + pause > give_up:
                raise
        time.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)


def _engine(url: str) -> sa.Engine:
    try:
        parsed = sa.make_url(url)
        if parsed.drivername in ("postgresql", "postgres"):
            parsed = parsed.set(drivername="postgresql+psycopg")
        options: dict[str, Any] = {"pool_pre_ping": True}
        if parsed.drivername == "postgresql+psycopg":
            options |= _POSTGRESQL_OPTIONS
        if parsed.get_backend_name() == "sqlite" and parsed.database:
            # A connection a transaction: each look opens the file that lies there now, not one that was replaced, and
            # with the last one closed the whole ledger is in that one file.
            options = {"poolclass": sa.NullPool, "connect_args": {"timeout": BUSY_SECONDS}}
            if (path := _unwritable(parsed.database)) is not None:
                options |= {"creator": partial(_open_for_reading, path), "execution_options": {_UNWRITABLE: True}}
        engine = sa.create_engine(parsed, **options)
    except (sa.exc.ArgumentError, ModuleNotFoundError) as error:
        raise BadInput(
            "ledger_url is not the address of a database we can use.",
            remedy="Write it like postgresql://user@host/name or sqlite:////folder/ledger.db in wardcast.toml.",
        ) from error
    if engine.dialect.name == "sqlite":
        if not _is_read_only(engine):
            sa.event.listen(engine, "connect", _prepare_sqlite)
        sa.event.listen(engine, "begin", _begin_sqlite)
    return engine


def _unwritable(database: str | None) -> Path | None:
    """The file of a SQLite database that is there and cannot be written; None for any other."""
    path = Path(database) if database else None
    if path is None or not path.is_file() or (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)):
        return None
    return path


def _is_read_only(engine: sa.Engine) -> bool:
    return bool(engine.get_execution_options().get(_UNWRITABLE, False))


def _open_for_reading(path: Path) -> sqlite3.Connection:
    """A connection that writes nothing, not even beside the file.

    Where a writer has the ledger open elsewhere, its log lies beside and is read too. Where there is none, SQLite
    opens the file only if it is told that nobody changes it: true of this connection, as every look is a new one.
    """
    alone = not path.with_name(f"{path.name}-wal").exists()
    address = f"{path.resolve().as_uri()}?mode=ro{'&immutable=1' if alone else ''}"
    return sqlite3.connect(address, uri=True, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)


def _refuse_older_schema(engine: sa.Engine) -> None:
    """Raise ``MissingThing`` where an older version wrote a database that cannot be brought up to date."""
    newest = ScriptDirectory(str(MIGRATIONS)).get_current_head()
    try:
        with reading(engine) as connection:
            found = MigrationContext.configure(connection).get_current_revision()
    except sa.exc.DBAPIError as error:
        raise unusable(engine, error) from error
    if found != newest:
        raise MissingThing(
            f"The ledger's database at {engine.url.render_as_string(hide_password=True)} is of another version of "
            "Wardcast and cannot be written.",
            remedy="Run 'wardcast ledger verify' once where it can be written.",
        )


def _prepare_sqlite(connection: sqlite3.Connection, _: object) -> None:
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "foreign_keys=ON", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: sa.Connection) -> None:
    read_only = connection.get_execution_options().get(_READ_ONLY, False)
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")


@contextmanager
def writing(engine: sa.Engine) -> Iterator[sa.Connection]:
    """One transaction that no other writer of the ledger can run beside; committed at the end, undone on an error."""
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(sa.text(f"SET LOCAL lock_timeout = '{BUSY_SECONDS:.0f}s'"))
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": LEDGER_LOCK})
        yield connection


@contextmanager
def reading(engine: sa.Engine) -> Iterator[sa.Connection]:
    """One transaction that only reads, and waits for no writer."""
    with engine.connect().execution_options(**{_READ_ONLY: True}) as connection, connection.begin():
        yield connection


def _first_line(error: sa.exc.DBAPIError) -> str:
    return str(error.orig).strip().splitlines()[0].rstrip(".")
