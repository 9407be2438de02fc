"""Training: backtest the champion recipe against counting, fit it on all that is known, register it as challenger."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from contracts import BadInput, Period, Workspace, code_version, horizons_text, issued_horizons
from features.as_of import AsOfDoor, ViewMode, load_door
from features.geography import Geography, load_geography
from features.panel import Panel
from models import RegisteredModel, registry, save_model
from models.area_share import ShareSettings
from models.champion import NAME as CHAMPION
from models.champion import ChampionForecaster, FittedChampion
from models.city_total import forecast_city_total
from models.registry import GATES_SHA256_TAG, REPORT_SHA256_TAG, TRAINED_BY_TAG
from monitoring import GateReport
from monitoring.audits import AuditResult
from training.city_history import city_history
from training.experiment import Scores, judge, log_experiment
from training.forecasters import rare_models
from training.gates import judge_gates, log_gates, settings_sha256
from training.learned import learned
from training.rolling_origin import Plan
from training.tracking import Run, tracked_run

BACKTEST_PERIODS = 12
BACKTEST_REFIT_EVERY = 4
"""Origins between refits in the backtest that comes with training: enough to judge the recipe, and quick."""
BACKTEST_MODELS = ("mean_12", "ewma", CHAMPION)
FIRST_FIT = "saved_model"
JUDGED_HORIZONS_TAG = "judged_horizons"
"""Tag of a registered model, for whoever looks at the registry; the gates' own document is what counts."""
HORIZONS_BEYOND = 3
"""Counts come in arrears: a model learns this many horizons more than the periods that are issued. What is issued was
judged as well; a model that was superseded is forecast with for comparison wherever it learned the horizon."""


@dataclass(frozen=True)
class Trained:
    """A registered challenger and what the judge said of its recipe."""

    model: RegisteredModel
    as_of: date
    last_known: Period
    scores: Scores
    fairness: AuditResult
    gates: GateReport


def train(
    workspace: Workspace,
    target: str,
    *,
    as_of: date | None = None,
    today: date,
    by: str = "",
    trials: int = 0,
    progress: bool = True,
) -> Trained:
    """Train one target on what was known on ``as_of`` (by default as issuing does: today, or the replayed day).

    Nothing is proposed: the model is registered as a draft. Who trained it, if named in ``by``, cannot approve it.
    ``trials`` settings of the recipe are tried on the past before each of its fits.
    """
    settings = workspace.settings
    settings.target(target)
    if target not in settings.forecast_targets():
        raise BadInput(f"The target '{target}' is a companion series.", remedy="Set forecast = true to forecast it.")
    door = load_door(workspace)
    geography = load_geography(workspace, door.geography)
    day = as_of or (door.newest_counts_published_on(today) if settings.forecast.replay else today)
    panel = door.view(day).for_target(target)
    judged = issued_horizons(panel.last, day, settings.forecast.periods_ahead)
    horizons = range(1, max(settings.forecast.periods_ahead + HORIZONS_BEYOND, *judged) + 1)
    plan = _plan(workspace, target, panel, judged, trials)
    known = [publication for publication in door.publications if publication.id in panel.publications]
    parameters = plan.parameters() | {
        "as_of": str(day),
        "geography": door.geography,
        "horizons_judged": ", ".join(map(str, judged)),
        "horizons_learned": ", ".join(map(str, horizons)),
        "settings_sha256": settings_sha256(settings),
    }
    with tracked_run(workspace, "train", f"{target} {panel.last}", parameters, known) as run:
        local = geography.only(panel.areas)
        with tempfile.TemporaryDirectory() as scratch:
            recipe = ChampionForecaster(settings.holidays, ShareSettings(seed=settings.seed, trials=trials))
            fitted, fits = _fit_twice(recipe, panel, target, local, horizons, Path(scratch))
            run.document([trial.to_dict() for trial in fitted.trials], "tuning.json")
            from_what = partial(learned, settings, recipe, fitted, panel)
            backtest, scores, fairness = judge(workspace, door, geography, plan, learned=from_what, progress=progress)
            log_experiment(run, backtest, scores, fairness)
            city = city_history(door, settings, backtest)
            gates = judge_gates(settings, backtest, fairness, last_known=panel.last, as_of=day, fits=fits, city=city)
            model = registry.register(
                workspace,
                target=target,
                saved_model=Path(scratch) / FIRST_FIT,
                sha256=fits[0],
                example=_example_rows(fitted, panel),
                tags=_tags(run, door, panel, fairness, by)
                | {JUDGED_HORIZONS_TAG: horizons_text(judged), GATES_SHA256_TAG: log_gates(run, gates)},
            )
    return Trained(model, day, panel.last, scores, fairness, gates)


def _plan(workspace: Workspace, target: str, panel: Panel, horizons: tuple[int, ...], trials: int) -> Plan:
    """The newest year of what was known, forecast as it would have been then at the horizons that are issued."""
    settings = workspace.settings
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
        trials=trials,
    )


def _tags(run: Run, door: AsOfDoor, panel: Panel, fairness: AuditResult, by: str) -> dict[str, str]:
    tags = {
        "run_id": run.run_id,
        "geography": door.geography,
        "last_known": str(panel.last),
        **code_version().tags(),
        REPORT_SHA256_TAG: hashlib.sha256((fairness.to_json() + "\n").encode()).hexdigest(),
    }
    return tags | ({TRAINED_BY_TAG: by.strip()} if by.strip() else {})


def _fit_twice(
    recipe: ChampionForecaster,
    panel: Panel,
    target: str,
    geography: Geography,
    horizons: Sequence[int],
    folder: Path,
) -> tuple[FittedChampion, tuple[str, str]]:
    """The fitted recipe, saved under ``FIRST_FIT``, and the sha256 of it and of a second fit with the same seed."""
    fitted = recipe.fit(panel, target, geography, horizons)
    again = recipe.fit(panel, target, geography, horizons)
    return fitted, (save_model(fitted, folder / FIRST_FIT), save_model(again, folder / "second_fit"))


def _example_rows(fitted: FittedChampion, panel: Panel) -> pd.DataFrame:
    """The rows of the next period as MLflow's model takes them, all doubles: features and what stands beside them."""
    features = fitted.share_model.features(panel, fitted.target, fitted.geography)
    newest = len(features.ordinals) - 1
    city = forecast_city_total(panel, fitted.target, [1], country=fitted.country)
    frame = pd.DataFrame(features.rows(newest, 1), columns=list(features.names)).astype(np.float64)
    return frame.assign(
        base_share=features.base_share[:, newest],
        city_total=float(city.mean[0]),
        dispersion_factor=fitted.share_model.factors(panel.areas),
        horizon=1.0,
    )
