"""One LightGBM for all areas on lags of the counts, by mlforecast: what most people would build first.

Each horizon has its own booster (direct forecasts). The newest half year of origins is first left out: the dispersion
is learned from forecasts of counts that the boosters have not seen; then the boosters are fitted again on everything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import lightgbm as lgb
import numpy as np
import numpy.typing as npt
import pandas as pd

from contracts import CountDistribution, Frequency, periods_per_year
from features.building.calendar_terms import season_of
from features.geographies.geography import Geography
from features.views import Panel
from models.baselines.counting import at_least_some
from models.baselines.per_series import long_counts
from models.dispersion import Dispersion, fit_dispersion
from models.forecaster import UnusableForecaster

GLOBAL_LAGS = "lightgbm_lags"

LAGS = {
    Frequency.MONTH: (1, 2, 3, 6, 12, 24),
    Frequency.WEEK: (1, 2, 3, 4, 26, 52, 104),
    Frequency.DAY: (1, 2, 3, 7, 14, 28, 364),
    Frequency.SHIFT: (1, 2, 3, 21, 42, 84, 1092),
}
WINDOWS = {
    Frequency.MONTH: (3, 6, 12, 36),
    Frequency.WEEK: (4, 13, 52, 156),
    Frequency.DAY: (7, 28, 91, 364),
    Frequency.SHIFT: (21, 84, 273, 1092),
}
"""Periods of the rolling means, beside the mean of everything before."""

MOST_ROWS = 600_000
"""Of more rows (areas × origins) only those of the newest origins are learned from."""

BOOSTING: dict[str, Any] = {
    "objective": "poisson",
    "n_estimators": 200,
    "learning_rate": 0.05,
    "num_leaves": 15,
    "min_child_samples": 200,
    "reg_lambda": 10.0,
    "colsample_bytree": 0.7,
    "subsample": 0.7,
    "subsample_freq": 1,
    "deterministic": True,
    "force_row_wise": True,
    "n_jobs": 1,
    "verbosity": -1,
}
LEAST_ROWS = 2
"""A tree sees a share of the rows (``subsample``), rounded down: of a single row none, which LightGBM refuses."""


@dataclass(frozen=True)
class GlobalLagsForecaster:
    """Boosted lags; the same seed gives the same forecasts."""

    seed: int = 7

    @property
    def name(self) -> str:
        return GLOBAL_LAGS

    def fit(self, panel: Panel, target: str, geography: Geography, horizons: Sequence[int]) -> FittedGlobalLags:
        """Raises ``UnusableForecaster`` where the history is too short to learn from."""
        boosters = _forecaster(panel, self.seed)
        rows = boosters.preprocess(_frame(panel, target), static_features=[], horizons=list(horizons))
        rows = rows[rows["ds"] > panel.last.ordinal - MOST_ROWS // len(panel.areas)]
        held_out = min(max(periods_per_year(panel.frequency) // 2, 1), max(rows["ds"].nunique() // 4, 1))
        outcomes = [_learning(rows, horizon, panel.last.ordinal - held_out)[1] for horizon in horizons]
        if min(len(one) for one in outcomes) < LEAST_ROWS:
            raise _too_few(panel)
        if not all(one.any() for one in outcomes):
            raise UnusableForecaster(
                f"No '{target}' was counted in the periods that {GLOBAL_LAGS} learns from.",
                remedy="Use a counting forecaster such as ewma.",
            )
        dispersions = _held_out_dispersions(boosters, rows, horizons, panel.last.ordinal - held_out)
        _fit_each(boosters, rows, horizons, panel.last.ordinal)
        return FittedGlobalLags(target, boosters, dispersions)


@dataclass(frozen=True)
class FittedGlobalLags:
    """Boosters and dispersions per horizon; the lags are taken anew from each panel."""

    target: str
    boosters: Any
    dispersions: dict[int, Dispersion]

    def predict(self, panel: Panel, horizons: Sequence[int]) -> CountDistribution:
        frame = self.boosters.predict(max(horizons), new_df=_frame(panel, self.target))
        steps = frame["ds"].to_numpy() - panel.last.ordinal
        season = periods_per_year(panel.frequency)
        counts = panel.of(self.target)
        forecasts = []
        for horizon in horizons:
            mean = frame.loc[steps == horizon, GLOBAL_LAGS].to_numpy(np.float64)
            newest = at_least_some(np.broadcast_to(mean[:, None], counts.shape), counts, season)[:, -1]
            forecasts.append(self.dispersions[horizon].around(newest))
        return CountDistribution.stack(forecasts)


def _forecaster(panel: Panel, seed: int) -> Any:
    """Lags and rolling means that the history is long enough for, and the season."""
    from mlforecast import MLForecast
    from mlforecast.lag_transforms import ExpandingMean, RollingMean

    longest = len(panel.periods) // 2
    if longest < min(LAGS[panel.frequency]) + 1:
        raise _too_few(panel)
    return MLForecast(
        models={GLOBAL_LAGS: lgb.LGBMRegressor(**BOOSTING, random_state=seed)},
        freq=1,
        lags=[lag for lag in LAGS[panel.frequency] if lag <= longest],
        lag_transforms={
            1: [*(RollingMean(window, min_samples=1) for window in WINDOWS[panel.frequency]), ExpandingMean()]
        },
        date_features=[_season_feature(panel.frequency)],
    )


def _too_few(panel: Panel) -> UnusableForecaster:
    return UnusableForecaster(
        f"{len(panel.periods)} known periods are too few to learn lags from.",
        remedy="Ingest a longer history, or use a counting forecaster such as ewma.",
    )


def _season_feature(frequency: Frequency) -> Callable[[pd.Index], npt.NDArray[np.int64]]:
    def season(ordinals: pd.Index) -> npt.NDArray[np.int64]:
        return season_of(ordinals.to_numpy(np.int64), frequency)

    return season


def _frame(panel: Panel, target: str) -> pd.DataFrame:
    """The counts area by area, with the periods' ordinals as time."""
    frame = long_counts(panel, target)
    return frame.assign(ds=frame["ds"] + panel.first.ordinal)


