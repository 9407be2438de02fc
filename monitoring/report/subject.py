"""What an oversight report is made of: one subject a target, and what all of them share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from contracts import DisclosureSettings
from contracts.arrays import Floats
from monitoring.audits.result import AuditResult

Row = dict[str, Any]


@dataclass(frozen=True)
class Areas:
    """The areas of a subject, in one order. ``outlines`` holds the outer rings of each area, arrays (n, 2) of
    longitude and latitude; ``districts`` the name of the district that each lies in, None where there is none."""

    codes: tuple[str, ...]
    names: tuple[str, ...]
    districts: tuple[str | None, ...]
    outlines: tuple[tuple[Floats, ...], ...]
    residents: Floats | None = None

    def __post_init__(self) -> None:
        lengths = {len(self.codes), len(self.names), len(self.districts), len(self.outlines)}
        if len(lengths) > 1 or (self.residents is not None and len(self.residents) != len(self.codes)):
            raise ValueError("codes, names, districts, outlines and residents are not of the same areas")


@dataclass(frozen=True)
class Forecasts:
    """What was forecast and what happened in each area, (A,), summed over the periods in which it is known.

    ``deviation`` is the standard deviation of the forecast sum, ``flagged`` the share of the periods in which the area
    was flagged.
    """

    mean: Floats
    deviation: Floats
    outcomes: Floats
    flagged: Floats


@dataclass(frozen=True)
class Subject:
    """One target's run: its audit, its scores and what stands behind them.

    ``audit_sha256`` is the hash of the audit as the run keeps it, which an approval records. ``city_level`` is all that
    was forecast over all that happened, a figure with its interval. ``scores`` are the rows of the leaderboard at the
    audited horizon, areas and city; ``alternatives`` those of ``monitoring.report.alternatives``; ``publications`` say
    which files the run knew; ``gates`` are gate, verdict and limit, ``checks`` the rows of ``monitoring.gates.checks``;
    ``limits`` says who set the limits, as far as anything shows, and ``standing`` what the ledger says of the run.
    ``earlier`` are the public findings of the report that this one is compared with, None where there is none, and
    ``earlier_name`` says which that was.
    """

    target: str
    title: str
    run_id: str
    model: str
    horizon: int
    first: str
    last: str
    frequency: str
    audit: AuditResult
    areas: Areas
    forecasts: Forecasts
    city_level: Row
    audit_sha256: str
    version: int | None = None
    scores: tuple[Row, ...] = ()
    statement: str | None = None
    alternatives: tuple[Row, ...] = ()
    publications: tuple[Row, ...] = ()
    gates: tuple[Row, ...] = ()
    checks: tuple[Row, ...] = ()
    limits: str = ""
    standing: str = ""
    code: Mapping[str, str] = field(default_factory=dict)
    settings_sha256: str | None = None
    earlier: tuple[Row, ...] | None = None
    earlier_margins: Mapping[str, Any] | None = None
    earlier_name: str = ""


@dataclass(frozen=True)
class ReportInput:
    """Everything that a report is made from. ``records`` are names and files of the records made with it."""

    city: str
    simulated: bool
    made_on: date
    subjects: tuple[Subject, ...]
    disclosure: DisclosureSettings
    records: tuple[tuple[str, str], ...] = ()
