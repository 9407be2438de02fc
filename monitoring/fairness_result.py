"""What a fairness audit found, and how it is judged and told."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from typing import Literal

import pandas as pd

Audit = Literal["calibration", "exposure"]
Verdict = Literal["inside", "outside", "not enough evidence"]
Colour = Literal["green", "amber", "red"]

GREEN = (0.90, 1.11)
RED = (0.80, 1.25)
FEWEST_AREAS = 30
FEWEST_EVENTS = 50

CAVEAT = "This compares areas. It does not say which people were victims, offenders, stopped or protected."
MEANING = (
    "Calibration: the forecast for the group's areas over what happened there, relative to the city; under 1 is "
    "forecast too low, over 1 too high. Exposure: flagged residents of the group relative to all other residents; "
    "it is not adjusted for need."
)


@dataclass(frozen=True)
class Finding:
    """One figure of one group.

    ``value`` is the ratio that is judged (calibration relative to the city, exposure relative to other residents) with
    its 95% interval ``low…high``. ``rate`` is what it was made of: the group's own Σ s·μ / Σ s·y, or flagged residents
    per 1,000. ``areas`` is the effective number of areas, (Σ s)² / Σ s² (Kish 1965); ``events`` the crimes Σ s·y. A
    figure that cannot be computed is None. ``verdict`` judges the interval by the green margin, ``colour`` the value.
    """

    audit: Audit
    attribute: str
    group: str
    rate: float | None
    value: float | None
    low: float | None
    high: float | None
    areas: float
    events: float
    verdict: Verdict
    colour: Colour | None


@dataclass(frozen=True)
class FairnessAudit:
    """All findings of one forecaster, what could not be audited, and on what it rests."""

    findings: tuple[Finding, ...]
    notes: tuple[str, ...]
    flagged_share: float
    areas: int
    periods: int
    city_calibration: float | None
    replicates: int
    seed: int
    caveat: str = CAVEAT

    def to_frame(self) -> pd.DataFrame:
        """One row a finding, columns as the fields of ``Finding``."""
        return pd.DataFrame([asdict(finding) for finding in self.findings], columns=list(Finding.__annotations__))

    def to_dict(self) -> dict[str, object]:
        """Everything, with the margins, as plain values."""
        limits = {"green": GREEN, "red": RED, "fewest_areas": FEWEST_AREAS, "fewest_events": FEWEST_EVENTS}
        return {**asdict(self), "meaning": MEANING, "margins": limits}

    def to_json(self) -> str:
        """``to_dict`` as JSON."""
        return json.dumps(self.to_dict(), ensure_ascii=False, allow_nan=False, indent=2)

    def as_text(self) -> str:
        """For a terminal or a text file, in plain English."""
        heads = ("audit", "group", "ratio", "95% interval", "areas", "crimes", "verdict", "colour")
        lines = [heads, *(_cells(finding) for finding in self.findings)]
        widths = [max(len(line[column]) for line in lines) for column in range(len(heads))]
        table = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines]
        city = "unknown" if self.city_calibration is None else f"{self.city_calibration:.3f}"
        title = (
            f"{self.areas} areas, {self.periods} periods; forecast over outcome in the city {city}; "
            f"{self.flagged_share:.0%} of areas flagged"
        )
        return "\n".join(line.rstrip() for line in [title, *table, *self.notes, MEANING, self.caveat])


def judge(
    audit: Audit,
    attribute: str,
    group: str,
    rate: float,
    value: float,
    low: float,
    high: float,
    areas: float,
    events: float,
) -> Finding:
    """The finding with its verdict; figures that are not finite become None."""
    areas = areas if math.isfinite(areas) else 0.0
    return Finding(
        audit=audit,
        attribute=attribute,
        group=group,
        rate=_figure(rate),
        value=_figure(value),
        low=_figure(low),
        high=_figure(high),
        areas=float(areas),
        events=float(events),
        verdict=verdict_of(low, high, areas=areas, events=events),
        colour=colour_of(value),
    )


def verdict_of(low: float, high: float, *, areas: float, events: float) -> Verdict:
    """Whether a 95% interval lies wholly inside the green margin, wholly outside, or shows too little.

    >>> verdict_of(0.95, 1.05, areas=100, events=900)
    'inside'
    >>> verdict_of(0.80, 0.89, areas=100, events=900)
    'outside'
    >>> verdict_of(0.80, 0.89, areas=29, events=900)
    'not enough evidence'
    """
    if not (math.isfinite(low) and math.isfinite(high)) or areas < FEWEST_AREAS or events < FEWEST_EVENTS:
        return "not enough evidence"
    if GREEN[0] <= low and high <= GREEN[1]:
        return "inside"
    return "outside" if high < GREEN[0] or low > GREEN[1] else "not enough evidence"


def colour_of(value: float) -> Colour | None:
    """Green within 0.90…1.11, red outside 0.80…1.25, else amber, which asks for a discussion; None if unknown.

    >>> colour_of(1.0), colour_of(0.85), colour_of(1.3)
    ('green', 'amber', 'red')
    """
    if not math.isfinite(value):
        return None
    if GREEN[0] <= value <= GREEN[1]:
        return "green"
    return "amber" if RED[0] <= value <= RED[1] else "red"


def _figure(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _cells(finding: Finding) -> tuple[str, ...]:
    interval = "" if finding.low is None or finding.high is None else f"{finding.low:.3f}–{finding.high:.3f}"
    return (
        finding.audit,
        f"{finding.attribute}: {finding.group}",
        "" if finding.value is None else f"{finding.value:.3f}",
        interval,
        f"{finding.areas:.0f}",
        f"{finding.events:.0f}",
        finding.verdict,
        finding.colour or "",
    )
