"""How much crime the areas with the highest forecasts held: the predictive accuracy and efficiency indices.

Two bases, always named. ``areas``: in each period the areas are taken in order of the expected count, and the share is
one of the *number* of areas with a known outcome, rounded down to whole areas, at least one. ``land``: they are taken
in order of the expected count per km², and the share is one of the *land*; the last area, which would overshoot it,
counts in part, as if its crimes lay evenly in it, so that the flagged land is exactly the share. Ties are broken by
area code. Both indices are means over the periods; a period without any crime in the whole city has neither.

Sources: PAI (predictive accuracy index) Chainey, Tompson & Uhlig (2008), The utility of hotspot mapping; PEI
(predictive efficiency index) Hunt (2016). The published PEI "at 10% of wards" has the basis ``areas``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from contracts.arrays import Floats

Basis = Literal["areas", "land"]

SHARES = (0.01, 0.05, 0.10, 0.20)
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Concentration:
    """What the flagged areas held, per period, arrays of shape (N,): crimes captured, the most that as much could
    have captured, all crimes, and the share of the areas or of the land that was flagged.
    """

    captured: Floats
    best: Floats
    crimes: Floats
    flagged: Floats

    @property
    def pai(self) -> float:
        """Mean over periods of share of crimes captured / share flagged; 1 is chance, NaN if there was no crime."""
        some = self.crimes > 0
        if not some.any():
            return float("nan")
        return float(np.mean(self.captured[some] / self.crimes[some] / self.flagged[some]))

    @property
    def pei(self) -> float:
        """Mean over periods of crimes captured / the most that could be, 0…1; NaN if there was no crime."""
        some = self.crimes > 0
        return float(np.mean(self.captured[some] / self.best[some])) if some.any() else float("nan")


def concentration(
    outcomes: Floats,
    expected: Floats,
    *,
    share: float,
    of: Basis,
    areas: Sequence[str],
    area_km2: Floats | None = None,
) -> Concentration:
    """PAI and PEI of forecasts (N, A) at one share; ``area_km2`` (A,) is needed for the basis ``land``.

    Hand-worked: of 4 areas the two first by forecast held 6 of 10 crimes, the best two 9: PAI 0.6/0.5, PEI 6/9.

    >>> found = concentration(np.array([[5.0, 1.0, 4.0, 0.0]]), np.array([[9.0, 8.0, 7.0, 1.0]]),
    ...                       share=0.5, of="areas", areas=["a", "b", "c", "d"])
    >>> round(found.pai, 3), round(found.pei, 3)
    (1.2, 0.667)
    """
    if not 0 < share <= 1:
        raise ValueError(f"share {share} is not in (0, 1]")
    if of == "land" and area_km2 is None:
        raise ValueError("the basis 'land' needs area_km2")
    known = ~np.isnan(outcomes)
    size = np.ones(outcomes.shape) if area_km2 is None or of == "areas" else np.broadcast_to(area_km2, outcomes.shape)
    size = np.where(known, size, 0.0)
    crimes = np.where(known, outcomes, 0.0)
    by_code = _by_code(areas)
    parts = _parts(_density(expected, size), size, share, of, by_code)
    best = _parts(_density(crimes, size), size, share, of, by_code)
    return Concentration(
        captured=(parts * crimes).sum(axis=1),
        best=(best * crimes).sum(axis=1),
        crimes=crimes.sum(axis=1),
        flagged=(parts * size).sum(axis=1) / np.maximum(size.sum(axis=1), _ROUNDING),
    )


def _by_code(areas: Sequence[str]) -> npt.NDArray[np.int64]:
    return np.argsort(np.asarray(areas, dtype=str), kind="stable")


def _density(values: Floats, size: Floats) -> Floats:
    """Values per unit of size; minus infinity, last in any order, where the size is 0 (not known)."""
    return np.where(size > 0, values / np.where(size > 0, size, 1.0), -np.inf)


def _parts(density: Floats, size: Floats, share: float, of: Basis, by_code: npt.NDArray[np.int64]) -> Floats:
    """How much of each area is flagged, 0…1, shape (N, A)."""
    order = by_code[np.argsort(-density[:, by_code], axis=1, kind="stable")]
    ordered = np.take_along_axis(size, order, axis=1)
    budget = share * size.sum(axis=1, keepdims=True)
    if of == "areas":
        budget = np.maximum(np.floor(budget + _ROUNDING), 1.0)
    before = np.cumsum(ordered, axis=1) - ordered
    taken = np.clip((budget - before) / np.where(ordered > 0, ordered, 1.0), 0.0, 1.0) * (ordered > 0)
    parts = np.zeros_like(density)
    np.put_along_axis(parts, order, taken, axis=1)
    return parts
