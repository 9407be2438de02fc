"""What the gates found of a model, to be shown: read from its run once its hash is the one in the ledger."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from contracts import BadInput, FlagSettings, Workspace
from contracts.run_files import AUDIT_FILE, GATES_FILE
from monitoring import GateReport, gate_report
from service.board.champions import ModelRegistry
from service.ledger import sha256_of

if TYPE_CHECKING:
    from service.board.trained import Recorded


def recorded_gates(workspace: Workspace, registry: ModelRegistry, record: Recorded) -> GateReport | None:
    """The gates of a model; None where its run had none, which is no evidence.

    Raises ``BadInput`` where the document is gone or is not the one that was recorded.
    """
    if record.gates_sha256 is None:
        return None
    text = registry.run_text(workspace, record.run_id, GATES_FILE)
    if text is None or sha256_of(text) != record.gates_sha256:
        raise BadInput(
            f"What the gates found of version {record.key.version} of '{record.key.target}' is gone or was changed: "
            f"{GATES_FILE} of run {record.run_id} is not what the ledger recorded (entry {record.entry}).",
            remedy=f"Train again: wardcast train --target {record.key.target}",
        )
    return gate_report(json.loads(text))


def audited_flags(workspace: Workspace, registry: ModelRegistry, record: Recorded) -> FlagSettings | None:
    """By which rule the run's audit flagged areas; None where no audit was kept with it.

    Raises ``BadInput`` where the audit is not the one that was recorded.
    """
    text = registry.run_text(workspace, record.run_id, AUDIT_FILE)
    if text is None:
        return None
    if sha256_of(text) != record.report_sha256:
        raise BadInput(
            f"The audit of version {record.key.version} of '{record.key.target}' was changed: {AUDIT_FILE} of run "
            f"{record.run_id} is not what the ledger recorded (entry {record.entry}).",
            remedy=f"Train again: wardcast train --target {record.key.target}",
        )
    audit = json.loads(text)
    if audit.get("flags") is None:
        return FlagSettings(share=audit["flagged_share"])
    return FlagSettings.model_validate(audit["flags"])


def changed_limits(workspace: Workspace, report: GateReport) -> str | None:
    """A sentence where the settings' limits are not those that the run recorded."""
    if report.limits == workspace.settings.gates:
        return None
    return "The limits under [gates] have changed since this run; it was judged by those that it recorded."
