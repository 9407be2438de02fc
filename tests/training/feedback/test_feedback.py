"""The simulated deployment: what an uplift can and cannot do, and that it runs on the recipe that is deployed."""

from __future__ import annotations

import doctest
import itertools
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from contracts import FlagSettings, Settings
from features.building.lags import ewma
from features.simulation import SimulatedCityParameters, small_city
from models.recipe import recipe as champion
from models.recipe.area_share import ShareSettings
from models.recipe.city_total import CityForecast
from models.recipe.recipe import RecipeForecaster
from monitoring import Estimate, Flags
from service.cli import wardcast
from service.workspaces.setup import make_workspace
from training.feedback import (
    Countermeasures,
    Schedule,
    Study,
    World,
    countermeasures,
    deploy,
    experiment,
    feedback_of_settings,
    make_world,
    simulate_feedback,
    write_figure,
)
from training.feedback.countermeasures import estimated_uplift, patrols
from training.feedback.deployment import TARGET, _panel
from training.feedback.study import ARMS, DEFAULT, FIRST_FLAGGED

SHORT = Schedule(history=60, weeks=26, refit_every=13, flags=FlagSettings(share=0.1))


def _parameters() -> SimulatedCityParameters:
    return replace(small_city(), months=21, break_month=10)


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(_parameters(), 3)


def _study(**changes: object) -> Study:
    return replace(Study(cities=3, schedule=SHORT, parameters=_parameters(), processes=1), **changes)  # type: ignore[arg-type]  # fields of the study


def test_weeks_hold_the_incidents_of_the_months(world: World) -> None:
    assert world.weeks >= SHORT.history + SHORT.weeks
    assert world.reported.sum() == pytest.approx((world.expected_reported * 0.55).sum(), rel=0.15)
    assert world.hidden.sum() == pytest.approx(world.expected_hidden.sum(), rel=0.1)


def test_more_presence_and_more_uplift_never_find_fewer(world: World) -> None:
    none, all_over = np.zeros(60), np.ones(60)
    found = [world.discovered(5, all_over, uplift) for uplift in (0.0, 0.25, 0.5, 1.0)]
    assert all((less <= more).all() for less, more in itertools.pairwise(found))
    assert found[-1].sum() > found[0].sum()
    np.testing.assert_array_equal(found[0], world.discovered(5, none, 1.0))
    assert found[-1].sum(axis=1).max() <= world.hidden[:, 5].max()


def test_discovery_rises_in_proportion_to_presence(world: World) -> None:
    """Summed over the weeks: half as much again at an uplift of 0.5, where no area is near the ceiling."""
    low = replace(world, detection=np.full(60, 0.3))
    found = [
        sum(low.discovered(week, np.ones(60), uplift).sum() for week in range(world.weeks)) for uplift in (0.0, 0.5)
    ]
    assert found[1] / found[0] == pytest.approx(1.5, rel=0.06)


def test_without_errors_of_labelling_a_victim_reported_target_knows_no_uplift(world: World) -> None:
    schedule = replace(SHORT, weeks=14, mislabelled_share=0.0)
    measures = Countermeasures(victim_reported_only=True)
    without, most = (deploy(world, schedule, uplift, measures, seed=7) for uplift in (0.0, 5.0))
    np.testing.assert_array_equal(without.presence, most.presence)


