import numpy as np
import pytest

from contracts import CountDistribution
from monitoring import ALL_AREAS, CITY_TOTAL, Verification, coverage_text, furthest_groups, group_coverage
from monitoring.leaderboard.group_coverage import furthest_by_chance


def verification(mean: np.ndarray, outcomes: np.ndarray, dispersion: float | np.ndarray = 0.0) -> Verification:
    return Verification(
        model="wardcast",
        target="violence",
        horizon=1,
        areas=tuple(f"E{number}" for number in range(mean.shape[1])),
        periods=np.arange(600, 600 + len(mean)),
        forecast=CountDistribution(mean, np.asarray(dispersion)),
        outcomes=outcomes,
    )


def test_the_coverage_of_each_group_is_what_a_hand_works_out():
    """Poisson with mean ln 2, so that P(0) = 1/2: a count of 0 has a PIT uniform on (0, 0.5), of which half lies in
    (0.25, 0.75), 0.8 above 0.1 and 0.95 above 0.025. A count of 1 has one uniform on (0.5, 0.8466): 0.25 / 0.3466 of
    it lies below 0.75, and all of it below 0.9.
    """
    mean = np.full((2, 3), np.log(2.0))
    outcomes = np.array([[0.0, 1.0, np.nan], [0.0, 1.0, 1.0]])
    rows = group_coverage(verification(mean, outcomes), {"district": ["north", "south", None]})
    found = {(row["grouping"], row["group"]): row for row in rows}
    one = 0.25 / (np.log(2.0) / 2.0)
    north, south = found["district", "north"], found["district", "south"]
    assert [north[f"coverage_{level}"] for level in (50, 80, 95)] == pytest.approx([0.5, 0.8, 0.95])
    assert [south[f"coverage_{level}"] for level in (50, 80, 95)] == pytest.approx([one, 1.0, 1.0])
    assert (north["furthest"], south["furthest"]) == pytest.approx((0.0, one - 0.5), abs=1e-6)
    assert (south["areas"], south["forecasts"]) == (1, 2)
    everywhere = found[ALL_AREAS, ""]
    assert everywhere["forecasts"] == 5
    assert everywhere["coverage_50"] == pytest.approx((2 * 0.5 + 3 * one) / 5)


def test_the_city_total_is_judged_too():
    mean = np.full((1, 2), np.log(2.0) / 2.0)
    (city,) = [row for row in group_coverage(verification(mean, np.zeros((1, 2))), {}) if row["grouping"] == CITY_TOTAL]
    assert city["coverage_50"] == pytest.approx(0.5, abs=1e-6)
    assert city["forecasts"] == 1


def test_a_group_that_is_too_sure_is_found_among_many():
    """A planted defect: in one district of eight, outcomes vary as the forecast denies."""
    generator = np.random.default_rng(4)
    mean = np.full((60, 80), 12.0)
    told = np.full(mean.shape, 0.05)
    true = told.copy()
    true[:, 30:40] = 0.6
    outcomes = CountDistribution(mean, true).sample(1, seed=3)[0].astype(float)
    districts = [f"D{area // 10}" for area in range(80)]
    shuffled = generator.permutation(80)
    one = verification(mean[:, shuffled], outcomes[:, shuffled], told)
    rows = group_coverage(one, {"district": [districts[area] for area in shuffled]})
    (worst,) = [row for row in furthest_groups(rows) if row["grouping"] == "district"]
    assert worst["group"] == "D3"
    assert worst["coverage_80"] < 0.6
    assert max(row["furthest"] for row in rows if row["grouping"] == "district" and row["group"] != "D3") < 0.06
    assert "district D3" in coverage_text(rows)


def test_a_group_without_a_known_outcome_has_no_row_and_shapes_must_fit():
    mean = np.ones((2, 2))
    outcomes = np.array([[0.0, np.nan], [1.0, np.nan]])
    rows = group_coverage(verification(mean, outcomes), {"district": ["a", "b"]})
    assert [row["group"] for row in rows if row["grouping"] == "district"] == ["a"]
    with pytest.raises(ValueError, match="district"):
        group_coverage(verification(mean, outcomes), {"district": ["a"]})


def test_chance_alone_puts_one_of_many_groups_as_far_off_as_is_said():
    """An independent oracle: calibrated coverage of 32 groups of 500, drawn two thousand times."""
    drawn = np.random.default_rng(5).binomial(500, 0.5, (2000, 32)) / 500.0
    assert furthest_by_chance(32, 500) == pytest.approx(np.median(np.abs(drawn - 0.5).max(axis=1)), rel=0.05)
