"""What a leaderboard says of a constant rate, and how a rare target is shown."""

from __future__ import annotations

import json

import numpy as np
import pytest

from contracts import CountDistribution
from monitoring import leaderboard
from monitoring.leaderboard.statement import AgainstConstant, against_constant, statement
from monitoring.scores.skill import Ratio, resampling

AREAS, PERIODS = 300, 24


@pytest.fixture
def rates() -> np.ndarray:
    """Rates of a rare target that differ between areas, mean about 0.1."""
    return np.random.default_rng(4).gamma(0.5, 0.2, AREAS)


@pytest.fixture
def rare_board(make, rates):
    """Makes a leaderboard of rare outcomes: of models by the rates they forecast."""
    generator = np.random.default_rng(6)

    def board(true_rates: np.ndarray, **models: np.ndarray):
        outcomes = generator.poisson(np.tile(true_rates, (PERIODS, 1))).astype(float)
        made = [
            make(
                model,
                target="homicide",
                areas=tuple(f"E{number}" for number in range(AREAS)),
                periods=np.arange(PERIODS),
                outcomes=outcomes,
                forecast=CountDistribution(np.tile(forecast, (PERIODS, 1)), np.array(1e-6)),
            )
            for model, forecast in models.items()
        ]
        return leaderboard(made, area_km2=np.ones(AREAS), area_kind="ward_2022", seed=1)

    return board


def test_a_model_that_knows_the_places_beats_the_constant_rate(rare_board, rates):
    board = rare_board(rates, constant_rate=np.full(AREAS, rates.mean()), pooled_rate=0.8 * rates + 0.2 * rates.mean())
    assert board.statement.startswith("1 of 1 models beat a constant rate for homicide by ward_2022 at horizon 1: ")
    row = board.rows[0]
    assert row["model"] == "pooled_rate"
    constant = board.rows[1]
    assert row["log_loss_vs_constant"] == pytest.approx(row["log_score"] / constant["log_score"])
    assert row["log_loss_vs_constant_high"] < 1
    assert constant["log_loss_vs_constant"] is None


def test_where_all_areas_are_alike_no_model_beats_it(rare_board, rates):
    alike = np.full(AREAS, 0.1)
    noisy = {f"guess_{number}": alike * np.random.default_rng(number).gamma(50, 1 / 50, AREAS) for number in range(9)}
    board = rare_board(alike, constant_rate=alike, **noisy)
    assert board.statement.startswith("No model beats a constant rate for homicide by ward_2022 at horizon 1: ")
    assert "widened for 9 comparisons" in board.statement
    assert board.as_text().endswith(board.statement)


def test_a_rare_target_is_sorted_by_log_score_and_shows_no_mean_absolute_error(rare_board, rates):
    """A forecast of almost none has the least mean absolute error, and stands last all the same."""
    models = {"nothing": np.full(AREAS, 1e-5), "truth": np.maximum(rates, 1e-6), "constant_rate": np.full(AREAS, 0.1)}
    board = rare_board(rates, **models)
    assert [row["model"] for row in board.rows] == ["truth", "constant_rate", "nothing"]
    assert board.rare
    assert {row["mae"] for row in board.rows} == {None}
    assert "MAE" not in board.as_text()
    assert "Sorted by log score" in board.as_text()
    json.dumps(board.rows, allow_nan=False)


def test_a_rare_target_without_a_constant_rate_says_that_it_was_not_tested(rare_board, rates):
    board = rare_board(rates, ewma=np.full(AREAS, 0.1))
    assert board.statement == (
        "Whether any model beats a constant rate for homicide by ward_2022 at horizon 1 was not tested: add "
        "constant_rate to the models."
    )


def test_a_common_target_without_a_constant_rate_says_nothing_and_shows_its_error(make, area_km2):
    board = leaderboard([make("ewma"), make("mean_12", 1.1)], area_km2=area_km2, seed=1)
    assert (board.rare, board.statement) == (False, None)
    assert "MAE" in board.as_text()


def test_the_citys_total_is_not_rare_where_areas_are(make, rates):
    outcomes = np.random.default_rng(1).poisson(np.tile(rates, (PERIODS, 1))).astype(float)
    forecast = CountDistribution(np.tile(rates, (PERIODS, 1)), np.array(0.1))
    one = make(
        areas=tuple(f"E{n}" for n in range(AREAS)), periods=np.arange(PERIODS), outcomes=outcomes, forecast=forecast
    )
    boards = [leaderboard([one], area_km2=np.ones(AREAS), level=level, seed=1) for level in ("area", "city")]
    assert [board.rare for board in boards] == [True, False]
    assert boards[1].statement is None


def test_each_horizon_has_a_sentence_of_its_own(make, area_km2):
    models = [make(model, horizon=horizon) for model in ("ewma", "constant_rate") for horizon in (1, 3)]
    sentences = leaderboard(models, area_km2=area_km2, seed=1).statement.splitlines()
    assert ["at horizon 1" in sentences[0], "at horizon 3" in sentences[1]] == [True, True]


def test_the_claim_needs_the_interval_widened_for_the_number_of_models():
    near = AgainstConstant("ewma", Ratio(0.98, 0.96, 0.999), Ratio(0.98, 0.95, 1.004))
    far = AgainstConstant("pooled_rate", Ratio(0.9, 0.88, 0.92), Ratio(0.9, 0.87, 0.93))
    assert statement("homicide", "ward", 1, [near], rare=True).startswith("No model beats")
    both = statement("homicide", "ward", 1, [near, far], rare=True)
    assert both == (
        "1 of 2 models beat a constant rate for homicide by ward at horizon 1: the log loss of pooled_rate is 0.900 of "
        "the constant rate's (interval 0.870–0.930, widened for 2 comparisons)."
    )


def test_the_widened_interval_holds_the_plain_one():
    generator = np.random.default_rng(2)
    losses = {name: generator.gamma(2.0, 1.0, (12, 40)) for name in ("constant_rate", "ewma", "mean_12", "tsb")}
    compared = against_constant(losses, resampling(periods=12, areas=40, block=2, seed=1))
    assert set(compared) == {"ewma", "mean_12", "tsb"}
    for one in compared.values():
        assert one.widened.low < one.ratio.low < one.ratio.high < one.widened.high
