import numpy as np
import pytest

from monitoring import concentration

CODES = ["a", "b", "c", "d", "e"]


def test_a_share_of_areas_by_hand():
    outcomes = np.array([[10.0, 0.0, 6.0, 4.0, 0.0], [0.0, 2.0, 2.0, 0.0, 4.0]])
    expected = np.array([[5.0, 4.0, 3.0, 2.0, 1.0], [5.0, 4.0, 3.0, 2.0, 1.0]])
    found = concentration(outcomes, expected, share=0.4, of="areas", areas=CODES)
    assert found.captured.tolist() == [10.0, 2.0]
    assert found.best.tolist() == [16.0, 6.0]
    assert found.pai == pytest.approx((10 / 20 / 0.4 + 2 / 8 / 0.4) / 2)
    assert found.pei == pytest.approx((10 / 16 + 2 / 6) / 2)


def test_a_share_of_land_by_hand_counts_the_last_area_in_part():
    outcomes, expected = np.array([[6.0, 8.0, 2.0]]), np.array([[4.0, 6.0, 4.0]])
    land = np.array([1.0, 2.0, 7.0])
    found = concentration(outcomes, expected, share=0.2, of="land", areas=CODES[:3], area_km2=land)
    assert found.flagged == pytest.approx([0.2])
    assert found.captured == pytest.approx([6.0 + 8.0 / 2])
    assert found.pai == pytest.approx(10 / 16 / 0.2)
    assert found.pei == pytest.approx(1.0)


@pytest.mark.parametrize("of", ["areas", "land"])
def test_the_order_of_the_areas_and_the_scale_do_not_matter(truth, outcomes, area_km2, of):
    codes = [f"E{number:03d}" for number in range(outcomes.shape[1])]
    order = np.random.default_rng(1).permutation(len(codes))
    plain = concentration(outcomes, truth.mean, share=0.1, of=of, areas=codes, area_km2=area_km2)
    mixed = concentration(
        outcomes[:, order],
        7 * truth.mean[:, order],
        share=0.1,
        of=of,
        areas=[codes[at] for at in order],
        area_km2=3 * area_km2[order],
    )
    assert (mixed.pai, mixed.pei) == pytest.approx((plain.pai, plain.pei))


@pytest.mark.parametrize("of", ["areas", "land"])
def test_knowing_the_outcome_is_perfect_and_nothing_is_better(outcomes, truth, area_km2, of):
    codes = [f"E{number:03d}" for number in range(outcomes.shape[1])]
    for share in (0.01, 0.05, 0.1, 0.2, 1.0):
        perfect = concentration(outcomes, np.nan_to_num(outcomes), share=share, of=of, areas=codes, area_km2=area_km2)
        chosen = concentration(outcomes, truth.mean, share=share, of=of, areas=codes, area_km2=area_km2)
        assert perfect.pei == pytest.approx(1.0)
        assert (chosen.captured <= chosen.best + 1e-9).all()
    assert chosen.pai == pytest.approx(1.0)


def test_an_unknown_area_is_neither_flagged_nor_counted():
    outcomes = np.array([[np.nan, 3.0, 1.0]])
    found = concentration(outcomes, np.array([[99.0, 2.0, 1.0]]), share=0.5, of="areas", areas=CODES[:3])
    assert found.captured.tolist() == [3.0]
    assert found.flagged.tolist() == [0.5]


def test_a_period_without_crime_has_no_index():
    outcomes = np.array([[0.0, 0.0], [1.0, 3.0]])
    found = concentration(outcomes, np.array([[2.0, 1.0], [2.0, 1.0]]), share=0.5, of="areas", areas=CODES[:2])
    assert found.pei == pytest.approx(1 / 3)
    nothing = concentration(outcomes[:1], np.ones((1, 2)), share=0.5, of="areas", areas=CODES[:2])
    assert np.isnan(nothing.pai)
    assert np.isnan(nothing.pei)


@pytest.mark.parametrize("share", [0.0, 1.1])
def test_a_share_outside_the_range_is_refused(share):
    with pytest.raises(ValueError, match="share"):
        concentration(np.ones((1, 2)), np.ones((1, 2)), share=share, of="areas", areas=CODES[:2])


def test_land_needs_the_land():
    with pytest.raises(ValueError, match="area_km2"):
        concentration(np.ones((1, 2)), np.ones((1, 2)), share=0.5, of="land", areas=CODES[:2])
