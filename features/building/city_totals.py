"""The city's total of each period, also where some areas are missing: a missing area is no area without crime."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from contracts.arrays import Floats

LEAST_KNOWN = 0.5
"""The areas that are known have to hold so much of the city's usual crime; of less, its total is not known either."""
ROUNDS = 25
"""The shares change by less than a millionth by then where half of the city is known."""


def city_totals(counts: Floats) -> Floats:
    """Crimes of all areas together, (periods,), from ``counts`` (areas, periods), NaN where missing.

    Where every area is known it is their sum. Where some are missing, what is known is divided by the share of the
    city that the known areas usually hold: area i holds Σ counts of i / Σ totals of the periods in which i is known,
    solved by turns (the likelihood equations of a Poisson model with a factor an area and a factor a period). NaN where
    that is less than ``LEAST_KNOWN``. Areas that are never known are left out.

    >>> city_totals(np.array([[30.0, 33.0, 27.0], [10.0, 11.0, np.nan]]))
    array([40., 44., 36.])
    """
    known = ~np.isnan(counts)
    known[~known.any(axis=1)] = True
    sums = np.asarray(np.nansum(counts, axis=0))
    whole = known.all(axis=0)
    if whole.all():
        return sums
    held = _share_held(np.nan_to_num(counts), known, sums)
    return np.where(whole, sums, np.where(held >= LEAST_KNOWN, sums / np.maximum(held, LEAST_KNOWN), np.nan))


def _share_held(counts: Floats, known: npt.NDArray[np.bool_], sums: Floats) -> Floats:
    """The share of the city that the known areas usually hold, (periods,)."""
    per_area, seen = counts.sum(axis=1), known.astype(np.float64)
    held = np.where(known.any(axis=0), 1.0, 0.0)
    for _ in range(ROUNDS):
        totals = np.divide(sums, held, out=np.zeros_like(sums), where=held > 0)
        among = seen @ totals
        share = np.divide(per_area, among, out=np.zeros_like(per_area), where=among > 0)
        whole = share.sum()
        held = seen.T @ (share / whole) if whole > 0 else seen.mean(axis=0)
    return np.asarray(held)
