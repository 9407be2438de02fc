"""Sums of areas' counts, with the dependence that comes from a factor which all areas share.

Given the factor F of a period, an area's count is negative binomial around F times its mean, independently of the
others; F has mean 1 and relative variance ``shared``. An area's own count keeps the mean and the variance that were
published, and the sum over any set of areas has

    variance = Σ mean + Σ (dispersion − shared) · mean² + shared · (Σ mean)²

so a sum's interval does not become too sure as areas are added. Draws of all areas at once make every sum agree with
every other one: a district's draw is the sum of its areas' draws.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import scipy

from contracts.arrays import Floats
from contracts.distributions import CountDistribution

Indices = npt.NDArray[np.int64]
Counts = npt.NDArray[np.int64]


def group_sums(values: npt.ArrayLike, groups: Indices, size: int) -> Floats:
    """Sums of the last axis (areas) over ``groups``: the group of each area, 0 … size − 1.

    >>> group_sums(np.array([1.0, 2.0, 4.0]), np.array([0, 1, 0]), 2)
    array([5., 2.])
    """
    array = np.asarray(values, dtype=np.float64)
    areas = array.shape[-1]
    membership = scipy.sparse.csr_array((np.ones(areas), (groups, np.arange(areas))), shape=(size, areas))
    sums = np.asarray(membership @ array.reshape(-1, areas).T).T
    return sums.reshape(*array.shape[:-1], size)


def sum_over(
    forecast: CountDistribution, groups: Indices, size: int, *, known: npt.NDArray[np.bool_] | None = None
) -> CountDistribution:
    """Distributions of the sums over groups of areas (the last axis), negative binomial with the exact two moments.

    ``known`` (same shape as the forecast) leaves out the areas that are False.

    >>> areas = CountDistribution(np.array([4.0, 6.0]), np.array([0.5, 0.5]), 0.5)
    >>> city = sum_over(areas, np.array([0, 0]), 1)
    >>> city.mean, city.variance
    (array([10.]), array([60.]))
    """
    kept = np.ones(forecast.mean.shape, dtype=bool) if known is None else known
    mean = np.where(kept, forecast.mean, 0.0)
    shared = np.asarray(forecast.shared)
    total = group_sums(mean, groups, size)
    safe = np.where(total > 0, total, 1.0)
    own = group_sums((forecast.dispersion - shared) * mean**2, groups, size) / safe**2
    together = (group_sums(np.sqrt(shared) * mean, groups, size) / safe) ** 2
    return CountDistribution(total, np.maximum(own, 0.0) + together, together)


def coherent_draws(forecast: CountDistribution, draws: int, seed: int) -> Counts:
    """Random counts, shape (draws, *shape of mean), whose sums over any areas keep their dependence.

    The last axis holds areas; each position of the axes before it (a horizon, a period) has a factor of its own. The
    shared factor is lognormal; what remains of an area's dispersion is gamma, so that 1 + dispersion =
    (1 + own) · (1 + shared) and each area's draws have the published mean and variance.
    """
    generator = np.random.default_rng(seed)
    shared = np.asarray(forecast.shared)
    log_variance = np.log1p(shared)
    shock = generator.standard_normal((draws, *forecast.mean.shape[:-1], 1))
    factor = np.exp(np.sqrt(log_variance) * shock - log_variance / 2.0)
    own = np.maximum((1.0 + forecast.dispersion) / (1.0 + shared) - 1.0, 1e-9)
    return generator.negative_binomial(1.0 / own, 1.0 / (1.0 + own * forecast.mean * factor))
