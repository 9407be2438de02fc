"""The gamma-Poisson forecast against the formula, SciPy and hand-worked moments."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from models.baselines.gamma_poisson import HALF_LIVES, LARGEST_SHAPE, choose_keeping, posterior_predictive

NAN = np.nan


def test_two_areas_by_hand() -> None:
    # Nothing is forgotten: S = (2, 10) crimes in N = (2, 2) periods, rates 1 and 5, mean 3.
    # Spread (2·4 + 2·4) / 4 = 4, of which chance explains 3 · (2/2 + 2/2) / 4 = 1.5: between areas 2.5.
    # Prior of shape 9 / 2.5 = 3.6 and rate 3.6 / 3 = 1.2, so the means are (3.6 + 2) / 3.2 and (3.6 + 10) / 3.2.
    forecast = posterior_predictive(np.array([[0.0, 2.0], [4.0, 6.0]]), np.array([1]), 1.0)
    np.testing.assert_allclose(forecast.mean[:, 0], [5.6 / 3.2, 13.6 / 3.2])
    np.testing.assert_allclose(forecast.dispersion[:, 0], [1 / 5.6, 1 / 13.6])


def test_forgetting_by_hand() -> None:
    # A count one period old weighs a half: S = 0.5 · 4 + 6 = 8 in N = 1.5 periods; one area is its own prior's mean.
    forecast = posterior_predictive(np.array([[4.0, 6.0]]), np.array([1]), 0.5)
    assert forecast.mean[0, 0] == pytest.approx(8.0 / 1.5)
    assert forecast.dispersion[0, 0] == pytest.approx(1.0 / (LARGEST_SHAPE + 8.0))


def test_the_forecast_is_a_poisson_count_of_the_posterior_gamma_rate() -> None:
    forecast = posterior_predictive(np.array([[0.0, 2.0], [4.0, 6.0]]), np.array([1]), 1.0)
    rates = stats.gamma(a=5.6, scale=1 / 3.2)
    for count in range(6):
        grid = np.linspace(1e-9, 30.0, 200_001)
        probability = np.trapezoid(stats.poisson.pmf(count, grid) * rates.pdf(grid), grid)
        assert np.exp(forecast[0].log_pmf(count))[0] == pytest.approx(probability, rel=1e-5)


def test_the_prior_of_a_simulated_city_is_found() -> None:
    generator = np.random.default_rng(5)
    rates = generator.gamma(2.0, 1.5, 20_000)
    counts = generator.poisson(rates[:, None], (20_000, 6)).astype(float)
    forecast = posterior_predictive(counts, np.array([5]), 1.0)
    exact = (2.0 + counts.sum(axis=1)) / (1 / 1.5 + 6.0)
    np.testing.assert_allclose(forecast.mean[:, 0], exact, rtol=0.03)


def test_origins_see_no_later_count_and_gaps_are_no_zeros() -> None:
    counts = np.array([[1.0, 3.0, 2.0, 90.0], [0.0, 1.0, NAN, 80.0], [5.0, 4.0, 6.0, 0.0]])
    both = posterior_predictive(counts, np.array([1, 2]), 0.9)
    alone = posterior_predictive(counts[:, :3], np.array([2]), 0.9)
    np.testing.assert_allclose(both.mean[:, 1], alone.mean[:, 0])
    with_zero = np.where(np.isnan(counts), 0.0, counts)
    assert posterior_predictive(with_zero, np.array([2]), 0.9).mean[1, 0] < alone.mean[1, 0]


def test_the_order_of_areas_does_not_matter() -> None:
    counts = np.random.default_rng(1).poisson(3.0, (9, 30)).astype(float)
    order = np.random.default_rng(2).permutation(9)
    origins = np.array([20, 29])
    plain, mixed = (posterior_predictive(some, origins, 0.95) for some in (counts, counts[order]))
    np.testing.assert_allclose(mixed.mean, plain.mean[order])


@pytest.mark.parametrize("counts", [np.zeros((4, 9)), np.full((4, 9), NAN), np.zeros((4, 1)), np.full((3, 5), 7.0)])
def test_nothing_counted_or_nothing_different_gives_one_finite_rate(counts: np.ndarray) -> None:
    forecast = posterior_predictive(counts, np.array([counts.shape[1] - 1]), 0.9)
    assert (forecast.mean > 0).all()
    np.testing.assert_allclose(forecast.mean[:, 0], forecast.mean[0, 0])


def test_the_memory_is_long_for_steady_rates_and_short_after_a_change() -> None:
    generator = np.random.default_rng(3)
    rates = generator.gamma(2.0, 2.0, (200, 1))
    steady = generator.poisson(np.broadcast_to(rates, (200, 72))).astype(float)
    walk = np.exp(np.cumsum(generator.normal(0.0, 0.3, (200, 72)), axis=1))
    moving = generator.poisson(rates * walk).astype(float)
    assert choose_keeping(steady, 12, 1) >= 0.5 ** (1 / (4.0 * 12))
    assert choose_keeping(moving, 12, 1) <= 0.5 ** (1 / (1.0 * 12))


def test_a_history_shorter_than_the_horizon_keeps_everything() -> None:
    assert HALF_LIVES[-1] == np.inf
    assert choose_keeping(np.ones((3, 2)), 12, 3) == 1.0
