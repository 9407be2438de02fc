"""The append-only, signed record of every forecast, training and decision."""

from service.ledger.findings import date_findings, key_in_force
from service.ledger.ledger import (
    GENESIS,
    Entry,
    Finding,
    Ledger,
    Place,
    Verification,
    canonical_json,
    open_ledger,
    refuse_findings,
    sha256_of,
)
from service.ledger.seal import seal_of
from service.ledger.signed_head import SignedHead, read_head

__all__ = [
    "GENESIS",
    "Entry",
    "Finding",
    "Ledger",
    "Place",
    "SignedHead",
    "Verification",
    "canonical_json",
    "date_findings",
    "key_in_force",
    "open_ledger",
    "read_head",
    "refuse_findings",
    "seal_of",
    "sha256_of",
]
