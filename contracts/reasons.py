"""Reasons: the words in which a forecast is explained, and their order.

The reasons of one area's forecast are crimes; they add up to its expected count.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

SUM_TOLERANCE = 1e-6
"""Crimes by which the reasons of a forecast may differ from its expected count."""


class ReasonGroup(StrEnum):
    """What a part of a forecast comes from, in the order in which it is told."""

    USUAL_LEVEL = "usual_level"
    CITY_LEVEL = "city_level"
    RECENT_TREND = "recent_trend"
    SEASON = "season"
    WEEKDAY = "weekday"
    NEIGHBOURS = "neighbours"
    OTHER_OFFENCES = "other_offences"
    BALANCE = "balance"


@dataclass(frozen=True)
class ReasonWords:
    """How a group is called, and what it means in a sentence."""

    label: str
    meaning: str


REASON_WORDS = {
    ReasonGroup.USUAL_LEVEL: ReasonWords(
        "Usual level", "Its usual share of the city's crimes, of the city's mean period over the past year."
    ),
    ReasonGroup.CITY_LEVEL: ReasonWords(
        "City's level", "How far the whole city is expected to be from its mean of the past year, the season aside."
    ),
    ReasonGroup.RECENT_TREND: ReasonWords("Recent trend", "How its newer counts compare with its older ones."),
    ReasonGroup.SEASON: ReasonWords(
        "Season", "The time of year and the days in the period, in the city and in this area."
    ),
    ReasonGroup.WEEKDAY: ReasonWords("Weekday", "The weekday and shift, in the city and in this area."),
    ReasonGroup.NEIGHBOURS: ReasonWords(
        "Neighbours", "What adjoining areas and its district have, and how that has moved."
    ),
    ReasonGroup.OTHER_OFFENCES: ReasonWords(
        "Other offences", "What it has of other kinds of crime, and how that has moved."
    ),
    ReasonGroup.BALANCE: ReasonWords("Balance", "What is kept back towards longer averages of its share."),
}


def rounded_to_add_up(values: Sequence[float], total: float, decimals: int) -> list[float]:
    """Values rounded so that they add up to the rounded total, each by less than a step away from itself.

    The steps that plain rounding lacks or has too many go to the values that it moved furthest the other way (the
    method of largest remainders, Hamilton 1792).

    >>> rounded_to_add_up([1.04, 1.04, 1.04], 3.12, 1)
    [1.1, 1.0, 1.0]
    """
    steps = [value * 10**decimals for value in values]
    whole = [round(step) for step in steps]
    lacking = round(total * 10**decimals) - sum(whole)
    towards = 1 if lacking > 0 else -1
    furthest = sorted(range(len(steps)), key=lambda index: towards * (whole[index] - steps[index]))
    for index in furthest[: abs(lacking)]:
        whole[index] += towards
    return [round(step / 10**decimals, decimals) for step in whole]
