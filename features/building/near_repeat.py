"""Where crime is repeated: counts of an area and of its surroundings, smoothed over several stretches of time.

Crime in small areas and short periods is rare, and a place's next crime is likelier where and soon after the last
ones happened (near repeats: Bowers, Johnson & Pease 2004). Each component here is one answer to "how far back, how
far around": the share of the city that it gives to each area. Everything at a period uses that period and
earlier ones only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from contracts import Frequency, periods_per_year
from contracts.arrays import Floats
from features.building.lags import ewma

DAYS_PER_YEAR = 365.25
HALF_LIVES = {"always": np.inf, "3_years": 1096.0, "1_year": 365.0, "6_months": 180.0}
HALF_LIVES |= {"3_months": 90.0, "6_weeks": 42.0, "2_weeks": 14.0}
"""Days after which a count weighs half."""

SURROUNDINGS = 0.5
"""Weight of a neighbour beside the area itself, in a share that is spread over surroundings."""
PERIODS_PER_WEEK = {Frequency.DAY: 7, Frequency.SHIFT: 21}
"""Of the frequencies at which a weekday can be told."""
_SLOWEST_ALPHA = 1e-9


@dataclass(frozen=True)
class Component:
    """One way to look back: over which half-life, and over the area alone or its surroundings too."""

    half_life: str
    around: bool

    @property
    def name(self) -> str:
        """As models record it."""
        return f"{'around' if self.around else 'own'}_{self.half_life}"


COMPONENTS = tuple(Component(half_life, around) for half_life in HALF_LIVES for around in (False, True))
EVEN = "even"
"""The share that is the same for every area."""


def component_names() -> tuple[str, ...]:
    """The names of all components, the even share last."""
    return (*(component.name for component in COMPONENTS), EVEN)


def component_shares(counts: Floats, adjacency: sparse.csr_array, frequency: Frequency) -> Iterator[Floats]:
    """Each component's shares in the order of ``component_names``, (areas, periods), summing to 1 over the areas."""
    spread = spreading(adjacency)
    even = np.full(counts.shape, 1.0 / counts.shape[0])
    for days in HALF_LIVES.values():
        level = np.nan_to_num(ewma(counts, newest_weight(days, frequency)), copy=False)
        yield _shares(level, even)
        yield _shares(np.asarray(spread @ level), even)
    yield even


def mixed_shares(counts: Floats, adjacency: sparse.csr_array, frequency: Frequency, weights: Sequence[float]) -> Floats:
    """The components' weighted sum, (areas, periods); ``weights`` in the order of ``component_names``, with sum 1."""
    mixed = np.zeros(counts.shape)
    for weight, share in zip(weights, component_shares(counts, adjacency, frequency), strict=True):
        mixed += weight * share
    return mixed


def short_memory(weights: Sequence[float]) -> float:
    """The part of a mixture's weights, 0…1, that lies on components whose counts weigh half within less than a year."""
    of_components = zip(COMPONENTS, weights[: len(COMPONENTS)], strict=True)
    return sum(weight for component, weight in of_components if HALF_LIVES[component.half_life] < HALF_LIVES["1_year"])


def without_surroundings(weights: Sequence[float]) -> tuple[float, ...]:
    """The mixture of the areas alone: what lay on surroundings lies on the area's own past, half of it in a year."""
    alone = [0.0 if component.around else weight for component, weight in zip(COMPONENTS, weights, strict=False)]
    alone[COMPONENTS.index(Component("1_year", around=False))] += sum(weights[: len(COMPONENTS)]) - sum(alone)
    return (*alone, weights[-1])


def near_repeats(counts: Floats, adjacency: sparse.csr_array, frequency: Frequency) -> Iterator[tuple[str, Floats]]:
    """Shares by which a recent crime shows up: over the area, its neighbours and theirs, (areas, periods) each."""
    spread = spreading(adjacency)
    for half_life in ("6_weeks", "2_weeks"):
        level = ewma(counts, newest_weight(HALF_LIVES[half_life], frequency))
        near = np.asarray(spread @ np.where(np.isnan(level), 0.0, level))
        even = np.full(counts.shape, 1.0 / counts.shape[0])
        yield f"near_{half_life}", _shares(near, even)
        yield f"wide_{half_life}", _shares(np.asarray(spread @ (spread @ near)), even)


def weekday_ratio(share: Floats, frequency: Frequency, floor: float) -> Floats:
    """How much larger an area's share is on the weekday (and in the shift) of each period, as a logarithm.

    The exponentially weighted share of the same weekday and shift up to that period, over that of all periods; shape of
    ``share`` (areas, periods). ``floor`` is added to both, since a single weekday has few counts.
    """
    week, weight = PERIODS_PER_WEEK[frequency], newest_weight(HALF_LIVES["1_year"], frequency)
    always = ewma(share, weight)
    same = np.full(share.shape, np.nan)
    for phase in range(min(week, share.shape[1])):
        same[:, phase::week] = ewma(share[:, phase::week], 1.0 - (1.0 - weight) ** week)
    return np.asarray(np.log((same + floor) / (always + floor)))


def spreading(adjacency: sparse.csr_array) -> sparse.csr_array:
    """The matrix that keeps a part of each area's crimes and gives its neighbours the rest; columns sum to 1."""
    count = adjacency.shape[0]
    weights = sparse.eye_array(count, format="csr") + SURROUNDINGS * adjacency
    return sparse.csr_array(weights @ sparse.diags_array(1.0 / np.asarray(weights.sum(axis=0))))


def newest_weight(half_life_days: float, frequency: Frequency) -> float:
    """The newest weight of an exponentially weighted mean whose weights halve in so many days.

    >>> round(newest_weight(7.0, Frequency.WEEK), 3)
    0.499
    """
    days = DAYS_PER_YEAR / periods_per_year(frequency)
    return max(float(-np.expm1(-np.log(2.0) * days / half_life_days)), _SLOWEST_ALPHA)


def _shares(levels: Floats, even: Floats) -> Floats:
    totals = levels.sum(axis=0)
    return np.asarray(np.divide(levels, totals, out=even.copy(), where=totals > 0))
