"""The negative binomial against scipy's, hand-worked numbers, draws, and sums over the probabilities themselves."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import stats

from contracts import QUANTILE_COLUMNS, QUANTILE_LEVELS, BadInput, CountDistribution

MEANS = st.floats(1e-3, 500.0)
DISPERSIONS = st.floats(1e-4, 5.0)
WIDE = np.array([(mean, dispersion) for mean in (0.01, 0.7, 7.6, 120.0, 4000.0) for dispersion in (1e-3, 0.08, 1.0)])


def _one(mean: float, dispersion: float) -> CountDistribution:
    return CountDistribution(np.array([mean]), np.array([dispersion]))


def _scipy(mean: float, dispersion: float) -> stats.rv_discrete_frozen:
    size = 1.0 / dispersion
    return stats.nbinom(size, size / (size + mean))


def _table(mean: float, dispersion: float) -> tuple[np.ndarray, np.ndarray]:
    """Counts and their probabilities, up to where nothing is left to six standard errors of rounding."""
    oracle = _scipy(mean, dispersion)
    counts = np.arange(int(oracle.isf(1e-13)) + 2)
    return counts, oracle.pmf(counts)


@settings(deadline=None)
@given(mean=MEANS, dispersion=DISPERSIONS, count=st.integers(0, 800))
def test_probabilities_are_those_of_scipy(mean: float, dispersion: float, count: int) -> None:
    ours, oracle = _one(mean, dispersion), _scipy(mean, dispersion)
    assert ours.cdf(count)[0] == pytest.approx(oracle.cdf(count), rel=1e-7, abs=1e-12)
    assert ours.log_pmf(count)[0] == pytest.approx(oracle.logpmf(count), rel=1e-6, abs=1e-7)
    assert ours.p_at_least_one()[0] == pytest.approx(oracle.sf(0), rel=1e-7)
    assert ours.variance[0] == pytest.approx(oracle.var(), rel=1e-9)


@settings(deadline=None)
@given(mean=MEANS, dispersion=DISPERSIONS, level=st.floats(0.001, 0.999))
@example(mean=1e-3, dispersion=5.0, level=0.999)
@example(mean=500.0, dispersion=5.0, level=0.999)
def test_a_quantile_is_the_smallest_count_that_reaches_its_level(mean: float, dispersion: float, level: float) -> None:
    ours = _one(mean, dispersion)
    quantile = ours.quantile(level)
    assert quantile[0] >= 0
    assert quantile[0] == int(quantile[0])
    assert ours.cdf(quantile)[0] >= level
    assert ours.cdf(quantile - 1)[0] < level


@pytest.mark.parametrize(("mean", "dispersion"), WIDE)
def test_quantiles_are_those_of_scipy(mean: float, dispersion: float) -> None:
    ours, oracle = _one(mean, dispersion), _scipy(mean, dispersion)
    assert [ours.quantile(level)[0] for level in QUANTILE_LEVELS] == [oracle.ppf(level) for level in QUANTILE_LEVELS]


def test_quantiles_of_many_areas_are_those_of_each_alone() -> None:
    together = CountDistribution(WIDE[:, 0], WIDE[:, 1]).quantiles()
    assert tuple(together) == QUANTILE_COLUMNS
    for row, (mean, dispersion) in enumerate(WIDE):
        alone = _one(mean, dispersion).quantiles()
        assert {name: values[row] for name, values in together.items()} == {k: v[0] for k, v in alone.items()}


@settings(deadline=None, max_examples=60)
@given(mean=st.floats(1e-3, 60.0), dispersion=DISPERSIONS, count=st.integers(0, 200))
def test_the_crps_is_the_sum_over_all_counts(mean: float, dispersion: float, count: int) -> None:
    """By its definition for whole numbers: Σ (F(k) − 1[y ≤ k])²."""
    oracle = _scipy(mean, dispersion)
    counts = np.arange(max(int(oracle.isf(1e-13)), count) + 2)
    by_definition = ((oracle.cdf(counts) - (counts >= count)) ** 2).sum()
    assert _one(mean, dispersion).crps(count)[0] == pytest.approx(by_definition, rel=1e-5, abs=1e-9)


@pytest.mark.parametrize(("mean", "dispersion"), [(0.02, 0.5), (3.0, 0.1), (40.0, 0.3)])
def test_the_mean_absolute_difference_is_that_of_all_pairs(mean: float, dispersion: float) -> None:
    counts, probabilities = _table(mean, dispersion)
    pairs = np.abs(counts[:, None] - counts[None, :]) * probabilities[:, None] * probabilities[None, :]
    assert _one(mean, dispersion).mean_absolute_difference()[0] == pytest.approx(pairs.sum(), rel=1e-6)


def test_the_scores_of_a_geometric_distribution_worked_by_hand() -> None:
    """Mean 1 and dispersion 1: P(k) = 2^-(k+1). CRPS at 0: Σ 4^-(k+1) = 1/3. E|X − X'| = 2·(1 − 1/3)."""
    geometric = _one(1.0, 1.0)
    assert geometric.p_at_least_one()[0] == pytest.approx(0.5)
    assert geometric.cdf(2)[0] == pytest.approx(7 / 8)
    assert geometric.log_pmf(3)[0] == pytest.approx(-4 * math.log(2))
    assert geometric.crps(0)[0] == pytest.approx(1 / 3)
    assert geometric.mean_absolute_difference()[0] == pytest.approx(4 / 3)


