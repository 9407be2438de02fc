"""Risk scores, bands, ranks and hotspots, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from service.web.answers.risk import band_of, densest, ranks, risk_scores


def test_scores_are_multiples_of_the_mean_area_whatever_the_scale():
    means = np.array([1.0, 2.0, 6.0])
    np.testing.assert_allclose(risk_scores(means), [1 / 3, 2 / 3, 2.0])
    np.testing.assert_allclose(risk_scores(10 * means), risk_scores(means))


@pytest.mark.parametrize(
    ("score", "band"),
    [
        (3.0, "much_above"),
        (2.99, "above"),
        (1.5, "above"),
        (1.49, "average"),
        (0.67, "average"),
        (0.66, "below"),
        (0.33, "below"),
        (0.32, "well_below"),
        (0.0, "well_below"),
    ],
)
def test_a_band_begins_at_its_bound(score, band):
    assert band_of(score).name == band


def test_equal_counts_are_ranked_in_the_order_given():
    assert ranks(np.array([2.0, 5.0, 2.0, 1.0])).tolist() == [2, 1, 3, 4]


@pytest.mark.parametrize(("share", "chosen"), [(0.05, [0]), (0.1, [0]), (0.39, [0]), (0.4, [0, 1]), (1.0, [0, 1, 2])])
def test_hotspots_fill_the_share_of_the_land_by_density(share, chosen):
    mask = densest(np.array([8.0, 9.0, 1.0]), np.array([1.0, 3.0, 6.0]), share)
    assert np.flatnonzero(mask).tolist() == chosen
