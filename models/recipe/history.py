"""How long a history the recipe needs, and what it goes without where its history is short.

Every sentence says what is known, what is needed for what, and what is done instead.
"""

from __future__ import annotations

import numpy as np

from contracts import Frequency, periods_per_year
from features.building.near_repeat import PERIODS_PER_WEEK
from features.views import Panel
from models.forecaster import UnusableForecaster
from models.recipe.area_share import ShareSettings, rows_to_learn
from models.recipe.city_total import SHORTEST_FOR_MODELS, WEEKS_FOR_WEEKDAYS, YEARS_FOR_SEASON

SHORTEST = {Frequency.MONTH: 6, Frequency.WEEK: 8, Frequency.DAY: 14, Frequency.SHIFT: 21}
"""The fewest known periods that the recipe learns from: half a year of months, eight weeks, two weeks of days, one of
shifts. Of fewer neither a level nor how far forecasts miss it can be told."""


def known_periods(panel: Panel, target: str) -> int:
    """In how many periods the target is known in at least one area."""
    return int((~np.isnan(panel.of(target))).any(axis=0).sum())


def refuse_too_short(panel: Panel, target: str) -> None:
    """Raise ``UnusableForecaster`` where fewer periods than ``SHORTEST`` are known."""
    known, needed = known_periods(panel, target), SHORTEST[panel.frequency]
    if known < needed:
        raise UnusableForecaster(
            f"'{target}' is known for {counted(known, panel.frequency)}, too few for wardcast; it needs {needed}.",
            remedy=f"Ingest at least {counted(needed - known, panel.frequency)} more of it with: wardcast ingest",
        )


def short_history(panel: Panel, target: str, horizon: int, settings: ShareSettings) -> tuple[str, ...]:
    """What a forecast of ``target`` goes without, for want of counts in ``panel``; empty for a whole history."""
    counts, frequency = panel.of(target), panel.frequency
    length, season = len(panel.periods), periods_per_year(frequency)
    if not np.nansum(counts):
        return (f"No '{target}' was counted in {counted(length, frequency)}: as little as that allows is forecast.",)
    found = []
    if length < YEARS_FOR_SEASON * season:
        found.append(
            f"No season is forecast: {counted(length, frequency)} are known, and {YEARS_FOR_SEASON * season} are "
            "needed to tell it from chance."
        )
    if frequency in PERIODS_PER_WEEK and length < WEEKS_FOR_WEEKDAYS * PERIODS_PER_WEEK[frequency]:
        found.append(
            f"No weekday is forecast: {counted(length, frequency)} are known, and "
            f"{WEEKS_FOR_WEEKDAYS * PERIODS_PER_WEEK[frequency]} are needed."
        )
    if length // 2 < SHORTEST_FOR_MODELS:
        found.append(
            f"The city's total is its smoothed level, without exponential smoothing and theta, which need "
            f"{2 * SHORTEST_FOR_MODELS} {frequency}s."
        )
    rows = rows_to_learn(counts, horizon, season, settings)
    if rows < 2 * settings.smallest_leaf:
        found.append(
            f"Shares of the areas are smoothed and not boosted: there are {rows} past counts to learn from, and "
            f"{2 * settings.smallest_leaf} are needed."
        )
    return tuple(found)


def counted(periods: int, frequency: Frequency) -> str:
    """So many periods in words, such as "1 month"."""
    return f"{periods} {frequency}{'' if periods == 1 else 's'}"
