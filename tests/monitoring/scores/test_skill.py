import numpy as np
import pytest

from contracts import CountDistribution
from monitoring import block_length, paired_ratio, poisson_deviance_loss, resampling


def test_draws_hold_as_many_areas_and_periods_as_there_are():
    draws = resampling(periods=24, areas=30, block=3, seed=1, replicates=500)
    assert (draws.areas.sum(axis=1) == 30).all()
    assert (draws.periods.sum(axis=1) == 24).all()
    assert draws.areas.mean(axis=0) == pytest.approx(np.ones(30), abs=0.2)
    assert draws.periods.mean(axis=0) == pytest.approx(np.ones(24), abs=0.25)


def test_totals_are_what_repeating_rows_would_give():
    losses = np.random.default_rng(1).gamma(1.0, 1.0, (6, 5))
    losses[2, 3] = np.nan
    draws = resampling(periods=6, areas=5, block=2, seed=3, replicates=10)
    for replicate in range(10):
        periods = np.repeat(np.arange(6), draws.periods[replicate].astype(int))
        areas = np.repeat(np.arange(5), draws.areas[replicate].astype(int))
        assert draws.totals(losses)[replicate] == pytest.approx(np.nansum(losses[np.ix_(periods, areas)]))


def test_the_ratio_by_hand_and_the_same_seed():
    losses, baseline = np.array([[1.0, 2.0], [3.0, np.nan]]), np.array([[2.0, 2.0], [4.0, np.nan]])
    draws = resampling(periods=2, areas=2, block=1, seed=1, replicates=1000)
    ratio = paired_ratio(losses, baseline, draws)
    assert ratio.value == 0.75
    assert 0.5 <= ratio.low <= 0.75 <= ratio.high <= 1.0
    assert ratio == paired_ratio(losses, baseline, resampling(periods=2, areas=2, block=1, seed=1, replicates=1000))


def test_different_rows_are_refused():
    draws = resampling(periods=1, areas=2, block=1, seed=1, replicates=10)
    with pytest.raises(ValueError, match="same rows"):
        paired_ratio(np.array([[1.0, np.nan]]), np.array([[1.0, 1.0]]), draws)


@pytest.mark.parametrize(("periods", "horizon", "expected"), [(24, 1, 3), (24, 6, 6), (1, 3, 1), (104, 1, 5)])
def test_blocks_are_no_shorter_than_the_horizon(periods, horizon, expected):
    assert block_length(periods, horizon) == expected


def simulated_losses(generator: np.random.Generator, areas: int, periods: int) -> tuple[np.ndarray, np.ndarray]:
    """Deviances of a model that is 10% too low and of a baseline that is 10% too high, with shared shocks of months."""
    level = generator.gamma(2.0, 4.0, areas)
    shock = np.exp(0.08 * generator.standard_normal((periods, 1)) - 0.08**2 / 2)
    drift = np.exp(0.15 * generator.standard_normal(areas) - 0.15**2 / 2)
    counts = CountDistribution(level * drift * shock, np.array(0.1)).sample(1, int(generator.integers(2**31)))[0]
    outcomes = counts.astype(float)
    mean = np.broadcast_to(level, outcomes.shape)
    return poisson_deviance_loss(outcomes, 0.9 * mean), poisson_deviance_loss(outcomes, 1.1 * mean)


def test_intervals_hold_the_true_ratio_about_as_often_as_they_say():
    generator = np.random.default_rng(17)
    sample = [simulated_losses(generator, 60, 24) for _ in range(1000)]
    true_ratio = sum(model.sum() for model, _ in sample) / sum(baseline.sum() for _, baseline in sample)
    inside = []
    for number, (model, baseline) in enumerate(sample[:200]):
        draws = resampling(periods=24, areas=60, block=3, seed=number, replicates=1000)
        ratio = paired_ratio(model, baseline, draws)
        inside.append(ratio.low <= true_ratio <= ratio.high)
    assert 0.88 <= np.mean(inside) <= 0.99
