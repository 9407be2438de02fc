"""When in the week crime happens and where it is repeated, from single incidents."""

from features.patterns.repeats import (
    DISTANCES,
    NEAR_DAYS,
    NEAR_METRES,
    REPEAT_DAYS,
    SPANS,
    NearRepeatTable,
    Repeats,
    near_repeat_table,
    repeats,
)
from features.patterns.week_profile import WeekProfile, week_profile

__all__ = [
    "DISTANCES",
    "NEAR_DAYS",
    "NEAR_METRES",
    "REPEAT_DAYS",
    "SPANS",
    "NearRepeatTable",
    "Repeats",
    "WeekProfile",
    "near_repeat_table",
    "repeats",
    "week_profile",
]
