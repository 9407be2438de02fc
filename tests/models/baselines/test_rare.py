"""Pooled and constant rates of rare targets: by hand, against truth, and with the lender that the settings name."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from contracts import BadInput, Frequency, Period
from features.geographies.geography import Geography
from features.views.panel import Panel
from models.baselines.rare import CONSTANT, LEAST_EQUAL_WEIGHT, POOLED, FittedRare, RareForecaster, choose_weights
from monitoring import log_score

MONTHS = 72


def panel_of(rare: np.ndarray, common: np.ndarray) -> Panel:
    return Panel(
        as_of=date(2024, 1, 1),
        geography="wards",
        frequency=Frequency.MONTH,
        targets=("homicide", "violence"),
        areas=tuple(f"W{number}" for number in range(rare.shape[0])),
        first=Period.parse("2015-01", Frequency.MONTH),
        counts=np.stack([rare, common]),
        settled=np.zeros((2, rare.shape[1]), dtype=bool),
        publications=(),
    )


def simulated(*, related: bool, areas: int = 300) -> tuple[Panel, np.ndarray]:
    """A rare target of 0.05 per area and month whose places are those of violence, or are all alike."""
    generator = np.random.default_rng(9)
    level = generator.gamma(0.7, 10.0, areas)
    rates = 0.05 * (level / level.mean() if related else np.ones(areas))
    rare = generator.poisson(rates[:, None], (areas, MONTHS + 24)).astype(float)
    common = generator.poisson(level[:, None], (areas, MONTHS + 24)).astype(float)
    return panel_of(rare[:, :MONTHS], common[:, :MONTHS]), rare[:, MONTHS:]


def mean_log_score(panel: Panel, later: np.ndarray, name: str, lender: str | None) -> float:
    forecast = FittedRare(name, "homicide", lender).predict(panel, (1,))[0]
    return float(np.mean([log_score(outcomes, forecast) for outcomes in later.T]))


def test_a_constant_rate_is_the_same_everywhere_and_sums_to_the_citys_mean() -> None:
    rare = np.tile([[1.0], [0.0], [0.0], [1.0]], 40)
    forecast = FittedRare(CONSTANT, "homicide", None).predict(panel_of(rare, rare), (1, 2))
    np.testing.assert_allclose(forecast.mean, 0.5)


def test_weights_by_hand() -> None:
    # Every incident happened where the first component has share 0.9 and the other 0.5: it alone is likeliest.
    outcomes = np.array([[1.0, 2.0], [0.0, 0.0]])
    shares = np.array([[[0.9, 0.9], [0.1, 0.1]], np.full((2, 2), 0.5)])
    np.testing.assert_allclose(choose_weights(outcomes, shares), [1 - LEAST_EQUAL_WEIGHT, LEAST_EQUAL_WEIGHT])


def test_weights_are_likelier_than_others_nearby() -> None:
    generator = np.random.default_rng(4)
    shares = generator.dirichlet(np.full(30, 2.0), (3, 8)).transpose(0, 2, 1)
    truth = np.tensordot(np.array([0.2, 0.5, 0.3]), shares, axes=1)
    outcomes = generator.poisson(200.0 * truth).astype(float)

    def likelihood(weights: np.ndarray) -> float:
        return float((outcomes * np.log(np.tensordot(weights, shares, axes=1))).sum())

    best = choose_weights(outcomes, shares)
    assert best.sum() == pytest.approx(1.0)
    for step in np.eye(3) - 1 / 3:
        for size in (-0.02, 0.02):
            assert likelihood(best + size * step) < likelihood(best) + 1e-6


def test_borrowing_pays_where_the_targets_share_places() -> None:
    panel, later = simulated(related=True)
    scores = {(n, lender): mean_log_score(panel, later, n, lender) for n, lender in ((CONSTANT, None), (POOLED, None))}
    borrowing = mean_log_score(panel, later, POOLED, "violence")
    assert borrowing > scores[POOLED, None] + 0.002
    assert scores[POOLED, None] > scores[CONSTANT, None] + 0.005


def test_a_lender_that_tells_nothing_does_little_harm() -> None:
    panel, later = simulated(related=False)
    constant = mean_log_score(panel, later, CONSTANT, None)
    assert mean_log_score(panel, later, POOLED, "violence") == pytest.approx(constant, abs=0.002)


def test_the_citys_sum_is_the_same_for_both() -> None:
    panel, _ = simulated(related=True)
    one, other = (FittedRare(n, "homicide", "violence").predict(panel, (1, 3)) for n in (CONSTANT, POOLED))
    np.testing.assert_allclose(one.mean.sum(axis=1), other.mean.sum(axis=1))


def test_the_order_of_areas_does_not_matter() -> None:
    panel, _ = simulated(related=True)
    order = np.random.default_rng(2).permutation(len(panel.areas))
    mixed = replace(panel, areas=tuple(panel.areas[at] for at in order), counts=panel.counts[:, order])
    plain, other = (FittedRare(POOLED, "homicide", "violence").predict(some, (1,)) for some in (panel, mixed))
    np.testing.assert_allclose(other.mean[0], plain.mean[0][order], rtol=1e-8)


@pytest.mark.parametrize("name", [CONSTANT, POOLED])
@pytest.mark.parametrize(
    "rare",
    [
        np.zeros((4, 40)),
        np.full((4, 40), np.nan),
        np.pad(np.ones((1, 40)), ((0, 3), (0, 0))),
        np.ones((4, 3)),
        np.ones((4, 1)),
        np.where(np.eye(4, 40, 38), np.nan, 1.0),
    ],
)
def test_zeros_gaps_and_short_histories_give_possible_forecasts(name: str, rare: np.ndarray) -> None:
    common = np.random.default_rng(1).poisson(4.0, rare.shape).astype(float)
    forecast = FittedRare(name, "homicide", "violence").predict(panel_of(rare, common), (1, 3))
    assert forecast.mean.shape == (2, 4)
    assert (forecast.mean > 0).all()
    assert (forecast.mean < 10).all()


def test_a_lender_without_counts_is_told_in_one_line(square_city: Geography) -> None:
    panel, _ = simulated(related=True)
    with pytest.raises(BadInput, match="'homicide' borrows from 'knife'"):
        RareForecaster(POOLED, {"homicide": "knife"}).fit(panel, "homicide", square_city, (1,))
