"""Each area's share of the city's crime: a smoothed share, moved by gradient boosting.

The smoothed share is a mixture of several memories of the area and of its surroundings
(``models.recipe.share_mixture``), which shrinks the share of an area with few counts towards theirs and towards the
even one. The booster (LightGBM, Poisson) learns the logarithm of what multiplies the smoothed share times the city's
realised total, so that it learns shares only and the city's level never leaks into it. The newest half year of origins
is left out of its training: the dispersion around its means is learned there, on counts it has not seen, with the
factors of ``models.recipe.area_dispersion`` for areas that vary more or less than others. (Measured on London violence
by ward in 2018 and 2019: leaving it out changed the deviance by less than 0.001.)
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import lightgbm as lgb
import numpy as np
import numpy.typing as npt
from scipy import special

from contracts import BadInput, Frequency, periods_per_year
from contracts.arrays import Floats
from features.building.near_repeat import PERIODS_PER_WEEK
from features.building.share_features import ShareFeatures, build_share_features
from features.geographies.geography import Geography
from features.views import Panel
from models.dispersion import Dispersion, fit_dispersion
from models.recipe.area_dispersion import AreaDispersion, learn_area_dispersion
from models.recipe.share_mixture import fit_share_mixture

WARM_UP_YEARS = 2
"""Origins in the first years of a panel are not learned from: their smoothed shares are not settled yet."""

MOST_ROWS = 600_000
"""Of more rows (areas × origins) only every n-th origin is learned from."""

HORIZONS_AT_ONCE = 2
"""LightGBM lets other threads run while it fits on one."""

BOOSTING: dict[str, Any] = {
    "objective": "poisson",
    "lambda_l2": 10.0,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "max_bin": 63,
    "bin_construct_sample_cnt": 20_000,
    "deterministic": True,
    "force_row_wise": True,
    "verbosity": -1,
    "num_threads": 1,
}
"""One thread: with more, LightGBM's threads wait for each other in a spin, and on a busy machine of two cores a fit
took up to ten times longer."""


@dataclass(frozen=True)
class ShareSettings:
    """How the share is boosted. ``years`` of origins are learned from.

    ``trials`` is how many other settings are tried on the past before a fit (``models.recipe.tuning``); with 0, these.
    ``without`` names features that no tree may split on.
    """

    rounds: int = 160
    learning_rate: float = 0.05
    leaves: int = 15
    smallest_leaf: int = 200
    years: int = 8
    seed: int = 7
    trials: int = 0
    without: tuple[str, ...] = ()


@dataclass(frozen=True)
class ShareModel:
    """One booster and one dispersion per horizon, and the weights of the smoothed share they stand on.

    ``area_factors`` multiply the dispersion of areas, by code.
    """

    mixture: tuple[float, ...]
    boosters: dict[int, lgb.Booster]
    dispersions: dict[int, Dispersion]
    feature_names: tuple[str, ...]
    area_factors: dict[str, float]

    def features(self, panel: Panel, target: str, geography: Geography) -> ShareFeatures:
        """The features this model was trained on, of a panel."""
        features = build_share_features(panel, target, geography, mixture=self.mixture)
        if features.names != self.feature_names:
            changed = sorted(set(features.names) ^ set(self.feature_names))
            raise BadInput(
                f"The model of '{target}' was trained on other features; these differ: {', '.join(changed)}.",
                remedy="Ingest the publications it learned from, or train again.",
            )
        return features

    def contributions(self, features: ShareFeatures, origin: int, horizon: int) -> Floats:
        """What each feature adds to the logarithm of the boosted share, before it is renormalised.

        Shape (areas, features + 1); the last column is the same for all areas. Lundberg & Lee (2017), as LightGBM
        computes them from its trees.
        """
        rows = features.rows(origin, horizon)
        return np.asarray(self.boosters[horizon].predict(rows, pred_contrib=True, num_threads=1), dtype=np.float64)

    def share(self, features: ShareFeatures, origin: int, horizon: int) -> Floats:
        """Shares of the city at ``horizon`` after position ``origin``; (areas,), positive, sum 1."""
        if horizon not in self.boosters:
            raise BadInput(
                f"The model was trained for horizons {min(self.boosters)} to {max(self.boosters)}, not {horizon}.",
                remedy="Ingest newer counts, or train with more horizons.",
            )
        return share_of_rows(self.boosters[horizon], features.rows(origin, horizon), features.base_share[:, origin])

    def factors(self, areas: Sequence[str]) -> Floats:
        """Each area's factor on the dispersion; 1 for an area that the model does not know."""
        return np.array([self.area_factors.get(area, 1.0) for area in areas])


def share_of_rows(booster: lgb.Booster, rows: npt.NDArray[np.float32], base_share: Floats) -> Floats:
    """Boosted shares of feature rows (areas, features), renormalised to sum to 1."""
    share = base_share * np.exp(np.asarray(booster.predict(rows, raw_score=True, num_threads=1)))
    return np.asarray(share / share.sum())


