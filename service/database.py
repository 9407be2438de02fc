"""The database of the ledger: SQLite or PostgreSQL, brought to the newest schema when it is opened."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from contracts import BadInput, MissingThing

MIGRATIONS = Path(__file__).resolve().parent / "migrations"
BUSY_SECONDS = 30.0
LEDGER_LOCK = 0x57415244
"""Number of the PostgreSQL advisory lock that every writer of the ledger takes ("WARD" in ASCII)."""

_READ_ONLY = "wardcast_read_only"


def open_database(url: str) -> sa.Engine:
    """An engine on the database with every migration applied.

    Raises ``BadInput`` for an address that is none and ``MissingThing`` for a database that cannot be reached.
    """
    engine = _engine(url)
    try:
        with writing(engine) as connection:
            config = Config(attributes={"connection": connection})
            config.set_main_option("script_location", str(MIGRATIONS))
            command.upgrade(config, "head")
    except sa.exc.DatabaseError as error:
        engine.dispose()
        raise MissingThing(
            f"The ledger's database at {engine.url.render_as_string(hide_password=True)} cannot be used: "
            f"{_first_line(error)}.",
            remedy="Start the database, or correct ledger_url in wardcast.toml.",
        ) from error
    return engine


def _engine(url: str) -> sa.Engine:
    try:
        parsed = sa.make_url(url)
        if parsed.drivername in ("postgresql", "postgres"):
            parsed = parsed.set(drivername="postgresql+psycopg")
        options: dict[str, Any] = {"pool_pre_ping": True}
        if parsed.get_backend_name() == "sqlite":
            options["connect_args"] = {"timeout": BUSY_SECONDS}
        engine = sa.create_engine(parsed, **options)
    except (sa.exc.ArgumentError, ModuleNotFoundError) as error:
        raise BadInput(
            "ledger_url is not the address of a database we can use.",
            remedy="Write it like postgresql://user@host/name or sqlite:////folder/ledger.db in wardcast.toml.",
        ) from error
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", _prepare_sqlite)
        sa.event.listen(engine, "begin", _begin_sqlite)
    return engine


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
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": LEDGER_LOCK})
        yield connection


@contextmanager
def reading(engine: sa.Engine) -> Iterator[sa.Connection]:
    """One transaction that only reads, and waits for no writer."""
    with engine.connect().execution_options(**{_READ_ONLY: True}) as connection, connection.begin():
        yield connection


def _first_line(error: sa.exc.DatabaseError) -> str:
    return str(error.orig).strip().splitlines()[0].rstrip(".")
