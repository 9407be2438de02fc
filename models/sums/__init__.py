"""Sums of forecasts: larger areas, reconciliation and harm."""

from models.sums.harm import INTERVAL, MIX_YEARS, HarmForecast, HarmMix, harm_of_levels, load_harm_mix
from models.sums.level_forecasts import reconciled
from models.sums.reconciliation import BOTTOM_UP, CHOSEN, METHODS

__all__ = [
    "BOTTOM_UP",
    "CHOSEN",
    "INTERVAL",
    "METHODS",
    "MIX_YEARS",
    "HarmForecast",
    "HarmMix",
    "harm_of_levels",
    "load_harm_mix",
    "reconciled",
]
