"""The one public builder of features: what moves an area's share of the city's crime.

The same function serves backtests, training and issuing, so that what a model learns from is what it is given
later. Everything at an origin is computed from that period and earlier ones.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from contracts import Frequency, Ordinals, periods_per_year
from features.calendar_terms import season_of
from features.geography import Geography
from features.lags import ewma, rolling_mean
from features.neighbours import group_totals, neighbour_mean
from features.panel import Floats, Panel

SMALLEST_SHARE_OF_MEAN = 0.005
"""Shares are compared on the log scale after adding this part of the mean area's share."""

FAST, MIDDLE, SLOW, SLOWEST = 0.4, 0.2, 0.05, 0.02
"""Newest weights of the exponentially weighted shares, per month."""


@dataclass(frozen=True)
class ShareFeatures:
    """Features of one target at every origin of a panel.

    ``base_share`` (areas, periods): each area's smoothed share of the city, summing to 1 over areas.
    ``share`` (areas, periods): the share itself, NaN where missing.
    ``values`` (periods, areas, features), float32: ratios are natural logarithms relative to the base share.
    """

    names: tuple[str, ...]
    base_share: Floats
    share: Floats
    city_total: Floats
    values: npt.NDArray[np.float32]
    ordinals: Ordinals
    frequency: Frequency

    def rows(self, origin: int, horizon: int) -> npt.NDArray[np.float32]:
        """Feature rows (areas, features + 1) for the period ``horizon`` after position ``origin``.

        The last column is the season of the forecast period.
        """
        season = season_of(self.ordinals[origin : origin + 1] + horizon, self.frequency)[0]
        column = np.full((self.values.shape[1], 1), season, dtype=np.float32)
        return np.hstack([self.values[origin], column])


def per_period(monthly_weight: float, frequency: Frequency) -> float:
    """The newest weight that forgets as fast per unit of time as ``monthly_weight`` does per month."""
    return float(1.0 - (1.0 - monthly_weight) ** (12.0 / periods_per_year(frequency)))


def build_share_features(panel: Panel, target: str, geography: Geography, *, base_weight: float) -> ShareFeatures:
    """Features of ``target`` at every origin of ``panel`` (as ``Panel.for_target`` gives it).

    ``geography`` must hold the panel's areas in the panel's order. ``base_weight`` is the newest weight per
    period of the smoothed base share.
    """
    if geography.codes != panel.areas:
        raise ValueError("the geography's areas are not the panel's")
    share = shares_of(panel.of(target))
    base = _normalised(ewma(share, base_weight))
    builder = _Columns(base)
    _own_trend(builder, share, panel.frequency)
    _surroundings(builder, share, geography, panel.frequency)
    for companion in panel.targets:
        if companion != target and _useful(panel.of(companion)):
            _companion_trend(builder, companion, shares_of(panel.of(companion)), base_weight, panel.frequency)
    city = np.nansum(panel.of(target), axis=0)
    builder.add("level", np.log(base) + np.log(ewma(city[None, :], per_period(0.1, panel.frequency)) + 1.0))
    return ShareFeatures(
        names=(*builder.names, "season"),
        base_share=base,
        share=share,
        city_total=np.where(np.isnan(panel.of(target)).all(axis=0), np.nan, city),
        values=np.stack(builder.columns, axis=2).transpose(1, 0, 2).astype(np.float32),
        ordinals=panel.periods,
        frequency=panel.frequency,
    )


def shares_of(counts: Floats) -> Floats:
    """Each area's share of the known total of its period; NaN where missing or where the total is zero."""
    totals = np.nansum(counts, axis=0)
    return np.asarray(np.divide(counts, totals, out=np.full(counts.shape, np.nan), where=totals > 0))


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


def _companion_trend(
    builder: _Columns, companion: str, share: Floats, base_weight: float, frequency: Frequency
) -> None:
    middle = ewma(share, per_period(MIDDLE, frequency))
    slow = ewma(share, per_period(SLOW, frequency))
    builder.add_ratio(f"{companion}_trend", middle, slow)
    builder.add_ratio(f"{companion}_level", ewma(share, base_weight), builder.base)


def _useful(counts: Floats) -> bool:
    return bool((~np.isnan(counts)).any(axis=0).mean() > 0.5)


def _normalised(share: Floats) -> Floats:
    """Shares that are all positive and sum to 1 over the areas of each period."""
    floor = SMALLEST_SHARE_OF_MEAN / share.shape[0]
    filled = np.where(np.isnan(share), 1.0 / share.shape[0], share) + floor
    return np.asarray(filled / filled.sum(axis=0))
