"""Training: backtest the recipe against counting, fit it on all that is known, register it as challenger."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from contracts import (
    BadInput,
    Period,
    Settings,
    TrainedModel,
    Workspace,
    code_version,
    horizons_text,
    issued_horizons,
)
from contracts.files import locked
from contracts.run_files import GATES_SHA256_TAG, RECIPE, REPORT_SHA256_TAG, RUN_ID_TAG, TRAINED_BY_TAG
from features.geographies.geography import Geography, load_geography
from features.store import Publication
from features.views import AsOfDoor, Panel, ViewMode, load_door
from models import RegisteredModel, registry, save_model
from models.forecaster import UnusableForecaster
from models.recipe import (
    SHORTEST,
    FittedRecipe,
    RecipeForecaster,
    ShareSettings,
    counted,
    forecast_city_total,
    refuse_too_short,
    short_history,
)
from monitoring import GateReport
from monitoring.audits.result import AuditResult
from training.backtests import Plan, Scores, judge, keep_sheet, log_experiment, rare_models, sheet_of
from training.candidates.city_history import city_history
from training.candidates.gates import judge_gates, log_gates, settings_sha256
from training.candidates.learned import learned
from training.oversight import report_of_training
from training.runs import Run, tracked_run

BACKTEST_PERIODS = 12
BACKTEST_REFIT_EVERY = 4
"""Origins between refits in the backtest that comes with training: enough to judge the recipe, and quick."""
BACKTEST_MODELS = ("mean_12", "ewma", RECIPE)
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
    record: TrainedModel
    remarks: tuple[str, ...]
    """What the model goes without for want of counts, and what its backtest left out, in sentences."""


def train(
    workspace: Workspace,
    target: str,
    *,
    as_of: date | None = None,
    today: date,
    by: str = "",
    trials: int = 0,
    champion: str | None = None,
    progress: bool = True,
    enter: Callable[[TrainedModel], object] = lambda _: None,
) -> Trained:
    """Train one target on what was known on ``as_of`` (by default as issuing does: today, or the replayed day).

    Nothing is proposed: the model is registered as a draft. Who trained it, if named in ``by``, cannot approve it.
    ``enter`` takes what is said of the model right after it was registered, one training at a time; a model whose
    record was not entered into the ledger can never be approved, and where ``enter`` raises the run has failed.
    ``trials`` settings of the recipe are tried on the past before each of its fits. ``champion`` is the run of the
    model in use, with which the report compares this one.
    """
    settings = workspace.settings
    _refuse_companion(settings, target)
    door = load_door(workspace)
    geography = load_geography(workspace, door.geography)
    day = as_of or (door.newest_counts_published_on(today) if settings.forecast.replay else today)
    panel = door.view(day).for_target(target)
    judged = issued_horizons(panel.last, day, settings.forecast.periods_ahead)
    horizons = range(1, max(settings.forecast.periods_ahead + HORIZONS_BEYOND, *judged) + 1)
    plan = training_plan(settings, target, panel, trials, horizons=judged)
    known = [publication for publication in door.publications if publication.id in panel.publications]
    parameters = _parameters(settings, plan, door, day, horizons)
    with tracked_run(workspace, "train", f"{target} {panel.last}", parameters, known) as run:
        local = geography.only(panel.areas)
        with tempfile.TemporaryDirectory() as scratch:
            recipe = RecipeForecaster(settings.holidays, ShareSettings(seed=settings.seed, trials=trials))
            fitted, fits = _fit_twice(recipe, panel, target, local, horizons, Path(scratch))
            run.document([trial.to_dict() for trial in fitted.trials], "tuning.json")
            from_what = partial(learned, settings, recipe, fitted, panel)
            backtest, scores, fairness = judge(workspace, door, geography, plan, learned=from_what, progress=progress)
            remarks = (*short_history(panel, target, min(plan.horizons), recipe.share), *backtest.remarks)
            log_experiment(run, backtest, scores, fairness, remarks)
            city = city_history(door, settings, backtest)
            gates = judge_gates(settings, backtest, fairness, last_known=panel.last, as_of=day, fits=fits, city=city)
            tags = _tags(run, door, panel, fairness, by)
            tags |= {JUDGED_HORIZONS_TAG: horizons_text(judged), GATES_SHA256_TAG: log_gates(run, gates)}
            about = (workspace, run.run_id, "train", backtest, scores, fairness)
            sheet = sheet_of(*about, remarks=remarks, gates=gates, publications=known)
            with locked(workspace.locks / "registering.lock"):
                model = registry.register(
                    workspace,
                    target=target,
                    saved_model=Path(scratch) / FIRST_FIT,
                    sha256=fits[0],
                    example=_example_rows(fitted, panel),
                    tags=tags,
                )
                report = report_of_training(workspace, run.run_id, today=today, champion=champion)
                sheet_sha256 = keep_sheet(workspace, run, sheet, report)
                record = _record(target, model.version, fits[0], tags, gates, parameters, known, sheet_sha256)
                enter(record)
    return Trained(model, day, panel.last, scores, fairness, gates, record, remarks)


def _parameters(settings: Settings, plan: Plan, door: AsOfDoor, day: date, horizons: range) -> dict[str, str]:
    return plan.parameters() | {
        "as_of": str(day),
        "geography": door.geography,
        "horizons_judged": ", ".join(map(str, plan.horizons)),
        "horizons_learned": ", ".join(map(str, horizons)),
        "settings_sha256": settings_sha256(settings),
    }


def _refuse_companion(settings: Settings, target: str) -> None:
    settings.target(target)
    if target not in settings.forecast_targets():
        raise BadInput(f"The target '{target}' is a companion series.", remedy="Set forecast = true to forecast it.")


def training_plan(
    settings: Settings, target: str, panel: Panel, trials: int = 0, *, horizons: Sequence[int] | None = None
) -> Plan:
    """The newest year of what was known, or as much of it as leaves ``models.recipe.history.SHORTEST`` to learn from.

    ``panel`` is a ``Panel.for_target``; ``horizons`` are those that are issued, by default as many as periods ahead.
    Raises ``UnusableForecaster`` where no period is left.
    """
    judged = tuple(range(1, settings.forecast.periods_ahead + 1) if horizons is None else horizons)
    first = max(panel.last.shift(1 - BACKTEST_PERIODS), _first_to_judge(panel, target, max(judged)))
    return Plan(
        target=target,
        first=first,
        last=panel.last,
        horizons=judged,
        models=(*BACKTEST_MODELS, *rare_models(settings, target)),
        view=ViewMode.AS_OF,
        seed=settings.seed,
        refit_every=BACKTEST_REFIT_EVERY,
        trials=trials,
    )


def _first_to_judge(panel: Panel, target: str, horizon: int) -> Period:
    """The first period before which, ``horizon`` periods earlier, enough was known to learn from."""
    refuse_too_short(panel, target)
    known = np.cumsum((~np.isnan(panel.of(target))).any(axis=0))
    enough = int(np.argmax(known >= SHORTEST[panel.frequency]))
    first = panel.first.shift(enough + horizon)
    if first > panel.last:
        more = first - panel.last
        raise UnusableForecaster(
            f"'{target}' is known for {counted(int(known[-1]), panel.frequency)}, too few to train: "
            f"{SHORTEST[panel.frequency]} to learn from and {horizon} ahead leave none to judge the model by.",
            remedy=f"Ingest {counted(more, panel.frequency)} more of it with: wardcast ingest",
        )
    return first


def _tags(run: Run, door: AsOfDoor, panel: Panel, fairness: AuditResult, by: str) -> dict[str, str]:
    tags = {
        RUN_ID_TAG: run.run_id,
        "geography": door.geography,
        "last_known": str(panel.last),
        **code_version().tags(),
        REPORT_SHA256_TAG: hashlib.sha256((fairness.to_json() + "\n").encode()).hexdigest(),
    }
    return tags | ({TRAINED_BY_TAG: by.strip()} if by.strip() else {})


def _record(
    target: str,
    version: int,
    sha256: str,
    tags: Mapping[str, str],
    gates: GateReport,
    parameters: Mapping[str, object],
    known: Sequence[Publication],
    sheet_sha256: str,
) -> TrainedModel:
    """What the training itself knew: nothing is read back from the registry but the number that it gave."""
    return TrainedModel(
        target=target,
        version=version,
        run_id=tags[RUN_ID_TAG],
        sha256=sha256,
        report_sha256=tags[REPORT_SHA256_TAG],
        gates_sha256=tags[GATES_SHA256_TAG],
        gates=dict(gates.verdicts),
        trained_by=tags.get(TRAINED_BY_TAG),
        as_of=str(parameters["as_of"]),
        last_known=tags["last_known"],
        geography=tags["geography"],
        publications={one.id: one.content_sha256 for one in known},
        settings_sha256=str(parameters["settings_sha256"]),
        sheet_sha256=sheet_sha256,
    )


def _fit_twice(
    recipe: RecipeForecaster,
    panel: Panel,
    target: str,
    geography: Geography,
    horizons: Sequence[int],
    folder: Path,
) -> tuple[FittedRecipe, tuple[str, str]]:
    """The fitted recipe, saved under ``FIRST_FIT``, and the sha256 of it and of a second fit with the same seed."""
    fitted = recipe.fit(panel, target, geography, horizons)
    again = recipe.fit(panel, target, geography, horizons)
    return fitted, (save_model(fitted, folder / FIRST_FIT), save_model(again, folder / "second_fit"))


def _example_rows(fitted: FittedRecipe, panel: Panel) -> pd.DataFrame:
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
