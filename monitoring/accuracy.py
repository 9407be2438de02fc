"""How far forecasts were from what happened. Arrays of any common shape; an outcome that is NaN is not scored.

Each ``…_loss`` returns one loss an element, NaN where the outcome is unknown; the name without it is their mean.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import special

from contracts import CountDistribution

Floats = npt.NDArray[np.float64]


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
    losses[known] = forecast[known].crps(outcomes[known])
    return losses


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
