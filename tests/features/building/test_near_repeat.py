"""Near repeats: what each way of looking back gives to an area."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from contracts import Frequency
from features.building.near_repeat import (
    COMPONENTS,
    component_names,
    component_shares,
    mixed_shares,
    near_repeats,
    newest_weight,
    short_memory,
    spreading,
    weekday_ratio,
    without_surroundings,
)

LINE = sparse.csr_array(np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 1.0], [0.0, 1.0, 0.0]]))
WEEK = Frequency.WEEK


def _counts(areas: int = 3, periods: int = 60) -> np.ndarray:
    return np.random.default_rng(4).poisson(0.7, size=(areas, periods)).astype(float)


def test_a_part_of_each_areas_crimes_goes_to_its_neighbours_and_none_is_lost() -> None:
    expected = [[1 / 1.5, 0.5 / 2, 0.0], [0.5 / 1.5, 1 / 2, 0.5 / 1.5], [0.0, 0.5 / 2, 1 / 1.5]]
    np.testing.assert_allclose(spreading(LINE).toarray(), expected)


def test_components_by_hand() -> None:
    counts = np.array([[3.0, 0.0], [1.0, 0.0], [0.0, 4.0]])
    shares = dict(zip(component_names(), component_shares(counts, LINE, WEEK), strict=True))
    np.testing.assert_allclose(shares["own_always"][:, 1], [3 / 8, 1 / 8, 4 / 8], rtol=1e-6)
    np.testing.assert_allclose(shares["own_2_weeks"][:, 0], [3 / 4, 1 / 4, 0])
    older = 1.0 - newest_weight(14.0, WEEK)
    np.testing.assert_allclose(shares["own_2_weeks"][:, 1], np.array([3 * older, older, 4.0]) / (4 * older + 4))
    np.testing.assert_allclose(shares["around_always"][:, 0], [(2 + 0.25) / 4, (1 + 0.5) / 4, 0.25 / 4], rtol=1e-6)
    np.testing.assert_allclose(shares["even"], 1 / 3)


def test_a_half_life_halves_the_weight() -> None:
    assert (1.0 - newest_weight(14.0, Frequency.DAY)) ** (14.0 * 365 / 365.25) == pytest.approx(0.5)


def test_every_component_sums_to_one_also_where_nothing_happened() -> None:
    for share in component_shares(np.zeros((3, 5)), LINE, WEEK):
        np.testing.assert_allclose(share, 1 / 3)
    for share in component_shares(_counts(), LINE, WEEK):
        np.testing.assert_allclose(share.sum(axis=0), 1.0)


def test_nothing_looks_ahead() -> None:
    counts = _counts()
    changed = counts.copy()
    changed[:, 40:] = 99.0
    weights = np.full(len(component_names()), 1 / len(component_names()))
    one, other = (mixed_shares(values, LINE, WEEK, weights.tolist()) for values in (counts, changed))
    np.testing.assert_array_equal(one[:, :40], other[:, :40])
    assert not np.allclose(one[:, 40:], other[:, 40:])
    for (_, one), (_, other) in zip(near_repeats(counts, LINE, WEEK), near_repeats(changed, LINE, WEEK), strict=True):
        np.testing.assert_array_equal(one[:, :40], other[:, :40])


def test_the_order_of_areas_does_not_matter() -> None:
    counts, order = _counts(), np.array([2, 0, 1])
    weights = np.arange(1.0, len(component_names()) + 1)
    weights /= weights.sum()
    there = mixed_shares(counts, LINE, WEEK, weights.tolist())
    turned = mixed_shares(counts[order], sparse.csr_array(LINE.toarray()[np.ix_(order, order)]), WEEK, weights.tolist())
    np.testing.assert_allclose(turned, there[order])


def test_a_crime_is_felt_wider_the_wider_the_surroundings() -> None:
    counts = np.zeros((3, 8))
    counts[0, 7] = 1.0
    near = {name: share[:, 7] for name, share in near_repeats(counts, LINE, WEEK)}
    assert near["near_2_weeks"][2] == 0.0 < near["wide_2_weeks"][2]
    assert near["wide_2_weeks"][0] > near["wide_2_weeks"][2]


def test_a_weekday_is_told_from_the_others_and_only_from_earlier_ones() -> None:
    share = np.full((2, 70), 0.5)
    share[0, 5::7], share[1, 5::7] = 0.9, 0.1
    ratio = weekday_ratio(share, Frequency.DAY, 0.001)
    assert ratio[0, 68] == pytest.approx(np.log(0.9 / 0.557), abs=0.02)
    assert ratio[1, 68] < -0.5
    assert abs(ratio[0, 67] - np.log(0.5 / 0.557)) < 0.02
    changed = share.copy()
    changed[:, 60:] = 0.123
    np.testing.assert_array_equal(weekday_ratio(changed, Frequency.DAY, 0.001)[:, :60], ratio[:, :60])


def test_every_component_has_a_name_of_its_own() -> None:
    assert len(set(component_names())) == len(COMPONENTS) + 1


def test_a_mixture_without_surroundings_keeps_its_sum_and_lies_on_areas_alone() -> None:
    weights = np.random.default_rng(4).dirichlet(np.ones(len(component_names())))
    alone = dict(zip(component_names(), without_surroundings(weights.tolist()), strict=True))
    before = dict(zip(component_names(), weights.tolist(), strict=True))
    around = [name for name in before if name.startswith("around")]
    assert all(alone[name] == 0.0 for name in around)
    assert alone["own_1_year"] == pytest.approx(before["own_1_year"] + sum(before[name] for name in around))
    assert alone["even"] == before["even"]
    assert sum(alone.values()) == pytest.approx(1.0)


def test_the_short_memory_of_a_mixture_is_its_weight_on_less_than_a_year() -> None:
    weights = dict.fromkeys(component_names(), 0.0) | {"own_6_months": 0.2, "around_2_weeks": 0.1, "own_1_year": 0.7}
    assert short_memory(list(weights.values())) == pytest.approx(0.3)
