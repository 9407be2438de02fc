import numpy as np
import pytest
from scipy import stats

from contracts import CountDistribution
from monitoring import (
    coverage,
    pearson_dispersion,
    pit_histogram,
    pit_limits,
    randomised_pit,
    reliability,
    row_uniforms,
)

CODES = [f"E{number:03d}" for number in range(40)]
MANY = np.arange(300)


@pytest.fixture
def many() -> CountDistribution:
    """Twelve thousand small, overdispersed counts."""
    level = np.random.default_rng(2).gamma(1.5, 1.5, 40)
    return CountDistribution(np.broadcast_to(level, (300, 40)), np.array(0.3))


def test_pit_limits_are_the_cdf_of_scipy(truth, outcomes):
    below, at = pit_limits(outcomes, truth)
    known = ~np.isnan(outcomes)
    assert at[known] == pytest.approx(stats.nbinom.cdf(outcomes, truth.size, truth.success)[known])
    assert below[known] == pytest.approx(stats.nbinom.cdf(outcomes - 1, truth.size, truth.success)[known])
    assert np.isnan(at[~known]).all()


def test_the_pit_of_the_truth_is_uniform(many):
    drawn = many.sample(1, seed=4)[0].astype(float)
    pit = randomised_pit(drawn, many, row_uniforms(CODES, MANY, seed=9))
    assert stats.kstest(pit.ravel(), "uniform").pvalue > 0.01


def test_coverage_of_the_truth_is_nominal_though_counts_are_discrete(many):
    drawn = many.sample(1, seed=4)[0].astype(float)
    limits = pit_limits(drawn, many)
    for level in (0.5, 0.8, 0.9, 0.95):
        assert coverage(limits, level) == pytest.approx(level, abs=0.01)
    whole = (drawn >= many.quantile(0.05)) & (drawn <= many.quantile(0.95))
    assert whole.mean() > 0.93


def test_coverage_is_the_mean_of_the_randomised_one(many):
    drawn = many.sample(1, seed=4)[0].astype(float)
    limits = pit_limits(drawn, many)
    shares = []
    for seed in range(20):
        pit = randomised_pit(drawn, many, row_uniforms(CODES, MANY, seed))
        shares.append(((pit > 0.05) & (pit < 0.95)).mean())
    assert np.mean(shares) == pytest.approx(coverage(limits, 0.9), abs=5e-4)


@pytest.mark.parametrize(("dispersion", "covers_more"), [(0.0, False), (1.2, True)])
def test_a_wrong_spread_is_seen(many, dispersion, covers_more):
    drawn = many.sample(1, seed=4)[0].astype(float)
    wrong = CountDistribution(many.mean, np.array(dispersion))
    assert (coverage(pit_limits(drawn, wrong), 0.9) > 0.92) == covers_more
    assert (pearson_dispersion(drawn, wrong) < 0.9) == covers_more
    shares = pit_histogram(pit_limits(drawn, wrong))["share"].to_numpy()
    assert (shares[[0, -1]].mean() < 0.1) == covers_more


def test_the_histogram_sums_to_one_and_is_flat_for_the_truth(many):
    drawn = many.sample(1, seed=4)[0].astype(float)
    histogram = pit_histogram(pit_limits(drawn, many))
    assert histogram["share"].sum() == pytest.approx(1.0)
    assert histogram["share"].to_numpy() == pytest.approx(np.full(10, 0.1), abs=0.01)


def test_uniforms_belong_to_the_row():
    plain = row_uniforms(CODES, MANY, seed=1)
    assert np.array_equal(row_uniforms(CODES[::-1], MANY[5:9], seed=1), plain[5:9, ::-1])
    assert not np.array_equal(row_uniforms(CODES, MANY, seed=2), plain)
    assert stats.kstest(plain.ravel(), "uniform").pvalue > 0.01
    assert abs(np.corrcoef(plain[:-1].ravel(), plain[1:].ravel())[0, 1]) < 0.03


def test_reliability_by_hand():
    table = reliability(np.array([1.0, 3.0, 10.0, np.nan, 0.0]), np.array([1.0, 1.5, 8.0, 99.0, 6.0]), bins=2)
    assert table["forecasts"].tolist() == [2, 2]
    assert table["forecast"].tolist() == [1.25, 7.0]
    assert table["outcome"].tolist() == [2.0, 5.0]
    assert table["ratio"].tolist() == [0.625, 1.4]


def test_nothing_known_is_an_error():
    nothing = np.array([np.nan])
    forecast = CountDistribution(np.array([1.0]), np.array([0.1]))
    with pytest.raises(ValueError, match="no outcome is known"):
        coverage(pit_limits(nothing, forecast), 0.9)
    with pytest.raises(ValueError, match="no outcome is known"):
        pearson_dispersion(nothing, forecast)
