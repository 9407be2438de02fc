"""The gate ``audit``: which of the audits' verdicts a model is held to.

Calibration by group always counts: a model that forecasts a group's areas too low or too high can be put right, and no
other aim of it is lost. Of the other audits those count that the settings name. Differences in exposure and in missed
flags also follow where crime is, however good the forecast is (Kleinberg, Mullainathan & Raghavan 2016; Chouldechova
2017), so they are for the board to weigh unless it has set a limit.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from contracts import AuditSettings, GateLimits
from monitoring.audits.calibration import CALIBRATION
from monitoring.audits.completeness import COMPLETENESS
from monitoring.audits.enforcement import ENFORCEMENT
from monitoring.audits.exposure import EXPOSURE
from monitoring.audits.groups import DISTRICT
from monitoring.audits.proxy_leakage import PROXY_LEAKAGE
from monitoring.audits.result import AuditResult
from monitoring.audits.result import Finding as AuditFinding
from monitoring.gates.result import GateFinding, GateResult, PartVerdict, finding, limits_verdict

_OF_AUDIT: Mapping[str, PartVerdict] = {"inside": "pass", "outside": "fail"}
_NO_EVIDENCE: PartVerdict = "not enough evidence"
_UNCOUNTED: PartVerdict = "outside but not counted"
_NAMED = ("attribute", "group", "direction", "fifth")
"""What names a row of an audit that is not by group."""
_ASSUMED = {"audit": "of {}", "attached_by": "attached by {}", "gap": "{:.0%} fewer reported"}
"""What a row assumes, in words: rows of a sensitivity differ in nothing else."""

_OF_THE_RUN = (COMPLETENESS.audit, PROXY_LEAKAGE.audit, ENFORCEMENT.audit)
"""Audits that are the same at every horizon and made once."""


def audit_gate(audit: AuditResult, *, limits: GateLimits) -> GateResult:
    """Verdicts of calibration and of the audits that the limits name, of the whole city; exposure by its own limit.

    Inside a margin passes, outside fails, at each horizon that was audited. What does not count and lies outside is
    told as such: the gate then does not read as passed. Districts are often too small for a verdict: then they are
    shown. An audit that is named and was not made is not enough evidence.
    """
    parts = _parts_of(audit, limits, (CALIBRATION.audit, *limits.audits))
    named = [name for name in (CALIBRATION.audit, *limits.audits) if name not in _OF_THE_RUN]
    several = bool(audit.others)
    told = [_at_horizon(part, audit.horizon) for part in parts] if several else parts
    for other in audit.others:
        told += [_at_horizon(part, other.horizon) for part in _parts_of(other, limits, named)]
    return GateResult("audit", tuple(told))


def _parts_of(audit: AuditResult, limits: GateLimits, named: Sequence[str]) -> list[GateFinding]:
    """The parts of one horizon."""
    parts: list[GateFinding] = []
    for name in dict.fromkeys(named):
        found = [_of_finding(one) for one in audit.findings if one.audit == name and one.stratum is None]
        found += [_of_row(name, row) for row in audit.tables.get(name, [])]
        parts += found or [finding(name, None, "was not audited")]
    exposed = [one for one in audit.findings if one.audit == EXPOSURE.audit and one.stratum is None]
    exposures = [_of_exposure(one, limits, audit.margins) for one in exposed]
    return [*parts, *exposures, *_uncounted(audit, named)]


def _uncounted(audit: AuditResult, gating: Sequence[str]) -> list[GateFinding]:
    """What lies outside and does not count: other audits, and parts of the city."""
    outside = [
        one
        for one in audit.findings
        if one.verdict == "outside"
        and (one.stratum is not None or one.audit not in gating)
        and (one.stratum is not None or one.audit != EXPOSURE.audit)
    ]
    rows = [
        (name, row)
        for name, rows in audit.tables.items()
        if name not in gating
        for row in rows
        if row.get("verdict") == "outside"
    ]
    return [*(_part(one, _UNCOUNTED) for one in outside), *(_of_row(name, row, _UNCOUNTED) for name, row in rows)]


def _at_horizon(part: GateFinding, horizon: int) -> GateFinding:
    return replace(part, part=f"{part.part}, horizon {horizon}")


def _of_finding(one: AuditFinding) -> GateFinding:
    verdict = _OF_AUDIT.get(one.verdict, _NO_EVIDENCE)
    if verdict == _NO_EVIDENCE and one.attribute == DISTRICT:
        verdict = "shown"
    return _part(one, verdict)


def _of_exposure(one: AuditFinding, limits: GateLimits, margins: AuditSettings) -> GateFinding:
    if limits.exposure_ratio is None:
        return _part(one, _UNCOUNTED if one.verdict == "outside" else "shown")
    few = one.areas < margins.fewest_areas or one.events < margins.fewest_events
    if one.low is None or one.high is None or few:
        return _part(one, _NO_EVIDENCE)
    return _part(one, limits_verdict(one.low, one.high, None, limits.exposure_ratio))


def _part(one: AuditFinding, verdict: PartVerdict) -> GateFinding:
    where = f" ({one.stratum})" if one.stratum else ""
    part = f"{one.audit}, {one.attribute}: {one.group}{where}"
    return GateFinding(part, verdict, one.unit, one.value, one.low, one.high)


def _of_row(name: str, row: Mapping[str, object], uncounted: PartVerdict | None = None) -> GateFinding:
    named = ": ".join(str(row[key]) for key in _NAMED if row.get(key))
    assumed = [words.format(row[key]) for key, words in _ASSUMED.items() if row.get(key)]
    part = ", ".join([name, *([named] if named else []), *assumed])
    verdict = uncounted or _OF_AUDIT.get(str(row["verdict"]), _NO_EVIDENCE)
    value, low, high = (_number(row.get(key)) for key in ("value", "low", "high"))
    if value is not None and "unit" in row:
        return GateFinding(part, verdict, str(row["unit"]), value, low, high)
    return GateFinding(part, verdict, f"margin {row['margin']}" if "margin" in row else "its margin", None, None, None)


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None