def _learning(rows: pd.DataFrame, horizon: int, last: int) -> tuple[pd.DataFrame, pd.Series]:
    """Features and outcomes of the rows whose outcome is no later than ``last``.

    A row's ``ds`` is the period after its origin; its outcome for horizon h is in column ``y{h - 1}``.
    """
    outcomes = rows[f"y{horizon - 1}"]
    known = outcomes.notna() & (rows["ds"] + horizon - 1 <= last)
    return rows.loc[known, _features(rows)], outcomes[known]


def _features(rows: pd.DataFrame) -> list[str]:
    return [name for name in rows.columns if name not in ("unique_id", "ds") and not name[1:].isdigit()]


def _fit_each(boosters: Any, rows: pd.DataFrame, horizons: Sequence[int], last: int) -> None:
    def horizon_by_horizon() -> Iterator[tuple[int, pd.DataFrame, pd.Series]]:
        for horizon in horizons:
            yield horizon - 1, *_learning(rows, horizon, last)

    boosters.fit_models(generator_factory=horizon_by_horizon)


def _held_out_dispersions(
    boosters: Any, rows: pd.DataFrame, horizons: Sequence[int], last: int
) -> dict[int, Dispersion]:
    """Fit on outcomes up to the period ``last``, and learn how far the later ones were missed."""
    _fit_each(boosters, rows, horizons, last)
    dispersions = {}
    for horizon in horizons:
        unseen = rows[rows["ds"] + horizon - 1 > last].dropna(subset=[f"y{horizon - 1}"])
        means = boosters.models_[GLOBAL_LAGS][horizon - 1].predict(unseen[_features(rows)])
        dispersions[horizon] = fit_dispersion(unseen[f"y{horizon - 1}"].to_numpy(np.float64), np.asarray(means))
    return dispersions
