"""Forecasters that draw a map from the points of past incidents: kernel density and prospective hotspots.

A map gives each area a share of the city. Which of the candidate maps is used, and how much of an even share is mixed
into it, is learned from forecasts of the past year, made from the points of before each of them; so is the
dispersion. The city's total is its exponentially weighted mean.
Sources: Bowers, Johnson & Pease (2004) for prospective hotspots; Chainey & Ratcliffe (2005) for kernel density.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from contracts import CountDistribution, Period, periods_per_year
from contracts.arrays import Floats
from features.building.city_totals import city_totals
from features.building.lags import ewma
from features.building.near_repeat import newest_weight
from features.geographies.geography import Geography
from features.geographies.points import Points
from features.views import Panel, Raster, raster_of
from models.dispersion import Dispersion, fit_dispersion
from models.forecaster import UnusableForecaster
from models.recipe import mixture_weights

DAY = np.timedelta64(1, "D")
LEVEL_HALF_LIFE_DAYS = 42.0
"""Of the exponentially weighted mean of the city's total."""
PAST_ORIGINS = 12
"""Origins of the past year from which the candidates are tried."""
EVEN_SHARE_AT_LEAST = 0.002

Map = Callable[[Raster, "Located", float], Floats]
"""(raster, the points before the origin, the origin in days) → density by pixel, (rows, columns), of any scale."""


@dataclass(frozen=True)
class Located:
    """Points on a raster: metres east and north of its corner, days since 1970 (with fractions), and pixels."""

    x: Floats
    y: Floats
    days: Floats
    pixels: np.ndarray

    def where(self, keep: np.ndarray) -> Located:
        """The points marked True."""
        return Located(self.x[keep], self.y[keep], self.days[keep], self.pixels[keep])


def located(points: Points, target: int, raster: Raster) -> Located:
    """The points of one target, in the order of time."""
    counted = points.in_target[target]
    x, y = raster.metres(points.longitude[counted], points.latitude[counted])
    days = (points.moment[counted] - np.datetime64(0, "s")) / DAY
    return Located(x, y, np.asarray(days, dtype=np.float64), raster.pixels(x, y))


def start_in_days(period: Period) -> float:
    """The first moment of a period, days since 1970."""
    return float((np.datetime64(period.start, "s") - np.datetime64(0, "s")) / DAY)


def kernel_density(metres: float, years: float) -> Map:
    """Gaussian kernels of that standard deviation on the points of the last ``years``."""

    def draw(raster: Raster, points: Located, now: float) -> Floats:
        weights = (now - points.days <= 365.25 * years).astype(np.float64)
        return raster.gaussian(raster.summed(points.pixels, weights), metres)

    return draw


def prospective_hotspot(reach_metres: float, reach_weeks: float) -> Map:
    """Each point weighs 1 / (1 + weeks since), and less the farther away, within both reaches."""

    def draw(raster: Raster, points: Located, now: float) -> Floats:
        weeks = (now - points.days) / 7.0
        weights = np.where(weeks <= reach_weeks, 1.0 / (1.0 + np.floor(weeks)), 0.0)
        return raster.inverse_distance(raster.summed(points.pixels, weights), reach_metres)

    return draw


MAPS: dict[str, tuple[Map, ...]] = {
    "kde": tuple(kernel_density(metres, years) for metres in (60.0, 125.0, 250.0, 500.0) for years in (1.0, 3.0, 99.0)),
    "prospective_hotspot": tuple(
        prospective_hotspot(metres, weeks) for metres in (125.0, 250.0, 400.0) for weeks in (8.0, 26.0, 104.0)
    ),
}
"""The candidate maps by the forecaster's name in the leaderboard. Prospective hotspots as published reach 400 m and
two months."""


@dataclass(frozen=True)
class PointMapForecaster:
    """A forecaster of ``MAPS``; it needs a panel with points."""

    name: str

    def fit(self, panel: Panel, target: str, geography: Geography, horizons: Sequence[int]) -> FittedPointMap:
        raster, horizon = raster_of(geography), min(horizons)
        points = located(points_of(panel, self.name), panel.target_index(target), raster)
        origins = past_origins(panel, horizon)
        ends = [start_in_days(panel.first.shift(origin + 1)) for origin in origins]
        tried = [
            (draw, calibrate(drawn_shares(draw, raster, points, ends), panel, target, origins, horizon))
            for draw in MAPS[self.name]
        ]
        best, calibration = max(tried, key=lambda pair: pair[1].log_likelihood)
        return FittedPointMap(self.name, target, raster, best, calibration)


