"""Forecasters that only smooth or repeat what was counted: the honest yardsticks.

Each has a mean for every origin of the past at once, so that the dispersion around it is learned from its own
forecasts of the last two years, made as they would have been made then.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from contracts import CountDistribution, periods_per_year
from contracts.arrays import Floats
from features.building.lags import ewma, rolling_mean, shifted
from features.geographies.geography import Geography
from features.views import Panel
from models.dispersion import fit_dispersion

SMALLEST_MEAN_SHARE = 0.05
"""A mean is at least this part of the area's mean over the last year (and of the city's mean area): a repeated zero
would otherwise make any crime impossible."""

ALPHAS = (0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.6)

MeansByOrigin = Callable[[Floats, int, int], Floats]
"""(counts (areas, periods), season length, horizon) → means (areas, periods): at each origin, for ``horizon`` later."""


@dataclass(frozen=True)
class CountingForecaster:
    """A forecaster that is a formula over past counts; there is nothing else to fit."""

    name: str
    means_by_origin: MeansByOrigin

    def fit(self, panel: Panel, target: str, geography: Geography, horizons: Sequence[int]) -> FittedCounting:
        return FittedCounting(target, self.means_by_origin)


@dataclass(frozen=True)
class FittedCounting:
    """See ``CountingForecaster``."""

    target: str
    means_by_origin: MeansByOrigin

    def predict(self, panel: Panel, horizons: Sequence[int]) -> CountDistribution:
        season = periods_per_year(panel.frequency)
        counts = panel.of(self.target)
        forecasts = [self._at(counts, season, horizon) for horizon in horizons]
        return CountDistribution(
            np.stack([forecast.mean for forecast in forecasts]),
            np.stack([forecast.dispersion for forecast in forecasts]),
        )

    def _at(self, counts: Floats, season: int, horizon: int) -> CountDistribution:
        means = at_least_some(self.means_by_origin(counts, season, horizon), counts, season)
        outcomes, past = verified_pairs(counts, means, horizon, last=2 * season)
        return fit_dispersion(outcomes, past).around(means[:, -1])


def verified_pairs(counts: Floats, means: Floats, horizon: int, *, last: int) -> tuple[Floats, Floats]:
    """Outcomes and the means forecast for them, of the ``last`` newest periods; both (areas, ≤ last)."""
    return counts[:, horizon:][:, -last:], means[:, :-horizon][:, -last:]


def at_least_some(means: Floats, counts: Floats, season: int) -> Floats:
    """Means (areas, periods) at each origin, raised to ``SMALLEST_MEAN_SHARE`` where they are smaller or unknown."""
    yearly = rolling_mean(counts, season)
    city = np.nanmean(np.where(np.isnan(yearly), 0.0, yearly), axis=0)
    floor = SMALLEST_MEAN_SHARE * np.fmax(yearly, SMALLEST_MEAN_SHARE * city)
    return np.asarray(np.fmax(means, np.maximum(floor, 1e-6)))


def _last_value(counts: Floats, _season: int, _horizon: int) -> Floats:
    return ewma(counts, 1.0)


def _seasonal_naive(counts: Floats, season: int, horizon: int) -> Floats:
    back = (-horizon) % season
    repeated = shifted(counts, back)
    return np.where(np.isnan(repeated), rolling_mean(counts, season), repeated)


def _mean_of_a_year(counts: Floats, season: int, _horizon: int) -> Floats:
    return rolling_mean(counts, season)


def _mean_of_three_years(counts: Floats, season: int, _horizon: int) -> Floats:
    return rolling_mean(counts, 3 * season)


def _mean_of_all(counts: Floats, _season: int, _horizon: int) -> Floats:
    return rolling_mean(counts, counts.shape[1])


def _ewma_with_chosen_alpha(counts: Floats, season: int, horizon: int) -> Floats:
    """The weight with the least Poisson deviance over the last two years before the newest period."""

    def loss(means: Floats) -> float:
        y, mean = verified_pairs(counts, np.fmax(means, 1e-3), horizon, last=2 * season)
        if y.shape[1] == 0:
            return 0.0
        return float(np.nanmean(mean - np.where(y > 0, y * np.log(mean), 0.0)))

    return min((ewma(counts, alpha) for alpha in ALPHAS), key=loss)


COUNTING_FORECASTERS: dict[str, MeansByOrigin] = {
    "seasonal_naive": _seasonal_naive,
    "last_value": _last_value,
    "mean_12": _mean_of_a_year,
    "mean_36": _mean_of_three_years,
    "all_history": _mean_of_all,
    "ewma": _ewma_with_chosen_alpha,
}


def counting_forecaster(name: str) -> CountingForecaster:
    """The forecaster of that name, one of ``COUNTING_FORECASTERS``."""
    return CountingForecaster(name, COUNTING_FORECASTERS[name])
