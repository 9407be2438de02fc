"""Rare events: what can be said of each area where most areas count none in most periods.

``constant_rate`` gives every area the city's mean rate: what is known without knowing one place from another. (The
same rate per area, not per resident: residents do not stand for the people who are there, and areas of one geography
are of like size. An area that differs is for the models beside it to find.) ``pooled_rate`` divides the same city's
total by shares that borrow from a commoner, related target. As an incident comes from one of a few sources, an area's
share is a mixture of

- its share of all the incidents of the target so far,
- its share of the newer ones (half-life two years),
- its share of the related target, where the settings name one (``borrows_from``),
- the same share for every area,

with the weights under which past incidents were likeliest where they happened; given the city's total that is the
Poisson log score. As each area has been counted for as long as the others, mixing its share with the equal one is
shrinkage by a gamma prior that the areas have in common, and mixing it with the related target's share is shrinkage
towards a prior that knows the places.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from contracts import CountDistribution, periods_per_year
from contracts.arrays import Floats
from features.building.lags import ewma
from features.building.share_features import per_period, shares_of
from features.geographies.geography import Geography
from features.views import Panel
from models.dispersion import fit_dispersion
from models.forecaster import UnusableForecaster
from models.recipe import mixture_weights

POOLED = "pooled_rate"
CONSTANT = "constant_rate"

CITY_WEIGHTS = (0.01, 0.02, 0.04, 0.08, 0.15, 0.3)
"""Candidate newest weights per month of the city's smoothed total; the best on the past is chosen."""

NEWER_HALF_LIFE_YEARS = 2.0
LENDER_HALF_LIFE_YEARS = 2.0

LEAST_EQUAL_WEIGHT = 0.02
"""The equal share keeps at least this weight: no area is ever safe from a rare event."""

YEARS = 6
"""How many of the newest years of forecasts the weights and the dispersion are learned from."""


@dataclass(frozen=True)
class RareForecaster:
    """``constant_rate`` or ``pooled_rate``. ``lenders``: target → the target it borrows from."""

    name: str
    lenders: Mapping[str, str] = field(default_factory=dict)

    def fit(self, panel: Panel, target: str, geography: Geography, horizons: Sequence[int]) -> FittedRare:
        """Raises ``UnusableForecaster`` where the lender is not among the panel's targets."""
        lender = self.lenders.get(target) if self.name == POOLED else None
        if lender is not None and lender not in panel.targets:
            raise UnusableForecaster(
                f"'{target}' borrows from '{lender}', of which no count is in the store.",
                remedy=f"Ingest a publication that carries '{lender}', or change borrows_from of [targets.{target}].",
            )
        return FittedRare(self.name, target, lender)


@dataclass(frozen=True)
class FittedRare:
    """Everything is learned anew from the panel of the forecast: it costs next to nothing."""

    name: str
    target: str
    lender: str | None

    def predict(self, panel: Panel, horizons: Sequence[int]) -> CountDistribution:
        components = self._components(panel)
        return CountDistribution.stack([self._at(panel, components, horizon) for horizon in horizons])

    def _components(self, panel: Panel) -> Floats:
        """Shares (components, areas, periods) known at each origin, the equal one last."""
        counts = panel.of(self.target)
        equal = np.full(counts.shape, 1.0 / counts.shape[0])
        if self.name == CONSTANT:
            return equal[None]
        newer = _newest_weight(NEWER_HALF_LIFE_YEARS, panel)
        shares = [_share_so_far(counts, 0.0), _share_so_far(counts, newer)]
        if self.lender is not None:
            shares.append(_share_so_far(panel.of(self.lender), _newest_weight(LENDER_HALF_LIFE_YEARS, panel)))
        return np.stack([*shares, equal])

    def _at(self, panel: Panel, components: Floats, horizon: int) -> CountDistribution:
        counts = panel.of(self.target)
        outcomes, past = _past(counts, components, horizon, YEARS * periods_per_year(panel.frequency))
        weights = choose_weights(outcomes, past)
        totals, known = np.nansum(outcomes, axis=0), ~np.isnan(outcomes)
        shares = np.where(known, np.tensordot(weights, past, axes=1), np.nan)
        realised = shares / np.nansum(shares, axis=0, keepdims=True) * totals
        city = _city_mean(panel, counts, horizon)
        spread = fit_dispersion(outcomes, np.where(realised > 0, realised, np.nan))
        return spread.around(city.mean * (weights @ components[:, :, -1]), shared=city.shared)


