"""What the audits found, and how it is judged and told: every figure with its interval, margin, verdict and caveat."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal

import pandas as pd

from contracts import AuditSettings, FlagSettings

Verdict = Literal["inside", "outside", "not enough evidence"]
Colour = Literal["green", "amber", "red"]
Margin = tuple[float | None, float | None]
"""Ends of a margin; None is without an end."""

CAVEAT = "This compares areas. It does not say which people were victims, offenders, stopped or protected."
RECORDS = "Outcomes are crimes that were recorded: an audit against records alone certifies the records."


@dataclass(frozen=True)
class Description:
    """What an audit asks and how its figure is made. ``fairlearn`` is the call that gives the point figures."""

    audit: str
    question: str
    formula: str
    unit: str
    fairlearn: str
    source: str


@dataclass(frozen=True)
class Finding:
    """One figure of one group.

    ``value`` (in ``unit``) is what is judged, with its 95% interval ``low…high``; ``rate`` is the group's own and
    ``reference`` that of those it is compared with, both in ``rate_unit``. ``stratum`` names the part of the city, None
    for all of it. ``areas`` is the effective number of areas that the figure rests on, (Σ s)² / Σ s² (Kish 1965);
    ``events`` the events; ``blocks`` the spatial blocks that were resampled. ``p`` is that of no difference, where it
    is tested, and ``p_adjusted`` the same over the family of all groups and strata (Benjamini & Hochberg). A figure
    that cannot be computed, or has no interval, is None. ``verdict`` judges the interval by ``margin``; ``colour`` the
    value by ``margin`` and ``red``.
    """

    audit: str
    attribute: str
    group: str
    stratum: str | None
    rate: float | None
    reference: float | None
    rate_unit: str
    value: float | None
    low: float | None
    high: float | None
    unit: str
    margin: Margin
    red: Margin
    areas: float
    events: float
    blocks: float | None
    p: float | None
    p_adjusted: float | None
    verdict: Verdict
    colour: Colour | None
    caveat: str = CAVEAT


def figure_of(finding: Finding) -> dict[str, object]:
    """Whose figure it is, with its interval, margin, verdict and caveat: what a row of a table needs."""
    names = ("attribute", "group", "unit", "value", "low", "high", "margin", "verdict", "caveat")
    return {name: getattr(finding, name) for name in names}


@dataclass(frozen=True)
class GroupTest:
    """Whether the groups of an attribute differ at all: the greatest |statistic| over them, by randomisation.

    ``p_adjusted`` is over the family of all such tests of the audit; ``differs`` where it is at most the significance.
    """

    audit: str
    attribute: str
    stratum: str | None
    p: float
    p_adjusted: float
    differs: bool
    caveat: str = CAVEAT


@dataclass(frozen=True)
class AuditResult:
    """All findings of one forecaster, what could not be audited, and on what it rests.

    They are of one ``horizon``; ``others`` holds the same audits at every other horizon that was forecast.
    """

    findings: tuple[Finding, ...]
    tests: tuple[GroupTest, ...]
    tables: dict[str, list[dict[str, object]]]
    """Audits that are not by group (hidden subgroup, proxy leakage, efficiency against equity …): rows by audit."""
    descriptions: tuple[Description, ...]
    notes: tuple[str, ...]
    margins: AuditSettings
    flagged_share: float
    areas: int
    periods: int
    city_calibration: float | None
    seed: int
    flags: FlagSettings | None = None
    """The rule by which areas were flagged; None in an audit from before there was a choice: by expected count."""
    flagged: tuple[str, ...] = ()
    """The areas flagged in the newest period, by code."""
    caveat: str = CAVEAT
    horizon: int = 1
    others: tuple[AuditResult, ...] = ()

    @property
    def by_horizon(self) -> tuple[AuditResult, ...]:
        """The audits of every horizon, this one's first."""
        return (self, *self.others)

    @property
    def flag_rule(self) -> FlagSettings:
        """The rule by which areas were flagged."""
        return FlagSettings(share=self.flagged_share) if self.flags is None else self.flags

    def to_frame(self) -> pd.DataFrame:
        """One row a finding, columns as the fields of ``Finding``."""
        return pd.DataFrame([asdict(finding) for finding in self.findings], columns=list(Finding.__annotations__))

    def to_dict(self) -> dict[str, object]:
        """Everything as plain values."""
        own = asdict(replace(self, others=()))
        others = [one.to_dict() for one in self.others]
        margins = self.margins.model_dump(mode="json")
        return {**own, "margins": margins, **self._flags(), "records": RECORDS, "others": others}

    def _flags(self) -> dict[str, object]:
        rule = None if self.flags is None else self.flags.model_dump(mode="json")
        return {"flags": rule, "flags_in_words": self.flag_rule.words}

    def to_json(self) -> str:
        """``to_dict`` as JSON."""
        return json.dumps(self.to_dict(), ensure_ascii=False, allow_nan=False, indent=2)

    @classmethod
    def from_json(cls, text: str) -> AuditResult:
        """What ``to_json`` wrote; raises ``KeyError``, ``TypeError`` or ``ValueError`` for anything else."""
        return _result(json.loads(text))

    def as_text(self) -> str:
        """For a terminal or a text file, in plain English: the figures of the whole city, and of parts if outside."""
        questions = [f"{one.audit}: {one.question}" for one in self.descriptions]
        told = [one.figures_text() for one in self.by_horizon]
        return "\n".join([*told, *questions, RECORDS, self.caveat])

    def figures_text(self) -> str:
        """The figures of this horizon alone."""
        heads = ("audit", "group", "value", "95% interval", "unit", "margin", "areas", "verdict", "colour")
        told = [one for one in self.findings if one.stratum is None or one.verdict == "outside"]
        lines = [heads, *(_cells(finding) for finding in told)]
        widths = [max(len(line[column]) for line in lines) for column in range(len(heads))]
        table = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines]
        city = "unknown" if self.city_calibration is None else f"{self.city_calibration:.3f}"
        title = (
            f"Horizon {self.horizon}: {self.areas} areas, {self.periods} periods; "
            f"forecast over outcome in the city {city}; flagged in each period: {self.flag_rule.words}"
        )
        told_tests = [_test_line(test) for test in self.tests if test.stratum is None]
        parts = [title, *table, *told_tests, *self.notes]
        return "\n".join(line.rstrip() for line in parts)


