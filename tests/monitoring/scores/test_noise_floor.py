import numpy as np
import pytest

import monitoring
from contracts import CountDistribution
from monitoring import noise_floor

CODES = [f"E{number:03d}" for number in range(40)]


def test_the_floor_is_what_the_truth_scores(truth):
    known = np.ones(truth.mean.shape, dtype=bool)
    floor = noise_floor(truth, known, areas=CODES, seed=1, draws=200)["negative_binomial"]
    drawn = truth.sample(200, seed=2).astype(float)
    mean = np.broadcast_to(truth.mean, drawn.shape)
    assert floor["mean_poisson_deviance"] == pytest.approx(monitoring.mean_poisson_deviance(drawn, mean), rel=0.02)
    assert floor["mae"] == pytest.approx(monitoring.mae(drawn, mean), rel=0.02)
    assert floor["crps"] == pytest.approx(np.mean([monitoring.crps(counts, truth) for counts in drawn]), rel=0.02)
    assert floor["log_score"] == pytest.approx(
        np.mean([monitoring.log_score(counts, truth) for counts in drawn]), rel=0.01
    )
    assert 0 < floor["pei_10"] < 1


def test_poisson_deviance_of_a_large_mean_is_about_one():
    forecast = CountDistribution(np.full((10, 40), 50.0), np.array(0.2))
    floors = noise_floor(forecast, np.ones((10, 40), dtype=bool), areas=CODES, seed=1)
    assert floors["poisson"]["mean_poisson_deviance"] == pytest.approx(1.0, abs=0.03)
    assert floors["negative_binomial"]["mean_poisson_deviance"] > 5


def test_only_known_rows_count_and_the_seed_decides(truth):
    known = np.zeros(truth.mean.shape, dtype=bool)
    known[:, :5] = True
    floor = noise_floor(truth, known, areas=CODES, seed=1)
    assert floor == noise_floor(truth, known, areas=CODES, seed=1)
    narrow = noise_floor(truth[:, :5], known[:, :5], areas=CODES[:5], seed=1)
    assert floor["poisson"]["crps"] == pytest.approx(narrow["poisson"]["crps"])


def test_a_single_area_cannot_be_ranked(truth):
    floor = noise_floor(truth[:, :1], np.ones((12, 1), dtype=bool), areas=CODES[:1], seed=1)
    assert floor["poisson"]["pei_10"] is None


def test_periods_without_crime_have_no_index():
    forecast = CountDistribution(np.full((2, 3), 1e-9), np.array(0.1))
    assert noise_floor(forecast, np.ones((2, 3), dtype=bool), areas=CODES[:3], seed=1)["poisson"]["pei_10"] is None
