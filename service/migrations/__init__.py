"""Alembic migrations of our own tables; run by ``service.database``, never by hand."""
