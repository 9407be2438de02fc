import json

import numpy as np
import pytest

import monitoring
from contracts import CountDistribution
from monitoring import city_totals, leaderboard
from monitoring.leaderboard.remarks import finite, remark_on

CONTRACT = [
    *("model", "horizon", "level", "mean_poisson_deviance", "mae", "crps", "log_score"),
    *("coverage_50", "coverage_80", "coverage_90", "coverage_95", "pai_5", "pei_10"),
    *("vs_ewma", "vs_ewma_low", "vs_ewma_high", "seconds", "peak_mb"),
]


@pytest.fixture
def board(make, area_km2):
    return leaderboard([make("ewma", 1.3), make("wardcast", 1.0, refit_every=12)], area_km2=area_km2, seed=1)


def test_rows_hold_the_contract_and_are_json(board):
    for row in board.rows:
        assert set(CONTRACT) <= set(row)
        assert not {name for name in CONTRACT if row[name] is None}
    json.dumps([board.rows, board.noise_floor], allow_nan=False)


def test_rows_are_the_public_scores(board, make, truth, outcomes):
    row = board.rows[0]
    assert row["model"] == "wardcast"
    assert row["mean_poisson_deviance"] == monitoring.mean_poisson_deviance(outcomes, truth.mean)
    assert row["crps"] == monitoring.crps(outcomes, truth)
    assert row["forecasts"] == int((~np.isnan(outcomes)).sum())
    assert row["coverage_90"] == monitoring.coverage(monitoring.pit_limits(outcomes, truth), 0.9)


def test_the_better_model_beats_the_baseline_beyond_chance(board):
    better, baseline = board.rows
    assert better["vs_ewma_low"] < better["vs_ewma"] < better["vs_ewma_high"] < 1
    assert better["vs_ewma"] == pytest.approx(better["mean_poisson_deviance"] / baseline["mean_poisson_deviance"])
    assert better["crps_vs_ewma_high"] < 1
    assert (baseline["vs_ewma_low"], baseline["vs_ewma_high"]) == (1.0, 1.0)


def test_the_floor_comes_from_the_model_of_the_least_crps(board):
    (floor,) = board.noise_floor
    assert (floor["horizon"], floor["reference"]) == (1, "wardcast")
    assert floor["poisson"]["crps"] < floor["negative_binomial"]["crps"]


def test_the_order_of_areas_and_of_models_does_not_matter(make, area_km2, board, outcomes, truth):
    order = np.random.default_rng(2).permutation(len(area_km2))
    codes = make().areas
    mixed = [
        make(
            model,
            areas=tuple(codes[at] for at in order),
            outcomes=outcomes[:, order],
            forecast=CountDistribution(factor * truth.mean, truth.dispersion)[:, order],
        )
        for model, factor in (("wardcast", 1.0), ("ewma", 1.3))
    ]
    again = leaderboard(mixed, area_km2=area_km2[order], seed=1)
    for plain, other in zip(board.rows, again.rows, strict=True):
        for name in set(CONTRACT) - {"model", "level", "vs_ewma_low", "vs_ewma_high"}:
            assert other[name] == pytest.approx(plain[name]), name


def test_the_same_seed_gives_the_same_board(make, area_km2, board):
    again = leaderboard([make("ewma", 1.3), make("wardcast", 1.0, refit_every=12)], area_km2=area_km2, seed=1)
    assert again == board


def test_horizons_are_apart_and_in_order(make, area_km2):
    board = leaderboard([make(horizon=3), make(horizon=1)], area_km2=area_km2, seed=1)
    assert [row["horizon"] for row in board.rows] == [1, 3]
    assert [floor["horizon"] for floor in board.noise_floor] == [1, 3]


def test_without_the_baseline_there_is_no_ratio(make, area_km2):
    (row,) = leaderboard([make("mean_12")], area_km2=area_km2, seed=1).rows
    assert (row["vs_ewma"], row["vs_ewma_low"], row["crps_vs_ewma"]) == (None, None, None)