def choose_weights(outcomes: Floats, shares: Floats) -> Floats:
    """Weights (components,) of the mixture of ``shares`` (components, areas, periods), not negative and with sum 1.

    Under them ``outcomes`` (areas, periods) were likeliest; the last component keeps ``LEAST_EQUAL_WEIGHT``.
    """
    happened = np.nan_to_num(outcomes) > 0
    count = shares.shape[0]
    if count == 1 or not happened.any():
        return np.append(np.zeros(count - 1), 1.0)
    weights = mixture_weights(shares[:, happened], outcomes[happened])
    equal = max(float(weights[-1]), LEAST_EQUAL_WEIGHT)
    others = weights[:-1] * ((1.0 - equal) / max(float(weights[:-1].sum()), 1e-12))
    return np.append(others, 1.0 - others.sum())


def _past(counts: Floats, components: Floats, horizon: int, most: int) -> tuple[Floats, Floats]:
    """Outcomes and the components known ``horizon`` before; the first third of the history only warms up."""
    last = counts.shape[1] - horizon
    first = max(0, min(counts.shape[1] // 3, last - 1), last - most)
    return counts[:, first + horizon :], components[:, :, first : max(last, 0)]


def _newest_weight(half_life_years: float, panel: Panel) -> float:
    return float(1.0 - 0.5 ** (1.0 / (half_life_years * periods_per_year(panel.frequency))))


def _share_so_far(counts: Floats, newest: float) -> Floats:
    """Each area's share of the mean rates of all areas at each origin; ``newest`` 0 weighs all periods alike.

    Equal shares while nothing was counted.
    """
    rates = ewma(counts, newest) if newest > 0 else _mean_so_far(counts)
    share = shares_of(np.nan_to_num(rates))
    return np.asarray(np.where(np.isnan(share), 1.0 / counts.shape[0], share))


def _mean_so_far(counts: Floats) -> Floats:
    known = ~np.isnan(counts)
    periods = np.cumsum(known, axis=1)
    return np.asarray(np.cumsum(np.nan_to_num(counts), axis=1) / np.maximum(periods, 1))


@dataclass(frozen=True)
class _City:
    """The city's expected total and the relative variance of the level that all areas share."""

    mean: float
    shared: float


def _city_mean(panel: Panel, counts: Floats, horizon: int) -> _City:
    """The city's smoothed total, by the weight with the least deviance over the past.

    What its past forecasts missed beyond the chance of a Poisson count is the level's own variance.
    """
    known = ~np.isnan(counts)
    per_area = np.divide(
        np.nansum(counts, axis=0), known.sum(axis=0), out=np.full(counts.shape[1], np.nan), where=known.any(axis=0)
    )
    totals = (per_area * counts.shape[0])[None, :]
    outcomes = totals[:, horizon:][:, counts.shape[1] // 3 :]

    def past(weight: float) -> Floats:
        smoothed = np.maximum(ewma(totals, per_period(weight, panel.frequency)), 0.5 / counts.shape[1])
        return np.asarray(smoothed[:, : totals.shape[1] - horizon][:, counts.shape[1] // 3 :])

    def loss(weight: float) -> float:
        mean = past(weight)
        known_then = ~np.isnan(outcomes) & ~np.isnan(mean)
        return float((mean - outcomes * np.log(mean))[known_then].sum())

    best = min(CITY_WEIGHTS, key=loss)
    mean = past(best)
    excess = np.nansum((outcomes - mean) ** 2 - mean) / max(float(np.nansum(mean**2)), 1e-9)
    newest = ewma(totals, per_period(best, panel.frequency))[0, -1]
    return _City(max(float(np.nan_to_num(newest)), 0.5 / counts.shape[1]), max(float(excess), 0.0))
