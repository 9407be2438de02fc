"""A small simulated city whose models are trained once and registered, approved and issued many times over.

Every version has other leaves, so the scores of no two issued forecasts are the same.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import pandas as pd

from benchmarks.damaged_models import change_leaves, flip_a_digit
from contracts import SETTINGS_FILE, GateLimits, TrainedModel, Workspace, sha256_of_folder
from contracts.run_files import GATES_FILE, GATES_SHA256_TAG, REPORT_SHA256_TAG, SHA256_TAG, TRAINED_BY_TAG
from features import Geography, Panel, load_door, load_geography
from features.simulation import small_city
from models import registry, save_model
from models.recipe.area_share import ShareSettings
from models.recipe.recipe import RecipeForecaster
from models.saved.registry import RegisteredModel
from monitoring import GateFinding, GateReport, GateResult
from service.board.trained import enter_trained
from service.ledger.ledger import open_ledger, sha256_of
from service.workspaces.setup import make_simulated_workspace
from training.runs.tracking import tracked_run

SEED = 7
TRAINER = "Tess Trainer"
HORIZONS = range(1, 5)
STEP = 0.002
"""By how much of itself a leaf differs from that of the version before."""
UNRECORDED = flip_a_digit
"""The damage that a sha256 alone can tell, done after the approval; of the others the sha256 itself is recorded."""
NO_REPORT = "0" * 64
_PASSED = GateFinding("the city", "pass", "deviance over that of ewma", 0.9, 0.8, 0.95)
GATES = GateReport((GateResult("skill", (_PASSED,)),), GateLimits(), "0" * 64, horizons=tuple(range(1, 13))).to_json()
"""What the gates of these models say: made up, as no run judged them, so that they can be approved and issued."""


@dataclass(frozen=True)
class FaultCity:
    """A workspace with trained models, and copies of them to register."""

    workspace: Workspace
    trained: dict[str, Path]
    examples: dict[str, pd.DataFrame]

    @property
    def targets(self) -> tuple[str, ...]:
        """What is forecast."""
        return tuple(self.trained)

    def register(self, target: str, number: int, damage: Callable[[Path], None] | None = None) -> RegisteredModel:
        """Register the ``number``-th variant of a target's model as a draft, whole or damaged, with its entry.

        The entry holds the sha256 of the files as they are then: a model may have been damaged before it was trained.
        """
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch) / "saved_model"
            shutil.copytree(self.trained[target], folder)
            for booster in sorted(folder.glob("*.txt")):
                change_leaves(booster, lambda leaf: repr(float(leaf) * (1 + STEP * number)))
            with tracked_run(self.workspace, "train", f"{target} {number}", {"variant": number}, ()) as run:
                run.text(GATES, GATES_FILE)
                tags = {REPORT_SHA256_TAG: NO_REPORT, GATES_SHA256_TAG: sha256_of(GATES)}
                model = registry.register(
                    self.workspace,
                    target=target,
                    saved_model=folder,
                    sha256=sha256_of_folder(folder),
                    example=self.examples[target],
                    tags={TRAINED_BY_TAG: TRAINER, **tags},
                )
        whole = model if damage is None else self._damaged(model, damage)
        self._enter(whole)
        return whole

    def _damaged(self, model: RegisteredModel, damage: Callable[[Path], None]) -> RegisteredModel:
        """The same version with other files in the store, and with their sha256.

        MLflow reads a model while it is logged, and so would crash on one that was damaged before.
        """
        from mlflow import MlflowClient

        damage(model.folder)
        url, name = self.workspace.tracking_url, f"wardcast-{model.target}"
        recorded = sha256_of_folder(model.folder)
        MlflowClient(url, url).set_model_version_tag(name, str(model.version), SHA256_TAG, recorded)
        return registry.version(self.workspace, model.target, model.version)

    def _enter(self, model: RegisteredModel) -> None:
        """What a training says of its model; these have no report."""
        trained = TrainedModel(
            target=model.target,
            version=model.version,
            run_id=model.run_id,
            sha256=model.sha256,
            report_sha256=NO_REPORT,
            gates_sha256=sha256_of(GATES),
            gates={"skill": "pass"},
            trained_by=TRAINER,
            as_of=str(date.today()),
            last_known="",
            geography=self.workspace.settings.geography,
            publications={},
            settings_sha256="",
        )
        ledger = open_ledger(self.workspace)
        try:
            enter_trained(ledger, trained)
        finally:
            ledger.close()


def make_fault_city(root: Path, targets: Sequence[str], *, ledger_url: str = "", tracking_url: str = "") -> FaultCity:
    """Simulate the city, and fit and save a model of each target. Nothing is registered yet."""
    make_simulated_workspace(root, SEED, lambda _: None, replace(small_city(), first_month="2020-01", months=60))
    settings = root / SETTINGS_FILE
    settings.write_text(_settings(settings.read_text(encoding="utf-8"), targets, ledger_url, tracking_url))
    workspace = Workspace(root)
    door = load_door(workspace)
    geography = load_geography(workspace, door.geography)
    view = door.view(door.newest_counts_published_on(date.today()))
    trained, examples = {}, {}
    for target in targets:
        trained[target] = root / "trained" / target
        examples[target] = _train(workspace, view.for_target(target), target, geography, trained[target])
    return FaultCity(workspace, trained, examples)


def _train(workspace: Workspace, panel: Panel, target: str, geography: Geography, folder: Path) -> pd.DataFrame:
    """Fit and save one model, and return rows of the shape that MLflow is told."""
    settings = workspace.settings
    recipe = RecipeForecaster(settings.holidays, ShareSettings(seed=settings.seed))
    fitted = recipe.fit(panel, target, geography.only(panel.areas), HORIZONS)
    save_model(fitted, folder)
    columns = [*fitted.share_model.feature_names, "base_share", "city_total", "dispersion_factor", "horizon"]
    return pd.DataFrame(1.0, index=range(registry.EXAMPLE_ROWS), columns=columns)


def _settings(text: str, targets: Sequence[str], ledger_url: str, tracking_url: str) -> str:
    for name, url in (("ledger_url", ledger_url), ("tracking_url", tracking_url)):
        text = re.sub(rf'^{name} = ""$', f'{name} = "{url}"', text, flags=re.MULTILINE)
    for unused in {"demand", "violence", "robbery"} - set(targets):
        text = text.replace(f"[targets.{unused}]\n", f"[targets.{unused}]\nforecast = false\n")
    return text
