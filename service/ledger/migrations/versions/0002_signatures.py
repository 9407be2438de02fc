"""The signature of each entry; entries that were made before stay without one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the two columns, empty in every entry there is."""
    op.add_column("ledger_entries", sa.Column("signed_by", sa.String(64), nullable=False, server_default=""))
    op.add_column("ledger_entries", sa.Column("signature", sa.String(128), nullable=False, server_default=""))


def downgrade() -> None:
    """Drop the signatures."""
    op.drop_column("ledger_entries", "signature")
    op.drop_column("ledger_entries", "signed_by")
