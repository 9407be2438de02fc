"""When in the week crime happened and where it is repeated, of the incidents that an issue's counts count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from contracts import Settings
from contracts.arrays import Floats, Integers
from contracts.settings.disclosure import DisclosureSettings
from contracts.tables import HOURS, NEAR_REPEATS, REPEATS, check
from features.patterns import (
    DISTANCES,
    NEAR_DAYS,
    NEAR_METRES,
    REPEAT_DAYS,
    SPANS,
    NearRepeatTable,
    Repeats,
    WeekProfile,
    near_repeat_table,
    repeats,
    week_profile,
)
from features.views import Panel
from service.forecasts.issued import parquet_bytes
from service.forecasts.patterns import HOURS_FILE, NEAR_REPEATS_FILE, REPEATS_FILE


@dataclass(frozen=True)
class TargetPatterns:
    """The patterns of one target: file name → rows, and what the record says of them."""

    rows: dict[str, pd.DataFrame]
    about: dict[str, Any]


def target_patterns(settings: Settings, panel: Panel, target: str) -> TargetPatterns:
    """Nothing is known of a target whose newest counts are not kept incident by incident."""
    profile, repeated = week_profile(panel, target), repeats(panel, target)
    near = near_repeat_table(panel, target, settings.seed)
    rows = {}
    if profile is not None:
        rows[HOURS_FILE] = _hour_rows(panel, target, profile)
    if repeated is not None:
        rows[REPEATS_FILE] = _repeat_rows(panel, target, repeated, settings.disclosure)
    if near is not None:
        rows[NEAR_REPEATS_FILE] = _near_rows(target, near)
    about = {
        "week": None if profile is None else _about_week(profile),
        "repeats": None if repeated is None else _about_repeats(repeated, settings.disclosure),
        "near_repeats": None if near is None else {"first_day": str(near.first_day), "incidents": near.incidents},
    }
    return TargetPatterns(rows, about)


def pattern_files(parts: Sequence[TargetPatterns]) -> dict[str, bytes]:
    """The files of all targets together; what no target has is no file."""
    names = dict.fromkeys(name for one in parts for name in one.rows)
    return {
        name: parquet_bytes(pd.concat([one.rows[name] for one in parts if name in one.rows], ignore_index=True))
        for name in names
    }


def _hour_rows(panel: Panel, target: str, profile: WeekProfile) -> pd.DataFrame:
    area, weekday, hour = np.nonzero(profile.counts)
    rows = {
        "area": np.array(panel.areas, dtype=object)[area],
        "target": target,
        "weekday": weekday + 1,
        "hour": hour,
        "crimes": profile.counts[area, weekday, hour],
    }
    return check(pd.DataFrame(rows), HOURS)


def _repeat_rows(panel: Panel, target: str, found: Repeats, disclosure: DisclosureSettings) -> pd.DataFrame:
    rows = {
        "area": np.array(panel.areas, dtype=object),
        "target": target,
        **{name: _rounded(getattr(found, name), disclosure) for name in ("incidents", "repeats", "near_repeats")},
    }
    return check(pd.DataFrame(rows), REPEATS)


def _rounded(counts: Integers, disclosure: DisclosureSettings) -> Floats:
    """A list of places is a list of homes: what is small is hidden, and the rest rounded down."""
    rounded = counts // disclosure.rounding * disclosure.rounding
    return np.where(counts < disclosure.threshold, np.nan, rounded.astype(np.float64))


def _near_rows(target: str, table: NearRepeatTable) -> pd.DataFrame:
    rows = {
        "target": target,
        "metres": np.repeat(np.array(DISTANCES, dtype=np.int64), len(SPANS)),
        "days": np.tile(np.array(SPANS, dtype=np.int64), len(DISTANCES)),
        "pairs": table.pairs.ravel(),
        "expected": table.expected.ravel(),
        "p": table.p.ravel(),
    }
    return check(pd.DataFrame(rows), NEAR_REPEATS)


def _about_week(profile: WeekProfile) -> dict[str, Any]:
    return {
        "first_day": str(profile.first_day),
        "last_day": str(profile.last_day),
        "weeks": profile.weeks,
        "at_midnight": round(profile.at_midnight, 4),
    }


def _about_repeats(found: Repeats, disclosure: DisclosureSettings) -> dict[str, Any]:
    return {
        "first_day": str(found.first_day),
        "last_day": str(found.last_day),
        "same_place_days": REPEAT_DAYS,
        "near_days": NEAR_DAYS,
        "near_metres": NEAR_METRES,
        "hidden_under": disclosure.threshold,
        "rounded_to": disclosure.rounding,
    }
