"""How far counts fall beyond their own mean by chance: the floor of under- and over-prediction."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from contracts import CountDistribution


def expected_shortfall(forecast: CountDistribution) -> npt.NDArray[np.float64]:
    """E(Y − μ)₊ of counts from the forecast, in crimes, same shape; E(μ − Y)₊ is the same, because E(Y) = μ.

    E(Y − μ)₊ = E(Y; Y > k) − μ·P(Y > k) with k the whole part of μ, the first from the size-biased distribution.
    Hand-worked: Poisson with mean ½ lacks (½)·P(Y = 0) = e^−½ / 2.

    >>> expected_shortfall(CountDistribution(np.array([0.5]), np.array([0.0]))).round(4)
    array([0.3033])
    """
    mean, dispersion = forecast.mean, forecast.dispersion
    whole = np.floor(mean)
    biased = CountDistribution(mean * (1.0 + dispersion), dispersion / (1.0 + dispersion))
    beyond = mean * (1.0 - biased.cdf(whole - 1.0))
    return np.asarray(beyond - mean * (1.0 - forecast.cdf(whole)))
