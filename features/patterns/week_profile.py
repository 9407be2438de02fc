"""When in the week crime happens: the incidents of whole weeks, counted by area, weekday and hour."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from contracts import Period, ordinals_of
from contracts.arrays import Integers, Ordinals
from features.geographies.points import Points
from features.views import Panel

MOST_WEEKS, FEWEST_WEEKS = 104, 4
DAYS, HOURS = 7, 24
MOSTLY = 0.99
"""A share of incidents at midnight from which a source is taken to give days alone."""


@dataclass(frozen=True)
class WeekProfile:
    """``counts`` has shape (areas, 7 weekdays from Monday, 24 hours): the incidents of ``weeks`` whole weeks.

    ``at_midnight`` is the share of them at 00:00 sharp, where many sources put a time that is not known.
    """

    counts: Integers
    first_day: date
    last_day: date
    weeks: int
    at_midnight: float


def week_profile(panel: Panel, target: str) -> WeekProfile | None:
    """The newest whole weeks, at most ``MOST_WEEKS``, that are known incident by incident.

    None where there are fewer than ``FEWEST_WEEKS``, or the incidents have days alone.
    """
    known = points_known(panel, target)
    if known is None:
        return None
    points, first = known
    end = np.datetime64(panel.last.end, "D")
    weeks = min(int((end - np.datetime64(first.start, "D")) // np.timedelta64(7, "D")), MOST_WEEKS)
    if weeks < FEWEST_WEEKS:
        return None
    begin = end - np.timedelta64(7 * weeks, "D")
    points = points.where((points.moment >= begin) & (points.moment < end))
    at_midnight = points.moment == points.moment.astype("datetime64[D]")
    if not len(points) or at_midnight.mean() >= MOSTLY:
        return None
    cells = (points.area * DAYS + _weekdays(points)) * HOURS + _hours(points)
    counts = np.bincount(cells, minlength=len(panel.areas) * DAYS * HOURS)
    first_day: date = begin.item()
    return WeekProfile(
        counts=counts.reshape(len(panel.areas), DAYS, HOURS),
        first_day=first_day,
        last_day=first_day + timedelta(days=7 * weeks - 1),
        weeks=weeks,
        at_midnight=float(at_midnight.mean()),
    )


def points_known(panel: Panel, target: str) -> tuple[Points, Period] | None:
    """The incidents of a target, and the first of the newest periods without a gap in which each one is known.

    A period whose counts come from a publication without incidents is a gap. None where the newest period is one.
    """
    if panel.points is None:
        return None
    points = panel.points.where(panel.points.in_target[panel.target_index(target)])
    counts = panel.of(target)
    totals = np.where(np.isnan(counts).all(axis=0), -1.0, np.nansum(counts, axis=0))
    since: Ordinals = ordinals_of(points.moment, panel.frequency) - panel.first.ordinal
    number = np.bincount(since[(since >= 0) & (since < len(totals))], minlength=len(totals))
    gaps = np.flatnonzero(number != totals)
    first = 0 if not gaps.size else int(gaps[-1]) + 1
    if first == len(totals):
        return None
    start = panel.first.shift(first)
    return points.where(points.moment >= np.datetime64(start.start, "s")), start


def _weekdays(points: Points) -> Integers:
    """0 for Monday: 1970-01-01 was a Thursday."""
    return (points.moment.astype("datetime64[D]").astype(np.int64) + 3) % DAYS


def _hours(points: Points) -> Integers:
    return points.moment.astype("datetime64[h]").astype(np.int64) % HOURS
