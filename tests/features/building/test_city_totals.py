"""The city's total where areas are missing: scaled by what the known ones usually hold, and never lower for it."""

from __future__ import annotations

import numpy as np
import pytest

from features.building.city_totals import LEAST_KNOWN, city_totals


def _city(areas=40, periods=60, seed=3):
    generator = np.random.default_rng(seed)
    means = generator.gamma(2.0, 20.0, areas)[:, None] * (1.0 + 0.2 * np.sin(np.arange(periods) / 2.0))
    return generator.poisson(means).astype(float)


def test_whole_periods_are_plain_sums_to_the_bit():
    counts = _city()
    assert np.array_equal(city_totals(counts), counts.sum(axis=0))
    counts[:, 7] = np.nan
    found = city_totals(counts)
    assert np.isnan(found[7])
    assert np.array_equal(np.delete(found, 7), np.delete(counts, 7, axis=1).sum(axis=0))


def test_a_hand_worked_city():
    """The second area holds a quarter whenever it is known, so 27 crimes in the first are 36 in the city."""
    assert city_totals(np.array([[30.0, 33.0, 27.0], [10.0, 11.0, np.nan]])) == pytest.approx([40.0, 44.0, 36.0])


@pytest.mark.parametrize("where", [slice(0, 7), slice(30, 37), slice(53, 60)], ids=["begin", "pause", "stop"])
def test_areas_that_are_missing_do_not_lower_the_total(where):
    counts = _city()
    gapped = counts.copy()
    gapped[:15, where] = np.nan
    assert city_totals(gapped)[where] == pytest.approx(counts.sum(axis=0)[where], rel=0.08)
    assert np.nansum(gapped, axis=0)[where].mean() < 0.8 * counts.sum(axis=0)[where].mean()


def test_of_less_than_half_the_city_no_total_is_known():
    counts = np.full((10, 24), 5.0)
    counts[:6, 20] = np.nan
    counts[:5, 21] = np.nan
    found = city_totals(counts)
    assert LEAST_KNOWN == 0.5
    assert np.isnan(found[20])
    assert found[21] == pytest.approx(50.0)


def test_an_area_that_is_never_known_is_left_out():
    counts = _city(areas=5)
    with_another = np.vstack([counts, np.full(counts.shape[1], np.nan)])
    assert np.array_equal(city_totals(with_another), counts.sum(axis=0))


def test_the_order_of_areas_does_not_matter():
    counts = _city()
    counts[3:9, 40:] = np.nan
    assert city_totals(counts[::-1]) == pytest.approx(city_totals(counts))


def test_a_city_without_crime_has_none():
    counts = np.zeros((4, 6))
    counts[0, 5] = np.nan
    assert city_totals(counts) == pytest.approx(np.zeros(6))
