"""Boosted lags for all areas at once: what they see, what they learn, and that time goes on."""

from __future__ import annotations

from contextlib import nullcontext, suppress
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from contracts import BadInput, Frequency, Period
from features.geographies.geography import Geography
from features.views.panel import Panel
from models.baselines.global_lags import GlobalLagsForecaster
from models.baselines.per_series import PerSeriesForecaster
from models.forecaster import UnusableForecaster

AREAS, PERIODS = 120, 60


def panel_of(counts: np.ndarray, frequency: Frequency = Frequency.MONTH) -> Panel:
    return Panel(
        as_of=date(2024, 1, 1),
        geography="wards",
        frequency=frequency,
        targets=("violence",),
        areas=tuple(f"W{number:03d}" for number in range(counts.shape[0])),
        first=Period.containing(date(2015, 1, 5), frequency),
        counts=counts[None],
        settled=np.zeros((1, counts.shape[1]), dtype=bool),
        publications=(),
    )


@pytest.fixture
def seasonal() -> np.ndarray:
    """Counts whose season doubles them in the second half of the year."""
    generator = np.random.default_rng(8)
    level = generator.gamma(4.0, 2.0, (AREAS, 1))
    season = np.where(np.arange(PERIODS) % 12 < 6, 1.0, 2.0)
    return generator.poisson(level * season).astype(float)


def forecast(panel: Panel, geography: Geography, horizons: tuple[int, ...] = (1,)):
    return GlobalLagsForecaster(seed=7).fit(panel, "violence", geography, horizons).predict(panel, horizons)


def test_the_season_ahead_is_learned_at_each_horizon(seasonal: np.ndarray, square_city: Geography) -> None:
    at = forecast(panel_of(seasonal[:, :53]), square_city, (1, 3))
    low, high = seasonal[:, np.arange(PERIODS) % 12 < 6].mean(), seasonal[:, np.arange(PERIODS) % 12 >= 6].mean()
    assert at.mean[0].mean() == pytest.approx(low, rel=0.1)
    assert at.mean[1].mean() == pytest.approx(high, rel=0.1)


def test_the_same_seed_gives_the_same_forecast(seasonal: np.ndarray, square_city: Geography) -> None:
    one, other = (forecast(panel_of(seasonal), square_city) for _ in range(2))
    np.testing.assert_array_equal(one.mean, other.mean)
    np.testing.assert_array_equal(one.dispersion, other.dispersion)


def test_a_fitted_model_goes_on_from_a_later_panel(seasonal: np.ndarray, square_city: Geography) -> None:
    whole = panel_of(seasonal)
    early = whole.until(whole.last.shift(-5))
    fitted = GlobalLagsForecaster(seed=7).fit(early, "violence", square_city, (1, 3))
    later = fitted.predict(whole, (1, 3))
    changed = replace(whole, counts=np.dstack([whole.counts[:, :, :-1], whole.counts[:, :, -1:] * 3 + 9]))
    assert (later.mean > 0).all()
    assert not np.array_equal(fitted.predict(changed, (1, 3)).mean, later.mean)
    np.testing.assert_array_equal(fitted.predict(early, (1, 3)).mean, fitted.predict(early, (3, 1)).mean[::-1])


def test_the_dispersion_comes_from_counts_that_the_boosters_had_not_seen(square_city: Geography) -> None:
    """The newest half year varies far more than all before: only forecasts of it can tell."""
    generator = np.random.default_rng(3)
    calm = generator.poisson(10.0, (AREAS, PERIODS)).astype(float)
    wild = calm.copy()
    wild[:, -6:] = generator.negative_binomial(1.0, 1.0 / 11.0, (AREAS, 6))
    one, other = (forecast(panel_of(counts), square_city).dispersion.mean() for counts in (calm, wild))
    assert one < 0.05
    assert other > 0.5


@pytest.mark.parametrize("frequency", list(Frequency))
def test_every_frequency_and_a_silent_area_have_possible_forecasts(
    frequency: Frequency, square_city: Geography
) -> None:
    counts = np.random.default_rng(1).poisson(2.0, (30, 40)).astype(float)
    counts[4] = 0.0
    counts[5, 10:14] = np.nan
    at = forecast(panel_of(counts, frequency), square_city, (1, 2))
    assert at.mean.shape == (2, 30)
    assert (at.mean > 0).all()
    assert (at.mean < 20).all()


@pytest.mark.parametrize("periods", [1, 3, 4])
def test_a_history_too_short_is_told_in_one_line(periods: int, square_city: Geography) -> None:
    with pytest.raises(BadInput, match=f"{periods} known periods are too few"):
        forecast(panel_of(np.ones((30, periods))), square_city, (1, 3))


@pytest.mark.parametrize("name", ["auto_ets", "auto_theta"])
def test_a_model_per_area_tells_a_history_too_short_in_one_line(name: str, square_city: Geography) -> None:
    short, enough = (panel_of(np.random.default_rng(1).poisson(3.0, (3, n)).astype(float)) for n in (7, 8))
    with pytest.raises(BadInput, match=f"7 known periods are too few for {name}; it needs 8"):
        PerSeriesForecaster(name, jobs=1).fit(short, "violence", square_city, (1, 3))
    fitted = PerSeriesForecaster(name, jobs=1).fit(enough, "violence", square_city, (1, 3))
    assert (fitted.predict(enough, (1, 3)).mean > 0).all()


@pytest.mark.parametrize("name", ["auto_ets", "auto_theta"])
def test_areas_that_never_change_are_forecast_as_they_are_beside_others(name: str, square_city: Geography) -> None:
    counts = np.random.default_rng(2).poisson(6.0, (4, 30)).astype(float)
    counts[1], counts[3] = 5.0, 0.0
    panel = panel_of(counts)
    fitted = PerSeriesForecaster(name, jobs=1).fit(panel, "violence", square_city, (1, 2))
    alone = PerSeriesForecaster(name, jobs=1).fit(panel_of(counts[[0, 2]]), "violence", square_city, (1, 2))
    means, others = fitted.predict(panel, (1, 2)).mean, alone.predict(panel_of(counts[[0, 2]]), (1, 2)).mean
    assert means[:, 1] == pytest.approx(5.0)
    assert (means[:, 3] < 0.1).all()
    assert means[:, [0, 2]] == pytest.approx(others)
    later = panel_of(np.column_stack([counts, [6.0, 5.0, 4.0, 0.0]]))
    assert fitted.predict(later, (1, 2)).mean[:, 1] == pytest.approx(5.0)


@pytest.mark.parametrize("periods", range(4, 16))
def test_an_area_of_few_periods_is_forecast_or_refused_in_one_line(square_city: Geography, periods: int) -> None:
    """Of a single row to learn from, as nine months of one area leave two months ahead, a tree would see none."""
    panel = panel_of(np.arange(1.0, periods + 1.0)[None])
    with suppress(UnusableForecaster) if periods < 12 else nullcontext():
        fitted = GlobalLagsForecaster().fit(panel, "violence", square_city, (1, 2))
        assert (fitted.predict(panel, (1, 2)).mean > 0).all()
