"""Reasons add up to the forecast, tell what was planted, and survive a change of model."""

from __future__ import annotations

import doctest
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from contracts import Frequency, Period, ReasonGroup, Workspace
from contracts.tables import REASONS, check
from features import Geography, Panel, ShareFeatures, build_share_features, load_door, load_geography
from features.building.near_repeat import component_names
from models import load_saved_model, save_model
from models.recipe import reasons
from models.recipe.area_share import ShareModel, ShareSettings
from models.recipe.reasons import CityChange, Reasons, group_of, reasons_of, usual_share
from models.recipe.recipe import FittedRecipe, RecipeForecaster

TARGET = "violence"
HORIZONS = (1, 2, 3)
EXACT = 1e-6
"""Crimes by which the sum may miss the forecast."""


def test_examples_hold() -> None:
    assert doctest.testmod(reasons).failed == 0


@dataclass(frozen=True)
class Explained:
    """A fitted model with what it forecast and why."""

    panel: Panel
    geography: Geography
    fitted: FittedRecipe
    means: np.ndarray
    reasons: Reasons


def explained(panel: Panel, geography: Geography, *, rounds: int = 80) -> Explained:
    champion = RecipeForecaster(share=ShareSettings(rounds=rounds))
    fitted = champion.fit(panel, panel.targets[0], geography, HORIZONS)
    return Explained(panel, geography, fitted, fitted.predict(panel, HORIZONS).mean, fitted.explain(panel, HORIZONS))


@pytest.fixture(scope="module")
def months(small_workspace: Workspace) -> Explained:
    panel = load_door(small_workspace).outcomes().for_target(TARGET)
    geography = load_geography(small_workspace, small_workspace.settings.geography)
    champion = RecipeForecaster().fit(panel, TARGET, geography, HORIZONS)
    means = champion.predict(panel, HORIZONS).mean
    return Explained(panel, geography, champion, means, champion.explain(panel, HORIZONS))


def square_city(side: int) -> Geography:
    """``side × side`` areas in one district, each beside up to eight others."""
    row, column = np.divmod(np.arange(side * side), side)
    apart = np.maximum(np.abs(row[:, None] - row), np.abs(column[:, None] - column))
    codes = [f"C{index:03d}" for index in range(side * side)]
    areas = pd.DataFrame({"area": codes, "name": codes, "parent": "D", "area_km2": 1.0})
    areas = areas.assign(longitude=column / 100.0, latitude=row / 100.0)
    adjacency = sparse.csr_array((apart == 1).astype(float))
    return Geography("cells", areas, pd.DataFrame(index=areas["area"]), adjacency, np.zeros((len(codes), 1)), Path())


def panel_of(
    geography: Geography,
    counts: np.ndarray,
    frequency: Frequency = Frequency.MONTH,
    targets: tuple[str, ...] = (TARGET,),
) -> Panel:
    return Panel(
        as_of=date(2030, 1, 1),
        geography=geography.name,
        frequency=frequency,
        targets=targets,
        areas=geography.codes,
        first=Period.parse("2016-02-01" if frequency is not Frequency.MONTH else "2016-01", frequency),
        counts=np.repeat(counts[None].astype(float), len(targets), axis=0),
        settled=np.zeros((len(targets), counts.shape[1]), dtype=bool),
        publications=(),
    )


def test_the_reasons_of_every_area_and_horizon_add_up_to_its_forecast(months: Explained) -> None:
    assert months.reasons.crimes.shape[:2] == months.means.shape
    np.testing.assert_allclose(months.reasons.crimes.sum(axis=2), months.means, rtol=0, atol=EXACT)
    assert set(months.reasons.groups) == set(ReasonGroup) - {ReasonGroup.WEEKDAY, ReasonGroup.BALANCE}


@pytest.mark.parametrize("frequency", [Frequency.WEEK, Frequency.DAY, Frequency.SHIFT])
def test_they_add_up_in_weeks_days_and_shifts(frequency: Frequency) -> None:
    geography = square_city(6)
    generator = np.random.default_rng(5)
    counts = generator.poisson(generator.gamma(2.0, 0.2, (36, 1)), (36, 170))
    found = explained(panel_of(geography, counts, frequency), geography, rounds=20)
    np.testing.assert_allclose(found.reasons.crimes.sum(axis=2), found.means, rtol=0, atol=EXACT)
    assert (ReasonGroup.WEEKDAY in found.reasons.groups) == (frequency is not Frequency.WEEK)


