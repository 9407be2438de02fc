"""Risk scores and bands: an area's expected count beside the city's mean area."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from contracts.arrays import Floats


@dataclass(frozen=True)
class Band:
    """One step of the map's legend; ``at_least`` is the lowest risk score in it."""

    name: str
    label: str
    at_least: float


BANDS = (
    Band("much_above", "much above average", 3.0),
    Band("above", "above average", 1.5),
    Band("average", "about average", 0.67),
    Band("below", "below average", 0.33),
    Band("well_below", "well below average", 0.0),
)
"""From the highest; a score belongs to the first band whose bound it reaches."""


def risk_scores(means: Floats) -> Floats:
    """Expected counts as multiples of the mean area's; shape (areas,). The scores of a city average 1.

    >>> risk_scores(np.array([1.0, 2.0, 3.0]))
    array([0.5, 1. , 1.5])
    """
    return np.asarray(means / means.mean())


def band_of(score: float) -> Band:
    """The band of a risk score.

    >>> band_of(1.5).label
    'above average'
    """
    return next(band for band in BANDS if score >= band.at_least)


def ranks(means: Floats) -> npt.NDArray[np.int64]:
    """1 for the highest expected count; equal counts are ranked in the order given; shape (areas,)."""
    order = np.argsort(-means, kind="stable")
    places = np.empty(len(means), dtype=np.int64)
    places[order] = np.arange(1, len(means) + 1)
    return places


def densest(means: Floats, area_km2: Floats, share: float) -> npt.NDArray[np.bool_]:
    """The areas of highest expected count per square kilometre that together stay within ``share`` of the land.

    At least one area is chosen. Shape (areas,).

    >>> densest(np.array([8.0, 9.0, 1.0]), np.array([1.0, 3.0, 6.0]), 0.4)
    array([ True,  True, False])
    """
    order = np.argsort(-means / area_km2, kind="stable")
    land = np.cumsum(area_km2[order]) / area_km2.sum()
    count = max(1, int(np.searchsorted(land, share + 1e-12, side="right")))
    chosen = np.zeros(len(means), dtype=np.bool_)
    chosen[order[:count]] = True
    return chosen
