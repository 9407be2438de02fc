"""Weekdays and hours by hand, and no week in which an incident is missing."""

from __future__ import annotations

from datetime import date

import numpy as np

from contracts import Frequency, Period, ordinals_of
from features.geographies.points import Points
from features.patterns.repeats import DISTANCES, SPANS, near_repeat_table, repeats
from features.patterns.week_profile import week_profile
from features.views.panel import Panel

FIRST = Period.parse("2023-W01", Frequency.WEEK)
MONDAY = np.datetime64("2023-01-02T00:00:00")
DEGREE = 1.0 / 111_195.0
"""A metre north, in degrees."""


def panel_of(moments, *, area=None, north=None, east=None, weeks=None, lost=()):
    """A panel whose counts are those of the incidents; in the weeks ``lost`` one more was counted than is kept."""
    moment = np.array(moments, dtype="datetime64[s]")
    order = np.argsort(moment, kind="stable")
    zeros = np.zeros(len(moment))
    area = np.zeros(len(moment), dtype=np.int64) if area is None else np.asarray(area)
    latitude = (zeros if north is None else np.asarray(north)) * DEGREE
    longitude = (zeros if east is None else np.asarray(east)) * DEGREE
    since = ordinals_of(moment, Frequency.WEEK) - FIRST.ordinal
    weeks = int(since.max()) + 1 if weeks is None else weeks
    counts = np.zeros((1, int(area.max()) + 1, weeks))
    np.add.at(counts, (0, area, since), 1.0)
    counts[0, 0, list(lost)] += 1.0
    return Panel(
        as_of=date(2026, 1, 1), geography="cells", frequency=Frequency.WEEK, targets=("violence",),
        areas=tuple(f"A{at}" for at in range(counts.shape[1])), first=FIRST, counts=counts,
        settled=np.zeros((1, weeks), dtype=bool), publications=("p",),
        points=Points(moment[order], longitude[order], latitude[order], area[order], np.ones((1, len(moment)), bool)),
    )  # fmt: skip


def at(week, day, hour, minute=1):
    return MONDAY + np.timedelta64(((week * 7 + day) * 24 + hour) * 60 + minute, "m")


def test_every_incident_stands_in_its_weekday_and_hour():
    moments = [at(week, 4, 23) for week in range(6)] + [at(2, 0, 0), at(5, 6, 9)]
    profile = week_profile(panel_of(moments, area=[0] * 6 + [1, 1]), "violence")
    assert profile is not None
    assert (profile.weeks, profile.first_day, profile.last_day) == (6, date(2023, 1, 2), date(2023, 2, 12))
    expected = np.zeros((2, 7, 24), dtype=np.int64)
    expected[0, 4, 23], expected[1, 0, 0], expected[1, 6, 9] = 6, 1, 1
    assert np.array_equal(profile.counts, expected)


def test_only_weeks_after_the_last_gap_count():
    moments = [at(week, 4, 23) for week in range(12)]
    profile = week_profile(panel_of(moments, lost=[3]), "violence")
    assert profile is not None
    assert profile.weeks == 8
    assert profile.counts.sum() == 8
    assert week_profile(panel_of(moments, lost=[9]), "violence") is None, "two weeks are too few"
    assert week_profile(panel_of(moments, lost=[11]), "violence") is None


def test_days_without_hours_have_no_profile_and_midnights_are_told():
    days = [at(week, 4, 0, minute=0) for week in range(8)]
    assert week_profile(panel_of(days), "violence") is None
    profile = week_profile(panel_of([*days, at(3, 2, 12), at(3, 2, 13)]), "violence")
    assert profile is not None
    assert profile.at_midnight == 0.8