def test_over_the_city_only_its_total_moves(months: Explained) -> None:
    """A reason for a share moves crimes from area to area; what is usual adds up to the mean of the past year."""
    city = {group: months.reasons.of(group).sum(axis=1) for group in ReasonGroup}
    for group in (ReasonGroup.RECENT_TREND, ReasonGroup.NEIGHBOURS, ReasonGroup.OTHER_OFFENCES):
        np.testing.assert_allclose(city[group], 0.0, atol=1e-9)
    usual = months.panel.of(TARGET).sum(axis=0)[-12:].mean()
    np.testing.assert_allclose(city[ReasonGroup.USUAL_LEVEL], usual, rtol=1e-9)
    moved = city[ReasonGroup.CITY_LEVEL] + city[ReasonGroup.SEASON]
    np.testing.assert_allclose(moved, months.means.sum(axis=1) - usual, rtol=1e-9)


def test_contributions_are_those_of_the_boosters_raw_score(months: Explained) -> None:
    model = months.fitted.share_model
    features = model.features(months.panel, TARGET, months.geography)
    newest = len(features.ordinals) - 1
    for horizon in HORIZONS:
        contributions = model.contributions(features, newest, horizon)
        assert contributions.shape == (len(months.panel.areas), len(features.names) + 1)
        boosted = features.base_share[:, newest] * np.exp(contributions.sum(axis=1))
        np.testing.assert_allclose(boosted / boosted.sum(), model.share(features, newest, horizon), rtol=1e-9)


def test_a_model_that_was_saved_gives_the_same_reasons(months: Explained, tmp_path: Path) -> None:
    loaded = load_saved_model(tmp_path / "model", save_model(months.fitted, tmp_path / "model"))
    again = loaded.explain(months.panel, months.geography, HORIZONS)
    assert again.groups == months.reasons.groups
    np.testing.assert_allclose(again.crimes, months.reasons.crimes, rtol=0, atol=1e-9)


def test_the_table_keeps_its_contract_and_refuses_another_forecast(months: Explained) -> None:
    table = check(months.reasons.rows(months.panel, TARGET, HORIZONS, months.means), REASONS)
    for row, horizon in enumerate(HORIZONS):
        sums = table[table["horizon"] == horizon].groupby("area")["crimes"].sum()
        np.testing.assert_allclose(sums[list(months.panel.areas)], months.means[row], rtol=0, atol=EXACT)
    assert list(table["period"].dt.strftime("%Y-%m").unique()) == ["2025-01", "2025-02", "2025-03"]
    other = months.means.copy()
    other[1, 4] += 2e-6
    with pytest.raises(ValueError, match="differ from the forecast by up to 2e-06"):
        months.reasons.rows(months.panel, TARGET, HORIZONS, other)


