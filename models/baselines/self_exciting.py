"""A self-exciting point process: a background map, and crimes that set off others soon after and near by.

The rate at a place and time is μ(x) + Σ θ ω exp(−ω (t − tᵢ)) · N(x − xᵢ; σ²) over the earlier crimes i: θ crimes are
set off by each one, 1/ω days later on average and σ metres away in each direction. Fitted by expectation and
maximisation (Mohler, Short, Brantingham, Schoenberg & Tita 2011): each crime is background or set off by an earlier
one with the probabilities that the present parameters imply, and the parameters are those of the crimes so divided.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from contracts import CountDistribution
from contracts.arrays import Floats
from features.geographies.geography import Geography
from features.views import Panel, Raster, raster_of
from models.baselines.point_maps import (
    Calibration,
    Located,
    calibrate,
    city_level,
    located,
    past_origins,
    points_of,
    start_in_days,
)

SELF_EXCITING = "self_exciting"
BACKGROUND_METRES = (60.0, 125.0, 250.0)
"""Standard deviations of the background's Gaussian kernels, of which the likeliest on the newest crimes is used."""
LEARNED_YEARS = 3.0
LONGEST_DAYS = 90.0
LONGEST_METRES = 600.0
"""A crime sets off none later or farther away than this."""
SMALLEST_METRES = 25.0
"""Below it σ would only say that positions were rounded to the same address."""
FASTEST = 24.0
FEWEST_CRIMES = 50
"""With fewer crimes nothing is set off: only the background is drawn."""
ROUNDS = 200
_ENOUGH = 1e-6
_SMALLEST = 1e-30


@dataclass(frozen=True)
class Triggering:
    """``theta`` crimes set off by each crime; ``omega`` per day; ``sigma`` metres."""

    theta: float
    omega: float
    sigma: float

    def density(self, days: Floats, squared_metres: Floats) -> Floats:
        """Crimes per day and square metre that a crime sets off so many days later and so far away."""
        in_space = np.exp(-squared_metres / (2.0 * self.sigma**2)) / (2.0 * np.pi * self.sigma**2)
        return np.asarray(self.theta * self.omega * np.exp(-self.omega * days) * in_space)

    def expected(self, since: Floats, days: float) -> Floats:
        """Crimes set off by each crime during ``days`` that begin ``since`` days after it."""
        return np.asarray(self.theta * (np.exp(-self.omega * since) - np.exp(-self.omega * (since + days))))


NOTHING = Triggering(theta=0.0, omega=1.0, sigma=SMALLEST_METRES)


@dataclass(frozen=True)
class Pairs:
    """Earlier and later crimes near each other: positions, days between, squared metres between."""

    earlier: np.ndarray
    later: np.ndarray
    days: Floats
    squared_metres: Floats


def near_pairs(points: Located, judged: np.ndarray) -> Pairs:
    """Every pair within ``LONGEST_DAYS`` and ``LONGEST_METRES`` whose later crime is marked True.

    Points are in the order of time. Two at the same moment are no pair: neither set off the other.
    """
    scaled = np.column_stack([points.x / LONGEST_METRES, points.y / LONGEST_METRES, points.days / LONGEST_DAYS])
    found = cKDTree(scaled).query_pairs(1.0, p=np.inf, output_type="ndarray")
    earlier, later = found.min(axis=1), found.max(axis=1)
    days = points.days[later] - points.days[earlier]
    squared = (points.x[later] - points.x[earlier]) ** 2 + (points.y[later] - points.y[earlier]) ** 2
    near = (days > 0) & (squared <= LONGEST_METRES**2) & judged[later]
    return Pairs(earlier[near], later[near], days[near], squared[near])


@dataclass(frozen=True)
class SelfExciting:
    """A fitted process. ``background`` is crimes per day by pixel, (rows, columns)."""

    background: Floats
    triggering: Triggering

    def expected(self, raster: Raster, points: Located, start: float, end: float) -> Floats:
        """Expected crimes by area from ``start`` to ``end`` (days since 1970), given the crimes before ``start``.

        What the crimes in between set off in their turn is left out.
        """
        recent = points.where((points.days < start) & (points.days >= start - LONGEST_DAYS))
        weights = self.triggering.expected(start - recent.days, end - start)
        near = raster.gaussian(raster.summed(recent.pixels, weights), self.triggering.sigma)
        return raster.by_area(self.background * (end - start) + near)

    def shares(self, raster: Raster, points: Located, start: float, end: float) -> Floats:
        """The same as shares of the city, even where nothing is expected."""
        sums = self.expected(raster, points, start, end)
        return np.asarray(sums / sums.sum() if sums.sum() > 0 else np.full(len(sums), 1.0 / len(sums)))


