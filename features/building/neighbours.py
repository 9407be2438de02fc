"""Spatial lags: a sparse contiguity matrix times an array."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from contracts.arrays import Floats


def neighbour_mean(adjacency: sparse.csr_array, values: Floats) -> Floats:
    """Mean over each area's neighbours, shape of ``values`` (areas, …); missing neighbours are left out.

    NaN where no neighbour is known.
    """
    known = ~np.isnan(values)
    sums = np.asarray(adjacency @ np.where(known, values, 0.0))
    counts = np.asarray(adjacency @ known.astype(np.float64))
    return np.asarray(np.divide(sums, counts, out=np.full(values.shape, np.nan), where=counts > 0))


def group_totals(groups: np.ndarray, values: Floats) -> Floats:
    """Sum over each area's group (its district), repeated for every area; shape of ``values`` (areas, periods).

    A group's total counts the known areas only and is NaN where none is known.
    """
    count = int(groups.max()) + 1
    membership = sparse.csr_array((np.ones(len(groups)), (groups, np.arange(len(groups)))), shape=(count, len(groups)))
    known = ~np.isnan(values)
    sums = np.asarray(membership @ np.where(known, values, 0.0))
    some = np.asarray(membership @ known.astype(np.float64)) > 0
    return np.asarray(np.where(some, sums, np.nan)[groups])
