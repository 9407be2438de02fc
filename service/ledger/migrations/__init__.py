"""Alembic migrations of our own tables; run by ``service.ledger.database``, never by hand."""
