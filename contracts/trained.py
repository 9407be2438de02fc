"""What a training says of the model that it registered: the document that decisions on it rest on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class TrainedModel:
    """A model as its training knew it, before any store could have changed it; hashes are SHA-256.

    ``gates`` maps each gate to its verdict, ``publications`` the id of each publication to the hash of its counts.
    ``trained_by`` is None where nobody was named, ``gates_sha256`` where the run had no gates, ``sheet_sha256`` where
    it has no sheet.
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
    sheet_sha256: str | None = None
    document: int = 1

    def content(self) -> dict[str, Any]:
        """The document as plain values."""
        return asdict(self)


@dataclass(frozen=True)
class RecordedRun:
    """What the signed ledger says of a run: the entry of its training, the hashes in it, and what was decided since.

    ``entry`` is that of its approval where it was approved before trainings were entered. ``decided`` holds a sentence
    a decision, the oldest first, each with the number of its entry, which names who decided; the sentences do not.
    """

    entry: int
    version: int
    report_sha256: str | None
    gates_sha256: str | None
    decided: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """The same in sentences."""
        vouched = "this audit and of its gates" if self.gates_sha256 else "this audit"
        told = f"Entry {self.entry} of the signed ledger names this run and holds the SHA-256 of {vouched}."
        return " ".join([told, *(self.decided or ("Nothing was decided on it since.",))])


UNRECORDED_RUN = (
    "No entry of the ledger names this run: nothing signed vouches for its figures, and nobody has decided on it."
)
"""What is told of a run that the ledger does not name: a backtest, or a training before trainings were entered."""
BEING_ENTERED = (
    "Written by its training, right before the training's entry in the signed ledger: the sheet of the run names this "
    "report by its SHA-256, and the entry names the sheet. What was decided since is in the ledger."
)
"""What is told in the report that a training writes."""


def standing_words(recorded: RecordedRun | None, *, is_being_entered: bool) -> str:
    """What vouches for a run's figures, and what was decided on it."""
    if is_being_entered:
        return BEING_ENTERED
    return UNRECORDED_RUN if recorded is None else recorded.words
