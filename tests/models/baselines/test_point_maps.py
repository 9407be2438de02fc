"""Maps drawn from points: densities by hand, and nothing of the future in them."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest

from contracts import BadInput, Frequency, Period
from features.geographies.geography import Geography, areas_of_points
from features.geographies.points import Points
from features.views.panel import Panel
from features.views.raster import Raster, raster_of
from models.baselines.point_maps import Located, PointMapForecaster, drawn_shares, kernel_density, prospective_hotspot
from models.baselines.self_exciting import SelfExcitingForecaster

WEEK = Frequency.WEEK
FIRST = Period.parse("2016-W01", WEEK)
FORECASTERS = [PointMapForecaster("kde"), PointMapForecaster("prospective_hotspot"), SelfExcitingForecaster()]


def _city(geography: Geography, weeks: int = 120, seed: int = 1) -> Panel:
    """Points around two hot corners, counted by cell and week."""
    generator = np.random.default_rng(seed)
    number = 40 * weeks
    hot = generator.random(number) < 0.7
    longitude = np.where(hot, generator.normal(-87.69, 0.004, number), generator.uniform(-87.70, -87.652, number))
    latitude = np.where(hot, generator.normal(41.81, 0.003, number), generator.uniform(41.80, 41.836, number))
    area = areas_of_points(geography, longitude, latitude)
    seconds = np.sort(generator.integers(0, weeks * 7 * 86400, number))
    points = Points(
        np.datetime64(FIRST.start, "s") + seconds.astype("timedelta64[s]"),
        longitude,
        latitude,
        np.maximum(area, 0),
        (area >= 0)[None, :],
    ).where(area >= 0)
    return _panel(geography, points, weeks)


def _panel(geography: Geography, points: Points, weeks: int) -> Panel:
    week = (points.moment - np.datetime64(FIRST.start, "s")) // np.timedelta64(7 * 86400, "s")
    counts = np.zeros((1, len(geography.codes), weeks))
    np.add.at(counts[0], (points.area, week.astype(int)), 1.0)
    return Panel(
        as_of=date(2030, 1, 1),
        geography=geography.name,
        frequency=WEEK,
        targets=("violence",),
        areas=geography.codes,
        first=FIRST,
        counts=counts,
        settled=np.zeros((1, weeks), dtype=bool),
        publications=(),
        points=points,
    )


def _at(raster: Raster, x: list[float], y: list[float], days: list[float]) -> Located:
    here = np.array(x), np.array(y)
    return Located(*here, np.array(days), raster.pixels(*here))


def test_the_raster_covers_every_area_with_as_many_pixels_as_fit(square_city: Geography) -> None:
    raster = raster_of(square_city)
    pixels = raster.by_area(np.ones((raster.rows, raster.columns)))
    assert raster.pixel_metres == 125.0
    assert (np.abs(pixels - 16) <= 8).all()
    assert pixels.mean() == pytest.approx(16, abs=0.3)
    assert raster_of(square_city) is raster


def test_a_point_lies_in_its_areas_pixels(square_city: Geography) -> None:
    raster = raster_of(square_city)
    x, y = raster.metres(square_city.areas["longitude"].to_numpy(), square_city.areas["latitude"].to_numpy())
    weights = np.arange(1.0, len(square_city.codes) + 1)
    np.testing.assert_allclose(raster.by_area(raster.summed(raster.pixels(x, y), weights)), weights)


def test_a_gaussian_agrees_with_the_sum_of_its_kernels(square_city: Geography) -> None:
    raster = raster_of(square_city)
    points = _at(raster, [1800.0, 2600.0], [1900.0, 2500.0], [0.0, 0.0])
    smooth = raster.gaussian(raster.summed(points.pixels, np.ones(2)), 300.0)
    row, column = np.divmod(points.pixels, raster.columns)
    rows, columns = np.mgrid[: raster.rows, : raster.columns]
    squared = ((rows[..., None] - row) ** 2 + (columns[..., None] - column) ** 2) * 125.0**2
    oracle = (np.exp(-squared / (2 * 300.0**2)) * 125.0**2 / (2 * np.pi * 300.0**2)).sum(axis=2)
    np.testing.assert_allclose(smooth, oracle, atol=2e-5)
    assert smooth.sum() == pytest.approx(2.0, abs=1e-3)
    assert raster.gaussian_peak(300.0) == pytest.approx(125.0**2 / (2 * np.pi * 300.0**2), rel=2e-3)


def test_a_prospective_hotspot_weighs_by_weeks_and_distance(square_city: Geography) -> None:
    raster = raster_of(square_city)
    points = _at(raster, [1500.0, 2500.0, 2500.0], [2000.0, 2000.0, 2000.0], [99.0, 85.0, 10.0])
    drawn = prospective_hotspot(250.0, 4.0)(raster, points, 100.0)
    there = drawn.ravel()[points.pixels]
    assert there[0] / there[1] == pytest.approx(3.0)
    assert drawn.ravel()[points.pixels[0] + 1] / there[0] == pytest.approx(0.5)
    assert drawn.ravel()[points.pixels[0] + 3] == pytest.approx(0.0, abs=1e-12)


def test_a_map_is_drawn_from_the_points_before_its_moment(square_city: Geography) -> None:
    raster = raster_of(square_city)
    known = _at(raster, [1500.0], [2000.0], [10.0])
    later = _at(raster, [1500.0, 3000.0], [2000.0, 3000.0], [10.0, 20.0])
    for draw in (kernel_density(125.0, 99.0), prospective_hotspot(250.0, 8.0)):
        np.testing.assert_array_equal(
            drawn_shares(draw, raster, known, [20.0]), drawn_shares(draw, raster, later, [20.0])
        )


@pytest.mark.parametrize("forecaster", FORECASTERS, ids=lambda one: one.name)
def test_forecasts_find_the_hot_corner_and_the_citys_level(forecaster: Any, square_city: Geography) -> None:
    panel = _city(square_city)
    forecast = forecaster.fit(panel, "violence", square_city, [1, 2]).predict(panel, [1, 2])
    assert forecast.mean.shape == (2, len(square_city.codes))
    assert forecast.mean[0].sum() == pytest.approx(panel.of("violence")[:, -26:].sum() / 26, rel=0.15)
    usual = panel.of("violence").mean(axis=1)
    assert np.corrcoef(forecast.mean[0], usual)[0, 1] > 0.9


@pytest.mark.parametrize("forecaster", FORECASTERS, ids=lambda one: one.name)
def test_the_future_changes_no_forecast(forecaster: Any, square_city: Geography) -> None:
    whole = _city(square_city)
    origin = FIRST.shift(79)
    generator = np.random.default_rng(8)
    later = np.asarray(whole.points.moment >= np.datetime64(origin.end, "s"))  # type: ignore[union-attr]
    points = whole.points
    assert points is not None
    order = np.arange(len(points))
    order[later] = generator.permutation(order[later])
    scrambled = Points(
        points.moment, points.longitude[order], points.latitude[order], points.area[order], points.in_target
    )
    forecasts = []
    for panel in (whole, _panel(square_city, scrambled, 120)):
        seen = panel.until(origin)
        forecasts.append(forecaster.fit(seen, "violence", square_city, [1]).predict(seen, [1]))
    np.testing.assert_array_equal(forecasts[0].mean, forecasts[1].mean)
    np.testing.assert_array_equal(forecasts[0].dispersion, forecasts[1].dispersion)


@pytest.mark.parametrize("forecaster", FORECASTERS, ids=lambda one: one.name)
def test_counts_without_points_are_refused(forecaster: Any, square_city: Geography) -> None:
    panel = _city(square_city)
    bare = Panel(**{**vars(panel), "points": None})
    with pytest.raises(BadInput, match="needs single incidents"):
        forecaster.fit(bare, "violence", square_city, [1])
