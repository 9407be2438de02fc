"""The one public builder of features: what moves an area's share of the city's crime.

The same function serves backtests, training and issuing, so that what a model learns from is what it is given
later. Everything at an origin is computed from that period and earlier ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from contracts import Frequency, periods_per_year
from contracts.arrays import Floats, Ordinals
from features.building.calendar_terms import season_of
from features.building.city_totals import city_totals
from features.building.lags import ewma, rolling_mean
from features.building.near_repeat import PERIODS_PER_WEEK, mixed_shares, near_repeats, weekday_ratio
from features.building.neighbours import group_totals, neighbour_mean
from features.geographies.geography import Geography
from features.views import Panel

SMALLEST_SHARE_OF_MEAN = 0.005
"""Shares are compared on the log scale after adding this part of the mean area's share."""

FAST, MIDDLE, SLOW, SLOWEST = 0.4, 0.2, 0.05, 0.02
"""Newest weights of the exponentially weighted shares, per month."""

COMPANION = 0.1
"""The same for the level of the other targets."""

SEASON_YEARS = 4
SEASON_SMOOTHING = 5.0
"""The season ratio is taken after adding this many times the smallest share, since it has few counts."""

AHEAD = ("own_season", "own_share_year_before", "season")
"""Features that depend on the forecast period as well as on the origin."""

AHEAD_OF_DAYS = (*AHEAD, "own_weekday")
"""The same for days and shifts."""


