"""Forecasters by the name they have in the leaderboard."""

from __future__ import annotations

from contracts import BadInput, Frequency, Settings, Workspace
from contracts.run_files import RECIPE
from features.sources.incident_points import POINTS_FILE
from features.store import PublicationStore
from models.baselines import (
    CONSTANT,
    COUNTING_FORECASTERS,
    GAMMA_POISSON,
    GLOBAL_LAGS,
    INTERMITTENT,
    MAPS,
    PER_SERIES,
    POOLED,
    SELF_EXCITING,
    GammaPoissonForecaster,
    GlobalLagsForecaster,
    IntermittentForecaster,
    PerSeriesForecaster,
    PointMapForecaster,
    RareForecaster,
    SelfExcitingForecaster,
    counting_forecaster,
)
from models.forecaster import Forecaster
from models.recipe import RecipeForecaster, ShareSettings
from training.backtests.fits_ahead import AT_ONCE

DEFAULT_MODELS = ("seasonal_naive", "last_value", "mean_12", "ewma", "auto_ets", "auto_theta", RECIPE)
RARE_MODELS = (CONSTANT, POOLED)
"""Compared as well where a target borrows from another: whether anything beats a constant rate is then the question."""
ALL = "all"
PER_SERIES_REFIT_EVERY = 12
"""A model per area is slow to fit: unless told otherwise it is refitted at every 12th origin and brought up to date
with the counts in between."""

_ALWAYS_ANEW = (*COUNTING_FORECASTERS, GAMMA_POISSON, *RARE_MODELS, *INTERMITTENT)
"""Forecasters that are formulas over past counts: there is nothing to keep between origins."""


def forecaster_names() -> tuple[str, ...]:
    """Every name, cheapest first."""
    return (*_ALWAYS_ANEW, RECIPE, GLOBAL_LAGS, *MAPS, SELF_EXCITING, *PER_SERIES)


def models_for(settings: Settings, target: str, asked: str | None, *, with_points: bool) -> tuple[str, ...]:
    """The names in ``asked`` (separated by commas), each once; a sensible few where it is None.

    "all" stands for every forecaster: those that draw maps of incidents only ``with_points``.
    """
    if asked is None:
        return (*DEFAULT_MODELS, *rare_models(settings, target))
    names = [name.strip() for name in asked.split(",") if name.strip()]
    every = [name for name in forecaster_names() if with_points or not needs_points(name)]
    chosen = [one for name in names for one in (every if name == ALL else [name])]
    return tuple(dict.fromkeys(chosen))


def rare_models(settings: Settings, target: str) -> tuple[str, ...]:
    """``RARE_MODELS`` where the settings say that the target borrows from a commoner one, else none."""
    return RARE_MODELS if target in settings.lenders() else ()


def make_forecaster(name: str, settings: Settings, *, seed: int, trials: int = 0) -> Forecaster:
    """The forecaster of that name; raises ``BadInput`` with the names there are.

    ``trials`` settings of the recipe are tried on the past before each of its fits.
    """
    if name == RECIPE:
        return RecipeForecaster(country=settings.holidays, share=ShareSettings(seed=seed, trials=trials))
    if name in RARE_MODELS:
        return RareForecaster(name, lenders=settings.lenders())
    made: dict[str, Forecaster] = {
        GAMMA_POISSON: GammaPoissonForecaster(),
        GLOBAL_LAGS: GlobalLagsForecaster(seed=seed),
        SELF_EXCITING: SelfExcitingForecaster(),
        **{counting: counting_forecaster(counting) for counting in COUNTING_FORECASTERS},
        **{intermittent: IntermittentForecaster(intermittent) for intermittent in INTERMITTENT},
        **{point_map: PointMapForecaster(point_map) for point_map in MAPS},
        **{per_series: PerSeriesForecaster(per_series) for per_series in PER_SERIES},
    }
    if name not in made:
        raise BadInput(f"There is no forecaster '{name}'.", remedy=f"Use some of {', '.join(forecaster_names())}.")
    return made[name]


def needs_points(name: str) -> bool:
    """Whether a forecaster learns from the incidents themselves, not from counts."""
    return name in MAPS or name == SELF_EXCITING


def refit_every(name: str, asked: int | None) -> int:
    """At every which origin a forecaster is refitted: what was asked for, or what its kind needs.

    Counting costs nothing and is always done anew.
    """
    if name in _ALWAYS_ANEW:
        return 1
    if asked is not None:
        return asked
    return PER_SERIES_REFIT_EVERY if name in PER_SERIES else 1


def fits_at_once(name: str) -> int:
    """How many fits of a forecaster run side by side: one where a fit starts processes of its own."""
    return 1 if name in PER_SERIES else AT_ONCE


def holds_points(workspace: Workspace, geography: str | None, frequency: Frequency) -> bool:
    """Whether any publication by that geography (None: the settings' own) and frequency holds single incidents."""
    name = geography or workspace.settings.geography
    return any(
        (publication.folder / POINTS_FILE).exists()
        for publication in PublicationStore(workspace.publications).list()
        if (publication.provenance.geography, publication.provenance.frequency) == (name, frequency)
    )
