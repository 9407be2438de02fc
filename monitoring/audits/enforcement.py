"""Enforcement signature: how strongly stop and search follows recorded crime, by deprivation fifth.

Where enforcement rises faster with recorded crime in deprived areas than in others, recorded crime that is itself found
by enforcement feeds on itself there. Source: Rotaru et al. 2022, who found the response to depend on wealth.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from contracts.arrays import Floats
from monitoring.audits.groups import FIFTHS, fifths_of
from monitoring.audits.material import Material
from monitoring.audits.result import CAVEAT, Description, figure

ENFORCEMENT = Description(
    audit="enforcement signature",
    question="by how many percent does stop and search rise with one percent more recorded crime, by fifth?",
    formula="ε_q = slope of log(stops + ½) on log(crimes + ½) over the areas of deprivation fifth q",
    unit="elasticity",
    fairlearn="none: a slope, not a rate",
    source="Rotaru, Huang, Li, Evans & Chattopadhyay 2022",
)


def enforcement_signature(material: Material) -> list[dict[str, object]]:
    """One row a fifth: elasticity with its 95% interval, and its difference from that of all other fifths with its own.

    The verdict judges the difference: inside where its interval holds 0. Raises ``ValueError`` where stops, recorded
    crime or deprivation are not given.
    """
    if material.enforcement is None or material.recorded is None or material.deprivation is None:
        raise ValueError("stops, recorded crime and deprivation are needed")
    stops = np.nan_to_num(material.enforcement).sum(axis=0)
    crimes = np.nan_to_num(material.recorded).sum(axis=0)
    fifth = fifths_of(-material.deprivation)
    return [_row(material, np.log(crimes + 0.5), np.log(stops + 0.5), fifth, q, stops) for q in range(1, 6)]


def slopes(x: Floats, y: Floats, weights: Floats) -> Floats:
    """Weighted least-squares slope of y on x for each row of weights (R, A), shape (R,); NaN where x does not vary.

    >>> slopes(np.array([0.0, 1.0, 2.0]), np.array([1.0, 3.0, 5.0]), np.ones((1, 3)))
    array([2.])
    """
    total = weights.sum(axis=1)
    safe = np.where(total > 0, total, 1.0)
    mean_x, mean_y = weights @ x / safe, weights @ y / safe
    spread = weights @ x**2 / safe - mean_x**2
    together = weights @ (x * y) / safe - mean_x * mean_y
    return np.asarray(np.divide(together, spread, out=np.full(len(total), np.nan), where=spread > 1e-12))


def _row(
    material: Material, x: Floats, y: Floats, fifth: npt.NDArray[np.int64], q: int, stops: Floats
) -> dict[str, object]:
    inside, others = (fifth == q).astype(np.float64), ((fifth > 0) & (fifth != q)).astype(np.float64)
    weights = material.resampling.large.weights
    value, rest = (float(slopes(x, y, part[None, :])[0]) for part in (inside, others))
    drawn, drawn_rest = slopes(x, y, weights * inside), slopes(x, y, weights * others)
    low, high = material.resampling.tails(drawn)
    least, most = material.resampling.tails(drawn - drawn_rest)
    enough = inside.sum() >= material.margins.fewest_areas and stops @ inside >= material.margins.fewest_events
    verdict = "not enough evidence"
    if enough and np.isfinite(least):
        verdict = "inside" if least <= 0.0 <= most else "outside"
    return {
        "fifth": FIFTHS[q - 1],
        "elasticity": figure(value),
        "low": figure(low),
        "high": figure(high),
        "difference": figure(value - rest),
        "difference_low": figure(least),
        "difference_high": figure(most),
        "areas": int(inside.sum()),
        "events": float(stops @ inside),
        "margin": "the interval of the difference holds 0",
        "verdict": verdict,
        "caveat": CAVEAT,
    }
