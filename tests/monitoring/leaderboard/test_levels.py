"""Scores by level: own forecasts beside reconciled ones, and city totals that keep what areas share."""

from dataclasses import replace

import numpy as np
import pytest

from contracts import CountDistribution, coherent_draws
from monitoring import (
    UNRECONCILED,
    LevelVerification,
    Verification,
    coverage,
    group_totals,
    leaderboard,
    level_scores,
    levels_text,
    pit_limits,
)


@pytest.fixture
def parts(make):
    own = LevelVerification("ward", UNRECONCILED, make("wardcast", 1.2), 3.0)
    better = LevelVerification("ward", "bottom_up", make("wardcast"), 0.0)
    return [own, better]


def test_each_row_is_compared_with_the_levels_own_forecast(parts):
    own, better = level_scores(parts, seed=1)
    assert own["vs_unreconciled"] == 1.0
    assert better["vs_unreconciled"] == pytest.approx(better["mean_poisson_deviance"] / own["mean_poisson_deviance"])
    assert better["vs_unreconciled_low"] < better["vs_unreconciled"] < 1.0
    assert (own["largest_gap"], better["largest_gap"]) == (3.0, 0.0)


def test_the_percentage_error_by_hand(parts):
    judged = parts[0].verification
    some = judged.known & (np.nan_to_num(judged.outcomes) > 0)
    expected = 100 * (np.abs(judged.forecast.mean - judged.outcomes)[some] / judged.outcomes[some]).mean()
    assert level_scores(parts, seed=1)[0]["mape"] == pytest.approx(expected)


def test_reconciled_forecasts_without_their_own_are_refused(parts):
    with pytest.raises(ValueError, match="own forecasts"):
        level_scores(parts[1:], seed=1)


def test_the_table_names_every_method(parts):
    text = levels_text(level_scores(parts, seed=1))
    assert "Horizon 1" in text
    assert "bottom_up" in text
    assert UNRECONCILED in text


def verification_with_shocks(shared: float) -> Verification:
    """300 periods of 80 areas, drawn with a city factor of relative variance 0.01; the forecast says ``shared``."""
    truth = CountDistribution(np.full((300, 80), 12.0), np.array(0.11), np.array(0.01))
    outcomes = coherent_draws(truth, 1, seed=9)[0].astype(float)
    outcomes[:, 5] = np.nan
    return Verification(
        model="wardcast",
        target="violence",
        horizon=1,
        areas=tuple(f"E{number}" for number in range(80)),
        periods=np.arange(300),
        forecast=replace(truth, shared=np.array(shared)),
        outcomes=outcomes,
    )


def test_a_citys_interval_covers_what_it_says_only_with_the_shared_factor():
    covered = {}
    for shared in (0.0, 0.01):
        city = group_totals(verification_with_shocks(shared), np.zeros(80, dtype=np.int64), ("city",))
        covered[shared] = coverage(pit_limits(city.outcomes, city.forecast), 0.8)
    assert covered[0.0] < 0.6
    assert covered[0.01] == pytest.approx(0.8, abs=0.05)


def test_the_leaderboard_warns_only_of_models_without_a_shared_factor():
    board = leaderboard([verification_with_shocks(0.01)], area_km2=np.ones(80), level="city", seed=1)
    assert "independent" not in board.as_text()
    apart = leaderboard([verification_with_shocks(0.0)], area_km2=np.ones(80), level="city", seed=1)
    assert "wardcast take areas as independent" in apart.as_text()


def test_totals_by_district_leave_out_unknown_areas():
    verification = verification_with_shocks(0.01)
    districts = group_totals(verification, np.arange(80) // 8, tuple(f"D{number}" for number in range(10)))
    assert districts.forecast.mean[0] == pytest.approx([84.0] + [96.0] * 9)
    assert districts.outcomes[0, 0] == np.nansum(verification.outcomes[0, :8])
