"""The measures of feedback on cases that can be worked by hand."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from monitoring import Estimate, amplification, critical_uplift, exposure, kept, ratio_of_exposures, ratio_to_need

RESIDENTS = np.array([100.0, 100.0])
FIRST_AREA = np.array([1.0, 0.0])


def _expected_presence(balls: tuple[int, int], steps: int) -> Fraction:
    """Chance that the first area is patrolled after some steps of a Pólya urn: each patrol adds a ball of its area."""
    first, second = balls
    chance = Fraction(first, first + second)
    if steps == 0:
        return chance
    return chance * _expected_presence((first + 1, second), steps - 1) + (1 - chance) * _expected_presence(
        (first, second + 1), steps - 1
    )


def test_two_areas_of_equal_need_in_a_polya_urn() -> None:
    """One lucky early find (two balls to one) keeps two patrols in three there for ever, though both need as much.

    Without feedback each area gets half of the patrols: the ratio is 1, with feedback (2/3)/(1/3) = 2.
    """
    presence = _expected_presence((2, 1), 6)
    assert presence == Fraction(2, 3)
    shares = np.array([float(presence), 1.0 - float(presence)])
    fed_back = np.tile(exposure(shares, RESIDENTS, FIRST_AREA), (4, 1))
    even = np.tile(exposure(np.array([0.5, 0.5]), RESIDENTS, FIRST_AREA), (4, 1))
    found = amplification(fed_back, even)
    assert (found.value, found.low, found.high) == pytest.approx((2.0, 2.0, 2.0))
    assert ratio_to_need(fed_back, even).value == pytest.approx(2.0)


def test_the_same_exposures_amplify_nothing_exactly() -> None:
    exposures = np.random.default_rng(3).random((6, 2))
    assert amplification(exposures, exposures) == Estimate(1.0, 1.0, 1.0)
    exposures[:, 1] = 0.0
    assert amplification(exposures, exposures) == Estimate(1.0, 1.0, 1.0)


def test_exposure_does_not_change_with_the_order_of_areas_or_the_unit_of_residents() -> None:
    generator = np.random.default_rng(4)
    presence, residents, shares = generator.random((3, 20))
    order = generator.permutation(20)
    whole = exposure(presence, residents, shares)
    np.testing.assert_allclose(exposure(presence[order], 7.0 * residents[order], shares[order]), whole)
    group, rest = exposure(presence, residents, 1.0 - shares)
    np.testing.assert_allclose([rest, group], whole)


def test_an_interval_is_that_of_the_jackknife_with_students_t() -> None:
    """Worked anew: three cities, the factor of each pair that is left, its spread, and t = 4.3027 at 2 degrees."""
    exposures = np.array([[0.6, 0.2], [0.5, 0.2], [0.9, 0.3]])
    reference = np.array([[0.4, 0.2], [0.5, 0.3], [0.5, 0.2]])
    left = [
        np.log((exposures[kept_].sum(0) / reference[kept_].sum(0)) @ np.array([1, 0]))
        - np.log((exposures[kept_].sum(0) / reference[kept_].sum(0)) @ np.array([0, 1]))
        for kept_ in ([1, 2], [0, 2], [0, 1])
    ]
    half = 4.302653 * np.sqrt(2 / 3 * ((np.array(left) - np.mean(left)) ** 2).sum())
    found = amplification(exposures, reference)
    value = (2.0 / 0.7) / (1.4 / 0.7)
    assert found.value == pytest.approx(value)
    assert (found.low, found.high) == pytest.approx((value * np.exp(-half), value * np.exp(half)), rel=1e-5)


def test_what_too_few_cities_or_no_exposure_cannot_tell_is_not_told() -> None:
    two = amplification(np.full((2, 2), 0.3), np.full((2, 2), 0.2))
    assert two.value == 1.0
    assert np.isnan([two.low, two.high]).all()
    assert np.isnan(ratio_of_exposures(np.array([[0.4, 0.0]])))
    assert "not enough" in amplification(np.array([[0.4, 0.0]] * 4), np.full((4, 2), 0.2)).as_text()


def test_what_is_kept_of_the_capture() -> None:
    assert kept(np.array([0.19, 0.19, 0.19]), np.array([0.2, 0.2, 0.2])).value == pytest.approx(0.95)


def test_the_critical_uplift_lies_between_the_simulated_ones() -> None:
    estimates = {0.0: Estimate(1.0, 1.0, 1.0), 0.5: Estimate(1.04, 1.0, 1.1), 1.0: Estimate(1.14, 1.02, 1.2)}
    found = critical_uplift(estimates)
    assert (found.value, found.low) == pytest.approx((0.55, 0.25))
    assert found.high is None
    assert found.as_text() == "0.55 (0.25 to above 1)"
