"""Saved models: LightGBM's text format beside a JSON file, checked before they are used. No pickle is ever read."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import lightgbm as lgb

from contracts import BadInput, CountDistribution, MissingThing, RefusedAction, horizons_text, sha256_of_folder
from features.geographies.geography import Geography
from features.views import Panel
from models.dispersion import Dispersion
from models.recipe import FittedRecipe, Reasons, ShareModel
from models.saved.no_pickle import refuse_pickles

MODEL_FILE = "model.json"
FORMAT = 1
_PROBE_SECONDS = 120
_LAST_LINE = "end of parameters"


@dataclass(frozen=True)
class SavedModel:
    """A fitted recipe of one target, as it was saved."""

    target: str
    country: str
    share_model: ShareModel

    def predict(self, panel: Panel, geography: Geography, horizons: Sequence[int]) -> CountDistribution:
        """Distributions of shape (horizons, areas of ``panel``), in crimes per area and period.

        ``panel`` is a ``Panel.for_target`` of the model's target and ``geography`` has the same areas; horizon h is the
        h-th period after the panel's last.
        """
        self._refuse_unlearned(horizons)
        return self._at(geography).predict(panel, horizons)

    def explain(self, panel: Panel, geography: Geography, horizons: Sequence[int]) -> Reasons:
        """The reasons of what ``predict`` expects of the same panel, which they add up to."""
        self._refuse_unlearned(horizons)
        return self._at(geography).explain(panel, horizons)

    def _refuse_unlearned(self, horizons: Sequence[int]) -> None:
        """Raise ``RefusedAction`` for a horizon that the model did not learn."""
        unlearned = sorted(set(horizons) - set(self.share_model.dispersions))
        if unlearned:
            raise RefusedAction(
                f"The model of '{self.target}' learned horizons {horizons_text(sorted(self.share_model.dispersions))} "
                f"and cannot forecast horizon {unlearned[0]}.",
                remedy=f"Train on what is known now: wardcast train --target {self.target}",
            )

    def _at(self, geography: Geography) -> FittedRecipe:
        return FittedRecipe(self.target, geography, self.country, self.share_model)


def save_model(fitted: FittedRecipe, folder: Path) -> str:
    """Write the model into a new ``folder`` and return its sha256."""
    folder.mkdir(parents=True)
    model = fitted.share_model
    for horizon, booster in model.boosters.items():
        booster.save_model(folder / _booster_file(horizon))
    description = {
        "format": FORMAT,
        "recipe": "city total × boosted area share",
        "target": fitted.target,
        "country": fitted.country,
        "mixture": list(model.mixture),
        "feature_names": list(model.feature_names),
        "dispersions": {str(horizon): asdict(dispersion) for horizon, dispersion in model.dispersions.items()},
        "area_factors": model.area_factors,
    }
    (folder / MODEL_FILE).write_text(json.dumps(description, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    return sha256_of_folder(folder)


def load_saved_model(folder: Path, sha256: str) -> SavedModel:
    """The model, if it is what was recorded: the sha256 is verified, then it is probed in a subprocess.

    A damaged text model can crash the process that reads it, so this process reads it only after another one could.
    Raises ``BadInput`` that says what is wrong.
    """
    if not folder.is_dir():
        raise MissingThing(f"There is no saved model at {folder}.", remedy="Train again and approve the new model.")
    refuse_pickles(folder)
    found = sha256_of_folder(folder)
    if found != sha256:
        raise BadInput(
            f"The saved model at {folder} is not the one that was recorded: its sha256 is {found[:12]}…, "
            f"not {sha256[:12]}….",
            remedy="Restore the recorded files, or train and approve again.",
        )
    _probe(folder)
    return read_model(folder)


def _probe(folder: Path) -> None:
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    try:
        done = subprocess.run(
            [sys.executable, "-m", "models.saved.probe", str(folder)],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_PROBE_SECONDS,
            env=environment,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise RefusedAction(
            f"The saved model at {folder} could not be looked at within {_PROBE_SECONDS} seconds.",
            remedy="Run the command again when the machine is less busy; nothing is known to be wrong with the model.",
        ) from error
    if done.returncode != 0:
        reason = done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "the process that read it crashed"
        raise BadInput(f"The saved model at {folder} is damaged: {reason}.", remedy="Train and approve again.")


def read_model(folder: Path) -> SavedModel:
    """Read a model without checking it; ``load_saved_model`` is the way in."""
    description = json.loads((folder / MODEL_FILE).read_text(encoding="utf-8"))
    if description["format"] != FORMAT:
        raise BadInput(
            f"The saved model at {folder} has format {description['format']}, not {FORMAT}.", remedy="Train again."
        )
    dispersions = {int(horizon): Dispersion(**value) for horizon, value in description["dispersions"].items()}
    return SavedModel(
        target=description["target"],
        country=description["country"],
        share_model=ShareModel(
            mixture=tuple(description["mixture"]),
            boosters={h: _read_booster(folder / _booster_file(h)) for h in dispersions},
            dispersions=dispersions,
            feature_names=tuple(description["feature_names"]),
            area_factors=description.get("area_factors", {}),
        ),
    )


def _read_booster(path: Path) -> lgb.Booster:
    """LightGBM reads a file that ends early, or crashes on it: its last section must be there."""
    text = path.read_text(encoding="utf-8")
    if _LAST_LINE not in text:
        raise BadInput(f"{path} is cut short.", remedy="Train and approve again.")
    return lgb.Booster(model_str=text)


def _booster_file(horizon: int) -> str:
    return f"booster_horizon_{horizon}.txt"
