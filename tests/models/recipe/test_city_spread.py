import numpy as np
import pytest

from models.recipe.city_spread import SMALLEST_LOG_SD, combination_weights, limited_spread, spread_of_combination


def test_weights_are_inverse_squares_of_mean_absolute_errors():
    errors = np.array([[0.1, -0.2], [-0.1, 0.2]])
    assert combination_weights(errors) == pytest.approx([0.8, 0.2])


def test_the_spread_of_normal_errors_is_their_standard_deviation():
    errors = np.random.default_rng(1).normal(0.0, 0.05, (4000, 1))
    assert spread_of_combination(errors) == pytest.approx(0.05, rel=0.03)


def test_a_lockdown_does_not_widen_the_spread_for_years():
    errors = np.random.default_rng(2).normal(0.0, 0.05, (60, 1))
    quiet = spread_of_combination(errors)
    errors[20:24] = 0.6
    assert spread_of_combination(errors) < 1.3 * quiet


def test_weights_that_saw_the_outcome_do_not_flatter():
    """Thirty members of pure noise: weights chosen on six origins fit those, and say nothing of the next."""
    generator = np.random.default_rng(3)
    told, seen, happened = [], [], []
    for _ in range(400):
        errors = generator.normal(0.0, 0.05, (7, 30))
        weights = combination_weights(errors[:6])
        seen.append(np.abs(errors[:6] @ weights).mean())
        told.append(spread_of_combination(errors[:6]))
        happened.append(float(errors[6] @ weights))
    honest = np.mean(told)
    assert 1.2533 * np.mean(seen) < 0.97 * honest
    assert honest == pytest.approx(np.std(happened), rel=0.12)


def test_a_single_origin_and_errors_of_nothing_have_a_spread_too():
    assert spread_of_combination(np.array([[0.2, 0.4]])) == pytest.approx(1.3968 * 0.3)
    assert spread_of_combination(np.zeros((5, 3))) == SMALLEST_LOG_SD


def test_an_error_beyond_twice_the_median_counts_as_that():
    """The median of 0.01, 0.02, 0.03 and 0.40 is 0.025: the last counts as 0.05, and the mean is 0.0275."""
    assert limited_spread(np.array([0.01, -0.02, 0.03, 0.40])) == pytest.approx(1.3968 * 0.0275)
