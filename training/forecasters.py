"""Forecasters by the name they have in the leaderboard."""

from __future__ import annotations

from contracts import BadInput, Settings
from models.area_share import ShareSettings
from models.baselines import COUNTING_FORECASTERS, counting_forecaster
from models.champion import NAME as CHAMPION
from models.champion import ChampionForecaster
from models.forecaster import Forecaster
from models.per_series import PER_SERIES, PerSeriesForecaster
from models.point_maps import MAPS, PointMapForecaster
from models.self_exciting import NAME as SELF_EXCITING
from models.self_exciting import SelfExcitingForecaster

BASELINE = "ewma"
PER_SERIES_REFIT_EVERY = 12
"""A model per area is slow to fit: unless told otherwise it is refitted at every 12th origin and brought up to date
with the counts in between."""


def forecaster_names() -> tuple[str, ...]:
    """Every name, cheapest first."""
    return (*COUNTING_FORECASTERS, CHAMPION, *MAPS, SELF_EXCITING, *PER_SERIES)


def make_forecaster(name: str, settings: Settings, *, seed: int) -> Forecaster:
    """The forecaster of that name; raises ``BadInput`` with the names there are."""
    if name == CHAMPION:
        return ChampionForecaster(country=settings.holidays, share=ShareSettings(seed=seed))
    if name in MAPS:
        return PointMapForecaster(name)
    if name == SELF_EXCITING:
        return SelfExcitingForecaster()
    if name in PER_SERIES:
        return PerSeriesForecaster(name)
    if name in COUNTING_FORECASTERS:
        return counting_forecaster(name)
    raise BadInput(f"There is no forecaster '{name}'.", remedy=f"Use some of {', '.join(forecaster_names())}.")


def needs_points(name: str) -> bool:
    """Whether a forecaster learns from the incidents themselves, not from counts."""
    return name in MAPS or name == SELF_EXCITING


def refit_every(name: str, asked: int | None) -> int:
    """At every which origin a forecaster is refitted: what was asked for, or what its kind needs.

    Counting costs nothing and is always done anew.
    """
    if name in COUNTING_FORECASTERS:
        return 1
    if asked is not None:
        return asked
    return PER_SERIES_REFIT_EVERY if name in PER_SERIES else 1
