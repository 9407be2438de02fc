"""What a short or an empty history allows: how little is enough, what it goes without, and how wide it is."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from contracts import Frequency, Period
from features.geographies.geography import Geography
from features.views.panel import Panel
from models.forecaster import UnusableForecaster
from models.recipe.area_share import ShareSettings, rows_to_learn
from models.recipe.city_total import forecast_city_total
from models.recipe.history import SHORTEST, short_history
from models.recipe.recipe import RecipeForecaster

RNG = np.random.default_rng(5)


def panel_of(counts: np.ndarray, frequency: Frequency = Frequency.MONTH) -> Panel:
    return Panel(
        as_of=date(2024, 1, 1),
        geography="squares",
        frequency=frequency,
        targets=("violence",),
        areas=tuple(f"A{number:03d}" for number in range(counts.shape[0])),
        first=Period.containing(date(2020, 1, 6), frequency),
        counts=counts[None].astype(float),
        settled=np.zeros((1, counts.shape[1]), dtype=bool),
        publications=(),
    )


def geography_of(panel: Panel, square_city: Geography) -> Geography:
    """As many cells of the grid as the panel has areas, by the panel's codes."""
    local = square_city.only(square_city.codes[: len(panel.areas)])
    return Geography(**{**vars(local), "areas": local.areas.assign(area=list(panel.areas))})


@pytest.mark.parametrize("frequency", list(Frequency))
@pytest.mark.parametrize("areas", [1, 4])
def test_the_shortest_history_is_forecast_and_one_period_less_is_refused(
    frequency: Frequency, areas: int, square_city: Geography
) -> None:
    needed = SHORTEST[frequency]
    enough = panel_of(RNG.poisson(4.0, (areas, needed)), frequency)
    geography = geography_of(enough, square_city)
    fitted = RecipeForecaster().fit(enough, "violence", geography, (1, 2, 3))
    forecast = fitted.predict(enough, (1, 2, 3))
    assert forecast.mean.shape == (3, areas)
    assert (forecast.mean > 0.5).all()
    assert (forecast.mean < 20.0).all()
    reasons = fitted.explain(enough, (1, 2, 3))
    np.testing.assert_allclose(reasons.crimes.sum(axis=2), forecast.mean, atol=1e-6)
    short = enough.until(enough.last.shift(-1))
    with pytest.raises(UnusableForecaster, match=f"known for {needed - 1} {frequency}s, .* needs {needed}") as told:
        RecipeForecaster().fit(short, "violence", geography, (1,))
    assert told.value.remedy == f"Ingest at least 1 {frequency} more of it with: wardcast ingest"


def test_known_periods_count_and_not_the_span(square_city: Geography) -> None:
    counts = RNG.poisson(4.0, (3, 20)).astype(float)
    counts[:, 1:16] = np.nan
    panel = panel_of(counts)
    with pytest.raises(UnusableForecaster, match="known for 5 months"):
        RecipeForecaster().fit(panel, "violence", geography_of(panel, square_city), (1,))


def test_nothing_counted_is_forecast_as_half_a_crime_in_all_the_time_that_was_counted(square_city: Geography) -> None:
    """Jeffreys' prior after none in 1,461 days (2020 to 2023): 0.5 / 1461 a day, so 31/2922 in January 2024; the
    posterior is a gamma of shape ½, so P(none) in the city is (1 + 2m)^-½."""
    panel = panel_of(np.zeros((4, 48)))
    city = forecast_city_total(panel, "violence", (1, 2))
    np.testing.assert_allclose(city.mean, [31 / 2922, 29 / 2922])
    np.testing.assert_allclose(city.log_sd**2, 2.0 + 1.0 / city.mean)
    fitted = RecipeForecaster().fit(panel, "violence", geography_of(panel, square_city), (1,))
    forecast = fitted.predict(panel, (1,))
    np.testing.assert_allclose(forecast.mean, 31 / 2922 / 4)
    assert forecast.quantile(0.975).max() == 0.0
    shared = float(np.asarray(forecast.shared)[0, 0])
    assert shared == pytest.approx(2.0, abs=0.05)


def test_the_fewer_past_errors_the_wider(square_city: Geography) -> None:
    """Ten months alternate between two levels; the same alternation for longer is known better."""
    level = np.where(np.arange(30) % 2, 130.0, 70.0)[None]
    short, longer = (forecast_city_total(panel_of(level[:, :n]), "violence", (1,)).log_sd[0] for n in (10, 15))
    errors = 10 - max(10 // 2, 4)
    more = 15 - max(15 // 2, 4)
    assert short / longer == pytest.approx(np.sqrt((errors + 2) / errors) / np.sqrt((more + 2) / more), rel=0.15)


def test_no_past_error_is_taken_as_no_spread() -> None:
    """Six months, six ahead: no past forecast so far ahead can be judged, and the steps say how wide it is."""
    counts = np.array([[100.0, 110.0, 90.0, 105.0, 95.0, 100.0]])
    spread = forecast_city_total(panel_of(counts), "violence", (6,)).log_sd[0]
    assert spread > np.sqrt(6) * 0.1
    constant = forecast_city_total(panel_of(np.full((1, 6), 10.0), Frequency.WEEK), "violence", (6,)).log_sd[0]
    assert 0.0 < constant < 0.05


@pytest.mark.parametrize(
    ("frequency", "periods", "said"),
    [
        (Frequency.MONTH, 24, ["No season", "36 are needed", "not boosted"]),
        (Frequency.MONTH, 11, ["No season", "11 months are known", "without exponential smoothing", "not boosted"]),
        (Frequency.WEEK, 150, ["No season", "156 are needed", "not boosted"]),
        (Frequency.DAY, 20, ["No season", "No weekday", "28 are needed", "not boosted"]),
        (Frequency.SHIFT, 30, ["No season", "No weekday", "84 are needed", "not boosted"]),
    ],
)
def test_what_a_short_history_goes_without_is_said(frequency: Frequency, periods: int, said: list[str]) -> None:
    told = " ".join(short_history(panel_of(np.ones((2, periods)), frequency), "violence", 1, ShareSettings()))
    assert [words for words in said if words not in told] == []


def test_a_whole_history_has_nothing_to_say() -> None:
    panel = panel_of(RNG.poisson(4.0, (60, 60)))
    assert rows_to_learn(panel.of("violence"), 1, 12, ShareSettings()) > 400
    assert short_history(panel, "violence", 1, ShareSettings()) == ()
