"""Why an area's forecast is what it is: parts in crimes, in words a planner knows, which add up to the forecast.

A forecast is the city's expected total C times the area's share f. It is told from what is usual: the city's mean
total over the past year C₀ times the area's usual share u. The way from there is divided evenly,

    C·f − C₀·u  =  (C − C₀) · (f + u) / 2   +   (f − u) · (C + C₀) / 2,

into what the city's total does to the area and what its share does. Each is divided further by logarithmic means
L(a, b) = (a − b) / ln(a / b), as in the additive index decomposition of Ang (2005): where a / b is a product, the
logarithm of each factor times L(a, b) is its part of a − b. Of the share the factors are the booster's own
contributions. A factor that moves all areas alike moves no share, so from each is taken its mean over the areas with
weights L(f, u): then the parts of every area add up to its forecast, and over the areas every reason for a share adds
up to zero, since an area's share grows only at the cost of others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from contracts import ReasonGroup, starts_of
from contracts.arrays import Floats
from contracts.reasons import SUM_TOLERANCE
from features.building.lags import rolling_mean
from features.building.near_repeat import short_memory
from features.building.share_features import SMALLEST_SHARE_OF_MEAN
from features.views import Panel

GROUPS = tuple(ReasonGroup)
_USUAL = GROUPS.index(ReasonGroup.USUAL_LEVEL)

LEAST_PART = 1e-9
"""Crimes: what is nowhere larger is rounding and no reason."""

_GROUP_OF = {
    ReasonGroup.USUAL_LEVEL: ("level",),
    ReasonGroup.RECENT_TREND: (
        *(f"own_share_{stretch}" for stretch in ("slowest", "slow", "middle", "fast", "year", "all", "last")),
    ),
    ReasonGroup.SEASON: ("own_season", "own_share_year_before", "season"),
    ReasonGroup.WEEKDAY: ("own_weekday",),
    ReasonGroup.NEIGHBOURS: (
        *("neighbours_trend", "neighbours_level", "district_trend", "district_last"),
        *("near_6_weeks", "wide_6_weeks", "near_2_weeks", "wide_2_weeks"),
    ),
}


@dataclass(frozen=True)
class CityChange:
    """The city's total at one horizon: expected and usual, in crimes, and the logarithms of what time of year and
    weekday make of the usual one."""

    expected: float
    usual: float
    season: float = 0.0
    weekday: float = 0.0


@dataclass(frozen=True)
class Reasons:
    """Parts of forecasts, in crimes, shape (horizons, areas, groups); they add up to the means over the last axis."""

    groups: tuple[ReasonGroup, ...]
    crimes: Floats

    def of(self, group: ReasonGroup) -> Floats:
        """The part of one group, shape (horizons, areas); zeros where it plays no part."""
        if group not in self.groups:
            return np.zeros(self.crimes.shape[:2])
        return np.asarray(self.crimes[:, :, self.groups.index(group)])

    def rows(self, panel: Panel, target: str, horizons: Sequence[int], means: Floats) -> pd.DataFrame:
        """The parts of forecasts ``means`` (horizons, areas) as rows of ``contracts.tables.REASONS``.

        Raises ``ValueError`` where they do not add up to the means.
        """
        apart = np.abs(self.crimes.sum(axis=2) - means).max()
        if not apart <= SUM_TOLERANCE:
            raise ValueError(f"the reasons of '{target}' differ from the forecast by up to {apart:.2g} crimes")
        ordinals = np.array([panel.last.shift(horizon).ordinal for horizon in horizons], dtype=np.int64)
        of_horizon = len(panel.areas) * len(self.groups)
        areas = np.repeat(np.array(panel.areas, dtype=object), len(self.groups))
        return pd.DataFrame(
            {
                "area": np.tile(areas, len(horizons)),
                "target": target,
                "period": np.repeat(starts_of(ordinals, panel.frequency), of_horizon),
                "horizon": np.repeat(np.array(horizons, dtype=np.int64), of_horizon),
                "group": np.tile(np.array([str(group) for group in self.groups], dtype=object), means.size),
                "crimes": self.crimes.ravel(),
            }
        )


def group_of(feature: str, targets: Sequence[str]) -> ReasonGroup:
    """The group of a feature of ``features.building.share_features``; ``targets`` are those of the panel.

    Raises ``ValueError`` for a feature that no group names: a new one needs a word of its own choosing.
    """
    for group, names in _GROUP_OF.items():
        if feature in names:
            return group
    if any(feature in (f"{target}_trend", f"{target}_level") for target in targets):
        return ReasonGroup.OTHER_OFFENCES
    raise ValueError(f"the feature '{feature}' belongs to no group of reasons")


def usual_share(share: Floats, alone: Floats, mixture: Sequence[float], year: int) -> Floats:
    """Each area's usual share of the city, (areas,), positive, sum 1.

    That is ``alone`` (areas,), the smoothed share that the model stands on without the areas around. But where most of
    its ``mixture`` forgets within a year, it is the share of the past ``year`` periods, so that what is new counts as
    trend. ``share`` (areas, periods) is the realised one up to the origin.
    """
    if short_memory(mixture) <= 0.5:
        return alone
    past_year = rolling_mean(share[:, -year:], year)[:, -1]
    positive = np.where(np.isnan(past_year), alone, past_year) + SMALLEST_SHARE_OF_MEAN / len(alone)
    return np.asarray(positive / positive.sum())


def reasons_of(
    *,
    base_share: Floats,
    alone: Floats,
    usual: Floats,
    groups: Sequence[ReasonGroup],
    contributions: Sequence[Floats],
    shares: Sequence[Floats],
    city: Sequence[CityChange],
) -> Reasons:
    """The reasons of forecasts at several horizons; ``groups`` are those of the features.

    ``base_share``, ``alone`` and ``usual`` (areas,) are the smoothed share that the model stands on, the same without
    the areas around, and what ``usual_share`` gives. ``contributions``, ``shares`` and ``city`` hold one element a
    horizon: log contributions (areas, features + 1) to the boosted share, the share that was forecast (areas,), and the
    city's total. Groups that play no part are left
    out, but for the usual level, which comes first.
    """
    moved = np.log(np.stack([alone / usual, base_share / alone], axis=1))
    parts_of = [*groups, ReasonGroup.BALANCE, ReasonGroup.RECENT_TREND, ReasonGroup.NEIGHBOURS]
    crimes = np.stack(
        [
            _in_crimes(usual, np.hstack([contribution, moved]), parts_of, share, change)
            for contribution, share, change in zip(contributions, shares, city, strict=True)
        ]
    )
    present = np.abs(crimes).max(axis=(0, 1)) > LEAST_PART
    present[_USUAL] = True
    crimes[:, :, _USUAL] += crimes[:, :, ~present].sum(axis=2)
    return Reasons(tuple(group for group, kept in zip(GROUPS, present, strict=True) if kept), crimes[:, :, present])


def _in_crimes(
    usual: Floats, contributions: Floats, parts_of: Sequence[ReasonGroup], share: Floats, city: CityChange
) -> Floats:
    """Reasons of one horizon, shape (areas, all groups)."""
    moves, boosted = share_moves(usual, contributions)
    crimes = np.zeros((len(usual), len(GROUPS)))
    for part, group in enumerate(parts_of):
        crimes[:, GROUPS.index(group)] += moves[:, part]
    crimes[:, GROUPS.index(ReasonGroup.BALANCE)] += share - boosted
    crimes *= (city.expected + city.usual) / 2.0
    crimes[:, _USUAL] += city.usual * usual
    for group, change in city_changes(city).items():
        crimes[:, GROUPS.index(group)] += change * (share + usual) / 2.0
    return crimes


def share_moves(usual: Floats, contributions: Floats) -> tuple[Floats, Floats]:
    """What each contribution (areas, parts) moves the usual shares by, and the shares (areas,) that come of it.

    The moves, of the contributions' shape, add up to the difference of the shares over the parts, and to zero over
    the areas.

    >>> moves, boosted = share_moves(np.array([0.5, 0.5]), np.log([[4.0, 2.0], [1.0, 2.0]]))
    >>> boosted, moves.round(12) + 0.0
    (array([0.8, 0.2]), array([[ 0.3,  0. ],
           [-0.3,  0. ]]))
    """
    boosted = usual * np.exp(contributions.sum(axis=1))
    boosted = boosted / boosted.sum()
    weights = log_mean(boosted, usual)
    centred = contributions - (weights @ contributions) / weights.sum()
    return np.asarray(weights[:, None] * centred), boosted


def city_changes(city: CityChange) -> dict[ReasonGroup, float]:
    """The difference of the city's expected and usual totals, in crimes, by group.

    >>> changes = city_changes(CityChange(expected=200.0, usual=100.0, season=0.5 * np.log(2.0)))
    >>> [round(float(changes[group]), 6) for group in (ReasonGroup.SEASON, ReasonGroup.CITY_LEVEL)]
    [50.0, 50.0]
    """
    weight = float(log_mean(np.array(city.expected), np.array(city.usual)))
    season, weekday = weight * city.season, weight * city.weekday
    level = city.expected - city.usual - season - weekday
    return {ReasonGroup.SEASON: season, ReasonGroup.WEEKDAY: weekday, ReasonGroup.CITY_LEVEL: level}


def log_mean(one: Floats, other: Floats) -> Floats:
    """The logarithmic mean (one − other) / ln(one / other); 0 where either is 0.

    >>> log_mean(np.array([np.e, 2.0, 0.0]), np.array([1.0, 2.0, 3.0])).round(6)
    array([1.718282, 2.      , 0.      ])
    """
    positive = (one > 0) & (other > 0)
    ratio = np.log(np.where(positive, one, 1.0) / np.where(positive, other, 1.0))
    per_log = np.divide(np.expm1(ratio), ratio, out=np.ones_like(ratio), where=ratio != 0)
    return np.where(positive, other * per_log, 0.0)