def shocks_beside(geography: Geography, periods: int) -> np.ndarray:
    """Counts that are doubled in the month after something happened next door, and for nothing of their own."""
    generator = np.random.default_rng(3)
    size = len(geography.codes)
    shocked = generator.random((size, periods)) < 0.03
    shocked[size // 2 + 5, -1] = True
    beside = np.zeros(shocked.shape, dtype=bool)
    beside[:, 1:] = (geography.adjacency @ shocked[:, :-1].astype(float)) > 0
    return generator.poisson(60.0 * np.where(shocked, 6.0, 1.0) * np.where(beside, 2.0, 1.0))


def wandering_shares(geography: Geography, periods: int) -> np.ndarray:
    """Counts of areas that each go their own way, and keep the way they go."""
    generator = np.random.default_rng(4)
    steps = generator.normal(0.0, 0.12, (len(geography.codes), periods))
    return generator.poisson(60.0 * np.exp(np.cumsum(steps, axis=1) * 0.7))


@pytest.mark.parametrize(
    ("planted", "group"),
    [(shocks_beside, ReasonGroup.NEIGHBOURS), (wandering_shares, ReasonGroup.RECENT_TREND)],
)
def test_the_planted_effect_is_the_reason_that_matters(
    planted: Callable[[Geography, int], np.ndarray], group: ReasonGroup
) -> None:
    geography = square_city(12)
    found = explained(panel_of(geography, planted(geography, 90)), geography)
    of_shares = [other for other in found.reasons.groups if other not in (ReasonGroup.USUAL_LEVEL, group)]
    size = {other: np.abs(found.reasons.of(other)[0]).mean() for other in (group, *of_shares)}
    runner_up = max(value for other, value in size.items() if other not in (group, ReasonGroup.CITY_LEVEL))
    assert size[group] > runner_up, size


def by_hand(**other: object) -> Reasons:
    """Two areas with equal usual shares; the first one's trend makes it three times the other."""
    given = {
        "base_share": np.array([0.5, 0.5]),
        "alone": np.array([0.5, 0.5]),
        "usual": np.array([0.5, 0.5]),
        "groups": (ReasonGroup.RECENT_TREND, ReasonGroup.NEIGHBOURS),
        "contributions": [np.array([[np.log(3.0), 0.7, 0.2], [0.0, 0.7, 0.2]])],
        "shares": [np.array([0.75, 0.25])],
        "city": [CityChange(expected=120.0, usual=100.0)],
    }
    return reasons_of(**given | other)  # type: ignore[arg-type]


def test_two_areas_by_hand() -> None:
    """The share moves by ±¼ at (120 + 100) / 2 crimes, the city's 20 more at the shares halfway, ⅝ and ⅜."""
    found = by_hand()
    assert found.groups == (ReasonGroup.USUAL_LEVEL, ReasonGroup.CITY_LEVEL, ReasonGroup.RECENT_TREND)
    np.testing.assert_allclose(found.crimes[0], [[50.0, 12.5, 27.5], [50.0, 7.5, -27.5]], rtol=1e-12)


def test_what_all_areas_have_in_common_is_no_reason() -> None:
    assert np.all(by_hand().of(ReasonGroup.NEIGHBOURS) == 0.0)


def test_a_share_held_back_by_a_mixture_is_told_as_balance() -> None:
    halfway = [np.array([0.625, 0.375])]
    found = by_hand(shares=halfway)
    np.testing.assert_allclose(found.of(ReasonGroup.BALANCE)[0], [-13.75, 13.75], rtol=1e-12)
    np.testing.assert_allclose(found.crimes[0].sum(axis=1), [75.0, 45.0], rtol=1e-12)


class HeldBack(ShareModel):
    """A model that goes only two thirds of the way from its smoothed share."""

    def share(self, features: ShareFeatures, origin: int, horizon: int) -> np.ndarray:
        return (2.0 * super().share(features, origin, horizon) + features.base_share[:, origin]) / 3.0


def test_a_model_that_mixes_its_shares_adds_up_too(months: Explained) -> None:
    model = months.fitted.share_model
    held = HeldBack(**{field.name: getattr(model, field.name) for field in fields(model)})
    fitted = replace(months.fitted, share_model=held)
    found, means = fitted.explain(months.panel, HORIZONS), fitted.predict(months.panel, HORIZONS).mean
    np.testing.assert_allclose(found.crimes.sum(axis=2), means, rtol=0, atol=EXACT)
    assert np.abs(found.of(ReasonGroup.BALANCE)).max() > 0.05
    np.testing.assert_allclose(found.of(ReasonGroup.BALANCE).sum(axis=1), 0.0, atol=1e-9)


def test_the_season_of_the_city_is_told_apart_from_its_level() -> None:
    """The season alone would make 150 of 100, but 120 are expected: the level takes away."""
    found = by_hand(city=[CityChange(expected=120.0, usual=100.0, season=np.log(1.5))])
    weight = 20.0 / np.log(1.2)
    season = weight * np.log(1.5) * np.array([0.625, 0.375])
    np.testing.assert_allclose(found.of(ReasonGroup.SEASON)[0], season, rtol=1e-12)
    np.testing.assert_allclose(found.of(ReasonGroup.CITY_LEVEL)[0], [12.5, 7.5] - season, rtol=1e-12)


def test_a_city_without_crime_in_the_past_year_has_reasons_too() -> None:
    found = by_hand(city=[CityChange(expected=8.0, usual=0.0, season=0.3)])
    np.testing.assert_allclose(found.crimes[0].sum(axis=1), [6.0, 2.0], rtol=1e-12)
    assert found.groups[0] is ReasonGroup.USUAL_LEVEL


def test_the_order_of_the_areas_does_not_matter() -> None:
    generator = np.random.default_rng(8)
    size, order = 40, generator.permutation(40)
    usual, contributions = generator.dirichlet(np.ones(size)), generator.normal(0, 0.4, (size, 3))
    share = usual * np.exp(contributions.sum(axis=1))
    share /= share.sum()

    def of(areas: np.ndarray) -> np.ndarray:
        given = dict.fromkeys(("base_share", "alone", "usual"), usual[areas]) | {"shares": [share[areas]]}
        return by_hand(**given, contributions=[contributions[areas]]).crimes[0]

    np.testing.assert_allclose(of(order), of(np.arange(size))[order], rtol=1e-9)


def only(component: str) -> tuple[float, ...]:
    """The mixture of one component."""
    return tuple(float(name == component) for name in component_names())


def test_a_share_that_forgets_fast_is_told_from_the_share_of_the_year() -> None:
    counts = np.full((9, 60), 30.0)
    counts[0, -3:] = 90.0
    share = counts / counts.sum(axis=0)
    alone = share[:, -1]
    np.testing.assert_array_equal(usual_share(share, alone, only("own_3_years"), 12), alone)
    usual = usual_share(share, alone, only("own_6_weeks"), 12)
    year = (9 * (30 / 270) + 3 * (90 / 330)) / 12
    floor = 0.005 / 9
    assert usual[0] == pytest.approx((year + floor) / 1.005)
    assert usual.sum() == pytest.approx(1.0)
    moved = by_hand(base_share=alone, alone=alone, usual=usual, contributions=[np.zeros((9, 3))], shares=[alone])
    assert moved.of(ReasonGroup.RECENT_TREND)[0, 0] > 5.0


def test_what_the_areas_around_make_of_the_smoothed_share_is_told_as_neighbours() -> None:
    """Alone the first area has half of the city, with those around it three quarters."""
    around = np.array([0.75, 0.25])
    found = by_hand(base_share=around, contributions=[np.zeros((2, 3))], shares=[around])
    np.testing.assert_allclose(found.of(ReasonGroup.NEIGHBOURS)[0], [27.5, -27.5], rtol=1e-12)
    assert ReasonGroup.RECENT_TREND not in found.groups


def test_a_feature_without_a_word_is_refused() -> None:
    assert group_of("own_share_fast", (TARGET,)) is ReasonGroup.RECENT_TREND
    assert group_of("robbery_level", (TARGET, "robbery")) is ReasonGroup.OTHER_OFFENCES
    for name in ("robbery_level", "planted_trend", "own_something"):
        with pytest.raises(ValueError, match=f"'{name}' belongs to no group"):
            group_of(name, (TARGET,))


@pytest.mark.parametrize("frequency", list(Frequency))
def test_every_feature_of_the_recipe_has_a_word(frequency: Frequency) -> None:
    geography = square_city(4)
    counts = np.random.default_rng(2).poisson(3.0, (16, 80))
    panel = panel_of(geography, counts, frequency, targets=(TARGET, "robbery"))
    mixture = (1.0 / len(component_names()),) * len(component_names())
    features: ShareFeatures = build_share_features(panel, TARGET, geography, mixture=mixture)
    groups = {group_of(name, panel.targets) for name in features.names}
    expected = set(ReasonGroup) - {ReasonGroup.CITY_LEVEL, ReasonGroup.BALANCE, ReasonGroup.WEEKDAY}
    assert groups == expected | ({ReasonGroup.WEEKDAY} if "own_weekday" in features.names else set())