def test_city_totals_by_hand(make):
    outcomes = np.full((12, 40), np.nan)
    outcomes[0, :2] = [4.0, 6.0]
    forecast = CountDistribution(np.full((12, 40), 4.0), np.array(0.25))
    city = city_totals(make(outcomes=outcomes, forecast=forecast))
    assert city.outcomes[0, 0] == 10.0
    assert np.isnan(city.outcomes[1:]).all()
    assert city.forecast.mean[0, 0] == 8.0
    assert city.forecast.variance[0, 0] == pytest.approx(16.0)


def test_the_city_level_scores_totals(make, area_km2, truth, outcomes):
    board = leaderboard([make("ewma"), make("mean_12", 1.1)], area_km2=area_km2, level="city", seed=1)
    row = board.rows[0]
    total = np.nansum(outcomes, axis=1)
    expected = np.where(np.isnan(outcomes), 0.0, truth.mean).sum(axis=1)
    assert row["level"] == "city"
    assert row["mae"] == pytest.approx(np.abs(total - expected).mean())
    assert row["city_mape"] == pytest.approx(100 * (np.abs(total - expected) / total).mean())
    assert row["pei_10"] is None
    assert board.noise_floor[0]["poisson"]["pei_10"] is None
    assert "independent" in board.as_text()


def test_the_text_says_what_was_refitted_seldom_and_shows_the_floor(board):
    text = board.as_text()
    lines = text.splitlines()
    assert lines[0] == "violence, area level, horizon 1, 467 forecasts scored"
    assert "vs ewma" in lines[1]
    assert lines[3].startswith("wardcast")
    assert "noise floor (Poisson)" in text
    assert lines[-1] == "Not refitted at each origin: wardcast (every 12 origins)."


@pytest.mark.parametrize(
    "changes",
    [
        {"outcomes": np.ones((12, 40))},
        {"periods": np.arange(601, 613)},
        {"areas": tuple(f"W{number:03d}" for number in range(40))},
    ],
)
def test_models_on_different_rows_are_refused(make, area_km2, changes):
    with pytest.raises(ValueError, match="differ in areas, periods or outcomes"):
        leaderboard([make(), make("mean_12", **changes)], area_km2=area_km2, seed=1)


def test_misuse_is_refused(make, area_km2):
    with pytest.raises(ValueError, match="nothing to score"):
        leaderboard([], area_km2=area_km2, seed=1)
    with pytest.raises(ValueError, match="comes twice"):
        leaderboard([make(), make()], area_km2=area_km2, seed=1)
    with pytest.raises(ValueError, match="one target"):
        leaderboard([make(), make("mean_12", target="robbery")], area_km2=area_km2, seed=1)
    with pytest.raises(ValueError, match="area_km2"):
        leaderboard([make()], area_km2=area_km2[:3], seed=1)


def test_a_row_far_worse_than_counting_is_remarked_on(make):
    outcomes = np.random.default_rng(2).poisson(5.0, (24, 40)).astype(float)
    areas = tuple(f"E{number}" for number in range(40))

    def of(model: str, mean: float):
        forecast = CountDistribution(np.full(outcomes.shape, mean), np.array(0.05))
        return make(model, areas=areas, periods=np.arange(24), outcomes=outcomes, forecast=forecast)

    board = leaderboard([of("ewma", 5.0), of("wild", 40.0), of("near", 6.0)], area_km2=np.ones(40), seed=1)
    remarks = {row["model"]: row["remark"] for row in board.rows}
    ratio = next(row["vs_ewma"] for row in board.rows if row["model"] == "wild")
    assert ratio > 10
    assert remarks["wild"] == f"{ratio:.0f} times the deviance of ewma: worse than counting, and no use."
    assert remarks["ewma"] is None
    assert remarks["near"] is None
    assert f"wild: {remarks['wild']}" in board.as_text()


def test_a_figure_that_is_no_number_is_none_and_remarked_on():
    row = finite({"model": "m", "mean_poisson_deviance": float("inf"), "mae": 2.0})
    assert row == {"model": "m", "mean_poisson_deviance": None, "mae": 2.0}
    assert remark_on({"mean_poisson_deviance": float("nan"), "vs_ewma": None}, "ewma").startswith("No finite deviance")