@dataclass(frozen=True)
class FittedPointMap:
    """The likeliest map and what it is mixed with."""

    name: str
    target: str
    raster: Raster
    draw: Map
    calibration: Calibration

    def predict(self, panel: Panel, horizons: Sequence[int]) -> CountDistribution:
        points = located(points_of(panel, self.name), panel.target_index(self.target), self.raster)
        share = drawn_shares(self.draw, self.raster, points, [start_in_days(panel.last.shift(1))])
        return self.calibration.around(np.repeat(share, len(horizons), axis=0), city_level(panel, self.target)[-1])


@dataclass(frozen=True)
class Calibration:
    """How much of an even share makes past outcomes likeliest, and the dispersion around the forecasts then."""

    even: float
    log_likelihood: float
    dispersion: Dispersion

    def around(self, shares: Floats, level: float) -> CountDistribution:
        """Distributions around a map's shares (horizons, areas) of the city's ``level``."""
        return self.dispersion.around(_with_even(shares, self.even) * level)


def calibrate(shares: Floats, panel: Panel, target: str, origins: Sequence[int], horizon: int) -> Calibration:
    """Learn from ``shares`` (origins, areas) that were drawn at past origins for ``horizon`` periods later."""
    counts = panel.of(target)
    outcomes = np.array([counts[:, origin + horizon] for origin in origins])
    happened = np.nan_to_num(outcomes) > 0
    both = np.stack([shares[happened], np.full(int(happened.sum()), 1.0 / len(counts))])
    weight = float(mixture_weights(both, outcomes[happened])[1]) if happened.any() else 1.0
    even = max(weight, EVEN_SHARE_AT_LEAST)
    mixed = _with_even(shares, even)
    return Calibration(
        even=even,
        log_likelihood=float((outcomes[happened] * np.log(mixed[happened])).sum()),
        dispersion=fit_dispersion(outcomes, mixed * city_level(panel, target)[list(origins), None]),
    )


def _with_even(shares: Floats, even: float) -> Floats:
    return np.asarray((1.0 - even) * shares + even / shares.shape[1])


def drawn_shares(draw: Map, raster: Raster, points: Located, ends: Sequence[float]) -> Floats:
    """Shares of the city by area, (ends, areas), of maps drawn from the points before each of ``ends`` (days)."""
    return np.array([_area_shares(draw, raster, points, end) for end in ends])


def _area_shares(draw: Map, raster: Raster, points: Located, now: float) -> Floats:
    sums = raster.by_area(draw(raster, points.where(points.days < now), now))
    total = sums.sum()
    return np.asarray(sums / total) if total > 0 else np.full(raster.areas, 1.0 / raster.areas)


def past_origins(panel: Panel, horizon: int, *, years: float = 1.0) -> list[int]:
    """Positions of up to twelve origins spread over the last ``years``, of which the outcome is known."""
    last = panel.counts.shape[2] - 1 - horizon
    if last < 0:
        raise UnusableForecaster(
            f"{last + 1 + horizon} known periods are too few to learn {horizon} ahead.",
            remedy="Ingest a longer history, or use a counting forecaster such as ewma.",
        )
    first = max(last + 1 - round(years * periods_per_year(panel.frequency)), last // 2)
    return sorted({int(position) for position in np.linspace(first, last, PAST_ORIGINS).round()})


def city_level(panel: Panel, target: str) -> Floats:
    """The exponentially weighted mean of the city's total at each period, (periods,)."""
    total = city_totals(panel.of(target))
    return np.asarray(ewma(total[None, :], newest_weight(LEVEL_HALF_LIFE_DAYS, panel.frequency))[0])


def points_of(panel: Panel, name: str) -> Points:
    """The panel's points; raises ``UnusableForecaster`` where it has none."""
    if panel.points is None:
        raise UnusableForecaster(
            f"The forecaster '{name}' needs single incidents, and the store holds counts only.",
            remedy="Ingest them with wardcast ingest incidents, or leave it out of --models.",
        )
    return panel.points
