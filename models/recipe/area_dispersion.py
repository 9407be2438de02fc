"""Areas that vary more, or less, than areas of their level do: a factor on each one's dispersion.

A stadium or a night-time quarter swings more around its mean than a suburb with as many crimes. Each area's factor is
learned from how far its smoothed share of the city's realised total has missed over up to six years (a smoothed share
never saw the outcome). The logarithms of the factors are taken as normal around 0; their spread is the one under which
all areas' past is likeliest (empirical Bayes, Efron & Morris 1975), so that an area with little evidence, and every
area where none stands out, keeps the dispersion of its level. Nothing but counts is learned from.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from contracts import CountDistribution, periods_per_year
from contracts.arrays import Floats
from features.building.share_features import ShareFeatures
from models.dispersion import Dispersion, fit_dispersion

YEARS = 6
MOST_PAST_FORECASTS = 60_000
"""Of more past forecasts (areas × periods) only those of every second, third, … period are learned from."""
LOG_FACTORS = np.linspace(-2.0, 2.0, 17)
SPREADS = (0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0)
"""Candidate standard deviations of the logarithm of the factor; that all factors are 1 is a candidate too."""


@dataclass(frozen=True)
class AreaDispersion:
    """The ``level``'s dispersion around smoothed shares, and each area's factor on it, (areas,)."""

    level: Dispersion
    factors: Floats


def learn_area_dispersion(features: ShareFeatures, counts: Floats, horizon: int) -> AreaDispersion:
    """Learn from the smoothed shares of ``features``, ``horizon`` periods ahead of each, and ``counts`` of the target.

    ``counts`` (areas, periods) are those that the features were made of. The first third of a short history only
    warms up.
    """
    periods = counts.shape[1]
    first = max(periods // 3, periods - horizon - YEARS * periods_per_year(features.frequency))
    every = 1 + len(counts) * max(periods - horizon - first, 0) // MOST_PAST_FORECASTS
    origins = np.arange(periods - horizon - 1, first - 1, -every)
    means = features.base_share[:, origins] * features.city_total[origins + horizon]
    outcomes = counts[:, origins + horizon]
    level = fit_dispersion(outcomes, means)
    return AreaDispersion(level, shrunken_factors(outcomes, means, level))


def shrunken_factors(outcomes: Floats, means: Floats, level: Dispersion) -> Floats:
    """Factors (areas,) on ``level``, from past ``outcomes`` around ``means``, both (areas, periods), NaN unknown."""
    likelihood = _log_likelihoods(outcomes, means, level)
    best, factors = likelihood[:, LOG_FACTORS == 0.0].sum(), np.ones(len(outcomes))
    for spread in SPREADS:
        prior = -0.5 * (LOG_FACTORS / spread) ** 2
        joint = likelihood + prior - np.logaddexp.reduce(prior)
        evidence = np.logaddexp.reduce(joint, axis=1)
        if evidence.sum() > best:
            best, factors = evidence.sum(), np.exp(np.exp(joint - evidence[:, None]) @ LOG_FACTORS)
    return factors


def _log_likelihoods(outcomes: Floats, means: Floats, level: Dispersion) -> Floats:
    """Log likelihood of each area's past under each candidate factor, (areas, factors)."""
    known = ~(np.isnan(outcomes) | np.isnan(means))
    y, mean = np.where(known, outcomes, 0.0), np.where(known, np.maximum(means, 1e-9), 1.0)
    own = level.of(mean)
    under = [CountDistribution(mean, own * np.exp(factor)).log_pmf(y) for factor in LOG_FACTORS]
    return np.stack([np.where(known, one, 0.0).sum(axis=1) for one in under], axis=1)
