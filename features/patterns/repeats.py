"""Repeats and near repeats: how often a crime follows another at the same place, or near it and soon after it.

The table of distances and days is Knox's (1964): pairs of incidents that are near in space and time, against as many as
there would be if the days were dealt out anew among the same places (Johnson et al. 2007 for burglary).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from scipy.spatial import cKDTree

from contracts.arrays import Booleans, Floats, Integers
from features.geographies.points import Points
from features.patterns.week_profile import points_known
from features.views import Panel

WINDOW_DAYS, REPEAT_DAYS, NEAR_DAYS, NEAR_METRES = 365, 90, 14, 200
DISTANCES = (0, 100, 200, 400)
"""Metres to the end of each band; the first is the same place."""
SPANS = (7, 14, 28, 56)
"""Days to the end of each band."""
DEALS = 99
MOST_POINTS, MOST_PAIRS = 10_000, 1_000_000
FEWEST_POINTS = 50
SAME_PLACE = 1.0
"""Metres: what lies nearer was given the same position."""
_METRES_PER_DEGREE = 111_195.0


@dataclass(frozen=True)
class Repeats:
    """Of the incidents from ``first_day`` to ``last_day``, by area: all, those at a place where another happened within
    the ``REPEAT_DAYS`` before, and of the others those within ``NEAR_METRES`` and ``NEAR_DAYS`` after another."""

    first_day: date
    last_day: date
    incidents: Integers
    repeats: Integers
    near_repeats: Integers


@dataclass(frozen=True)
class NearRepeatTable:
    """Pairs of incidents in bands of distance and days, shape (distances, spans), from ``first_day`` on.

    ``expected`` is the mean number of pairs over ``DEALS`` deals of the days, ``p`` the share of deals (this one among
    them) with as many pairs or more.
    """

    first_day: date
    incidents: int
    pairs: Integers
    expected: Floats
    p: Floats


def repeats(panel: Panel, target: str) -> Repeats | None:
    """The newest year that is known incident by incident, or as much of it as leaves ``REPEAT_DAYS`` before it.

    None where nothing is left.
    """
    known = points_known(panel, target)
    if known is None:
        return None
    points, first = known
    end = np.datetime64(panel.last.end, "D")
    begin = max(
        end - np.timedelta64(WINDOW_DAYS, "D"), np.datetime64(first.start, "D") + np.timedelta64(REPEAT_DAYS, "D")
    )
    points = points.where(points.moment >= begin - np.timedelta64(REPEAT_DAYS, "D"))
    if begin >= end or not len(points):
        return None
    places, days = _metres(points), _days(points)
    repeated = _after_the_same(places, days)
    near = _after_a_near_one(places, days) & ~repeated
    inside = points.moment >= begin

    def by_area(chosen: Booleans) -> Integers:
        return np.bincount(points.area[inside & chosen], minlength=len(panel.areas))

    return Repeats(
        first_day=begin.item(),
        last_day=(end - np.timedelta64(1, "D")).item(),
        incidents=by_area(np.ones(len(points), dtype=bool)),
        repeats=by_area(repeated),
        near_repeats=by_area(near),
    )


def near_repeat_table(panel: Panel, target: str, seed: int) -> NearRepeatTable | None:
    """Knox's table of the newest year, or of as many of its newest incidents as make ``MOST_PAIRS`` pairs at most.

    None with fewer than ``FEWEST_POINTS`` incidents.
    """
    known = points_known(panel, target)
    if known is None:
        return None
    points, _ = known
    begin = np.datetime64(panel.last.end, "D") - np.timedelta64(WINDOW_DAYS, "D")
    points = points.where(points.moment >= begin)
    number = min(len(points), MOST_POINTS)
    while number >= FEWEST_POINTS:
        newest = points.where(np.arange(len(points)) >= len(points) - number)
        tree = cKDTree(_metres(newest))
        # Every pair counts twice, and each point with itself.
        if (tree.count_neighbors(tree, DISTANCES[-1]) - number) // 2 <= MOST_PAIRS:
            return _knox(newest, tree, seed)
        number //= 2
    return None


def _knox(points: Points, tree: cKDTree, seed: int) -> NearRepeatTable:
    pairs = tree.query_pairs(DISTANCES[-1], output_type="ndarray")
    places, days = np.asarray(tree.data), _days(points)
    apart = np.hypot(*(places[pairs[:, 0]] - places[pairs[:, 1]]).T)
    bands: Integers = np.asarray(np.searchsorted((SAME_PLACE, *DISTANCES[1:]), apart), dtype=np.int64)
    found = _in_bands(bands, pairs, days)
    rng = np.random.default_rng(seed)
    dealt = np.stack([_in_bands(bands, pairs, rng.permutation(days)) for _ in range(DEALS)])
    as_many = (dealt >= found).sum(axis=0)
    return NearRepeatTable(
        first_day=points.moment[0].astype("datetime64[D]").item(),
        incidents=len(points),
        pairs=found,
        expected=dealt.mean(axis=0),
        p=(1.0 + as_many) / (1.0 + DEALS),
    )


def _in_bands(bands: Integers, pairs: Integers, days: Integers) -> Integers:
    """How many pairs lie in each band of distance and days."""
    since = np.abs(days[pairs[:, 0]] - days[pairs[:, 1]])
    spans = np.searchsorted(SPANS, since)
    within = spans < len(SPANS)
    cells = bands[within] * len(SPANS) + spans[within]
    return np.bincount(cells, minlength=len(DISTANCES) * len(SPANS)).reshape(len(DISTANCES), len(SPANS))


def _after_the_same(places: Floats, days: Integers) -> Booleans:
    """Whether another incident was given the same place within ``REPEAT_DAYS`` before; points in the order of time."""
    _, place = np.unique(np.round(places / SAME_PLACE).astype(np.int64), axis=0, return_inverse=True)
    order = np.lexsort((np.arange(len(days)), place))
    follows = np.zeros(len(days), dtype=bool)
    same = place[order][1:] == place[order][:-1]
    follows[order[1:]] = same & (np.diff(days[order]) <= REPEAT_DAYS)
    return follows


def _after_a_near_one(places: Floats, days: Integers) -> Booleans:
    """Whether another incident happened within ``NEAR_METRES`` and ``NEAR_DAYS`` before; in the order of time."""
    # A box of two distances and a stretch of days holds every such pair, and few others.
    boxes = cKDTree(np.column_stack([places / NEAR_METRES, days / NEAR_DAYS]))
    pairs = boxes.query_pairs(1.0, p=np.inf, output_type="ndarray")
    apart = np.hypot(*(places[pairs[:, 0]] - places[pairs[:, 1]]).T)
    follows = np.zeros(len(days), dtype=bool)
    follows[pairs[apart <= NEAR_METRES].max(axis=1)] = True
    return follows


def _days(points: Points) -> Integers:
    return points.moment.astype("datetime64[D]").astype(np.int64)


def _metres(points: Points) -> Floats:
    """Positions in metres on a plane that touches the city, (points, 2)."""
    middle = np.radians(points.latitude.mean()) if len(points) else 0.0
    east = np.cos(middle) * points.longitude
    return np.column_stack([east, points.latitude]) * _METRES_PER_DEGREE
