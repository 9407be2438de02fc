"""What the gates found, and how it is told."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from contracts import GateLimits, horizons_text

GateVerdict = Literal["pass", "fail", "not enough evidence", "outside but not counted"]
"""The last: all that counts passes, and something that does not count lies outside its margin."""
PartVerdict = Literal["pass", "fail", "not enough evidence", "outside but not counted", "shown"]
"""A part that is only shown, or is outside but not counted, does not count for its gate."""

GATES = ("skill", "skill-by-group", "calibration", "coverage", "city", "audit", "freshness", "reproducibility")
SIGNIFICANT = 3
_NOT_COUNTED: frozenset[PartVerdict] = frozenset({"outside but not counted", "shown"})


@dataclass(frozen=True)
class GateFinding:
    """One figure of a gate: of which part, its verdict, what it measures, and its interval where it has one."""

    part: str
    verdict: PartVerdict
    measure: str
    value: float | None
    low: float | None
    high: float | None

    def as_text(self) -> str:
        """For a terminal, in a line."""
        figure = "" if self.value is None else f" {self.value:.{SIGNIFICANT}f}"
        if self.low is not None and self.high is not None and self.low != self.high:
            figure += f" ({self.low:.{SIGNIFICANT}f}–{self.high:.{SIGNIFICANT}f})"
        return f"{self.part}: {self.measure}{figure}: {self.verdict}"


@dataclass(frozen=True)
class GateResult:
    """One gate. It fails where any part fails, lacks evidence unless every part that counts passes, and passes where
    besides nothing that does not count lies outside."""

    gate: str
    findings: tuple[GateFinding, ...]

    @property
    def verdict(self) -> GateVerdict:
        """The gate's verdict from those of its parts."""
        verdicts = {one.verdict for one in self.findings}
        counted = verdicts - _NOT_COUNTED
        if "fail" in counted:
            return "fail"
        if counted != {"pass"}:
            return "not enough evidence"
        return "outside but not counted" if "outside but not counted" in verdicts else "pass"

    @property
    def counted(self) -> tuple[GateFinding, ...]:
        """The parts that count."""
        return tuple(one for one in self.findings if one.verdict not in _NOT_COUNTED)

    def as_text(self, *, every_part: bool = False) -> str:
        """For a terminal: the verdict and the parts that failed, or every part."""
        judged, outside = self.counted, [one for one in self.findings if one.verdict == "outside but not counted"]
        passed = sum(one.verdict == "pass" for one in judged)
        shown = self.findings if every_part else [*(one for one in judged if one.verdict == "fail"), *outside]
        parts = "1 part" if len(judged) == 1 else f"{len(judged)} parts"
        return "\n".join(
            [
                f"  {self.gate}: {self.verdict} (of what counts, {passed} of {parts} pass)",
                *(f"    {one.as_text()}" for one in shown),
            ]
        )


@dataclass(frozen=True)
class GateReport:
    """All gates of a run, and the limits that its settings held.

    ``horizons`` are those that were scored, gated and audited; a run from before they were recorded has none.
    """

    results: tuple[GateResult, ...]
    limits: GateLimits
    settings_sha256: str
    horizons: tuple[int, ...] = ()

    @property
    def verdicts(self) -> dict[str, GateVerdict]:
        """Gate → verdict."""
        return {one.gate: one.verdict for one in self.results}

    def to_json(self) -> str:
        """Everything, as it is stored with the run."""
        content = {
            "gates": [{"verdict": one.verdict, **asdict(one)} for one in self.results],
            "limits": self.limits.model_dump(mode="json"),
            "settings_sha256": self.settings_sha256,
            "horizons": list(self.horizons),
        }
        return json.dumps(content, ensure_ascii=False, allow_nan=False, indent=2) + "\n"

    def as_text(self, *, every_part: bool = False) -> str:
        """For a terminal; with every part, for a file."""
        head = f"Gates (horizons {horizons_text(self.horizons)}):" if self.horizons else "Gates:"
        return "\n".join([head, *(one.as_text(every_part=every_part) for one in self.results)])


def gate_report(document: Mapping[str, Any]) -> GateReport:
    """What ``GateReport.to_json`` wrote, parsed; raises ``KeyError``, ``TypeError`` or ``ValueError`` for another."""
    return GateReport(
        results=tuple(
            GateResult(one["gate"], tuple(GateFinding(**part) for part in one["findings"])) for one in document["gates"]
        ),
        limits=GateLimits.model_validate(document["limits"]),
        settings_sha256=str(document["settings_sha256"]),
        horizons=tuple(int(one) for one in document.get("horizons", ())),
    )


def finding(
    part: str,
    figure: Sequence[float] | None,
    measure: str,
    lowest: float | None = None,
    highest: float | None = None,
) -> GateFinding:
    """A finding from a figure with its interval (value, low, high), or from none where there is no evidence."""
    if figure is None:
        return GateFinding(part, "not enough evidence", measure, None, None, None)
    value, low, high = (round(float(number), 6) for number in figure)
    return GateFinding(part, limits_verdict(low, high, lowest, highest), measure, value, low, high)


def limits_verdict(low: float, high: float, lowest: float | None, highest: float | None) -> GateVerdict:
    """Whether an interval lies wholly inside the limits, wholly outside them, or across one.

    >>> limits_verdict(0.90, 0.98, None, 1.0), limits_verdict(0.9, 1.1, None, 1.0), limits_verdict(1.1, 1.2, None, 1.0)
    ('pass', 'not enough evidence', 'fail')
    """
    if (lowest is not None and high < lowest) or (highest is not None and low > highest):
        return "fail"
    inside = (lowest is None or low >= lowest) and (highest is None or high <= highest)
    return "pass" if inside else "not enough evidence"
