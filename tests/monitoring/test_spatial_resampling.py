"""Blocks of neighbouring areas, expanded intervals and tests that keep the pattern of a map."""

import numpy as np
import pytest

from monitoring.audits import benjamini_hochberg, spatial_resampling

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
    _, _, blocks = resampling.intervals(lambda w: (w @ (shares * values)) / np.maximum(w @ shares, 1e-9), shares)
    assert 5.0 < blocks[0] < 20.0
    assert blocks[1] == 10.0


def test_an_interval_of_a_mean_is_that_of_students_t(resampling):
    """With white noise the half-width is about t(9)·√(10/9)·σ/√n."""
    values = np.random.default_rng(2).normal(10.0, 1.0, SIDE**2)[:, None]
    low, high, _ = resampling.intervals(lambda w: (w @ values) / w.sum(axis=1, keepdims=True), np.ones((SIDE**2, 1)))
    assert (high[0] - low[0]) / 2 == pytest.approx(2.26 * 1.05 / SIDE, rel=0.35)


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
