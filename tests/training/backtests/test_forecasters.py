"""Which forecasters a backtest compares, by name."""

from __future__ import annotations

import pytest

from contracts import BadInput, Frequency, Settings, Workspace
from contracts.settings.settings import TargetSettings
from features.store.publications import PublicationStore
from training.backtests.forecasters import (
    DEFAULT_MODELS,
    forecaster_names,
    holds_points,
    make_forecaster,
    models_for,
    needs_points,
    refit_every,
)


@pytest.fixture
def settings(small_workspace: Workspace) -> Settings:
    """The simulated city's settings, in which robbery borrows from violence."""
    plain = small_workspace.settings
    borrower = plain.targets["robbery"].model_copy(update={"borrows_from": "violence"})
    return plain.model_copy(update={"targets": plain.targets | {"robbery": borrower}})


@pytest.mark.parametrize("name", forecaster_names())
def test_every_name_makes_the_forecaster_of_that_name(name: str, settings: Settings) -> None:
    assert make_forecaster(name, settings, seed=7).name == name


def test_the_default_is_a_few_and_for_a_borrowing_target_the_rare_ones_too(settings: Settings) -> None:
    assert models_for(settings, "violence", None, with_points=False) == DEFAULT_MODELS
    rare = models_for(settings, "robbery", None, with_points=False)
    assert rare == (*DEFAULT_MODELS, "constant_rate", "pooled_rate")


def test_all_is_everything_that_applies(settings: Settings) -> None:
    assert models_for(settings, "violence", "all", with_points=True) == forecaster_names()
    without = models_for(settings, "violence", "all", with_points=False)
    assert set(forecaster_names()) - set(without) == {name for name in forecaster_names() if needs_points(name)}


def test_names_are_taken_once_and_in_order(settings: Settings) -> None:
    assert models_for(settings, "violence", " tsb, ewma,tsb,,", with_points=False) == ("tsb", "ewma")


def test_an_unknown_name_is_told_with_those_there_are(settings: Settings) -> None:
    with pytest.raises(BadInput, match="no forecaster 'prophet'") as told:
        make_forecaster("prophet", settings, seed=7)
    assert "gamma_poisson" in told.value.remedy


def test_formulas_are_always_made_anew_and_slow_models_are_not() -> None:
    assert {refit_every(name, 6) for name in ("ewma", "gamma_poisson", "tsb", "pooled_rate")} == {1}
    assert [refit_every("auto_ets", asked) for asked in (None, 1)] == [12, 1]
    assert [refit_every("lightgbm_lags", asked) for asked in (None, 4)] == [1, 4]


def test_incidents_are_looked_for_in_publications_of_the_geography_and_frequency(small_workspace: Workspace) -> None:
    stored = PublicationStore(small_workspace.publications).list()
    with_points = any((publication.folder / "points.parquet").exists() for publication in stored)
    assert holds_points(small_workspace, None, Frequency.MONTH) is with_points
    assert not holds_points(small_workspace, None, Frequency.WEEK)
    assert not holds_points(small_workspace, "elsewhere", Frequency.MONTH)


@pytest.mark.parametrize("lender", ["robbery", "arson"])
def test_a_target_borrows_from_another_that_there_is(lender: str, settings: Settings) -> None:
    targets = settings.targets | {
        "robbery": TargetSettings(**settings.targets["robbery"].model_dump() | {"borrows_from": lender})
    }
    with pytest.raises(ValueError, match=f"borrows_from of the target 'robbery' is '{lender}', which is not another"):
        Settings.model_validate(settings.model_dump() | {"targets": {n: t.model_dump() for n, t in targets.items()}})


@pytest.mark.parametrize(
    ("of", "part", "message"),
    [
        ("demand", "arson", "officer_generated of the target 'demand' is 'arson', which is not another target"),
        ("robbery", "drugs", "sums offences of .offences.incidents. that 'robbery' does not"),
    ],
)
def test_what_officers_find_is_a_part_of_the_target(of: str, part: str, message: str, settings: Settings) -> None:
    assert settings.targets["demand"].officer_generated == "drugs"
    targets = {name: target.model_dump() for name, target in settings.targets.items()}
    targets[of] |= {"officer_generated": part}
    with pytest.raises(ValueError, match=message):
        Settings.model_validate(settings.model_dump() | {"targets": targets})
