"""The database itself takes only a row that could be the next entry.

Whether a signature is genuine it cannot know, but a row without one, out of its place, with another payload than its
hash says, or under a kind of entry that looks like none, is refused whoever inserts it.
"""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_POSTGRESQL_UP = (
    """
    CREATE OR REPLACE FUNCTION wardcast_refuse_intruder() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        newest ledger_entries%ROWTYPE;
    BEGIN
        SELECT * INTO newest FROM ledger_entries ORDER BY number DESC LIMIT 1;
        IF NEW.number <> COALESCE(newest.number, 0) + 1
            OR NEW.previous_hash <> COALESCE(newest.hash, repeat('0', 64))
            OR NEW.payload_sha256 <> encode(sha256(convert_to(NEW.payload, 'UTF8')), 'hex')
            OR NEW.hash !~ '^[0-9a-f]{64}$'
            OR NEW.kind !~ '^[a-z_]+$'
            OR NOT (NEW.signature ~ '^[0-9a-f]{128}$' AND NEW.signed_by ~ '^[0-9a-f]{64}$'
                    OR NEW.signature = '' AND NEW.signed_by = '' AND COALESCE(newest.signature, '') = '')
        THEN
            RAISE EXCEPTION 'the ledger takes only what continues it: row % is refused', NEW.number
                USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END
    $$
    """,
    """
    CREATE TRIGGER ledger_entries_continue BEFORE INSERT ON ledger_entries
        FOR EACH ROW EXECUTE FUNCTION wardcast_refuse_intruder()
    """,
    "ALTER TABLE ledger_entries ENABLE ALWAYS TRIGGER ledger_entries_continue",
)
_POSTGRESQL_DOWN = (
    "DROP TRIGGER ledger_entries_continue ON ledger_entries",
    "DROP FUNCTION wardcast_refuse_intruder()",
)
_SQLITE_UP = (
    """
    CREATE TRIGGER ledger_entries_continue BEFORE INSERT ON ledger_entries
    WHEN typeof(NEW.number) <> 'integer'
        OR NEW.number <> COALESCE((SELECT MAX(number) FROM ledger_entries), 0) + 1
        OR NEW.previous_hash <> COALESCE(
            (SELECT hash FROM ledger_entries ORDER BY number DESC LIMIT 1),
            '0000000000000000000000000000000000000000000000000000000000000000')
        OR length(NEW.hash) <> 64 OR NEW.hash GLOB '*[^0-9a-f]*'
        OR length(NEW.payload_sha256) <> 64 OR NEW.payload_sha256 GLOB '*[^0-9a-f]*'
        OR NEW.kind = '' OR NEW.kind GLOB '*[^a-z_]*'
        OR NOT (
            length(NEW.signature) = 128 AND NEW.signature NOT GLOB '*[^0-9a-f]*'
            AND length(NEW.signed_by) = 64 AND NEW.signed_by NOT GLOB '*[^0-9a-f]*'
            OR NEW.signature = '' AND NEW.signed_by = ''
            AND COALESCE((SELECT signature FROM ledger_entries ORDER BY number DESC LIMIT 1), '') = '')
    BEGIN SELECT RAISE(ABORT, 'the ledger takes only what continues it: this row is refused'); END
    """,
)
_SQLITE_DOWN = ("DROP TRIGGER ledger_entries_continue",)


def upgrade() -> None:
    """Refuse every row that continues nothing from now on."""
    _run(_SQLITE_UP if _is_sqlite() else _POSTGRESQL_UP)


def downgrade() -> None:
    """Take any row again."""
    _run(_SQLITE_DOWN if _is_sqlite() else _POSTGRESQL_DOWN)


def _is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"


def _run(statements: tuple[str, ...]) -> None:
    for statement in statements:
        op.execute(statement)
