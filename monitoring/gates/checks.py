"""One table of every check of a run: what it found, whether it counts for a gate, and who decided that it does.

Nobody can seal limits yet, so no entry of the ledger says who set them or when; every sentence here says so.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any

from contracts import AuditSettings, GateLimits
from monitoring.audits.calibration import CALIBRATION
from monitoring.audits.exposure import EXPOSURE
from monitoring.audits.result import AuditResult
from monitoring.gates.result import GateReport

NOBODY_SEALED = "no entry of the ledger says that anybody sealed them"


@dataclass(frozen=True)
class Check:
    """One check. ``found`` is its verdict, or how many of its figures are inside a margin, outside, or unproven."""

    check: str
    found: str
    counts: bool
    decided_by: str

    def to_dict(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self)


def limits_sentence(limits: GateLimits | None, margins: AuditSettings) -> str:
    """Who set the limits and margins, as far as anything shows.

    >>> limits_sentence(GateLimits(), AuditSettings())
    "The limits are the package's own; no entry of the ledger says that anybody sealed them."
    """
    own = limits in (None, GateLimits()) and margins == AuditSettings()
    whose = "the package's own" if own else "those of the settings"
    return f"The limits are {whose}; {NOBODY_SEALED}."


def checks_of(audit: AuditResult, gates: GateReport | None) -> tuple[Check, ...]:
    """Every gate but that of the audits, then every audit; a run without gates is held to none."""
    limits = None if gates is None else gates.limits
    results = () if gates is None else gates.results
    decided = f"the package: a gate of its own always counts; {NOBODY_SEALED}"
    rows = [Check(one.gate, one.verdict, True, decided) for one in results if one.gate != "audit"]
    for one in audit.descriptions:
        verdicts = [str(finding.verdict) for finding in audit.findings if finding.audit == one.audit]
        verdicts += [str(row["verdict"]) for row in audit.tables.get(one.audit, ()) if "verdict" in row]
        if verdicts:
            rows.append(Check(one.audit, _found(verdicts), *_counting(one.audit, limits)))
    return tuple(rows)


def _found(verdicts: list[str]) -> str:
    number = Counter(verdicts)
    return ", ".join(f"{number[word]} {word}" for word in ("inside", "outside", "not enough evidence") if number[word])


def _counting(audit: str, limits: GateLimits | None) -> tuple[bool, str]:
    if limits is None:
        return False, "nobody: only a training is held to gates"
    if audit == CALIBRATION.audit:
        return True, f"the package: it always counts; {NOBODY_SEALED}"
    if audit == EXPOSURE.audit:
        given = limits.exposure_ratio is not None
        whose = "the settings: gates.exposure_ratio" if given else "the package: no gates.exposure_ratio is set"
        return given, f"{whose}; {NOBODY_SEALED}"
    counts = audit in limits.audits
    whose = "the package's own" if limits.audits == GateLimits().audits else "the settings'"
    return counts, f"{whose} gates.audits, which {'names' if counts else 'does not name'} it; {NOBODY_SEALED}"