def fit_share_model(
    panel: Panel, target: str, geography: Geography, horizons: Sequence[int], settings: ShareSettings
) -> ShareModel:
    """Fit one booster per horizon on the past of ``panel`` (as ``Panel.for_target`` gives it)."""
    mixture = fit_share_mixture(panel, target, geography, min(horizons))
    features = build_share_features(panel, target, geography, mixture=mixture)
    counts = panel.of(target)
    spread = learn_area_dispersion(features, counts, min(horizons))

    def fit_at(horizon: int) -> tuple[lgb.Booster, Dispersion]:
        learning, held_out = split_origins(counts.shape[1], horizon, periods_per_year(panel.frequency), settings.years)
        if not learning:
            return _unmoved(features), spread.level
        booster = _boost(features, counts, horizon, _thinned(learning, len(counts), panel.frequency), settings)
        return booster, _dispersion_of(booster, features, counts, horizon, held_out, spread)

    with ThreadPoolExecutor(HORIZONS_AT_ONCE, thread_name_prefix="horizon") as pool:
        fitted = dict(zip(horizons, pool.map(fit_at, horizons), strict=True))
    return ShareModel(
        mixture=mixture,
        boosters={horizon: booster for horizon, (booster, _) in fitted.items()},
        dispersions={horizon: dispersion for horizon, (_, dispersion) in fitted.items()},
        feature_names=features.names,
        area_factors=dict(zip(panel.areas, spread.factors.tolist(), strict=True)),
    )


def split_origins(periods: int, horizon: int, season: int, years: int) -> tuple[range, range]:
    """Origins to learn from and the newest ones held out for the dispersion; both empty in too short a history."""
    last = periods - 1 - horizon
    first = min(WARM_UP_YEARS * season, periods // 3)
    held_out = min(max(season // 2, 1), max((last - first) // 4, 1))
    start = max(first, last - held_out - years * season + 1)
    if last - held_out < start:
        return range(0), range(0)
    return range(start, last - held_out + 1), range(last - held_out + 1, last + 1)


def rows_to_learn(counts: Floats, horizon: int, season: int, settings: ShareSettings) -> int:
    """How many past counts of (areas, periods) a booster learns from; under ``2 * smallest_leaf`` no tree can split."""
    learning, _ = split_origins(counts.shape[1], horizon, season, settings.years)
    outcomes = counts[:, learning.start + horizon : learning.stop + horizon] if learning else counts[:, :0]
    return int((~np.isnan(outcomes)).sum())


def _thinned(origins: range, areas: int, frequency: Frequency) -> range:
    """Every n-th origin, so that about ``MOST_ROWS`` rows are left; every weekday and shift is still among them."""
    every = 1 + len(origins) * areas // MOST_ROWS
    while math.gcd(every, PERIODS_PER_WEEK.get(frequency, 1)) > 1:
        every += 1
    return origins[::every]


def _boost(
    features: ShareFeatures, counts: Floats, horizon: int, origins: range, settings: ShareSettings
) -> lgb.Booster:
    rows = np.vstack([features.rows(origin, horizon) for origin in origins])
    outcomes = np.concatenate([counts[:, origin + horizon] for origin in origins])
    offsets = np.concatenate(
        [_log_mean(features.base_share[:, origin], features.city_total[origin + horizon]) for origin in origins]
    )
    known = ~np.isnan(outcomes) & np.isfinite(offsets)
    if known.sum() < 2 * settings.smallest_leaf or not outcomes[known].any():
        return _unmoved(features)
    data = lgb.Dataset(
        rows[known], outcomes[known], init_score=offsets[known], feature_name=list(features.names), free_raw_data=True
    )
    parameters = BOOSTING | {
        "num_leaves": settings.leaves,
        "learning_rate": settings.learning_rate,
        "min_data_in_leaf": settings.smallest_leaf,
        "seed": settings.seed,
    }
    if settings.without:
        parameters["feature_contri"] = [float(name not in settings.without) for name in features.names]
    return lgb.train(parameters, data, num_boost_round=settings.rounds)


def _unmoved(features: ShareFeatures) -> lgb.Booster:
    """A booster that moves no share: for where no tree could split, or no crime is there to learn from."""
    made_up = np.ones(10)
    rows = np.zeros((made_up.size, len(features.names)), dtype=np.float32)
    data = lgb.Dataset(rows, made_up, init_score=0.0 * made_up, feature_name=list(features.names))
    return lgb.train(BOOSTING, data, num_boost_round=1)


def deviance_on_newest(features: ShareFeatures, counts: Floats, horizon: int, settings: ShareSettings) -> float:
    """Mean Poisson deviance in the newest year of ``counts``, by shares boosted on what was known before it.

    The shares are taken times the totals that came, so that only they are judged. ``split_origins``
    must find some to learn from before that year.
    """
    season = periods_per_year(features.frequency)
    before = counts.shape[1] - season
    learning, _ = split_origins(before, horizon, season, settings.years)
    booster = _boost(features, counts, horizon, _thinned(learning, len(counts), features.frequency), settings)
    origins = range(before - 1, counts.shape[1] - horizon)
    outcomes = np.stack([counts[:, origin + horizon] for origin in origins])
    means = np.maximum(_means_at(booster, features, horizon, origins), 1e-9)
    deviance = 2.0 * (special.xlogy(outcomes, outcomes / means) - (outcomes - means))
    return float(np.nanmean(deviance))


def _log_mean(base_share: Floats, total: float) -> Floats:
    return np.log(base_share) + (np.log(total) if total > 0 else -np.inf)


def _dispersion_of(
    booster: lgb.Booster, features: ShareFeatures, counts: Floats, horizon: int, origins: range, spread: AreaDispersion
) -> Dispersion:
    outcomes = np.stack([counts[:, origin + horizon] for origin in origins])
    means = _means_at(booster, features, horizon, origins)
    return fit_dispersion(outcomes, means, spread.factors, otherwise=spread.level)


def _means_at(booster: lgb.Booster, features: ShareFeatures, horizon: int, origins: range) -> Floats:
    """Boosted shares at each origin times the totals that came, (origins, areas)."""
    shares = [
        share_of_rows(booster, features.rows(origin, horizon), features.base_share[:, origin]) for origin in origins
    ]
    return np.asarray(np.stack(shares) * features.city_total[np.array(origins) + horizon][:, None])
