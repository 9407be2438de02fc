"""The forecasters that the recipe is held against."""

from models.baselines.counting import COUNTING_FORECASTERS, counting_forecaster
from models.baselines.gamma_poisson import GAMMA_POISSON, GammaPoissonForecaster
from models.baselines.global_lags import GLOBAL_LAGS, GlobalLagsForecaster
from models.baselines.intermittent import INTERMITTENT, IntermittentForecaster
from models.baselines.per_series import PER_SERIES, PerSeriesForecaster
from models.baselines.point_maps import MAPS, PointMapForecaster
from models.baselines.rare import CONSTANT, POOLED, RareForecaster
from models.baselines.self_exciting import SELF_EXCITING, SelfExcitingForecaster

__all__ = [
    "CONSTANT",
    "COUNTING_FORECASTERS",
    "GAMMA_POISSON",
    "GLOBAL_LAGS",
    "INTERMITTENT",
    "MAPS",
    "PER_SERIES",
    "POOLED",
    "SELF_EXCITING",
    "GammaPoissonForecaster",
    "GlobalLagsForecaster",
    "IntermittentForecaster",
    "PerSeriesForecaster",
    "PointMapForecaster",
    "RareForecaster",
    "SelfExcitingForecaster",
    "counting_forecaster",
]
