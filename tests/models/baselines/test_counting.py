"""Counting forecasters by hand."""

from __future__ import annotations

import numpy as np
import pytest

from models.baselines.counting import COUNTING_FORECASTERS, SMALLEST_MEAN_SHARE, at_least_some

COUNTS = np.array([[8.0, 2.0, 4.0, np.nan, 6.0, 1.0, 0.0, 3.0]])


@pytest.mark.parametrize(
    ("name", "newest"),
    [
        ("seasonal_naive", 0.0),
        ("last_value", 3.0),
        ("mean_12", (0 + 3) / 2),
        ("mean_36", (4 + 6 + 1 + 0 + 3) / 5),
        ("all_history", (8 + 2 + 4 + 6 + 1 + 0 + 3) / 7),
    ],
)
def test_the_newest_mean_by_hand_with_a_year_of_two_periods(name: str, newest: float) -> None:
    assert COUNTING_FORECASTERS[name](COUNTS, 2, 1)[0, -1] == pytest.approx(newest)


# The weight of ewma is chosen at the newest origin: test_no_leak.py shows that it sees nothing later.
@pytest.mark.parametrize("name", [name for name in COUNTING_FORECASTERS if name != "ewma"])
def test_means_at_an_origin_see_nothing_later(name: str) -> None:
    counts = np.random.default_rng(2).poisson(3.0, (5, 60)).astype(float)
    later = counts.copy()
    later[:, 41:] = 99.0
    means = COUNTING_FORECASTERS[name]
    np.testing.assert_array_equal(means(counts, 12, 1)[:, :41], means(later, 12, 1)[:, :41])


def test_a_mean_of_nothing_is_raised_to_a_part_of_the_citys() -> None:
    counts = np.array([[0.0, 0.0], [4.0, 4.0]])
    raised = at_least_some(np.zeros((2, 2)), counts, 2)
    np.testing.assert_allclose(raised[:, -1], [SMALLEST_MEAN_SHARE**2 * 2.0, SMALLEST_MEAN_SHARE * 4.0])
