"""What a training says of the model that it registered: the document that decisions on it rest on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class TrainedModel:
    """A model as its training knew it, before any store could have changed it; hashes are SHA-256.

    ``gates`` maps each gate to its verdict, ``publications`` the id of each publication to the hash of its counts.
    ``trained_by`` is None where nobody was named, ``gates_sha256`` where the run had no gates.
    """

    target: str
    version: int
    run_id: str
    sha256: str
    report_sha256: str
    gates_sha256: str | None
    gates: Mapping[str, str]
    trained_by: str | None
    as_of: str
    last_known: str
    geography: str
    publications: Mapping[str, str]
    settings_sha256: str
    document: int = 1

    def content(self) -> dict[str, Any]:
        """The document as plain values."""
        return asdict(self)
