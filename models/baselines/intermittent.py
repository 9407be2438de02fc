"""Methods made for series that are mostly zero, one per area, by statsforecast.

``croston_sba``: the size of a demand over the interval between demands, corrected for its bias (Syntetos & Boylan
2005). ``tsb``: the size times the probability of a demand, which decays while there is none (Teunter, Syntetos & Babai
2011). ``imapa``: the mean of exponential smoothings of the series summed over ever longer spells (Petropoulos &
Kourentzes 2015). Each forecasts the same mean at every horizon, so that a forecast one period ahead, made in the past,
is also the one that would have been made then for later periods: the dispersion is learned from those.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from contracts import CountDistribution, periods_per_year
from contracts.arrays import Floats
from features.geographies.geography import Geography
from features.views import Panel
from models.baselines.counting import at_least_some, verified_pairs
from models.baselines.per_series import long_counts
from models.dispersion import fit_dispersion

INTERMITTENT = ("croston_sba", "tsb", "imapa")

TSB_WEIGHTS = (0.02, 0.05, 0.1, 0.2)
"""Candidate newest weights of ``tsb``, for size and probability alike; the least deviance over two years chooses."""


@dataclass(frozen=True)
class IntermittentForecaster:
    """One of ``INTERMITTENT``; made anew from the counts of each forecast."""

    name: str

    def fit(self, panel: Panel, target: str, geography: Geography, horizons: Sequence[int]) -> FittedIntermittent:
        return FittedIntermittent(self.name, target)


@dataclass(frozen=True)
class FittedIntermittent:
    """See ``IntermittentForecaster``."""

    name: str
    target: str

    def predict(self, panel: Panel, horizons: Sequence[int]) -> CountDistribution:
        counts = panel.of(self.target)
        season = periods_per_year(panel.frequency)
        candidates = [at_least_some(means, counts, season) for means in _means_by_origin(self.name, panel, self.target)]
        forecasts = []
        for horizon in horizons:
            means = min(candidates, key=partial(_loss, counts, season, horizon))
            outcomes, past = verified_pairs(counts, means, horizon, last=2 * season)
            forecasts.append(fit_dispersion(outcomes, past).around(means[:, -1]))
        return CountDistribution.stack(forecasts)


def _loss(counts: Floats, season: int, horizon: int, means: Floats) -> float:
    """Half the Poisson deviance of past forecasts, but for a constant."""
    outcomes, past = verified_pairs(counts, means, horizon, last=2 * season)
    known = ~np.isnan(outcomes)
    return float((past[known] - outcomes[known] * np.log(past[known])).sum())


def _means_by_origin(name: str, panel: Panel, target: str) -> list[Floats]:
    """Means (areas, periods) forecast at each origin for the next period, one array per candidate."""
    from statsforecast import StatsForecast

    forecaster: Any = StatsForecast(models=_models(name), freq=1, n_jobs=1)
    newest = forecaster.forecast(df=long_counts(panel, target), h=1, fitted=True)
    before = forecaster.forecast_fitted_values()
    columns = [column for column in newest.columns if column not in ("unique_id", "ds")]
    shape = panel.of(target).shape
    return [
        np.hstack([before[column].to_numpy(np.float64).reshape(shape)[:, 1:], newest[[column]].to_numpy(np.float64)])
        for column in columns
    ]


def _models(name: str) -> list[Any]:
    from statsforecast.models import IMAPA, TSB, CrostonSBA

    if name == "tsb":
        return [TSB(alpha_d=weight, alpha_p=weight, alias=f"tsb_{weight}") for weight in TSB_WEIGHTS]
    return [{"croston_sba": CrostonSBA, "imapa": IMAPA}[name]()]
