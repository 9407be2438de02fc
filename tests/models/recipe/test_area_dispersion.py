import numpy as np
import pytest

from contracts import CountDistribution, sum_over
from models.dispersion import SLIGHT, Dispersion, fit_dispersion
from models.recipe.area_dispersion import shrunken_factors

LEVEL = Dispersion(float(np.log(0.1)), 0.0)
AREAS, PERIODS = 300, 72


@pytest.fixture
def means() -> np.ndarray:
    level = np.random.default_rng(1).gamma(3.0, 3.0, AREAS) + 1.0
    return np.repeat(level[:, None], PERIODS, axis=1)


def drawn(means: np.ndarray, factors: np.ndarray, seed: int = 2) -> np.ndarray:
    return CountDistribution(means, 0.1 * factors[:, None]).sample(1, seed=seed)[0].astype(float)


def test_factors_of_volatile_and_quiet_areas_are_recovered(means):
    truth = np.repeat([0.5, 1.0, 3.0], AREAS // 3)
    found = shrunken_factors(drawn(means, truth), means, LEVEL)
    for factor in (0.5, 1.0, 3.0):
        assert np.exp(np.log(found[truth == factor]).mean()) == pytest.approx(factor, rel=0.25)
    assert np.corrcoef(np.log(found), np.log(truth))[0, 1] > 0.8


def test_nothing_is_invented_where_all_areas_vary_alike(means):
    found = shrunken_factors(drawn(means, np.ones(AREAS)), means, LEVEL)
    assert np.abs(np.log(found)).max() < 0.15


def test_little_evidence_is_shrunk_to_the_level(means):
    """The same areas with four periods only: their factors lie closer to 1 than with all."""
    truth = np.repeat([0.4, 2.5], AREAS // 2)
    outcomes = drawn(means, truth)
    much = shrunken_factors(outcomes, means, LEVEL)
    little = shrunken_factors(outcomes[:, -4:], means[:, -4:], LEVEL)
    assert np.abs(np.log(little)).mean() < 0.7 * np.abs(np.log(much)).mean()
    assert (shrunken_factors(outcomes[:, :0], means[:, :0], LEVEL) == 1.0).all()


def test_missing_counts_teach_nothing_and_areas_keep_their_factor_in_any_order(means):
    outcomes = drawn(means, np.repeat([0.5, 2.0], AREAS // 2))
    outcomes[5] = np.nan
    found = shrunken_factors(outcomes, means, LEVEL)
    assert found[5] == pytest.approx(1.0)
    order = np.random.default_rng(3).permutation(AREAS)
    assert shrunken_factors(outcomes[order], means[order], LEVEL) == pytest.approx(found[order])


def test_the_level_is_fitted_beside_the_factors(means):
    factors = np.repeat([0.3, 3.0], AREAS // 2)
    level = fit_dispersion(drawn(means, factors), means, factors[:, None])
    assert level.of(np.array([5.0, 20.0])) == pytest.approx([0.1, 0.1], rel=0.1)


def test_too_few_forecasts_give_what_is_said_otherwise():
    few = np.ones((1, 29))
    assert fit_dispersion(few, few) == SLIGHT
    assert fit_dispersion(few, few, otherwise=LEVEL) == LEVEL


def test_a_series_alone_has_the_spread_of_its_own_errors_and_no_other():
    alone = LEVEL.around_city(np.array([400.0]), log_sd=0.08)
    assert np.sqrt(alone.variance) / alone.mean == pytest.approx([0.08])
    assert alone.dispersion == pytest.approx(alone.shared)


def test_the_sum_of_a_city_has_the_spread_of_its_total(means):
    mean = means[:, 0]
    city = sum_over(LEVEL.around_city(mean, log_sd=0.06), np.zeros(AREAS, dtype=np.int64), 1)
    assert np.sqrt(city.variance) / city.mean == pytest.approx([0.06])


def test_chance_alone_leaves_the_least_shared_factor():
    rare = LEVEL.around_city(np.full(4, 0.5), log_sd=0.3)
    assert rare.shared == pytest.approx(1e-4)


def test_no_dispersion_near_the_one_found_is_likelier(means):
    outcomes = drawn(means, np.ones(AREAS))
    found = fit_dispersion(outcomes, means)

    def likelihood(intercept: float, slope: float) -> float:
        return float(Dispersion(intercept, slope).around(means).log_pmf(outcomes).mean())

    best = likelihood(found.intercept, found.slope)
    for step in (-0.01, 0.01):
        assert likelihood(found.intercept + step, found.slope) < best
        assert likelihood(found.intercept, found.slope + step) < best
