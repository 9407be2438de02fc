"""Settings of oversight: who may do what with a model, and the limits that its scores are held against."""

from __future__ import annotations

import unicodedata
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Role = Literal["proposer", "approver", "administrator"]
"""A proposer trains and proposes, an approver sits on the board, an administrator runs the service."""

Outcome = Literal["upheld", "partly upheld", "dismissed"]
"""How a challenge of a forecast ends."""

GatingAudit = Literal[
    "skill",
    "coverage",
    "under-prediction",
    "over-prediction",
    "need-adjusted exposure",
    "exposure against need",
    "missed flags",
    "needless flags",
    "worst hidden subgroup",
    "completeness of groups",
    "proxy leakage",
    "enforcement signature",
]
"""Audits that a gate may hold a model to besides calibration, which always counts."""

Share = Annotated[float, Field(ge=0.0, le=1.0)]
AboveOne = Annotated[float, Field(gt=1.0, allow_inf_nan=False)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LifeCycleSettings(_Part):
    """When a model may change its state."""

    proposal_required: bool = False
    """True: only a model that somebody proposed can be approved or rejected. False: a draft can be, too."""
    challenge_reply_days: Annotated[int, Field(ge=1, le=3650)] = 20
    """Days in which a challenge of a forecast has to be answered."""


class GateLimits(_Part):
    """What a model's scores are held against before it is proposed. A run records them before it has results."""

    skill_ratio: Annotated[float, Field(gt=0.0, allow_inf_nan=False)] = 1.0
    """Mean Poisson deviance over that of the simple count (ewma), in the city and in every group of areas."""
    calibration_ratio: AboveOne = 1.15
    """Forecast over outcome may be at most this, and at least one over this."""
    coverage_margin: Share = 0.05
    """How far the share of outcomes inside an interval may be from the interval's probability."""
    coverage_levels: tuple[Annotated[float, Field(gt=0.0, lt=1.0)], ...] = (0.5, 0.8, 0.9)
    """Probabilities of the central intervals that are looked at."""
    city_spread_ratio: AboveOne = 1.1
    """The city's total: errors may be so many times as wide, or as narrow, as its intervals say; it fails where the
    whole 95% interval of the figure is beyond."""
    city_spread_widest: AboveOne = 1.25
    """The same figure passes where it is itself within this."""
    city_origins: Annotated[float, Field(ge=2.0, allow_inf_nan=False)] = 7.0
    """Periods, those whose forecasts overlap counted in part, under which the city's total is no evidence."""
    audits: tuple[GatingAudit, ...] = ("completeness of groups",)
    """Audits whose verdicts count for the gate besides those on calibration."""
    exposure_ratio: AboveOne | None = None
    """How many times as many residents of a group as of all others may live in flagged areas; none: the figure is
    shown and not judged, because it is not adjusted for need."""
    oldest_periods: Annotated[int, Field(ge=1)] = 4
    """Periods from the last known one to the next one when the model was trained; more is too old."""
    fewest_areas: Annotated[int, Field(ge=2)] = 5
    """A group of fewer areas is no evidence."""
    fewest_crimes: Annotated[int, Field(ge=1)] = 50
    """A group in which fewer crimes happened is no evidence."""


def name_key(name: str) -> str:
    """What two ways of writing one person's name have in common: case and spaces do not make another person.

    >>> name_key(" Ada  EXAMPLE") == name_key("ada example")
    True
    """
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())
