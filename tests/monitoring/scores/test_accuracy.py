import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import mean_poisson_deviance as sklearn_deviance

import monitoring
from contracts import CountDistribution
from monitoring.scores.accuracy import crps_loss, expected_crps, mean_absolute_percentage_error


def test_deviance_agrees_with_scikit_learn(truth, outcomes):
    known = ~np.isnan(outcomes)
    expected = sklearn_deviance(outcomes[known], truth.mean[known])
    assert monitoring.mean_poisson_deviance(outcomes, truth.mean) == pytest.approx(expected, rel=1e-12)


def test_deviance_scales_with_counts(truth, outcomes):
    once = monitoring.mean_poisson_deviance(outcomes, truth.mean)
    assert monitoring.mean_poisson_deviance(3 * outcomes, 3 * truth.mean) == pytest.approx(3 * once)


def test_mae_is_of_the_mean_by_hand():
    assert monitoring.mae(np.array([[4.0, 0.0], [np.nan, 3.0]]), np.array([[1.0, 0.5], [9.0, 3.0]])) == 3.5 / 3


def test_crps_equals_the_sum_over_the_steps_of_the_cdf():
    mean, dispersion, counts = np.array([0.3, 4.0, 25.0]), np.array([1.0, 0.4, 0.1]), np.array([2.0, 0.0, 31.0])
    steps = np.arange(2000)
    cdf = stats.nbinom.cdf(steps[:, None], 1 / dispersion, 1 / (1 + dispersion * mean))
    by_hand = ((cdf - (steps[:, None] >= counts)) ** 2).sum(axis=0)
    assert crps_loss(counts, CountDistribution(mean, dispersion)) == pytest.approx(by_hand, rel=1e-6)


def test_log_score_agrees_with_scipy(truth, outcomes):
    known = ~np.isnan(outcomes)
    expected = stats.nbinom.logpmf(outcomes, truth.size, truth.success)[known].mean()
    assert monitoring.log_score(outcomes, truth) == pytest.approx(expected, rel=1e-9)


def test_the_truth_scores_best_on_average(truth):
    drawn = truth.sample(200, seed=1).astype(float)
    true_mean = np.broadcast_to(truth.mean, drawn.shape)
    for factor in (0.9, 1.1):
        wrong = CountDistribution(truth.mean * factor, truth.dispersion)
        assert monitoring.mean_poisson_deviance(drawn, true_mean * factor) > monitoring.mean_poisson_deviance(
            drawn, true_mean
        )
        assert monitoring.log_score(drawn, wrong) < monitoring.log_score(drawn, truth)


def test_unknown_outcomes_change_nothing(truth, outcomes):
    silly = np.where(np.isnan(outcomes), 1e6, truth.mean)
    assert monitoring.mae(outcomes, silly) == monitoring.mae(outcomes, truth.mean)


def test_nothing_known_is_an_error():
    with pytest.raises(ValueError, match="no outcome is known"):
        monitoring.mae(np.array([np.nan]), np.array([1.0]))


def test_percentage_error_is_undefined_at_zero():
    assert np.isnan(mean_absolute_percentage_error(np.array([0.0, 1.0]), np.array([1.0, 1.0])))


def test_many_forecasts_score_as_they_do_one_by_one():
    generator = np.random.default_rng(8)
    many = CountDistribution(generator.gamma(2.0, 3.0, 9001), np.array(0.2))
    counts = many.sample(1, seed=1)[0].astype(float)
    counts[::7] = np.nan
    losses = crps_loss(counts, many)
    assert np.array_equal(np.isnan(losses), np.isnan(counts))
    for at in (1, 3999, 4001, 8999):
        assert losses[at] == pytest.approx(many[at : at + 1].crps(counts[at : at + 1])[0])
    assert expected_crps(many) == pytest.approx(0.5 * many.mean_absolute_difference().mean())
