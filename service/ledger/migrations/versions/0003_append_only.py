"""The database itself refuses to change or remove an entry, whoever asks.

On PostgreSQL the trigger is an ``ALWAYS`` one: it also fires in a session that replays a replica's changes. Only the
table's owner can drop it, which is a deliberate act; ``docs/deployment.md`` shows how a service that is not the owner
connects.
"""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_POSTGRESQL_UP = (
    """
    CREATE OR REPLACE FUNCTION wardcast_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'the ledger is append-only: % of % is refused', TG_OP, TG_TABLE_NAME
            USING ERRCODE = 'insufficient_privilege';
    END
    $$
    """,
    """
    CREATE TRIGGER ledger_entries_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_entries
        FOR EACH STATEMENT EXECUTE FUNCTION wardcast_refuse_change()
    """,
    "ALTER TABLE ledger_entries ENABLE ALWAYS TRIGGER ledger_entries_append_only",
    "REVOKE UPDATE, DELETE, TRUNCATE ON ledger_entries FROM PUBLIC",
)
_POSTGRESQL_DOWN = (
    "DROP TRIGGER ledger_entries_append_only ON ledger_entries",
    "DROP FUNCTION wardcast_refuse_change()",
)
# SQLite removes the row that INSERT OR REPLACE displaces without firing a trigger on DELETE, hence the one on INSERT.
_SQLITE_UP = (
    """
    CREATE TRIGGER ledger_entries_no_update BEFORE UPDATE ON ledger_entries
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only: UPDATE of ledger_entries is refused'); END
    """,
    """
    CREATE TRIGGER ledger_entries_no_delete BEFORE DELETE ON ledger_entries
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only: DELETE of ledger_entries is refused'); END
    """,
    """
    CREATE TRIGGER ledger_entries_no_replace BEFORE INSERT ON ledger_entries
    WHEN EXISTS (
        SELECT 1 FROM ledger_entries
        WHERE number = NEW.number OR previous_hash = NEW.previous_hash OR hash = NEW.hash
    )
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only: this place is taken'); END
    """,
)
_SQLITE_DOWN = (
    "DROP TRIGGER ledger_entries_no_replace",
    "DROP TRIGGER ledger_entries_no_delete",
    "DROP TRIGGER ledger_entries_no_update",
)


def upgrade() -> None:
    """Refuse every change of an entry from now on."""
    _run(_SQLITE_UP if _is_sqlite() else _POSTGRESQL_UP)


def downgrade() -> None:
    """Let entries be changed again."""
    _run(_SQLITE_DOWN if _is_sqlite() else _POSTGRESQL_DOWN)


def _is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"


def _run(statements: tuple[str, ...]) -> None:
    for statement in statements:
        op.execute(statement)