def test_without_dispersion_it_is_poisson() -> None:
    ours, oracle = _one(4.2, 0.0), stats.poisson(4.2)
    assert ours.cdf(3)[0] == pytest.approx(oracle.cdf(3), rel=1e-6)
    assert ours.log_pmf(3)[0] == pytest.approx(oracle.logpmf(3), abs=1e-5)  # the logarithms of Γ(10⁹) leave no more
    assert ours.quantile(0.95)[0] == oracle.ppf(0.95)
    assert ours.variance[0] == pytest.approx(4.2)


def test_the_true_distribution_scores_best() -> None:
    """Both scores are proper: on draws from a distribution, it beats one that is sharper, wider or shifted."""
    truth = CountDistribution(np.full(40_000, 6.0), np.array(0.3))
    drawn = truth.sample(1, seed=11)[0]
    others = [(6.0, 0.1), (6.0, 0.8), (5.0, 0.3), (7.2, 0.3)]
    for mean, dispersion in others:
        other = CountDistribution(np.full(40_000, mean), np.array(dispersion))
        assert truth.crps(drawn).mean() < other.crps(drawn).mean()
        assert truth.log_pmf(drawn).mean() > other.log_pmf(drawn).mean()


def test_draws_have_the_mean_and_variance_and_their_seed_repeats_them() -> None:
    distribution = CountDistribution(np.array([2.0, 30.0]), np.array([0.5, 0.05]))
    drawn = distribution.sample(60_000, seed=3)
    assert drawn.shape == (60_000, 2)
    assert drawn.mean(axis=0) == pytest.approx(distribution.mean, rel=0.02)
    assert drawn.var(axis=0) == pytest.approx(distribution.variance, rel=0.04)
    assert (drawn == distribution.sample(60_000, seed=3)).all()
    assert (drawn != distribution.sample(60_000, seed=4)).any()


def test_shapes_are_broadcast_and_kept() -> None:
    distribution = CountDistribution(np.ones((3, 5)), np.array(0.2))
    assert distribution.dispersion.shape == (3, 5)
    assert distribution.quantile(0.5).shape == (3, 5)
    assert distribution.crps(np.zeros((3, 5))).shape == (3, 5)
    assert distribution[1].mean.shape == (5,)


def test_scores_do_not_depend_on_the_order_of_the_areas() -> None:
    """More areas than one piece of the integration holds."""
    generator = np.random.default_rng(5)
    mean, dispersion = generator.gamma(2.0, 4.0, 9001), generator.uniform(0.01, 1.0, 9001)
    counts, order = generator.poisson(mean), generator.permutation(9001)
    straight = CountDistribution(mean, dispersion).crps(counts)
    shuffled = CountDistribution(mean[order], dispersion[order]).crps(counts[order])
    assert shuffled == pytest.approx(straight[order], rel=1e-12)


def test_a_negative_count_is_impossible() -> None:
    assert _one(3.0, 0.2).cdf(-1)[0] == 0.0
    assert _one(3.0, 0.2).cdf(-0.5)[0] == 0.0


@pytest.mark.parametrize(
    ("mean", "dispersion"), [(float("nan"), 0.1), (float("inf"), 0.1), (1.0, float("nan")), (-1.0, 0.1), (1.0, -0.1)]
)
def test_a_forecast_that_cannot_be_is_refused(mean: float, dispersion: float) -> None:
    with pytest.raises(BadInput, match=r"not finite|negative"):
        _one(mean, dispersion)


def test_a_mean_of_zero_stays_a_distribution() -> None:
    nothing = _one(0.0, 0.0)
    assert nothing.quantile(0.975)[0] == 0.0
    assert 0.0 < nothing.p_at_least_one()[0] < 1e-6
    assert math.isfinite(nothing.log_pmf(0)[0])
