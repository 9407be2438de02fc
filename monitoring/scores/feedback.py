"""Does a forecast feed on itself? Measures of a simulated deployment, from who was patrolled and for how long.

A group has a share s of the residents N of each area; f is the part of the time an area was patrolled. Exposure is
E_g = Σ s·N·f / Σ s·N and its ratio RR_g = E_g / E_rest, the rest having the shares 1 − s. The amplification factor of a
detection uplift δ is AF(δ) = RR_g(δ) / RR_g(0): the exposure ratio at the end of the deployment over that of the same
city, the same weeks and the same draws in which patrols discover nothing that would not have been found without
them. RR_g(0) / RR_need is what is wrong without any feedback, RR_need being the ratio had patrols followed the true
rates; the product of the two is the exposure ratio over the need.

Exposures are averaged over simulated cities before ratios are taken, since one city's rest may not be patrolled at
all. Intervals leave out one city at a time (the jackknife on the logarithm, with Student's t): cities are independent,
weeks and areas of one city are not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy import special

from contracts.arrays import Floats

MARGIN = 1.05
"""An amplification factor above it counts as feedback that must be dealt with."""
CONFIDENCE = 0.95
FEWEST_CITIES = 3
"""Fewer give no interval."""


@dataclass(frozen=True)
class Estimate:
    """A ratio with the ends of its 95% interval; NaN where too few cities or too little exposure tell."""

    value: float
    low: float
    high: float

    def as_text(self) -> str:
        """As in tables."""
        if np.isnan([self.value, self.low, self.high]).any():
            return "not enough evidence"
        return f"{self.value:.3f} ({self.low:.3f} to {self.high:.3f})"


@dataclass(frozen=True)
class CriticalUplift:
    """The uplift at which amplification passes the margin; None: not up to the largest uplift that was simulated.

    ``low`` and ``high`` are where the upper and the lower end of the amplification's interval pass it.
    """

    value: float | None
    low: float | None
    high: float | None
    largest: float

    def as_text(self) -> str:
        """As in tables."""
        value, low, high = (
            f"above {self.largest:g}" if end is None else f"{end:.2f}" for end in (self.value, self.low, self.high)
        )
        return f"{value} ({low} to {high})"


def exposure(presence: Floats, residents: Floats, shares: Floats) -> Floats:
    """Part of the time that residents of a group, and the rest, live in a patrolled area; shape (2,).

    ``presence`` (areas,) is the part of the time an area was patrolled, ``shares`` (areas,) the group's part of its
    residents.

    Hand-worked: an area of 100 that is patrolled always and one of 300 that never is, half and a tenth of the group:

    >>> exposure(np.array([1.0, 0.0]), np.array([100.0, 300.0]), np.array([0.5, 0.1])).round(4)
    array([0.625 , 0.1562])
    """
    weights = np.stack([shares, 1.0 - shares]) * residents
    totals = weights.sum(axis=1)
    return np.asarray(np.divide(weights @ presence, totals, out=np.full(2, np.nan), where=totals > 0))


def ratio_of_exposures(exposures: Floats) -> float:
    """RR_g of exposures (cities, 2): the group's mean over that of the rest; NaN where either is 0."""
    group, rest = exposures.mean(axis=0)
    return float(group / rest) if group > 0 and rest > 0 else float("nan")


def amplification(exposures: Floats, reference: Floats) -> Estimate:
    """RR_g of ``exposures`` (cities, 2) over that of ``reference``, the same cities in the same order.

    >>> same = np.array([[0.2, 0.1], [0.3, 0.1]])
    >>> amplification(same, same)
    Estimate(value=1.0, low=1.0, high=1.0)
    """
    return _jackknife(np.stack([exposures, reference]), ratio_of_exposures)


def ratio_to_need(exposures: Floats, needed: Floats) -> Estimate:
    """RR_g over RR_need, both of exposures (cities, 2)."""
    return amplification(exposures, needed)


def kept(captured: Floats, unconstrained: Floats) -> Estimate:
    """Mean crime capture over that of the unconstrained deployment of the same cities; both (cities,)."""
    return _jackknife(np.stack([captured, unconstrained]), lambda captures: float(captures.mean()))


def critical_uplift(amplifications: Mapping[float, Estimate], margin: float = MARGIN) -> CriticalUplift:
    """Where amplification, taken to be straight between the simulated uplifts, first passes the margin.

    >>> one, two = Estimate(1.0, 1.0, 1.0), Estimate(1.2, 1.1, 1.3)
    >>> critical_uplift({0.0: one, 1.0: two}).as_text()
    '0.25 (0.17 to 0.50)'
    """
    uplifts = sorted(amplifications)
    estimates = [amplifications[uplift] for uplift in uplifts]
    return CriticalUplift(
        value=_crossing(uplifts, [estimate.value for estimate in estimates], margin),
        low=_crossing(uplifts, [estimate.high for estimate in estimates], margin),
        high=_crossing(uplifts, [estimate.low for estimate in estimates], margin),
        largest=uplifts[-1],
    )


def _crossing(uplifts: list[float], values: list[float], margin: float) -> float | None:
    for i, value in enumerate(values):
        if value > margin:
            if i == 0:
                return uplifts[0]
            before = values[i - 1]
            return float(uplifts[i - 1] + (margin - before) / (value - before) * (uplifts[i] - uplifts[i - 1]))
    return None


def _jackknife(pair: Floats, statistic: Callable[[Floats], float]) -> Estimate:
    """The ratio of a statistic of ``pair[0]`` to that of ``pair[1]``, both of the same cities along the first axis.

    Where both are the same the ratio is 1, also of cities in which the rest was never patrolled.
    """
    if np.array_equal(pair[0], pair[1]):
        return Estimate(1.0, 1.0, 1.0)
    cities = pair.shape[1]
    value = _log_ratio(pair, statistic)
    if cities < FEWEST_CITIES:
        return Estimate(float(np.exp(value)), float("nan"), float("nan"))
    others = np.array([_log_ratio(np.delete(pair, left_out, axis=1), statistic) for left_out in range(cities)])
    error = np.sqrt((cities - 1) / cities * ((others - others.mean()) ** 2).sum())
    half = float(special.stdtrit(cities - 1, (1 + CONFIDENCE) / 2)) * error
    return Estimate(*(float(np.exp(end)) for end in (value, value - half, value + half)))


def _log_ratio(pair: Floats, statistic: Callable[[Floats], float]) -> float:
    above, below = statistic(pair[0]), statistic(pair[1])
    return float(np.log(above / below)) if above > 0 and below > 0 else float("nan")
