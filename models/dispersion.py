"""How much counts vary around their means: the dispersion of a negative binomial, learned from past forecasts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import optimize, special

from contracts import CountDistribution
from contracts.arrays import Floats

FEWEST_FORECASTS = 30
MOST_FORECASTS = 250_000
"""Of more forecasts every second, third, … is learned from: two numbers need no more."""
SMALLEST_SHARED = 1e-4
"""Least relative variance of the factor that a city's areas share: a standard deviation of 1%."""
_BOUNDS = ((-12.0, 3.0), (-1.5, 1.5))


@dataclass(frozen=True)
class Dispersion:
    """Dispersion as a power of the mean: exp(intercept + slope · log mean)."""

    intercept: float
    slope: float

    def of(self, mean: Floats) -> Floats:
        """The dispersion of counts around ``mean``, same shape."""
        return np.asarray(np.exp(self.intercept + self.slope * np.log(np.maximum(mean, 1e-9))))

    def around(self, mean: Floats, *, factors: Floats | float = 1.0, shared: float = 0.0) -> CountDistribution:
        """Negative binomials around ``mean``, with ``factors`` (broadcast to it) on the areas' own dispersion.

        ``shared`` is the variance of the logarithm of a factor that all areas share (the city's total), added to the
        areas' own dispersion.
        """
        return CountDistribution(mean, self.of(mean) * factors + shared, shared)

    def around_city(self, mean: Floats, *, log_sd: float, factors: Floats | float = 1.0) -> CountDistribution:
        """Negative binomials of all areas of a city, ``mean`` (areas,), whose total is missed by ``log_sd``.

        ``log_sd`` is the standard deviation of the error of the total's logarithm. It holds the areas' own chance;
        what is left is what they share, so the distribution of their sum has just this spread. A series alone has
        no share to miss: its error is the total's.
        """
        own = np.zeros(1) if mean.size == 1 else self.of(mean) * factors
        chance = float((mean + own * mean**2).sum() / mean.sum() ** 2)
        shared = max(log_sd**2 - chance, SMALLEST_SHARED)
        return CountDistribution(mean, own + shared, shared)


SLIGHT = Dispersion(float(np.log(0.05)), 0.0)
"""A small overdispersion, for where nothing can be learned."""


def fit_dispersion(
    outcomes: Floats, means: Floats, factors: Floats | float = 1.0, *, otherwise: Dispersion = SLIGHT
) -> Dispersion:
    """The dispersion under which ``outcomes`` are likeliest around forecasts ``means`` (any common shape).

    It is multiplied by ``factors`` (broadcast to the same shape), such as those of areas. Missing outcomes and means
    are left out. With fewer than 30 forecasts nothing can be learned: ``otherwise`` is returned.
    """
    known = ~(np.isnan(outcomes) | np.isnan(means))
    every = 1 + int(known.sum()) // MOST_FORECASTS
    y, mean = outcomes[known][::every], np.maximum(means[known][::every], 1e-9)
    if y.size < FEWEST_FORECASTS:
        return otherwise
    factor = np.broadcast_to(factors, outcomes.shape)[known][::every]
    log_mean = np.log(mean)

    def loss(parameters: Floats) -> tuple[float, Floats]:
        dispersion = factor * np.exp(parameters[0] + parameters[1] * log_mean)
        distribution = CountDistribution(mean, dispersion)
        slopes = _slope_by_log_dispersion(distribution, y)
        return float(-distribution.log_pmf(y).mean()), -np.array([slopes.mean(), (slopes * log_mean).mean()])

    excess = ((y - mean) ** 2 - mean).sum() / (mean**2).sum()
    start = np.array([np.log(np.clip(excess, 1e-4, 10.0)), 0.0])
    found = optimize.minimize(loss, start, jac=True, method="L-BFGS-B", bounds=_BOUNDS)
    return Dispersion(float(found.x[0]), float(found.x[1]))


def _slope_by_log_dispersion(distribution: CountDistribution, counts: Floats) -> Floats:
    """The derivative of the log probability of ``counts`` by the logarithm of the dispersion, same shape."""
    size, mean = distribution.size, distribution.mean
    by_size = (
        special.digamma(counts + size) - special.digamma(size) - np.log1p(mean / size) + (mean - counts) / (mean + size)
    )
    return np.asarray(-size * by_size)
