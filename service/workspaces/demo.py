"""The demonstration: a simulated city from its first publication to a served page, by the same steps a user takes."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import date

from contracts import SETTINGS_FILE, RefusedAction, Workspace
from models import registry
from service.board.decisions import approve
from service.board.people import person_named
from service.issuing import Issue, issue, open_sources
from service.ledger import open_ledger
from service.workspaces.setup import make_simulated_workspace

APPROVER = "Demonstration"
REASON = "Demonstration of a simulated city; nobody judged this model."


def prepare(workspace: Workspace, seed: int, tell: Callable[[str], None]) -> None:
    """Make the simulated city's workspace, or keep the one that an earlier demonstration made.

    Raises ``RefusedAction`` where the workspace is of a real city.
    """
    if not (workspace.root / SETTINGS_FILE).exists():
        make_simulated_workspace(workspace.root, seed, tell)
    if not workspace.settings.simulated:
        raise RefusedAction(
            f"{workspace.root} is the workspace of {workspace.settings.city}, not of a simulated city.",
            remedy="Name another folder with --workspace.",
        )


def approve_and_issue(
    workspace: Workspace, today: date, tell: Callable[[str], None], *, failed_gates: Collection[str] = ()
) -> Issue:
    """Approve the challengers in the demonstration's name, whatever their gates found, and issue the next periods."""
    ledger = open_ledger(workspace)
    person = person_named(workspace.settings, APPROVER)
    overrides = sorted(failed_gates)
    approval = approve(workspace, ledger, registry, by=person, reason=REASON, overrides=overrides, inconclusive=REASON)
    for note in approval.notes:
        tell(note)
    for champion in approval.champions:
        tell(f"Approved {champion.target} version {champion.version} (ledger entry {champion.entry}).")
    return issue(workspace, ledger, open_sources(workspace), today=today, by=APPROVER, tell=tell)
