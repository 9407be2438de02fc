"""The self-exciting process: planted parameters are found, pairs are all there, expectations by hand."""

from __future__ import annotations

import numpy as np
import pytest

from features.geographies.geography import Geography
from features.views.raster import Raster, raster_of
from models.baselines.point_maps import Located
from models.baselines.self_exciting import (
    LONGEST_DAYS,
    LONGEST_METRES,
    SelfExciting,
    Triggering,
    fit_self_exciting,
    near_pairs,
)

END = 1000.0


def _located(raster: Raster, x: np.ndarray, y: np.ndarray, days: np.ndarray) -> Located:
    order = np.argsort(days)
    return Located(x[order], y[order], days[order], raster.pixels(x[order], y[order]))


def _simulated(raster: Raster, planted: Triggering, background: int, seed: int) -> Located:
    """Background crimes around the city's centre, and generation after generation of what they set off."""
    generator = np.random.default_rng(seed)
    centre = raster.pixel_metres * np.array([raster.columns, raster.rows]) / 2
    where = generator.normal(centre, 900.0, (background, 2))
    generation = np.column_stack([where, generator.uniform(0, END, background)])
    every = [generation]
    while len(generation):
        children = generator.poisson(planted.theta, len(generation))
        parents = np.repeat(generation, children, axis=0)
        apart = generator.normal(0, planted.sigma, (len(parents), 2))
        later = generator.exponential(1 / planted.omega, (len(parents), 1))
        generation = parents + np.hstack([apart, later])
        generation = generation[generation[:, 2] < END]
        every.append(generation)
    x, y, days = np.vstack(every).T
    return _located(raster, x, y, days)


@pytest.mark.parametrize("planted", [Triggering(0.4, 0.2, 80.0), Triggering(0.15, 0.08, 150.0)])
def test_planted_parameters_are_found_again(planted: Triggering, square_city: Geography) -> None:
    raster = raster_of(square_city)
    points = _simulated(raster, planted, 4000, 3)
    found = fit_self_exciting(points, raster, END, 250.0).triggering
    assert found.theta == pytest.approx(planted.theta, abs=0.06)
    assert found.omega == pytest.approx(planted.omega, rel=0.25)
    assert found.sigma == pytest.approx(planted.sigma, rel=0.2)


def test_where_nothing_is_set_off_little_is_found(square_city: Geography) -> None:
    raster = raster_of(square_city)
    points = _simulated(raster, Triggering(0.0, 1.0, 50.0), 4000, 5)
    assert fit_self_exciting(points, raster, END, 250.0).triggering.theta < 0.06


def test_pairs_are_those_of_a_search_through_all(square_city: Geography) -> None:
    raster = raster_of(square_city)
    points = _simulated(raster, Triggering(0.3, 0.1, 80.0), 300, 7)
    judged = points.days > 200.0
    pairs = near_pairs(points, judged)
    apart = np.hypot(points.x[:, None] - points.x, points.y[:, None] - points.y)
    later = points.days[None, :] - points.days[:, None]
    expected = (later > 0) & (later <= LONGEST_DAYS) & (apart <= LONGEST_METRES) & judged[None, :]
    found = set(zip(pairs.earlier.tolist(), pairs.later.tolist(), strict=True))
    assert found == set(zip(*(side.tolist() for side in np.nonzero(expected)), strict=True))


def test_expectations_by_hand(square_city: Geography) -> None:
    raster = raster_of(square_city)
    triggering = Triggering(theta=0.5, omega=0.1, sigma=100.0)
    process = SelfExciting(np.zeros((raster.rows, raster.columns)), triggering)
    points = _located(raster, np.array([2000.0]), np.array([2000.0]), np.array([90.0]))
    expected = process.expected(raster, points, 100.0, 107.0).sum()
    assert expected == pytest.approx(0.5 * (np.exp(-1.0) - np.exp(-1.7)), rel=1e-4)
    nowhere = process.expected(raster, points, 80.0, 87.0)
    assert nowhere.sum() == 0.0
    assert process.shares(raster, points, 80.0, 87.0).sum() == pytest.approx(1.0)


def test_too_few_crimes_draw_a_background_only(square_city: Geography) -> None:
    raster = raster_of(square_city)
    points = _simulated(raster, Triggering(0.3, 0.1, 80.0), 10, 9)
    assert fit_self_exciting(points, raster, END, 250.0).triggering.theta == 0.0
