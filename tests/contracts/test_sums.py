"""Sums of areas that share a factor: hand-worked moments, and draws that agree with them."""

import numpy as np
import pytest
from scipy import stats

from contracts import BadInput, CountDistribution, coherent_draws, group_sums, sum_over

AREAS = 300
DISTRICTS = np.arange(AREAS) // 30
CITY = np.zeros(AREAS, dtype=np.int64)


@pytest.fixture(scope="module")
def forecast() -> CountDistribution:
    level = np.random.default_rng(4).gamma(2.0, 4.0, AREAS)
    return CountDistribution(level, np.array(0.12), np.array(0.04))


@pytest.fixture(scope="module")
def drawn(forecast):
    return coherent_draws(forecast, 6000, seed=8)


def test_the_variance_of_a_sum_by_hand():
    areas = CountDistribution(np.array([2.0, 3.0, 5.0]), np.array([0.5, 0.4, 0.3]), np.array(0.1))
    sums = sum_over(areas, np.array([0, 0, 1]), 2)
    assert sums.mean.tolist() == [5.0, 5.0]
    own = 0.4 * 2**2 + 0.3 * 3**2
    assert sums.variance == pytest.approx([5 + own + 0.1 * 5**2, 5 + 0.3 * 5**2])
    assert sums.shared == pytest.approx([0.1, 0.1])


def test_without_a_shared_factor_variances_add(forecast):
    independent = CountDistribution(forecast.mean, forecast.dispersion)
    assert sum_over(independent, CITY, 1).variance[0] == pytest.approx(independent.variance.sum())


def test_a_sum_of_sums_is_the_sum(forecast):
    districts = sum_over(forecast, DISTRICTS, 10)
    city = sum_over(districts, np.zeros(10, dtype=np.int64), 1)
    whole = sum_over(forecast, CITY, 1)
    assert city.mean == pytest.approx(whole.mean)
    assert city.variance == pytest.approx(whole.variance)


def test_a_sum_over_groups_of_one_changes_nothing(forecast):
    same = sum_over(forecast, np.arange(AREAS), AREAS)
    assert same.mean == pytest.approx(forecast.mean)
    assert same.dispersion == pytest.approx(forecast.dispersion)


def test_unknown_areas_are_left_out(forecast):
    known = np.arange(AREAS) < 30
    some = sum_over(forecast, CITY, 1, known=known)
    assert some.variance[0] == pytest.approx(sum_over(forecast[:30], CITY[:30], 1).variance[0])


def test_an_areas_draws_follow_its_published_distribution(forecast, drawn):
    uniforms = np.random.default_rng(1).random(drawn.shape)
    below, at = forecast.cdf(drawn - 1.0), forecast.cdf(drawn)
    pit = below + uniforms * (at - below)
    worst = max(stats.kstest(pit[:, area], "uniform").statistic for area in range(AREAS))
    assert worst < 0.04
    assert np.abs(np.sort(pit.ravel()) - np.linspace(0, 1, pit.size)).max() < 0.02


def test_draws_of_sums_have_the_variance_of_theory(forecast, drawn):
    for groups, size in ((DISTRICTS, 10), (CITY, 1)):
        theory = sum_over(forecast, groups, size)
        sums = group_sums(drawn, groups, size)
        assert sums.mean(axis=0) == pytest.approx(theory.mean, rel=0.03)
        assert sums.var(axis=0) == pytest.approx(theory.variance, rel=0.12)


def test_the_sums_distribution_has_the_quantiles_of_the_draws(forecast, drawn):
    city = sum_over(forecast, CITY, 1)
    for level in (0.05, 0.1, 0.5, 0.9, 0.95):
        assert np.quantile(drawn.sum(axis=1), level) == pytest.approx(city.quantile(level)[0], rel=0.025)


def test_a_citys_interval_from_independent_areas_is_far_too_narrow(drawn, forecast):
    alone = sum_over(CountDistribution(forecast.mean, forecast.dispersion), CITY, 1)
    total = drawn.sum(axis=1)
    inside = ((total >= alone.quantile(0.1)) & (total <= alone.quantile(0.9))).mean()
    assert inside < 0.4


def test_each_period_has_a_factor_of_its_own():
    two = CountDistribution(np.full((2, 200), 50.0), np.array(0.05), np.array(0.05))
    totals = coherent_draws(two, 4000, seed=2).sum(axis=2)
    assert abs(np.corrcoef(totals.T)[0, 1]) < 0.05


def test_the_same_seed_gives_the_same_draws(forecast):
    assert np.array_equal(coherent_draws(forecast, 20, seed=3), coherent_draws(forecast, 20, seed=3))
    assert not np.array_equal(coherent_draws(forecast, 20, seed=3), coherent_draws(forecast, 20, seed=4))


def test_what_is_shared_follows_slices_and_stacks(forecast):
    assert np.asarray(CountDistribution.stack([forecast, forecast])[1].shared) == pytest.approx(0.04)


def test_a_negative_shared_part_is_refused():
    with pytest.raises(BadInput):
        CountDistribution(np.array([1.0]), np.array([0.1]), np.array([-0.1]))
