"""Settings are tried on the past alone, the same ones with the same seed, and the chosen ones are the best there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from contracts import BadInput, Workspace
from features import Geography, Panel, load_door, load_geography
from models.recipe.area_share import ShareSettings
from models.recipe.recipe import RecipeForecaster
from models.recipe.tuning import tune_share

TARGET = "violence"
START = ShareSettings(rounds=30, trials=3)


@pytest.fixture(scope="module")
def geography(small_workspace: Workspace) -> Geography:
    whole = load_geography(small_workspace, small_workspace.settings.geography)
    return whole.only(whole.codes[:20])


@pytest.fixture(scope="module")
def panel(small_workspace: Workspace, geography: Geography) -> Panel:
    return load_door(small_workspace).outcomes().for_target(TARGET).only(geography.codes)


def test_the_given_settings_are_tried_and_the_best_come_first(panel: Panel, geography: Geography) -> None:
    tried = tune_share(panel, TARGET, geography, (1,), START)
    assert len(tried) == START.trials + 1
    assert START in [trial.settings for trial in tried]
    assert [trial.deviance for trial in tried] == sorted(trial.deviance for trial in tried)
    assert tried == tune_share(panel, TARGET, geography, (1,), START)


def test_what_is_tried_depends_on_the_past_alone(panel: Panel, geography: Geography) -> None:
    """The counts after the panel's end never reach it; and those of the judged year do decide."""
    tried = tune_share(panel, TARGET, geography, (1,), START)
    counts = panel.counts.copy()
    counts[..., -12:] = np.random.default_rng(1).permuted(counts[..., -12:], axis=1)
    other = tune_share(replace(panel, counts=counts), TARGET, geography, (1,), START)
    assert [trial.deviance for trial in other] != [trial.deviance for trial in tried]


def test_the_champion_is_fitted_with_the_best_settings(panel: Panel, geography: Geography) -> None:
    tuned = RecipeForecaster(share=START).fit(panel, TARGET, geography, (1,))
    best = replace(tuned.trials[0].settings, trials=0)
    plain = RecipeForecaster(share=best).fit(panel, TARGET, geography, (1,))
    assert plain.trials == ()
    np.testing.assert_array_equal(tuned.predict(panel, (1,)).mean, plain.predict(panel, (1,)).mean)


def test_a_history_without_a_year_to_spare_is_refused_with_a_remedy(panel: Panel, geography: Geography) -> None:
    with pytest.raises(BadInput, match="too few"):
        tune_share(panel.until(panel.first.shift(13)), TARGET, geography, (1,), START)
