"""Training: backtest the champion recipe against counting, fit it on all that is known, register it as challenger."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from contracts import BadInput, Period, Workspace, code_version
from features.as_of import AsOfDoor, ViewMode, load_door
from features.geography import Geography, load_geography
from features.panel import Panel
from models import RegisteredModel, registry, save_model
from models.area_share import ShareSettings
from models.champion import NAME as CHAMPION
from models.champion import ChampionForecaster, FittedChampion
from models.city_total import forecast_city_total
from models.registry import REPORT_SHA256_TAG
from monitoring import FairnessAudit
from training.experiment import Scores, judge, log_experiment
from training.forecasters import rare_models
from training.rolling_origin import Plan
from training.tracking import Run, tracked_run

BACKTEST_PERIODS = 12
BACKTEST_REFIT_EVERY = 4
"""Origins between refits in the backtest that comes with training: enough to judge the recipe, and quick."""
BACKTEST_MODELS = ("mean_12", "ewma", CHAMPION)
HORIZONS_BEYOND = 3
"""Counts come in arrears: a model learns this many horizons more than the periods that are issued."""


@dataclass(frozen=True)
class Trained:
    """A registered challenger and what the judge said of its recipe."""

    model: RegisteredModel
    as_of: date
    last_known: Period
    scores: Scores
    fairness: FairnessAudit


def train(
    workspace: Workspace, target: str, *, as_of: date | None = None, today: date, progress: bool = True
) -> Trained:
    """Train one target on what was known on ``as_of`` (by default as issuing does: today, or the replayed day)."""
    settings = workspace.settings
    settings.target(target)
    if target not in settings.forecast_targets():
        raise BadInput(f"The target '{target}' is a companion series.", remedy="Set forecast = true to forecast it.")
    door = load_door(workspace)
    geography = load_geography(workspace, door.geography)
    day = as_of or (door.newest_counts_published_on(today) if settings.forecast.replay else today)
    panel = door.view(day).for_target(target)
    plan = _plan(workspace, target, panel)
    horizons = range(1, settings.forecast.periods_ahead + HORIZONS_BEYOND + 1)
    parameters = plan.parameters() | {
        "as_of": str(day),
        "geography": door.geography,
        "horizons_learned": ", ".join(map(str, horizons)),
    }
    known = [publication for publication in door.publications if publication.id in panel.publications]
    with tracked_run(workspace, "train", f"{target} {panel.last}", parameters, known) as run:
        backtest, scores, fairness = judge(workspace, door, geography, plan, progress=progress)
        log_experiment(run, backtest, scores, fairness)
        model = _register(run, workspace, door, panel, target, geography.only(panel.areas), horizons, fairness)
    return Trained(model, day, panel.last, scores, fairness)


def _plan(workspace: Workspace, target: str, panel: Panel) -> Plan:
    """The newest year of what was known, forecast as it would have been then."""
    settings = workspace.settings
    horizons = tuple(range(1, settings.forecast.periods_ahead + 1))
    first = panel.last.shift(1 - BACKTEST_PERIODS)
    return Plan(
        target=target,
        first=first,
        last=panel.last,
        horizons=horizons,
        models=(*BACKTEST_MODELS, *rare_models(settings, target)),
        view=ViewMode.AS_OF,
        seed=settings.seed,
        refit_every=BACKTEST_REFIT_EVERY,
    )


def _register(
    run: Run,
    workspace: Workspace,
    door: AsOfDoor,
    panel: Panel,
    target: str,
    geography: Geography,
    horizons: Sequence[int],
    fairness: FairnessAudit,
) -> RegisteredModel:
    settings = workspace.settings
    recipe = ChampionForecaster(country=settings.holidays, share=ShareSettings(seed=settings.seed))
    fitted = recipe.fit(panel, target, geography, horizons)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "saved_model"
        sha256 = save_model(fitted, folder)
        return registry.register(
            workspace,
            target=target,
            saved_model=folder,
            sha256=sha256,
            example=_example_rows(fitted, panel),
            tags={
                "run_id": run.run_id,
                "geography": door.geography,
                "last_known": str(panel.last),
                **code_version().tags(),
                REPORT_SHA256_TAG: hashlib.sha256((fairness.to_json() + "\n").encode()).hexdigest(),
            },
        )


def _example_rows(fitted: FittedChampion, panel: Panel) -> pd.DataFrame:
    """The rows of the next period as MLflow's model takes them: features, base share and city total, all doubles."""
    features = fitted.share_model.features(panel, fitted.target, fitted.geography)
    newest = len(features.ordinals) - 1
    city = forecast_city_total(panel, fitted.target, [1], country=fitted.country)
    frame = pd.DataFrame(features.rows(newest, 1), columns=list(features.names)).astype(np.float64)
    return frame.assign(base_share=features.base_share[:, newest], city_total=float(city.mean[0]), horizon=1.0)