def fit_self_exciting(points: Located, raster: Raster, end: float, background_metres: float) -> SelfExciting:
    """Fit to the crimes of the last years before ``end`` (days since 1970)."""
    learned = points.where((points.days < end) & (points.days >= end - 365.25 * LEARNED_YEARS))
    if len(learned.days) < FEWEST_CRIMES:
        return SelfExciting(_background(learned, raster, np.ones(len(learned.days)), 1.0, background_metres), NOTHING)
    begin = learned.days[0] + min(LONGEST_DAYS, (end - learned.days[0]) / 4.0)
    judged = learned.days >= begin
    pairs = near_pairs(learned, judged)
    own, triggering = np.where(judged, 0.8, 0.0), Triggering(theta=0.2, omega=0.1, sigma=100.0)
    likelihood = -np.inf
    for _ in range(ROUNDS):
        density = _density_at(learned, raster, own, end - begin, background_metres)
        set_off = triggering.density(pairs.days, pairs.squared_metres)
        rate = np.maximum(density + np.bincount(pairs.later, set_off, len(density)), _SMALLEST)
        own = np.where(judged, density / rate, 0.0)
        triggering = _maximised(set_off / rate[pairs.later], pairs, triggering, learned.days, begin, end)
        before, likelihood = likelihood, float(np.log(rate[judged]).mean())
        if likelihood - before < _ENOUGH:
            break
    return SelfExciting(_background(learned, raster, own, end - begin, background_metres), triggering)


def _maximised(shares: Floats, pairs: Pairs, present: Triggering, days: Floats, begin: float, end: float) -> Triggering:
    """The parameters of crimes that were set off with probabilities ``shares`` (pairs,)."""
    total = max(float(shares.sum()), _SMALLEST)
    omega = float(np.clip(total / max(float(shares @ pairs.days), _SMALLEST), 1.0 / LONGEST_DAYS, FASTEST))
    variance = float(shares @ pairs.squared_metres) / (2.0 * total)
    seen = np.exp(-present.omega * np.maximum(begin - days, 0.0)) - np.exp(-present.omega * (end - days))
    return Triggering(
        theta=min(total / max(float(seen.sum()), _SMALLEST), 0.95),
        omega=omega,
        sigma=float(np.sqrt(np.clip(variance, SMALLEST_METRES**2, LONGEST_METRES**2))),
    )


def _background(points: Located, raster: Raster, own: Floats, days: float, metres: float) -> Floats:
    return np.asarray(raster.gaussian(raster.summed(points.pixels, own), metres) / days)


def _density_at(points: Located, raster: Raster, own: Floats, days: float, metres: float) -> Floats:
    """The background at each crime, per day and square metre, without what the crime itself adds to it."""
    smooth = _background(points, raster, own, days, metres).ravel()[points.pixels]
    return np.asarray(np.maximum(smooth - own * raster.gaussian_peak(metres) / days, 0.0) / raster.pixel_metres**2)


@dataclass(frozen=True)
class SelfExcitingForecaster:
    """The process as a forecaster; it needs a panel with points.

    The background's width, an even share and the dispersion are learned on the last half year, from a process that
    was fitted to the crimes of before; then the process is fitted to all of them.
    """

    name: str = SELF_EXCITING

    def fit(self, panel: Panel, target: str, geography: Geography, horizons: Sequence[int]) -> FittedSelfExciting:
        raster = raster_of(geography)
        points = located(points_of(panel, self.name), panel.target_index(target), raster)
        origins = past_origins(panel, min(horizons), years=0.5)
        tried = {
            metres: _tried(panel, target, raster, points, origins, min(horizons), metres)
            for metres in BACKGROUND_METRES
        }
        best = max(tried, key=lambda metres: tried[metres].log_likelihood)
        process = fit_self_exciting(points, raster, start_in_days(panel.last.shift(1)), best)
        return FittedSelfExciting(target, raster, process, tried[best])


def _tried(
    panel: Panel,
    target: str,
    raster: Raster,
    points: Located,
    origins: Sequence[int],
    horizon: int,
    background_metres: float,
) -> Calibration:
    periods = [panel.first.shift(origin + horizon) for origin in origins]
    held_out = start_in_days(panel.first.shift(min(origins) + 1))
    process = fit_self_exciting(points, raster, held_out, background_metres)
    shares = []
    for origin, period in zip(origins, periods, strict=True):
        known = points.where(points.days < start_in_days(panel.first.shift(origin + 1)))
        shares.append(process.shares(raster, known, start_in_days(period), start_in_days(period.shift(1))))
    return calibrate(np.array(shares), panel, target, origins, horizon)


@dataclass(frozen=True)
class FittedSelfExciting:
    """A fitted process and what it is mixed with."""

    target: str
    raster: Raster
    process: SelfExciting
    calibration: Calibration

    def predict(self, panel: Panel, horizons: Sequence[int]) -> CountDistribution:
        points = located(points_of(panel, SELF_EXCITING), panel.target_index(self.target), self.raster)
        periods = [panel.last.shift(horizon) for horizon in horizons]
        shares = np.array(
            [
                self.process.shares(self.raster, points, start_in_days(period), start_in_days(period.shift(1)))
                for period in periods
            ]
        )
        return self.calibration.around(shares, city_level(panel, self.target)[-1])
