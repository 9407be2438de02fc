"""Blocks of neighbouring areas, expanded intervals and tests that keep the pattern of a map."""

import numpy as np
import pytest

from monitoring.audits.contrasts import Contrast
from monitoring.audits.resampling import benjamini_hochberg, block_totals, degrees_of_freedom, spatial_resampling

SIDE = 16
POSITIONS = np.array([(east, north) for east in range(SIDE) for north in range(SIDE)], dtype=float)


@pytest.fixture(scope="module")
def resampling():
    return spatial_resampling(POSITIONS, seed=3, replicates=1000)


def test_every_replicate_draws_whole_blocks_as_often_as_there_are(resampling):
    labels, weights = resampling.large.labels, resampling.large.weights
    assert weights.shape == (1000, SIDE**2)
    for replicate in (0, 49, 50, 999):
        label = labels[replicate // 50]
        drawn = [np.unique(weights[replicate, label == block]) for block in range(10)]
        assert all(len(one) == 1 for one in drawn)
        assert sum(int(one[0]) for one in drawn) == 10


def test_blocks_are_neighbours_and_of_nearly_equal_size(resampling):
    for label in resampling.large.labels[:5]:
        sizes = np.bincount(label)
        assert sizes.min() >= 24
        spread = [np.ptp(POSITIONS[label == block], axis=0).max() for block in range(10)]
        assert np.median(spread) < SIDE * 0.7


def test_components_are_orthonormal_and_never_constant(resampling):
    components = resampling.components
    assert components.shape == (SIDE**2, SIDE**2 - 1)
    assert np.abs(components.T @ components - np.eye(SIDE**2 - 1)).max() < 1e-8
    assert np.abs(components.sum(axis=0)).max() < 1e-8


def test_a_group_in_one_corner_is_resampled_in_small_blocks(resampling):
    corner = ((POSITIONS < 6).all(axis=1)).astype(float)[:, None]
    everywhere = np.full((SIDE**2, 1), 0.5)
    shares = np.hstack([corner, everywhere])
    values = np.random.default_rng(1).gamma(5.0, 1.0, SIDE**2)[:, None]
    mean = Contrast("gap", shares * values, shares, 0.0 * shares, np.ones_like(shares))
    _, _, blocks = resampling.intervals(mean.estimate, shares, mean.influence())
    assert 5.0 < blocks[0] < 20.0
    assert blocks[1] == 10.0


def means_of(values):
    """The means of maps (A, G), as a contrast with nothing."""
    return Contrast("gap", values, np.ones_like(values), 0.0 * values, np.ones_like(values))


def test_an_interval_of_a_mean_is_that_of_students_t(resampling):
    """With white noise the half-width is about t(15…25)·√(10/9)·σ/√n."""
    values = np.random.default_rng(2).normal(10.0, 1.0, (SIDE**2, 40))
    mean = means_of(values)
    low, high, _ = resampling.intervals(mean.estimate, np.ones_like(values), mean.influence())
    assert np.median(high - low) / 2 == pytest.approx(2.1 * 1.05 / SIDE, rel=0.12)


def test_influence_is_the_derivative_by_the_weight_of_an_area():
    generator = np.random.default_rng(6)
    parts = generator.gamma(2.0, 1.0, (4, 30, 3))
    for kind, transform in (("ratio", np.log), ("gap", np.asarray)):
        contrast = Contrast(kind, *parts, scale=100.0 if kind == "gap" else 1.0)
        weights = np.ones((2, 30))
        weights[:, 7] = (1.0 - 1e-6, 1.0 + 1e-6)
        below, above = transform(contrast.estimate(weights))
        assert contrast.influence()[7] == pytest.approx((above - below) / 2e-6, rel=1e-5)
        assert contrast.influence().sum(axis=0) == pytest.approx(np.zeros(3), abs=1e-9)


def test_errors_that_reach_further_than_a_block_widen_the_interval(resampling):
    """Of maps with the same variance from block to block, the one with nothing inside blocks is the wider."""
    generator = np.random.default_rng(5)
    rough = generator.normal(size=(SIDE**2, 60))
    smooth = np.repeat(np.repeat(generator.normal(size=(4, 4, 60)), 4, axis=0), 4, axis=1).reshape(SIDE**2, 60)
    for values, widest, narrowest in ((rough, 1.15, 0.85), (smooth, 2.0, 1.15)):
        mean = means_of(values - values.mean(axis=0))
        low, high, _ = resampling.intervals(mean.estimate, np.ones_like(values), mean.influence())
        spread = mean.estimate(resampling.large.weights).std(axis=0) * np.sqrt(10 / 9) * 2.1
        assert narrowest < np.median((high - low) / 2 / spread) < widest


def test_cuts_that_agree_have_the_degrees_of_freedom_of_one():
    generator = np.random.default_rng(7)
    unlike = 2.0 * generator.chisquare(9.0, (400, 50)) / 9.0
    assert np.median(degrees_of_freedom(unlike, 10.0)) > 100.0
    assert degrees_of_freedom(np.ones((40, 2)), 10.0) == pytest.approx([9.0, 9.0])
    assert degrees_of_freedom(np.zeros((40, 1)), 10.0) == pytest.approx([9.0])


def test_totals_of_blocks_are_those_of_a_loop(resampling):
    values = np.random.default_rng(8).normal(size=(SIDE**2, 2))
    totals = block_totals(values, resampling.parts)
    assert totals.shape == (20, 40, 2)
    for block in range(40):
        assert totals[3, block] == pytest.approx(values[resampling.parts[3] == block].sum(axis=0))


def test_a_planted_difference_has_a_small_p_and_an_even_share_has_none(resampling):
    generator = np.random.default_rng(4)
    shares = np.column_stack([generator.random(SIDE**2), np.full(SIDE**2, 0.3)])
    noise = generator.normal(size=SIDE**2)
    planted = noise + 2.0 * shares[:, 0]
    each, greatest = resampling.p_values(shares, planted - planted.mean())
    assert greatest == pytest.approx(1 / 1001, abs=0.005)
    assert each[1] == 1.0
    quiet, _ = resampling.p_values(shares, noise - noise.mean())
    assert quiet[0] > 0.01


def test_the_order_of_hypotheses_does_not_matter():
    p = np.array([0.5, 0.001, 0.02, np.nan, 0.04])
    shuffled = [3, 1, 4, 0, 2]
    assert benjamini_hochberg(p)[shuffled] == pytest.approx(benjamini_hochberg(p[shuffled]), nan_ok=True)


@pytest.mark.parametrize("areas", [1, 2])
def test_of_one_or_two_areas_no_interval_is_claimed(areas):
    few = spatial_resampling(POSITIONS[:areas], seed=3, replicates=1000)
    values = np.arange(1.0, areas + 1.0)[:, None]
    low, high, blocks = few.intervals(means_of(values).estimate, np.ones((areas, 1)), means_of(values).influence())
    assert np.isnan([low, high]).all()
    assert blocks.tolist() == [areas]
    assert np.isnan(few.tails(np.ones(1000))).all()
