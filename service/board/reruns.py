"""What computed a disputed forecast again, held by a hash in the signed answer: MLflow may be written by others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from contracts import MissingThing, RefusedAction, Workspace
from contracts.run_files import LEADERBOARD_FILE
from service.board.champions import ModelRegistry
from service.forecasts.record import target_records
from service.ledger import Ledger, sha256_of

"""The artefact of a backtest by whose hash it is known again."""
_BACKTEST = "backtest"


@dataclass(frozen=True)
class Rerun:
    """A forecast that was issued after a challenge, or a finished backtest of its target.

    ``sha256`` is that of the forecast's entry in the ledger, or of the backtest's leaderboard.
    """

    id: str
    kind: Literal["forecast", "backtest"]
    sha256: str

    def content(self) -> dict[str, Any]:
        """What an entry of the ledger says of it."""
        return {"rerun": self.id, "rerun_kind": self.kind, "rerun_sha256": self.sha256}


NO_RERUN: Mapping[str, Any] = {"rerun": None}
"""What an entry says where nothing was computed again."""


def find_rerun(
    workspace: Workspace, ledger: Ledger, registry: ModelRegistry, *, number: int, target: str, rerun: str
) -> Rerun:
    """The rerun of that id for the challenge of a number and target; raises ``MissingThing``."""
    for entry in ledger.entries("issue"):
        if entry.content["forecast_id"] == rerun and entry.number > number:
            if target in {about.target for about in target_records(entry)}:
                return Rerun(rerun, "forecast", entry.hash)
            raise MissingThing(
                f"The forecast {rerun} holds no target '{target}', which the challenge {number} is about.",
                remedy="Give a forecast or a backtest of that target.",
            )
    run = registry.finished_run(workspace, rerun)
    board = registry.run_text(workspace, rerun, LEADERBOARD_FILE) if run == (_BACKTEST, target) else None
    if board is None:
        raise MissingThing(
            f"'{rerun}' is neither a forecast issued after the challenge {number} nor a finished backtest of "
            f"'{target}'.",
            remedy=f"Run 'wardcast issue' or 'wardcast backtest --target {target}', and give the id it prints.",
        )
    return Rerun(rerun, "backtest", sha256_of(board))


def refuse_changed_rerun(found: Rerun, sha256: str | None) -> None:
    """Raise ``RefusedAction`` where a rerun is not what the signed answer named; None where that answer is older."""
    if sha256 not in (None, found.sha256):
        raise RefusedAction(
            f"The {found.kind} {found.id} is not what the signed answer named: its SHA-256 differs.",
            remedy="Find out who changed it, and compute again: give the new id with --rerun ID.",
        )
