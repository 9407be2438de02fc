"""The recipe: the city's total times each area's share of it."""

from models.recipe.area_share import ShareModel, ShareSettings, fit_share_model, share_of_rows
from models.recipe.city_total import forecast_city_total
from models.recipe.history import SHORTEST, counted, refuse_too_short, short_history
from models.recipe.level_shifts import LevelShift, level_shifts
from models.recipe.reasons import Reasons
from models.recipe.recipe import FittedRecipe, RecipeForecaster
from models.recipe.share_mixture import mixture_weights

__all__ = [
    "SHORTEST",
    "FittedRecipe",
    "LevelShift",
    "Reasons",
    "RecipeForecaster",
    "ShareModel",
    "ShareSettings",
    "counted",
    "fit_share_model",
    "forecast_city_total",
    "level_shifts",
    "mixture_weights",
    "refuse_too_short",
    "share_of_rows",
    "short_history",
]
