"""Saved models: what was saved is what is loaded, and what was damaged is refused before it can do harm."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from benchmarks.damaged_models import cut_short, flip_a_digit, make_leaves_nan, name_another_feature
from contracts import BadInput, MissingThing, RefusedAction, Workspace, sha256_of_folder
from features import Geography, Panel, load_door, load_geography
from models import load_saved_model, save_model
from models.recipe.recipe import FittedRecipe, RecipeForecaster
from models.saved import saved_model
from models.saved.saved_model import MODEL_FILE

TARGET = "violence"


@pytest.fixture(scope="module")
def panel(small_workspace: Workspace) -> Panel:
    return load_door(small_workspace).outcomes().for_target(TARGET)


@pytest.fixture(scope="module")
def geography(small_workspace: Workspace) -> Geography:
    return load_geography(small_workspace, small_workspace.settings.geography)


@pytest.fixture(scope="module")
def fitted(panel: Panel, geography: Geography) -> FittedRecipe:
    return RecipeForecaster().fit(panel, TARGET, geography, (1, 2))


@pytest.fixture
def folder(fitted: FittedRecipe, tmp_path: Path) -> Path:
    save_model(fitted, tmp_path / "model")
    return tmp_path / "model"


def test_what_was_saved_is_what_is_loaded(
    folder: Path, fitted: FittedRecipe, panel: Panel, geography: Geography
) -> None:
    loaded = load_saved_model(folder, sha256_of_folder(folder))
    before, after = fitted.predict(panel, (1, 2)), loaded.predict(panel, geography, (1, 2))
    np.testing.assert_allclose(after.mean, before.mean, rtol=1e-12)
    np.testing.assert_allclose(after.dispersion, before.dispersion, rtol=1e-12)


def test_a_model_saved_before_areas_had_factors_still_loads(
    folder: Path, fitted: FittedRecipe, panel: Panel, geography: Geography
) -> None:
    description = json.loads((folder / MODEL_FILE).read_text())
    assert set(description.pop("area_factors")) == set(panel.areas)
    (folder / MODEL_FILE).write_text(json.dumps(description))
    loaded = load_saved_model(folder, sha256_of_folder(folder))
    assert (loaded.share_model.factors(panel.areas) == 1.0).all()
    np.testing.assert_allclose(
        loaded.predict(panel, geography, (1,)).mean, fitted.predict(panel, (1,)).mean, rtol=1e-12
    )


def test_nothing_in_it_is_a_pickle(folder: Path) -> None:
    for path in folder.iterdir():
        path.read_text(encoding="utf-8")
        assert path.suffix in {".txt", ".json"}


def test_a_flipped_digit_is_refused(folder: Path) -> None:
    recorded = sha256_of_folder(folder)
    flip_a_digit(folder)
    assert sha256_of_folder(folder) != recorded
    with pytest.raises(BadInput, match="not the one that was recorded"):
        load_saved_model(folder, recorded)


@pytest.mark.parametrize("kept", [0.2, 0.6, 0.95])
def test_a_truncated_model_is_refused_though_its_sha256_was_recorded(folder: Path, kept: float) -> None:
    cut_short(folder, kept)
    with pytest.raises(BadInput, match="is damaged"):
        load_saved_model(folder, sha256_of_folder(folder))


def test_leaves_that_are_not_numbers_are_refused(folder: Path) -> None:
    make_leaves_nan(folder)
    with pytest.raises(BadInput, match="gives shares that are not finite"):
        load_saved_model(folder, sha256_of_folder(folder))


def test_another_schema_is_refused(folder: Path) -> None:
    name_another_feature(folder)
    with pytest.raises(BadInput, match="other features"):
        load_saved_model(folder, sha256_of_folder(folder))


def test_a_missing_model_is_told(folder: Path) -> None:
    shutil.rmtree(folder)
    with pytest.raises(MissingThing, match="no saved model"):
        load_saved_model(folder, "0" * 64)


def test_a_model_that_takes_too_long_to_be_looked_at_is_told_in_one_line(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine that slept or is busy says nothing of the model."""
    monkeypatch.setattr(saved_model, "_PROBE_SECONDS", 0.01)
    with pytest.raises(RefusedAction, match=r"could not be looked at within 0\.01 seconds") as told:
        load_saved_model(folder, sha256_of_folder(folder))
    assert "nothing is known to be wrong with the model" in told.value.remedy
