"""The facts that every record is made from: of one run, and of nothing else.

They are about areas, groups of residents and files. Nothing here is about a person: of the people who decide, only how
many hold each role.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from contracts import CodeVersion, RecordsSettings, Role, Settings
from monitoring.gates import Check

Margin = tuple[float | None, float | None]
"""Ends of a margin; None is without an end."""
Status = Literal["measured", "proxied", "not measurable here"]


@dataclass(frozen=True)
class ModelFacts:
    """What stands for a run: its forecaster, and the registered model that it made, if it made one.

    ``architecture`` says in words how it forecasts. ``version``, ``sha256``, ``as_of`` and ``last_known`` are None
    where nothing was registered.
    """

    name: str
    architecture: str
    version: int | None
    sha256: str | None
    as_of: str | None
    last_known: str | None


@dataclass(frozen=True)
class WordingFacts:
    """A category of a publication that the target sums: as the file words it, and the crimes that it holds."""

    wording: str
    offence: str
    first: str
    last: str
    crimes: int


@dataclass(frozen=True)
class SetAsideFacts:
    """Rows of a publication that were not counted for one reason, over all of it: no place is named."""

    reason: str
    rows: int
    crimes: int


@dataclass(frozen=True)
class RevisionFacts:
    """How a publication revised the periods of an older one for the run's target.

    ``share_of_areas`` is the mean share of areas whose count changed in a period; ``greatest_change`` the greatest
    change of the city's total of one period, as a share of the older total, in ``greatest_period``; None where the
    older totals were zero.
    """

    older: str
    periods: int
    share_of_areas: float
    greatest_change: float | None
    greatest_period: str | None


@dataclass(frozen=True)
class PublicationFacts:
    """One publication that was known to the run.

    ``span`` counts the periods from the first to the last one, ``geography_areas`` the areas that its geography has.
    """

    id: str
    source: str
    taxonomy: str
    geography: str
    frequency: str
    published_on: str
    file_name: str
    sha256: str
    content_sha256: str
    first: str
    last: str
    periods: int
    span: int
    areas: int
    geography_areas: int
    crimes: int
    rows_read: int
    rows_kept: int
    rows_set_aside: int
    set_aside: tuple[SetAsideFacts, ...]
    wordings: tuple[WordingFacts, ...]
    revisions: tuple[RevisionFacts, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class ScoreFacts:
    """The figures of one forecaster at one level (``area`` or ``city``) and horizon, by their name; None for none."""

    model: str
    level: str
    horizon: int
    figures: Mapping[str, float | None]

    def figure(self, name: str) -> float | None:
        """One of them; None where the run has none of that name."""
        return self.figures.get(name)


@dataclass(frozen=True)
class FloorFacts:
    """The noise floor at one horizon: the scores of a forecast that knew the true means."""

    level: str
    horizon: int
    figures: Mapping[str, float | None]


@dataclass(frozen=True)
class AuditFigure:
    """One figure of one group, with its 95% interval, margin and verdict."""

    audit: str
    attribute: str
    group: str
    unit: str
    value: float | None
    low: float | None
    high: float | None
    margin: Margin
    verdict: str


@dataclass(frozen=True)
class AuditFacts:
    """What the audit of a run found. ``caveat`` stands beside every figure of it."""

    figures: tuple[AuditFigure, ...]
    notes: tuple[str, ...]
    meaning: str
    caveat: str
    areas: int
    periods: int
    flagged_share: float
    city_calibration: float | None

    @property
    def attributes(self) -> tuple[str, ...]:
        """What residents were grouped by, in the order of the audit."""
        return tuple(dict.fromkeys(one.attribute for one in self.figures))

    def of(self, attribute: str) -> tuple[AuditFigure, ...]:
        """The figures of one attribute."""
        return tuple(one for one in self.figures if one.attribute == attribute)


@dataclass(frozen=True)
class ProtectedCharacteristic:
    """One protected characteristic: how the audit looked at it, by which attribute, and what was done to find out."""

    characteristic: str
    status: Status
    attribute: str | None
    done: str


@dataclass(frozen=True)
class GateFacts:
    """One gate of a run, with its limit in words, and how many of its parts passed, failed or lack evidence."""

    gate: str
    verdict: str
    limit: str
    passed: int
    failed: int
    undecided: int


@dataclass(frozen=True)
class EvidenceFile:
    """A file that is kept beside the records and that they refer to, by its path from them."""

    title: str
    path: str


@dataclass(frozen=True)
class RecordFacts:
    """Everything that the records of one run say.

    ``settings`` are those that the run recorded; ``given`` what people said of its use, which may be newer. ``roles``
    counts the people who hold each role. ``publications`` are those that the run knew, oldest first. ``scores`` and
    ``floors`` are in the order of the run's leaderboard. ``report`` is the path from the records to the public report
    that they were made with; it takes the place of ``evidence``. ``limits`` says who set the
    limits, as far as anything shows, ``standing`` what the ledger says of the run, and ``checks`` what every check
    found and whether it counts for a gate.
    """

    run_id: str
    kind: str
    started_on: str
    target: str
    target_title: str
    first: str
    last: str
    view: str
    geography: str
    areas: int
    main_horizon: int
    horizons: str
    model: ModelFacts
    settings: Settings
    given: RecordsSettings
    roles: Mapping[Role, int]
    publications: tuple[PublicationFacts, ...]
    scores: tuple[ScoreFacts, ...]
    floors: tuple[FloorFacts, ...]
    audit: AuditFacts
    protected: tuple[ProtectedCharacteristic, ...]
    gates: tuple[GateFacts, ...]
    limits: str
    standing: str
    checks: tuple[Check, ...]
    level_shifts: tuple[str, ...]
    code: CodeVersion | None
    libraries: Mapping[str, str]
    platform: str
    evidence: tuple[EvidenceFile, ...]
    report: str | None = None

    @property
    def name(self) -> str:
        """What the tool is called in the records."""
        return f"Wardcast: {self.target_title} in {self.settings.city}"

    @property
    def simulated(self) -> bool:
        """Whether the city, and so every figure, is simulated."""
        return self.settings.simulated

    def score(self, level: str, horizon: int) -> ScoreFacts | None:
        """The run's own forecaster at a level and horizon; None where it was not scored there."""
        for one in self.scores:
            if (one.model, one.level, one.horizon) == (self.model.name, level, horizon):
                return one
        return None

    def evidence_of(self, path: str) -> EvidenceFile | None:
        """The evidence file of that path, None where the run has none."""
        return next((one for one in self.evidence if one.path == path), None)