def verdict_of(
    low: float, high: float, margin: Margin, *, areas: float, events: float, fewest_areas: int, fewest_events: int
) -> Verdict:
    """Whether a 95% interval lies wholly inside the margin, wholly outside, or shows too little.

    >>> verdict_of(0.95, 1.05, (0.9, 1.11), areas=100, events=900, fewest_areas=30, fewest_events=50)
    'inside'
    >>> verdict_of(0.80, 0.89, (0.9, 1.11), areas=100, events=900, fewest_areas=30, fewest_events=50)
    'outside'
    >>> verdict_of(0.80, 0.89, (0.9, 1.11), areas=29, events=900, fewest_areas=30, fewest_events=50)
    'not enough evidence'
    """
    if not (math.isfinite(low) and math.isfinite(high)) or areas < fewest_areas or events < fewest_events:
        return "not enough evidence"
    least, most = _ends(margin)
    if least <= low and high <= most:
        return "inside"
    return "outside" if high < least or low > most else "not enough evidence"


def colour_of(value: float, margin: Margin, red: Margin) -> Colour | None:
    """Green within the margin, red beyond the wider one, else amber, which asks for a discussion; None if unknown.

    >>> [colour_of(value, (0.9, 1.11), (0.8, 1.25)) for value in (1.0, 0.85, 1.3)]
    ['green', 'amber', 'red']
    """
    if not math.isfinite(value):
        return None
    if _ends(margin)[0] <= value <= _ends(margin)[1]:
        return "green"
    return "amber" if _ends(red)[0] <= value <= _ends(red)[1] else "red"


def figure(value: float) -> float | None:
    """The value, or None where it is not finite."""
    return float(value) if math.isfinite(value) else None


def alarms(findings: Sequence[Finding]) -> list[Finding]:
    """The findings whose whole interval lies outside the margin."""
    return [finding for finding in findings if finding.verdict == "outside"]


def _result(content: Mapping[str, Any]) -> AuditResult:
    """One horizon's audits with those of the others; a document from before horizons were told is of horizon 1."""
    rule = content.get("flags")
    since = {
        "horizon": content.get("horizon", 1),
        "others": tuple(_result(one) for one in content.get("others", ())),
        "flags": None if rule is None else FlagSettings.model_validate(rule),
        "flagged": tuple(content.get("flagged", ())),
    }
    kept = {one.name: content[one.name] for one in fields(AuditResult) if one.name not in since}
    return AuditResult(
        **kept
        | since
        | {
            "findings": tuple(_finding(one) for one in content["findings"]),
            "tests": tuple(GroupTest(**one) for one in content["tests"]),
            "descriptions": tuple(Description(**one) for one in content["descriptions"]),
            "notes": tuple(content["notes"]),
            "margins": AuditSettings.model_validate(content["margins"]),
        }
    )


def _finding(content: Mapping[str, Any]) -> Finding:
    return Finding(**{**content, "margin": tuple(content["margin"]), "red": tuple(content["red"])})


def _ends(margin: Margin) -> tuple[float, float]:
    low, high = margin
    return (-math.inf if low is None else low, math.inf if high is None else high)


def _cells(finding: Finding) -> tuple[str, ...]:
    interval = "" if finding.low is None or finding.high is None else f"{finding.low:.3f}–{finding.high:.3f}"
    low, high = ("" if end is None else f"{end:g}" for end in finding.margin)
    where = f" ({finding.stratum})" if finding.stratum else ""
    return (
        finding.audit,
        f"{finding.attribute}: {finding.group}{where}",
        "" if finding.value is None or not interval else f"{finding.value:.3f}",
        interval,
        finding.unit,
        f"{low}…{high}",
        f"{finding.areas:.0f}",
        finding.verdict,
        finding.colour or "",
    )


def _test_line(test: GroupTest) -> str:
    word = "differ" if test.differs else "are not shown to differ"
    return f"{test.audit} by {test.attribute}: groups {word} (p = {test.p_adjusted:.3f} over all attributes)"
