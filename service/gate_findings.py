"""What the gates found of a registered model, read from its run and checked against the recorded hash."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from contracts import BadInput, FlagSettings, Workspace
from monitoring import GateReport, gate_report
from service.approvals import GATES_SHA256_TAG, REPORT_SHA256_TAG, ModelRegistry
from service.ledger import sha256_of

if TYPE_CHECKING:
    from models.registry import RegisteredModel

GATES_FILE = "gates/gates.json"
AUDIT_FILE = "audit/fairness.json"


def recorded_gates(workspace: Workspace, registry: ModelRegistry, model: RegisteredModel) -> GateReport | None:
    """The gates of a model; None where its run had none, which is no evidence.

    Raises ``BadInput`` where the document is gone or is not the one that was recorded.
    """
    recorded = model.tags.get(GATES_SHA256_TAG)
    if recorded is None:
        return None
    text = registry.run_text(workspace, model.run_id, GATES_FILE)
    if text is None or sha256_of(text) != recorded:
        raise BadInput(
            f"What the gates found of version {model.version} of '{model.target}' is gone or was changed: "
            f"{GATES_FILE} of run {model.run_id} is not what the registry recorded.",
            remedy=f"Train again: wardcast train --target {model.target}",
        )
    return gate_report(json.loads(text))


def audited_flags(workspace: Workspace, registry: ModelRegistry, model: RegisteredModel) -> FlagSettings | None:
    """By which rule the run's audit flagged areas; None where no audit was kept with it.

    Raises ``BadInput`` where the audit is not the one that was recorded.
    """
    text = registry.run_text(workspace, model.run_id, AUDIT_FILE)
    if text is None:
        return None
    if sha256_of(text) != model.tags.get(REPORT_SHA256_TAG):
        raise BadInput(
            f"The audit of version {model.version} of '{model.target}' was changed: {AUDIT_FILE} of run {model.run_id} "
            "is not what the registry recorded.",
            remedy=f"Train again: wardcast train --target {model.target}",
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
