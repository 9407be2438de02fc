"""Issued forecasts on disk, read and checked against the ledger."""