def test_repeats_and_near_repeats_by_hand():
    # Weeks 0 to 39; the window begins 90 days after the first week.
    moments = [
        at(20, 0, 1),  # the first at its place
        at(21, 0, 1),  # at the same place a week later: a repeat
        at(22, 0, 1),  # 150 m away a week after that: near
        at(22, 1, 1),  # 250 m further a day later: neither
        at(39, 0, 1),  # at the first place, 133 days after the second: neither
    ]
    panel = panel_of([at(0, 0, 1), *moments], north=[9000, 0, 0, 150, 400, 0], area=[1, 0, 0, 0, 0, 0])
    found = repeats(panel, "violence")
    assert found is not None
    assert (found.first_day, found.last_day) == (date(2023, 4, 2), date(2023, 10, 8))
    assert found.incidents.tolist() == [5, 0]
    assert found.repeats.tolist() == [1, 0]
    assert found.near_repeats.tolist() == [1, 0]


def test_what_is_not_kept_incident_by_incident_has_no_repeats():
    panel = panel_of([at(week, 0, 1) for week in range(12)])
    assert repeats(panel, "violence") is None, "all of it lies within the days that have to come before"
    assert near_repeat_table(panel, "violence", seed=1) is None, "twelve are too few"


def scattered(seed, followed):
    """800 incidents in a year on 3 × 3 km; ``followed`` of them again within a week and 60 m."""
    rng = np.random.default_rng(seed)
    first = rng.integers(0, 51 * 7 * 24, 800)
    places = rng.uniform(0, 3000, (800, 2))
    again = first[:followed] + rng.integers(1, 24 * 6, followed)
    hours = np.concatenate([first, again])
    near = np.concatenate([places, places[:followed] + rng.uniform(-40, 40, (followed, 2))])
    moments = [MONDAY + np.timedelta64(int(hour) * 60 + 1, "m") for hour in hours]
    return panel_of(moments, north=near[:, 0], east=near[:, 1], weeks=52)


def test_planted_near_repeats_are_found_where_and_when_they_are():
    table = near_repeat_table(scattered(1, followed=80), "violence", seed=1)
    assert table is not None
    assert table.incidents == 880
    week, hundred = SPANS.index(7), DISTANCES.index(100)
    assert table.pairs[hundred, week] > 2 * table.expected[hundred, week]
    assert table.p[hundred, week] == 0.01
    assert table.pairs[0].sum() == 0, "no two lie at one place"


def test_where_nothing_is_planted_no_band_stands_out_more_often_than_by_chance():
    found = [near_repeat_table(scattered(seed, followed=0), "violence", seed=1) for seed in range(20)]
    at_hundred = [one.p[DISTANCES.index(100), SPANS.index(7)] for one in found if one is not None]
    assert len(at_hundred) == 20
    assert sum(p <= 0.05 for p in at_hundred) <= 4
    pairs = sum(one.pairs for one in found)
    expected = sum(one.expected for one in found)
    assert np.allclose(pairs[1:].sum() / expected[1:].sum(), 1.0, atol=0.05)


def test_the_same_seed_deals_the_same_days():
    one, other = (near_repeat_table(scattered(3, followed=20), "violence", seed=5) for _ in range(2))
    assert one is not None
    assert other is not None
    assert np.array_equal(one.p, other.p)
    assert np.array_equal(one.expected, other.expected)


def test_pairs_are_those_of_a_plain_count():
    panel = scattered(2, followed=60)
    table = near_repeat_table(panel, "violence", seed=1)
    points = panel.points
    days = points.moment.astype("datetime64[D]").astype(int)
    middle = np.cos(np.radians(points.latitude.mean()))
    north, east = points.latitude / DEGREE, points.longitude / DEGREE * middle
    expected = np.zeros((len(DISTANCES), len(SPANS)), dtype=int)
    for i in range(len(days)):
        apart = np.hypot(north[i + 1 :] - north[i], east[i + 1 :] - east[i])
        since = np.abs(days[i + 1 :] - days[i])
        for metres, span in zip(apart, since, strict=True):
            if metres <= DISTANCES[-1] and span <= SPANS[-1]:
                band = 0 if metres <= 1.0 else next(k for k, end in enumerate(DISTANCES) if k and metres <= end)
                expected[band, next(k for k, end in enumerate(SPANS) if span <= end)] += 1
    assert np.array_equal(table.pairs, expected)
