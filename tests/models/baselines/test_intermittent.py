"""Croston, TSB and IMAPA against naive loops over one series."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from contracts import Frequency, Period
from features.views.panel import Panel
from models.baselines.intermittent import INTERMITTENT, FittedIntermittent, _means_by_origin

SERIES = np.array([0, 0, 3, 0, 1, 0, 0, 0, 2, 4, 0, 0, 0, 0, 1, 0, 2, 0, 0, 1, 0, 0, 3, 0, 0, 1], dtype=float)


def panel_of(counts: np.ndarray) -> Panel:
    return Panel(
        as_of=date(2024, 1, 1),
        geography="wards",
        frequency=Frequency.MONTH,
        targets=("homicide",),
        areas=tuple(f"W{number}" for number in range(counts.shape[0])),
        first=Period.parse("2015-01", Frequency.MONTH),
        counts=counts[None],
        settled=np.zeros((1, counts.shape[1]), dtype=bool),
        publications=(),
    )


def croston_sba_by_hand(series: np.ndarray, alpha: float = 0.1) -> float:
    size = interval = None
    since = 0
    for count in series:
        since += 1
        if count > 0:
            size = count if size is None else size + alpha * (count - size)
            interval = since if interval is None else interval + alpha * (since - interval)
            since = 0
    assert size is not None
    assert interval is not None
    return 0.95 * size / interval


def tsb_by_hand(series: np.ndarray, alpha: float) -> float:
    size = None
    probability = float(series[0] > 0)
    for at, count in enumerate(series):
        if at:
            probability += alpha * (float(count > 0) - probability)
        if count > 0:
            size = count if size is None else size + alpha * (count - size)
    assert size is not None
    return probability * size


def test_croston_equals_a_naive_loop() -> None:
    (means,) = _means_by_origin("croston_sba", panel_of(np.stack([SERIES, SERIES[::-1]])), "homicide")
    assert means[0, -1] == pytest.approx(croston_sba_by_hand(SERIES))
    assert means[1, -1] == pytest.approx(croston_sba_by_hand(SERIES[::-1]))


def test_tsb_equals_a_naive_loop_for_each_candidate() -> None:
    candidates = _means_by_origin("tsb", panel_of(SERIES[None]), "homicide")
    by_hand = [tsb_by_hand(SERIES, weight) for weight in (0.02, 0.05, 0.1, 0.2)]
    np.testing.assert_allclose([means[0, -1] for means in candidates], by_hand)


@pytest.mark.parametrize("name", INTERMITTENT)
def test_forecasts_at_past_origins_see_nothing_later(name: str) -> None:
    counts = np.stack([SERIES, np.roll(SERIES, 5), SERIES * 3.0])
    later = counts.copy()
    later[:, 20:] = np.random.default_rng(1).poisson(6.0, (3, 6))
    pairs = zip(*(_means_by_origin(name, panel_of(some), "homicide") for some in (counts, later)), strict=True)
    for one, other in pairs:
        np.testing.assert_array_equal(one[:, :20], other[:, :20])
        assert not np.array_equal(one[:, 20:], other[:, 20:])


# The library rounds a mean interval that ends in a half up in imapa's past forecasts and to the even one in its newest.
@pytest.mark.parametrize("name", ["croston_sba", "tsb"])
def test_the_forecast_at_an_origin_is_the_one_made_then(name: str) -> None:
    counts = np.stack([SERIES, np.roll(SERIES, 5), SERIES * 3.0])
    whole = _means_by_origin(name, panel_of(counts), "homicide")
    for origin in (14, 19, 24):
        then = _means_by_origin(name, panel_of(counts[:, : origin + 1]), "homicide")
        for now, before in zip(whole, then, strict=True):
            np.testing.assert_allclose(now[:, origin], before[:, origin], err_msg=str(origin))


@pytest.mark.parametrize("name", INTERMITTENT)
@pytest.mark.parametrize(
    "counts",
    [
        np.zeros((2, 30)),
        np.stack([SERIES, np.zeros(26)]),
        np.stack([np.append(np.zeros(29), 1.0), np.append(1.0, np.zeros(29))]),
        np.stack([np.append(SERIES, np.nan), np.append(np.nan, SERIES)]),
        np.ones((3, 4)),
    ],
)
def test_zeros_gaps_and_short_histories_give_possible_forecasts(name: str, counts: np.ndarray) -> None:
    forecast = FittedIntermittent(name, "homicide").predict(panel_of(counts), (1, 3))
    assert forecast.mean.shape == (2, counts.shape[0])
    assert (forecast.mean > 0).all()
    np.testing.assert_array_equal(forecast.mean[0] < 50, True)
