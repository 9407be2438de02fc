"""Whether what a run keeps is what the ledger recorded of it; MLflow, which keeps it, vouches for nothing."""

from __future__ import annotations

import hashlib

from contracts import BadInput, RecordedRun
from contracts.run_files import AUDIT_FILE, GATES_FILE
from training.runs import PastRun


def refuse_other_than_recorded(run: PastRun, recorded: RecordedRun | None) -> None:
    """Raise ``BadInput`` where the audit or the gates of a run are not those of its entry in the ledger.

    A run that the ledger does not name (``recorded`` is None) has nothing to be compared with.
    """
    if recorded is None:
        return
    for what, path, sha256 in (
        ("audit", AUDIT_FILE, recorded.report_sha256),
        ("gates", GATES_FILE, recorded.gates_sha256),
    ):
        found = hashlib.sha256(run.file(path).read_bytes()).hexdigest() if run.holds(path) else None
        if found != sha256:
            raise BadInput(
                f"The {what} of run {run.summary.run_id} ({path}) {'is' if what == 'audit' else 'are'} not what the "
                f"ledger recorded of version {recorded.version} (entry {recorded.entry}).",
                remedy="Find out who changed it, and restore the artefacts from a backup, or train again.",
            )
