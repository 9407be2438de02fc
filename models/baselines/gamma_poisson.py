"""Empirical Bayes counting: each area's rate has a gamma prior that all areas of the city share.

With a Poisson count of a gamma rate the forecast is a negative binomial in closed form. The prior comes from the
moments of the areas' own rates (Marshall 1991, Mapping disease and mortality rates using empirical Bayes estimators),
corrected for what chance alone spreads them. Older counts are forgotten exponentially, which keeps the gamma form and
widens the forecast (Harvey & Fernandes 1989, Time series models for count or qualitative observations); the memory is
the one that gave the outcomes of the last two years the highest log score.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from contracts import CountDistribution, periods_per_year
from contracts.arrays import Floats, Ordinals
from features.geographies.geography import Geography
from features.views import Panel

GAMMA_POISSON = "gamma_poisson"

HALF_LIVES = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, np.inf)
"""Candidate memories, in years until a count weighs half."""

MOST_FORECASTS = 100_000
"""Of more past forecasts only every n-th origin is used to choose the memory."""

LARGEST_SHAPE = 1e4
"""Areas that differ no more than chance would have them get one rate: a prior of this shape leaves 1% between them."""


@dataclass(frozen=True)
class GammaPoissonForecaster:
    """A formula over past counts; there is nothing to fit before the forecast is made."""

    name: str = GAMMA_POISSON

    def fit(self, panel: Panel, target: str, geography: Geography, horizons: Sequence[int]) -> FittedGammaPoisson:
        return FittedGammaPoisson(target)


@dataclass(frozen=True)
class FittedGammaPoisson:
    """See ``GammaPoissonForecaster``."""

    target: str

    def predict(self, panel: Panel, horizons: Sequence[int]) -> CountDistribution:
        counts = panel.of(self.target)
        season = periods_per_year(panel.frequency)
        newest = np.array([counts.shape[1] - 1])
        forecasts = [
            posterior_predictive(counts, newest, choose_keeping(counts, season, horizon))[:, 0] for horizon in horizons
        ]
        return CountDistribution.stack(forecasts)


def posterior_predictive(counts: Floats, origins: Ordinals, keeping: float) -> CountDistribution:
    """The negative binomials forecast at ``origins`` (positions), shape (areas, origins).

    ``counts`` (areas, periods); a count k periods old weighs ``keeping`` to the k-th power. With the weighted sums S
    of an area's counts and N of its known periods, and a gamma prior of shape r and rate b, the next count has mean
    (r + S) / (b + N) and dispersion 1 / (r + S).
    """
    age = origins[None, :] - np.arange(counts.shape[1])[:, None]
    weights = np.where(age >= 0, keeping ** np.maximum(age, 0), 0.0)
    known = (~np.isnan(counts)).astype(np.float64)
    crimes, exposure = np.nan_to_num(counts) @ weights, known @ weights
    mean, shape = _prior(crimes, exposure, known @ weights**2)
    return CountDistribution((shape + crimes) / (shape / mean + exposure), 1.0 / (shape + crimes))


def _prior(crimes: Floats, exposure: Floats, squared: Floats) -> tuple[Floats, Floats]:
    """Mean and shape of the gamma prior at each origin, by moments; ``squared`` are the sums of squared weights.

    The weighted rate S / N of an area with rate λ has variance λ · squared / N².
    """
    periods = np.maximum(exposure.sum(axis=0), 1e-9)
    mean = np.maximum(crimes.sum(axis=0), 0.5) / periods
    inverse = np.divide(1.0, exposure, out=np.zeros(exposure.shape), where=exposure > 0)
    spread = (exposure * (crimes * inverse - mean) ** 2).sum(axis=0) / periods
    between = spread - mean * (squared * inverse).sum(axis=0) / periods
    return mean, mean**2 / np.maximum(between, mean**2 / LARGEST_SHAPE)


def choose_keeping(counts: Floats, season: int, horizon: int) -> float:
    """The weight of a count relative to one a period newer, with the highest log score over two years of forecasts."""
    origins = np.arange(max(0, counts.shape[1] - horizon - 2 * season), counts.shape[1] - horizon)
    origins = origins[:: 1 + counts.shape[0] * len(origins) // MOST_FORECASTS]
    outcomes = counts[:, origins + horizon]
    known = ~np.isnan(outcomes)
    candidates = [float(0.5 ** (1.0 / (years * season))) for years in HALF_LIVES]
    if not known.any():
        return candidates[-1]

    def score(keeping: float) -> float:
        return float(posterior_predictive(counts, origins, keeping)[known].log_pmf(outcomes[known]).mean())

    return max(candidates, key=score)
