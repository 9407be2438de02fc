"""What the audits are told of the recipe's learning, in the simulated city."""

from datetime import date

import numpy as np
import pytest

from contracts import GeographyMeaning, MissingThing
from features.geographies.geography import load_geography
from features.views.as_of import load_door
from models.recipe.area_share import ShareSettings
from models.recipe.recipe import RecipeForecaster
from service.workspaces.setup import make_simulated_workspace
from training import train
from training.backtests.auditing import groups_of
from training.candidates.learned import FOUND, RECORDED, REPORTED, learned

TODAY = date(2025, 1, 10)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    return make_simulated_workspace(tmp_path_factory.mktemp("learned") / "city", 7, lambda _: None)


@pytest.fixture(scope="module")
def told(workspace):
    door = load_door(workspace)
    panel = door.view(TODAY).for_target("demand")
    geography = load_geography(workspace, door.geography).only(panel.areas)
    recipe = RecipeForecaster(workspace.settings.holidays, ShareSettings(seed=7))
    fitted = recipe.fit(panel, "demand", geography, [1])
    areas = [*reversed(panel.areas), "nowhere"]
    return panel, fitted, learned(workspace.settings, recipe, fitted, panel, areas)


def test_signals_are_parts_of_what_is_recorded(told):
    panel, fitted, fields = told
    signals = fields["signals"]
    assert list(signals) == [RECORDED, REPORTED, FOUND]
    assert signals[REPORTED].count + signals[FOUND].count == signals[RECORDED].count == np.nansum(panel.of("demand"))
    assert signals[FOUND].count == np.nansum(panel.of("drugs"))
    recorded = fitted.predict(panel, [1]).mean[0]
    assert signals[RECORDED].means.tolist() == [*recorded[::-1], 0.0]
    assert signals[FOUND].means.sum() < 0.2 * signals[RECORDED].means.sum()


def test_features_stand_in_the_order_of_the_areas(told):
    panel, fitted, fields = told
    built = fitted.share_model.features(panel, "demand", fitted.geography)
    newest = built.rows(len(panel.periods) - 1, 1)
    assert fields["features"].shape == (len(panel.areas) + 1, len(built.names))
    assert fields["features"].iloc[0].to_numpy() == pytest.approx(newest[-1], nan_ok=True)
    assert fields["features"].iloc[-1].isna().all()


def test_a_recipe_fitted_without_a_feature_never_splits_on_it(told):
    panel, fitted, fields = told
    left_out = fitted.share_model.feature_names[0]
    share = ShareSettings(seed=7, without=(left_out,))
    booster = RecipeForecaster(share=share).fit(panel, "demand", fitted.geography, [1]).share_model.boosters[1]
    splits = dict(zip(booster.feature_name(), booster.feature_importance(), strict=True))
    assert splits[left_out] == 0
    assert sum(splits.values()) > 100
    assert fields["means_without"]([]).tolist() != fields["means_without"]([left_out]).tolist()


def test_training_audits_what_the_recipe_learned_from(workspace):
    result = train(workspace, "demand", today=TODAY, progress=False).fairness
    assert {row["signal"] for row in result.tables["signal swap"]} == {RECORDED, REPORTED, FOUND}
    assert all(0.0 <= row["flags_kept"] <= 1.0 for row in result.tables["proxy leakage"])
    assert not any("Proxy leakage" in note or "swap of the signal" in note for note in result.notes)


def test_groups_are_those_that_the_settings_name(workspace):
    geography = load_geography(workspace, load_door(workspace).geography)
    meaning = workspace.settings.geographies[geography.name]
    column = next(iter(meaning.groups.values()))
    aged = meaning.model_copy(update={"shares": {"age": {"65 and over": column}}})
    assert [one.attribute for one in groups_of(geography, aged)] == [
        "deprivation fifth",
        "ethnic group",
        "age",
        "district",
    ]
    wrong = meaning.model_copy(update={"shares": {"age": {"65 and over": "share_65"}}})
    with pytest.raises(MissingThing, match="share_65"):
        groups_of(geography, wrong)
    with pytest.raises(ValueError, match="cannot hold 'district'"):
        GeographyMeaning(shares={"district": {"north": column}})
