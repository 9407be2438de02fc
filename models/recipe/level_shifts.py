"""Where a city's level shifted from one quarter to the next and stayed: a break in recording, or in crime itself.

The city's rate without season and calendar is looked at. A shift is a step between adjoining quarters more than
``UNUSUAL`` times as large as steps usually are (by their median absolute deviation), of which at least half is left
between the medians of the years before and after: a strange quarter or a lockdown is none. Shifts are told and not
corrected: the members of the city's forecast follow a new level within months, and nobody but a person knows what a
shift means.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from contracts import Period, periods_per_year
from contracts.arrays import Floats
from features.views import Panel
from models.recipe.city_total import level_without_season

UNUSUAL = 5.0
SMALLEST = 0.08
"""On the log scale: about 8%."""
MOST_SHIFTS = 8
_MAD_TO_SD = 1.4826
"""Standard deviation of a normal variable over its median absolute deviation."""


@dataclass(frozen=True)
class LevelShift:
    """From ``period`` on the city's daily rate of ``target`` was ``ratio`` times what it was in the year before."""

    target: str
    period: Period
    ratio: float

    def sentence(self) -> str:
        """The shift in words.

        >>> from contracts import Frequency
        >>> LevelShift("violence", Period.parse("2019-04", Frequency.MONTH), 1.142).sentence()
        'The level of violence rose by 14% about 2019-04 and stayed there: crime or its recording changed.'
        """
        way = "rose" if self.ratio > 1.0 else "fell"
        size = f"{abs(self.ratio - 1.0):.0%}"
        what = f"The level of {self.target} {way} by {size} about {self.period}"
        return f"{what} and stayed there: crime or its recording changed."


def level_shifts(panel: Panel, target: str, *, country: str = "") -> tuple[LevelShift, ...]:
    """The shifts of the sum over the panel's areas, in order of time; none where less than three years are known.

    ``country`` names the bank holidays that are taken out with the season.
    """
    year = periods_per_year(panel.frequency)
    if int((~np.isnan(panel.of(target)).all(axis=0)).sum()) < 3 * year:
        return ()
    level = level_without_season(panel, target, country=country)
    return tuple(
        LevelShift(target, panel.first.shift(position), float(np.exp(size)))
        for position, size in sorted(_found(level, year, max(year // 4, 1)))
    )


def _found(level: Floats, year: int, quarter: int) -> list[tuple[int, float]]:
    """Positions and sizes (logarithms of ratios), the largest step first."""
    positions = range(2 * quarter, len(level) - 2 * quarter + 1)
    steps = np.array([_means(level, position, quarter) for position in positions])
    lasting = np.array([_medians(level, position, year) for position in positions])
    usual = _MAD_TO_SD * float(np.median(np.abs(steps - np.median(steps))))
    stayed = lasting * np.sign(steps) >= np.abs(steps) / 2.0
    sizes = np.where(stayed, np.abs(steps), 0.0)
    found: list[tuple[int, float]] = []
    while len(found) < MOST_SHIFTS and sizes.max() >= max(UNUSUAL * usual, SMALLEST):
        largest = int(np.argmax(sizes))
        found.append((positions[largest], float(lasting[largest])))
        sizes[max(largest - 2 * quarter, 0) : largest + 2 * quarter + 1] = 0.0
    return found


def _means(level: Floats, position: int, quarter: int) -> float:
    return float(level[position : position + quarter].mean() - level[position - quarter : position].mean())


def _medians(level: Floats, position: int, year: int) -> float:
    before = level[max(position - year, 0) : position]
    return float(np.median(level[position : position + year]) - np.median(before))
