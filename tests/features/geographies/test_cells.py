"""Hexagons and areas drawn from points."""

from __future__ import annotations

from pathlib import Path

import h3
import numpy as np
import pytest

from contracts import BadInput, Workspace
from features.geographies.geography import areas_of_points, drawn_geography
from features.geographies.grids import drawn_areas, hexagons

GENERATOR = np.random.default_rng(6)
LONGITUDE, LATITUDE = GENERATOR.uniform(-87.8, -87.7, 3000), GENERATOR.uniform(41.8, 41.87, 3000)


def test_every_point_lies_in_the_hexagon_that_h3_says(tmp_path: Path) -> None:
    geography = drawn_geography(Workspace(tmp_path / "w"), "h3_8", hexagons(LONGITUDE, LATITUDE, 8), {"kind": "h3"})
    found = areas_of_points(geography, LONGITUDE, LATITUDE)
    expected = [h3.latlng_to_cell(y, x, 8) for x, y in zip(LONGITUDE, LATITUDE, strict=True)]
    assert np.mean([geography.codes[at] == cell for at, cell in zip(found, expected, strict=True)]) > 0.999
    assert (found >= 0).all()
    areas = [h3.cell_area(code, "km^2") for code in geography.codes]
    np.testing.assert_allclose(geography.areas["area_km2"], areas, rtol=5e-3)
    inner = [code for code in geography.codes if set(h3.grid_ring(code, 1)) <= set(geography.codes)]
    position = {code: index for index, code in enumerate(geography.codes)}
    for code in inner:
        neighbours = {geography.codes[at] for at in geography.adjacency[[position[code]]].indices}
        assert neighbours == set(h3.grid_ring(code, 1))


def test_cells_are_not_chosen_by_where_something_happened() -> None:
    corners = np.array([LONGITUDE.min(), LONGITUDE.max()]), np.array([LATITUDE.min(), LATITUDE.max()])
    assert hexagons(*corners, 8).codes == hexagons(LONGITUDE, LATITUDE, 8).codes


def test_too_many_hexagons_and_impossible_resolutions_are_refused() -> None:
    with pytest.raises(BadInput, match="would be about"):
        hexagons(np.array([-87.8, 0.0]), np.array([41.8, 0.0]), 9)
    with pytest.raises(BadInput, match="no resolution 16"):
        hexagons(LONGITUDE, LATITUDE, 16)
    with pytest.raises(BadInput, match="No point"):
        hexagons(np.array([np.nan]), np.array([np.nan]), 8)


def test_areas_are_drawn_around_their_points() -> None:
    codes = np.where(LONGITUDE < -87.75, "west", "east").astype(object)
    codes[:5] = ""
    codes[5] = "alone"
    drawn = drawn_areas(codes, LONGITUDE, LATITUDE)
    assert drawn.codes == ("alone", "east", "west")
    west = drawn.polygons[2].bounds
    assert (west[0], west[2]) == pytest.approx((-87.8, -87.75), abs=2e-3)
    assert drawn.polygons[0].area > 0
    with pytest.raises(BadInput, match="No incident has the code"):
        drawn_areas(np.full(len(codes), "", dtype=object), LONGITUDE, LATITUDE)
