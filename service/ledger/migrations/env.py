"""Runs the migrations on the connection that ``service.ledger.database`` opened and holds exclusively."""

from __future__ import annotations

from alembic import context

context.configure(connection=context.config.attributes["connection"], target_metadata=None)
with context.begin_transaction():
    context.run_migrations()