def test_the_order_of_shares_is_that_of_the_champion(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The city's total, which the simulation leaves out, moves every area alike."""
    monkeypatch.setattr(
        champion, "forecast_city_total", lambda *_, **__: CityForecast(np.array([321.0]), np.array([0.1]), {})
    )
    panel = _panel(world, world.reported[:, : SHORT.history].astype(float))
    fitted = RecipeForecaster(share=ShareSettings(seed=7)).fit(panel, TARGET, world.geography, (1,))
    expected = fitted.predict(panel, (1,)).mean
    own = replace(SHORT, weeks=1, mislabelled_share=0.0)
    deployed = deploy(world, own, 0.0, Countermeasures(victim_reported_only=True), seed=7)
    rule = Flags(FlagSettings(share=0.1), world.geography.codes)
    np.testing.assert_array_equal(deployed.flags[:, 0], rule.of(expected)[0])


def test_exploration_takes_its_share_of_the_patrols_and_no_more() -> None:
    generator = np.random.default_rng(1)
    ranks = np.full(40, -1.0)
    ranks[generator.permutation(40)[:8]] = np.arange(8)
    drawn = 0
    for week in range(100):
        presence, by_lot = patrols(ranks, week, generator.random(40), 0.05)
        assert presence.sum() == 8
        assert not (by_lot & (ranks >= 0)).any()
        drawn += int(by_lot.sum())
    assert drawn == 40


def test_the_worked_examples_of_the_countermeasures_hold() -> None:
    assert doctest.testmod(countermeasures).failed == 0


def test_exploration_finds_the_uplift() -> None:
    generator = np.random.default_rng(2)
    drawn = np.zeros((50, 200), dtype=bool)
    drawn[generator.integers(50, size=200), np.arange(200)] = True
    presence = drawn.astype(float)
    presence[:3] = 1.0
    drawn[:3] = False
    discovered = generator.poisson(5.0 * (1.0 + 0.8 * presence)).astype(float)
    assert estimated_uplift(discovered, presence, drawn) == pytest.approx(0.8, abs=0.12)
    assert estimated_uplift(discovered[:, :0], presence[:, :0], drawn[:, :0]) == 0.0


def test_amplification_is_one_without_uplift_and_more_with_it() -> None:
    """An uplift far beyond those of the study, in a city of few areas, so that feedback stands out of the noise."""
    study = _study(arms=(replace(ARMS[1], uplifts=(0.0, 1.0, 4.0)),))
    arm = simulate_feedback(study, lambda _: None).arms[0]
    for by_uplift in arm.amplified.values():
        assert by_uplift[0.0].factor == Estimate(1.0, 1.0, 1.0)
    factors = [one.factor.value for one in arm.amplified[FIRST_FLAGGED].values()]
    assert min(factors[1:]) > 1.2


def test_the_same_seed_gives_the_same_bytes_in_one_process_and_in_two(tmp_path: Path) -> None:
    study = _study(
        arms=tuple(replace(arm, uplifts=(0.0, 1.0)) for arm in (ARMS[0], ARMS[2])),
        cities=1,
        schedule=replace(SHORT, weeks=14),
    )
    first, again = (simulate_feedback(replace(study, processes=number), lambda _: None) for number in (1, 2))
    assert json.dumps(first.to_dict(), allow_nan=False) == json.dumps(again.to_dict(), allow_nan=False)
    for name, report in (("first", first), ("again", again)):
        write_figure(tmp_path / f"{name}.png", report)
    assert (tmp_path / "first.png").read_bytes() == (tmp_path / "again.png").read_bytes()
    assert "(95%)" in first.as_text()
    assert first.arm(DEFAULT).measures.victim_reported_only
    assert 0.5 < first.arm(DEFAULT).kept[1.0].value < 1.5


def test_the_settings_give_the_seed_and_the_flags() -> None:
    settings = Settings.model_validate(
        {
            "city": "x",
            "geography": "g",
            "seed": 5,
            "flags": {"rule": "rate", "share": 0.1},
            "offences": {"t": {"o": ["O"]}},
            "targets": {"d": {"title": "D", "offences": {"t": "all"}}},
        }
    )
    study = feedback_of_settings(settings)
    assert (study.seed, study.schedule.flags) == (5, FlagSettings(rule="rate", share=0.1))
    assert feedback_of_settings(settings, seed=9).seed == 9
    quick = feedback_of_settings(settings, quick=True)
    assert quick.cities < study.cities
    assert all(arm.uplifts == (0.0, 1.0) for arm in quick.arms)
    assert {arm.baseline for arm in quick.arms} <= {"", *(arm.name for arm in quick.arms)}


def test_smoothing_without_gaps_is_the_same_to_the_last_bit() -> None:
    """A gap in one area takes the slower way; the others must not notice."""
    values = np.random.default_rng(5).gamma(0.3, size=(30, 80))
    gappy = np.vstack([values, np.where(np.arange(80) == 7, np.nan, 1.0)])
    for alpha in (0.02, 0.3, 0.999):
        np.testing.assert_array_equal(ewma(values, alpha), ewma(gappy, alpha)[:-1])


def test_the_command_prints_one_document_and_keeps_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace = make_workspace(tmp_path / "workspace", "simulated")
    asked: dict[str, object] = {}

    def tiny(settings: Settings, **options: object) -> Study:
        asked.update(options)
        return _study(
            arms=(replace(ARMS[2], uplifts=(0.0,), baseline=""),), cities=1, schedule=replace(SHORT, weeks=13)
        )

    monkeypatch.setattr(experiment, "feedback_of_settings", tiny)
    words = ["feedback", "--json", "--quick", "--cities", "1", "--workspace", str(workspace.root)]
    done = CliRunner().invoke(wardcast, words, catch_exceptions=False)
    assert asked == {"seed": None, "cities": 1, "quick": True}
    told = json.loads(done.stdout)
    assert told["simulated"] is True
    assert told["caveat"]
    assert "Simulated city 1 of 1." in done.stderr
    files = {path.name for path in workspace.artefacts.rglob("*") if path.is_file()}
    assert {"feedback.json", "feedback.md", "feedback.png"} <= files