@dataclass(frozen=True)
class ShareFeatures:
    """Features of one target at every origin of a panel.

    ``base_share`` (areas, periods): each area's smoothed share of the city, summing to 1 over areas.
    ``share`` (areas, periods): the share itself, NaN where missing.
    ``values`` (periods, areas, features), float32: ratios are natural logarithms relative to the base share.
    ``season_ratio`` (areas, periods): logarithm of the share around a period over its mean of the year around it; NaN
    where that year is not whole.
    ``weekday_ratio`` (areas, periods), of days and shifts only: logarithm of the share on that weekday and in that
    shift over the share at all times.
    """

    names: tuple[str, ...]
    base_share: Floats
    share: Floats
    city_total: Floats
    values: npt.NDArray[np.float32]
    season_ratio: Floats
    ordinals: Ordinals
    frequency: Frequency
    weekday_ratio: Floats | None = None

    def rows(self, origin: int, horizon: int) -> npt.NDArray[np.float32]:
        """Feature rows (areas, features) for the period ``horizon`` after position ``origin``.

        The last columns are those that depend on the forecast period, as ``AHEAD`` names them.
        """
        year = periods_per_year(self.frequency)
        ahead = origin + horizon
        season = np.full(
            self.values.shape[1], season_of(self.ordinals[origin : origin + 1] + horizon, self.frequency)[0]
        )
        a_year_before = self._share_at(ahead - year, origin)
        columns = [self._own_season(ahead, origin, year), np.sqrt(a_year_before / self.base_share[:, origin]), season]
        if self.weekday_ratio is not None:
            columns.append(self._own_weekday(self.weekday_ratio, origin, horizon))
        return np.hstack([self.values[origin], np.stack(columns, axis=1).astype(np.float32)])

    def _own_weekday(self, ratio: Floats, origin: int, horizon: int) -> Floats:
        """The weekday ratio of the newest period known at the origin with the weekday and shift of the forecast one."""
        week = PERIODS_PER_WEEK[self.frequency]
        newest = origin + horizon - week * -(-horizon // week)
        return ratio[:, newest] if newest >= 0 else np.full(ratio.shape[0], np.nan)

    def _share_at(self, position: int, origin: int) -> Floats:
        return self.share[:, position] if 0 <= position <= origin else np.full(self.share.shape[0], np.nan)

    def _own_season(self, ahead: int, origin: int, year: int) -> Floats:
        """Mean season ratio of the same season in up to four years whose surroundings were over at the origin."""
        before = [ahead - year * years for years in range(1, SEASON_YEARS + 1)]
        whole = [position for position in before if position >= year // 2 and position + year // 2 <= origin]
        if not whole:
            return np.full(self.share.shape[0], np.nan)
        return np.asarray(self.season_ratio[:, whole].mean(axis=1))


def per_period(monthly_weight: float, frequency: Frequency) -> float:
    """The newest weight that forgets as fast per unit of time as ``monthly_weight`` does per month."""
    return float(1.0 - (1.0 - monthly_weight) ** (12.0 / periods_per_year(frequency)))


def build_share_features(panel: Panel, target: str, geography: Geography, *, mixture: Sequence[float]) -> ShareFeatures:
    """Features of ``target`` at every origin of ``panel`` (as ``Panel.for_target`` gives it).

    ``geography`` must hold the panel's areas in the panel's order. The base share is the mixture with the weights
    ``mixture`` of the components of ``features.building.near_repeat``.
    """
    if geography.codes != panel.areas:
        raise ValueError("the geography's areas are not the panel's")
    share = shares_of(panel.of(target))
    base = smoothed_share(panel, target, geography, mixture)
    builder = _Columns(base)
    _own_trend(builder, share, panel.frequency)
    _surroundings(builder, share, geography, panel.frequency)
    for companion in panel.targets:
        if companion != target and _useful(panel.of(companion)):
            _companion_trend(builder, companion, shares_of(panel.of(companion)), panel.frequency)
    if panel.frequency is not Frequency.MONTH:
        for name, near in near_repeats(panel.of(target), geography.adjacency, panel.frequency):
            builder.add_ratio(name, near, base)
    by_weekday = panel.frequency in PERIODS_PER_WEEK
    floor = SEASON_SMOOTHING * SMALLEST_SHARE_OF_MEAN / share.shape[0]
    city = city_totals(panel.of(target))
    level = np.nan_to_num(ewma(city[None, :], per_period(0.1, panel.frequency)))
    builder.add("level", np.log(base) + np.log(level + 1.0))
    return ShareFeatures(
        names=(*builder.names, *(AHEAD_OF_DAYS if by_weekday else AHEAD)),
        base_share=base,
        share=share,
        city_total=city,
        values=np.stack(builder.columns, axis=2).transpose(1, 0, 2).astype(np.float32),
        season_ratio=_season_ratio(share, periods_per_year(panel.frequency)),
        ordinals=panel.periods,
        frequency=panel.frequency,
        weekday_ratio=weekday_ratio(share, panel.frequency, floor) if by_weekday else None,
    )


def smoothed_share(panel: Panel, target: str, geography: Geography, mixture: Sequence[float]) -> Floats:
    """The base share at every origin, (areas, periods): all positive, with sum 1 over the areas of each period."""
    return _normalised(mixed_shares(panel.of(target), geography.adjacency, panel.frequency, mixture))


def shares_of(counts: Floats) -> Floats:
    """Each area's share of the city's total of its period; NaN where missing or where the total is zero."""
    totals = city_totals(counts)
    return np.asarray(np.divide(counts, totals, out=np.full(counts.shape, np.nan), where=totals > 0))


def _season_ratio(share: Floats, year: int) -> Floats:
    """Three periods around each one over the year around it, as a logarithm; NaN at the ends."""
    half = year // 2
    ratio = np.full(share.shape, np.nan)
    if share.shape[1] > 2 * half:
        around = rolling_mean(share, 3)[:, half + 1 : share.shape[1] - half + 1]
        yearly = rolling_mean(share, 2 * half + 1)[:, 2 * half :]
        floor = SEASON_SMOOTHING * SMALLEST_SHARE_OF_MEAN / share.shape[0]
        ratio[:, half : share.shape[1] - half] = np.log((around + floor) / (yearly + floor))
    return ratio


class _Columns:
    """Named feature columns, each compared with the base share."""

    def __init__(self, base: Floats) -> None:
        self.base = base
        self.names: list[str] = []
        self.columns: list[Floats] = []
        self._floor = SMALLEST_SHARE_OF_MEAN / base.shape[0]

    def add(self, name: str, values: Floats) -> None:
        self.names.append(name)
        self.columns.append(values)

    def add_ratio(self, name: str, above: Floats, below: Floats) -> None:
        self.add(name, np.log((above + self._floor) / (below + self._floor)))


def _own_trend(builder: _Columns, share: Floats, frequency: Frequency) -> None:
    for name, weight in (("slowest", SLOWEST), ("slow", SLOW), ("middle", MIDDLE), ("fast", FAST)):
        builder.add_ratio(f"own_share_{name}", ewma(share, per_period(weight, frequency)), builder.base)
    builder.add_ratio("own_share_year", rolling_mean(share, periods_per_year(frequency)), builder.base)
    builder.add_ratio("own_share_all", rolling_mean(share, share.shape[1]), builder.base)
    builder.add("own_share_last", np.sqrt(share / builder.base))


def _surroundings(builder: _Columns, share: Floats, geography: Geography, frequency: Frequency) -> None:
    recent = ewma(share, per_period(MIDDLE, frequency))
    base_around = neighbour_mean(geography.adjacency, builder.base)
    builder.add_ratio("neighbours_trend", neighbour_mean(geography.adjacency, recent), base_around)
    builder.add_ratio("neighbours_level", base_around, builder.base)
    if geography.areas["parent"].notna().all():
        parents = np.unique(geography.areas["parent"].to_numpy(str), return_inverse=True)[1]
        district_base = group_totals(parents, builder.base)
        builder.add_ratio("district_trend", group_totals(parents, recent), district_base)
        builder.add_ratio("district_last", group_totals(parents, share), district_base)


def _companion_trend(builder: _Columns, companion: str, share: Floats, frequency: Frequency) -> None:
    middle = ewma(share, per_period(MIDDLE, frequency))
    slow = ewma(share, per_period(SLOW, frequency))
    builder.add_ratio(f"{companion}_trend", middle, slow)
    builder.add_ratio(f"{companion}_level", ewma(share, per_period(COMPANION, frequency)), builder.base)


def _useful(counts: Floats) -> bool:
    return bool((~np.isnan(counts)).any(axis=0).mean() > 0.5)


def _normalised(share: Floats) -> Floats:
    """Shares that are all positive and sum to 1 over the areas of each period."""
    floor = SMALLEST_SHARE_OF_MEAN / share.shape[0]
    filled = np.where(np.isnan(share), 1.0 / share.shape[0], share) + floor
    return np.asarray(filled / filled.sum(axis=0))
