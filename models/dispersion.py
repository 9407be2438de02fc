"""How much counts vary around their means: the dispersion of a negative binomial, learned from past forecasts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import optimize

from contracts import CountDistribution
from features.panel import Floats

FEWEST_FORECASTS = 30
MOST_FORECASTS = 250_000
"""Of more forecasts every second, third, … is learned from: two numbers need no more."""
_BOUNDS = ((-12.0, 3.0), (-1.5, 1.5))


@dataclass(frozen=True)
class Dispersion:
    """Dispersion as a power of the mean: exp(intercept + slope · log mean)."""

    intercept: float
    slope: float

    def around(self, mean: Floats, *, shared: float = 0.0) -> CountDistribution:
        """Negative binomials around ``mean``.

        ``shared`` is the variance of the logarithm of a factor that all areas share (the city's total), added to the
        areas' own dispersion.
        """
        own = np.exp(self.intercept + self.slope * np.log(np.maximum(mean, 1e-9)))
        return CountDistribution(mean, own + shared, shared)


def fit_dispersion(outcomes: Floats, means: Floats) -> Dispersion:
    """The dispersion under which ``outcomes`` are likeliest around forecasts ``means`` (any common shape).

    Missing outcomes and means are left out. With fewer than 30 forecasts the counts are taken as Poisson with a small
    overdispersion of 0.05, since nothing can be learned.
    """
    known = ~(np.isnan(outcomes) | np.isnan(means))
    every = 1 + int(known.sum()) // MOST_FORECASTS
    y, mean = outcomes[known][::every], np.maximum(means[known][::every], 1e-9)
    if y.size < FEWEST_FORECASTS:
        return Dispersion(float(np.log(0.05)), 0.0)
    log_mean = np.log(mean)

    def loss(parameters: Floats) -> float:
        dispersion = np.exp(parameters[0] + parameters[1] * log_mean)
        return float(-CountDistribution(mean, dispersion).log_pmf(y).mean())

    excess = ((y - mean) ** 2 - mean).sum() / (mean**2).sum()
    start = np.array([np.log(np.clip(excess, 1e-4, 10.0)), 0.0])
    found = optimize.minimize(loss, start, method="L-BFGS-B", bounds=_BOUNDS)
    return Dispersion(float(found.x[0]), float(found.x[1]))
