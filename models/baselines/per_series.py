"""One statistical model per area, by statsforecast: exponential smoothing or theta, chosen automatically."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from contracts import CountDistribution, periods_per_year
from contracts.arrays import Floats
from features.building.lags import ewma
from features.geographies.geography import Geography
from features.views import Panel
from models.baselines.counting import SMALLEST_MEAN_SHARE
from models.forecaster import UnusableForecaster

INTERVAL_LEVEL = 68.27
"""A central interval of this percentage is one standard deviation to either side."""

PER_SERIES = {"auto_ets": "AutoETS", "auto_theta": "AutoTheta"}
"""Our name → the name statsforecast gives its column."""

SMALLEST_DISPERSION = 1e-3
FEWEST_PERIODS = 8
FEWEST_FOR_PROCESSES = 50
"""Of fewer areas the models are fitted in this process: starting another takes longer."""
LONGEST_SEASON = 24
"""statsforecast fits no longer season; above it, and on less than two years, the models are fitted without one."""


@dataclass(frozen=True)
class PerSeriesForecaster:
    """``auto_ets`` or ``auto_theta``, fitted to each area's counts by itself."""

    name: str
    jobs: int = 2

    def fit(self, panel: Panel, target: str, geography: Geography, horizons: Sequence[int]) -> FittedPerSeries:
        """Raises ``UnusableForecaster`` where the history is too short for a model."""
        from statsforecast import StatsForecast

        if len(panel.periods) < FEWEST_PERIODS:
            raise UnusableForecaster(
                f"{len(panel.periods)} known periods are too few for {self.name}; it needs {FEWEST_PERIODS}.",
                remedy="Ingest a longer history, or use a counting forecaster such as ewma.",
            )
        frame = long_counts(panel, target)
        season = periods_per_year(panel.frequency)
        seasonal = season <= LONGEST_SEASON and len(panel.periods) > 2 * season
        # A season is looked for in autocorrelations, and a series that never changes has none (0 / 0).
        changes = (frame.groupby("unique_id")["y"].transform("nunique") > 1).to_numpy()
        parts = tuple(
            StatsForecast(
                models=[_model(self.name, length)],
                freq=1,
                n_jobs=self.jobs if len(panel.areas) >= FEWEST_FOR_PROCESSES else 1,
            ).fit(df=frame[chosen])
            for chosen, length in ((changes, season if seasonal else 1), (~changes, 1))
            if chosen.any()
        )
        return FittedPerSeries(self.name, target, parts, panel.last.ordinal)


@dataclass(frozen=True)
class FittedPerSeries:
    """Models of every area; on a later panel their parameters stand and their states are brought up to date."""

    name: str
    target: str
    parts: tuple[Any, ...]
    fitted_on: int

    def predict(self, panel: Panel, horizons: Sequence[int]) -> CountDistribution:
        ahead = max(horizons)
        if panel.last.ordinal == self.fitted_on:
            made = [part.predict(h=ahead, level=[INTERVAL_LEVEL]) for part in self.parts]
        else:
            seen = long_counts(panel, self.target)
            made = [_forward(part, seen[seen["unique_id"].isin(part.uids)], ahead) for part in self.parts]
        frame = pd.concat(made).sort_values("unique_id", kind="stable")
        shape = (len(panel.areas), ahead)
        means = frame[PER_SERIES[self.name]].to_numpy(np.float64).reshape(shape)
        upper = frame[f"{PER_SERIES[self.name]}-hi-{INTERVAL_LEVEL}"].to_numpy(np.float64).reshape(shape)
        chosen = [horizon - 1 for horizon in horizons]
        return _count_distribution(means[:, chosen].T, upper[:, chosen].T, panel.of(self.target))


def _model(name: str, season: int) -> Any:
    from statsforecast.models import AutoETS, AutoTheta

    return {"auto_ets": AutoETS, "auto_theta": AutoTheta}[name](season_length=season)


def _forward(fitted: Any, frame: pd.DataFrame, ahead: int) -> pd.DataFrame:
    """Forecasts of the fitted models after they have seen the series of ``frame``, in the order of its areas."""
    column = repr(fitted.models[0])
    rows = []
    for (area, series), model in zip(frame.groupby("unique_id")["y"], fitted.fitted_, strict=True):
        result = model[0].forward(y=series.to_numpy(), h=ahead, level=[INTERVAL_LEVEL])
        upper = result[f"hi-{INTERVAL_LEVEL}"]
        rows.append(pd.DataFrame({"unique_id": area, column: result["mean"], f"{column}-hi-{INTERVAL_LEVEL}": upper}))
    return pd.concat(rows, ignore_index=True)


def long_counts(panel: Panel, target: str) -> pd.DataFrame:
    """The counts as statsforecast reads them, area by area; a gap carries the smoothed level before it."""
    counts = panel.of(target)
    level = ewma(counts, 0.3)
    filled = np.where(np.isnan(counts), np.where(np.isnan(level), 0.0, level), counts)
    areas, periods = counts.shape
    return pd.DataFrame(
        {
            "unique_id": np.repeat(np.arange(areas), periods),
            "ds": np.tile(np.arange(periods), areas),
            "y": filled.ravel(),
        }
    )


def _count_distribution(means: Floats, upper: Floats, counts: Floats) -> CountDistribution:
    """Negative binomials with the models' own standard deviations, pooled over areas at each horizon."""
    lately = (~np.isnan(counts[:, -12:])).sum(axis=1)
    typical = np.nansum(counts[:, -12:], axis=1) / np.maximum(lately, 1)
    floor = np.maximum(SMALLEST_MEAN_SHARE * np.maximum(typical, SMALLEST_MEAN_SHARE * typical.mean()), 1e-6)
    finite = np.where(np.isfinite(means), means, typical)
    positive = np.maximum(finite, floor)
    variance = np.where(np.isfinite(upper - means), upper - means, np.sqrt(positive)) ** 2
    pooled = (variance - positive).sum(axis=1) / (positive**2).sum(axis=1)
    return CountDistribution(positive, np.maximum(pooled, SMALLEST_DISPERSION)[:, None])
