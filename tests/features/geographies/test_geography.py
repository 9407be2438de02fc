"""Geographies: hand-worked squares, the store, and London."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from contracts import BadInput, MissingThing, RefusedAction, Workspace
from contracts.tables import AREAS, check
from features.geographies.geography import (
    Geography,
    add_geography,
    areas_of_points,
    grid_geography,
    list_geographies,
    load_geography,
    nesting,
)

SIDE = 0.01
NINE = tuple("abcdefghi")


def square(column: int, row: int, size: int = 1) -> list[list[float]]:
    west, south, east, north = (SIDE * edge for edge in (column, row, column + size, row + size))
    return [[west, south], [east, south], [east, north], [west, north], [west, south]]


def feature(code: str, ring: list[list[float]], **properties: object) -> dict[str, object]:
    return {
        "type": "Feature",
        "properties": {"code": code, "label": f"Square {code}", **properties},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }


def write(path: Path, features: list[dict[str, object]]) -> Path:
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    return path


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "workspace")


@pytest.fixture
def squares(tmp_path: Path) -> Path:
    """Three by three squares of about 1.1 km near the equator, a b c in the southern row, written out of order."""
    features = [
        feature(code, square(index % 3, index // 3), district="west" if index % 3 == 0 else "east")
        for index, code in enumerate(NINE)
    ]
    return write(tmp_path / "squares.geojson", features[::-1])


@pytest.fixture
def nine(workspace: Workspace, squares: Path) -> Geography:
    return add_geography(workspace, "squares_1", boundaries=squares, code="code", area_name="label", parent="district")


def test_the_areas_of_nine_squares_are_ordered_by_code_and_measured(nine: Geography) -> None:
    check(nine.areas, AREAS)
    assert nine.codes == NINE
    assert list(nine.areas["parent"]) == ["west", "east", "east"] * 3
    np.testing.assert_allclose(nine.areas["longitude"], [SIDE * (index % 3 + 0.5) for index in range(9)], atol=1e-6)
    np.testing.assert_allclose(nine.areas["latitude"], [SIDE * (index // 3 + 0.5) for index in range(9)], atol=1e-6)
    # A hundredth of a degree at the equator: 1.11319 km east-west and 1.10574 km north-south on WGS 84.
    np.testing.assert_allclose(nine.areas["area_km2"], 1.11319 * 1.10574, rtol=1e-4)


def test_squares_that_share_a_side_or_a_corner_are_adjacent(nine: Geography) -> None:
    adjacency = nine.adjacency.toarray()
    expected = np.array(
        [[float(0 < max(abs(a % 3 - b % 3), abs(a // 3 - b // 3)) < 2) for b in range(9)] for a in range(9)]
    )
    np.testing.assert_array_equal(adjacency, expected)
    assert adjacency.dtype == np.float64


def test_nearest_centres_come_by_distance_and_then_by_position(nine: Geography) -> None:
    assert nine.nearest.shape == (9, 8)
    assert nine.nearest.dtype == np.int64
    # From the south-western corner: a degree of latitude is as long as one of longitude here.
    assert list(nine.nearest[0]) == [1, 3, 4, 2, 6, 5, 7, 8]
    # From the middle: the four sides before the four corners; north-south ties with east-west.
    assert set(nine.nearest[4][:4]) == {1, 3, 5, 7}
    assert set(nine.nearest[4][4:]) == {0, 2, 6, 8}


def test_only_keeps_the_order_asked_for_and_finds_neighbours_again(nine: Geography) -> None:
    few = nine.only(["i", "a", "b"])
    assert few.codes == ("i", "a", "b")
    np.testing.assert_array_equal(few.adjacency.toarray(), [[0, 0, 0], [0, 0, 1], [0, 1, 0]])
    assert few.nearest.tolist() == [[2, 1], [2, 0], [1, 0]]
    assert list(few.attributes.index) == ["i", "a", "b"]
    with pytest.raises(MissingThing, match="has no area z"):
        nine.only(["a", "z"])


def test_points_fall_in_their_squares_and_outside_is_minus_one(nine: Geography) -> None:
    longitude = np.array([0.005, 0.025, 0.015, 0.9, np.nan, 0.01])
    latitude = np.array([0.005, 0.025, 0.005, 0.9, 0.005, 0.005])
    assert areas_of_points(nine, longitude, latitude).tolist() == [0, 8, 1, -1, -1, 0]
    assert areas_of_points(nine.only(["i", "b"]), longitude, latitude).tolist() == [-1, 0, 1, -1, -1, 1]


def test_children_nest_by_code_and_else_by_centre(nine: Geography, workspace: Workspace, tmp_path: Path) -> None:
    # "east" is drawn where the western column lies, so that a code and a centre disagree; the code must win.
    districts = write(
        tmp_path / "districts.geojson",
        [feature("east", square(0, 0, 3)), feature("other", square(5, 5))],
    )
    parent = add_geography(workspace, "districts_1", boundaries=districts, code="code", area_name="label")
    assert nesting(nine, parent).tolist() == [0] * 9
    orphans = replace(nine, areas=nine.areas.assign(parent=None, longitude=nine.areas["longitude"] + SIDE))
    assert nesting(orphans, parent).tolist() == [0, 0, -1] * 3


def test_what_is_loaded_equals_what_was_added(nine: Geography, workspace: Workspace) -> None:
    loaded = load_geography(workspace, "squares_1")
    pd.testing.assert_frame_equal(loaded.areas, nine.areas)
    np.testing.assert_array_equal(loaded.adjacency.toarray(), nine.adjacency.toarray())
    properties = [entry["properties"] for entry in json.loads(loaded.boundaries.read_text())["features"]]
    assert properties[0] == {"code": "a", "name": "Square a", "parent": "west"}
    assert [entry["code"] for entry in properties] == list(NINE)


def test_adding_the_same_again_writes_nothing_and_says_so(nine: Geography, workspace: Workspace, squares: Path) -> None:
    before = nine.boundaries.stat()
    again = add_geography(workspace, "squares_1", boundaries=squares, code="code", area_name="label", parent="district")
    assert "nothing was written" in again.notes[0]
    assert nine.boundaries.stat().st_mtime_ns == before.st_mtime_ns
    with pytest.raises(RefusedAction, match="already a geography 'squares_1'"):
        add_geography(workspace, "squares_1", boundaries=squares, code="code", area_name="label")


def test_an_island_is_linked_to_its_nearest_area(workspace: Workspace, tmp_path: Path) -> None:
    path = write(
        tmp_path / "island.geojson",
        [feature("a", square(0, 0)), feature("b", square(1, 0)), feature("c", square(3, 0))],
    )
    geography = add_geography(workspace, "island_1", boundaries=path, code="code", area_name="label")
    np.testing.assert_array_equal(geography.adjacency.toarray(), [[0, 1, 0], [1, 0, 1], [0, 1, 0]])
    assert any("c touches no other area" in note for note in geography.notes)


def test_one_area_alone_has_no_neighbour(workspace: Workspace, tmp_path: Path) -> None:
    path = write(tmp_path / "one.geojson", [feature("a", square(0, 0))])
    geography = add_geography(workspace, "one_1", boundaries=path, code="code", area_name="label")
    assert geography.nearest.shape == (1, 0)
    assert geography.adjacency.nnz == 0


@pytest.mark.parametrize("suffix", ["gpkg", "shp"])
def test_a_projected_file_is_brought_to_degrees(
    workspace: Workspace, nine: Geography, squares: Path, tmp_path: Path, suffix: str
) -> None:
    import geopandas as gpd

    path = tmp_path / f"projected.{suffix}"
    gpd.read_file(squares).to_crs("EPSG:3857").to_file(path)
    other = add_geography(workspace, "projected_1", boundaries=path, code="code", area_name="label", parent="district")
    pd.testing.assert_frame_equal(other.areas, nine.areas, check_exact=False, rtol=1e-4)
    np.testing.assert_array_equal(other.adjacency.toarray(), nine.adjacency.toarray())


def test_a_file_with_several_layers_is_refused(workspace: Workspace, squares: Path, tmp_path: Path) -> None:
    import geopandas as gpd

    path = tmp_path / "layers.gpkg"
    for layer in ("wards", "boroughs"):
        gpd.read_file(squares).to_file(path, layer=layer)
    with pytest.raises(BadInput, match="has 2 layers: wards, boroughs"):
        add_geography(workspace, "layers_1", boundaries=path, code="code", area_name="label")


def test_a_shapefile_whose_columns_changed_is_another_geography(
    workspace: Workspace, squares: Path, tmp_path: Path
) -> None:
    import geopandas as gpd

    path = tmp_path / "areas.shp"
    frame = gpd.read_file(squares)
    frame.to_file(path)
    add_geography(workspace, "areas_1", boundaries=path, code="code", area_name="label")
    frame.assign(code=frame["code"].str.upper()).to_file(path)
    with pytest.raises(RefusedAction):
        add_geography(workspace, "areas_1", boundaries=path, code="code", area_name="label")


def test_a_missing_coordinate_system_is_read_as_degrees_only_where_that_can_be(
    workspace: Workspace, squares: Path, tmp_path: Path
) -> None:
    import geopandas as gpd

    for number, system in enumerate(("EPSG:4326", "EPSG:3857")):
        path = tmp_path / f"no_system_{number}.shp"
        gpd.read_file(squares).to_crs(system).to_file(path)
        path.with_suffix(".prj").unlink()
    added = add_geography(
        workspace, "degrees_1", boundaries=tmp_path / "no_system_0.shp", code="code", area_name="label"
    )
    assert "read as degrees" in added.notes[0]
    with pytest.raises(BadInput, match="does not say what its coordinates mean"):
        add_geography(workspace, "metres_1", boundaries=tmp_path / "no_system_1.shp", code="code", area_name="label")


def test_attributes_are_joined_by_code_and_what_is_missing_is_told(workspace: Workspace, tmp_path: Path) -> None:
    codes = [f"{number:03d}" for number in range(40)]
    path = write(tmp_path / "many.geojson", [feature(code, square(int(code), 0)) for code in codes])
    table = tmp_path / "attributes.csv"
    rows = [f"{code},{int(code) * 10},word,P{int(code) % 2}" for code in reversed(codes[1:])]
    table.write_text("\n".join(["area_code,residents,word,district", *rows, "999,1,word,P0"]), encoding="utf-8")
    geography = add_geography(
        workspace,
        "many_1",
        boundaries=path,
        code="code",
        area_name="label",
        attributes=table,
        attributes_code="area_code",
        parent="district",
    )
    residents = geography.attribute("residents")
    assert np.isnan(residents[0])
    np.testing.assert_array_equal(residents[1:], np.arange(10, 400, 10))
    assert list(geography.areas["parent"])[:3] == [None, "P1", "P0"]
    assert "1 of 40 areas without attributes: 000" in geography.notes
    assert "1 of 40 rows of the attributes without an area: 999" in geography.notes
    assert "columns that are no numbers were left out: word" in geography.notes
    with pytest.raises(MissingThing, match="no attribute 'wealth'"):
        geography.attribute("wealth")


def test_a_name_that_is_not_there_is_told_with_the_names_there_are(nine: Geography, workspace: Workspace) -> None:
    with pytest.raises(MissingThing, match="there is: squares_1"):
        load_geography(workspace, "ward_2022")
    with pytest.raises(MissingThing):
        load_geography(workspace, "../geographies/squares_1")


def test_the_list_sums_up_each_geography(nine: Geography, workspace: Workspace) -> None:
    (summary,) = list_geographies(workspace)
    assert (summary.name, summary.areas, summary.parents, summary.attributes) == ("squares_1", 9, 2, ())


def test_the_remains_of_a_killed_writer_are_no_geography_and_are_removed(workspace: Workspace, squares: Path) -> None:
    remains = workspace.geographies / ".unfinished-squares_1"
    remains.mkdir(parents=True)
    (remains / "geography.json").write_text("{}")
    assert list_geographies(workspace) == ()
    add_geography(workspace, "squares_2", boundaries=squares, code="code", area_name="label")
    assert not remains.exists()
    assert [summary.name for summary in list_geographies(workspace)] == ["squares_2"]


def test_a_grid_covers_its_points_with_equal_squares(workspace: Workspace) -> None:
    generator = np.random.default_rng(3)
    longitude, latitude = generator.uniform(-0.1, 0.0, 500), generator.uniform(51.4, 51.45, 500)
    grid = grid_geography(workspace, "grid_500m", longitude=longitude, latitude=latitude, cell_metres=500)
    # 0.1 degrees east at 51.4 north are 6.96 km and 0.05 north 5.56 km: 14 columns and 12 rows.
    assert grid.codes[0] == "r000c000"
    assert grid.codes[-1] == "r011c013"
    assert len(grid.codes) == 12 * 14
    np.testing.assert_allclose(grid.areas["area_km2"], 0.25, rtol=1e-3)
    assert (areas_of_points(grid, longitude, latitude) >= 0).all()
    assert grid.adjacency.sum(axis=1).max() == 8
    assert grid.adjacency[0].sum() == 3
    again = grid_geography(workspace, "grid_500m", longitude=longitude, latitude=latitude, cell_metres=500)
    assert "nothing was written" in again.notes[0]
    with pytest.raises(RefusedAction):
        grid_geography(workspace, "grid_500m", longitude=longitude, latitude=latitude, cell_metres=250)


def test_a_misplaced_point_that_would_make_a_giant_grid_is_refused(workspace: Workspace) -> None:
    longitude, latitude = np.array([-87.6, -87.7, 0.0]), np.array([41.8, 41.9, 0.0])
    with pytest.raises(BadInput, match="cells"):
        grid_geography(workspace, "grid_500m", longitude=longitude, latitude=latitude, cell_metres=500)
    with pytest.raises(BadInput, match="No point"):
        grid_geography(
            workspace, "grid_500m", longitude=np.array([np.nan]), latitude=np.array([np.nan]), cell_metres=500
        )
    assert list_geographies(workspace) == ()


@pytest.mark.real_data
def test_london_joins_and_nests(real_data: Path, workspace: Workspace) -> None:
    folder = real_data / "geography"
    wards = add_geography(
        workspace,
        "ward_2022",
        boundaries=folder / "london_wards_2022.geojson",
        code="ward22_code",
        area_name="ward22_name",
        parent="ltla24_code",
        attributes=folder / "ward_2022_attributes.parquet",
        attributes_code="ward24_code",
    )
    lsoas = add_geography(
        workspace,
        "lsoa_2021",
        boundaries=folder / "london_lsoa_2021.geojson",
        code="lsoa21_code",
        area_name="lsoa21_name",
        parent="ward24_code",
        attributes=folder / "lsoa_2021_attributes.parquet",
    )
    boroughs = add_geography(
        workspace,
        "borough_2024",
        boundaries=folder / "london_boroughs_2024.geojson",
        code="ltla24_code",
        area_name="ltla24_name",
    )
    assert (len(wards.codes), len(lsoas.codes), len(boroughs.codes)) == (684, 4994, 33)
    assert not np.isnan(wards.attribute("residents_2021")).any()
    assert not np.isnan(lsoas.attribute("total_residents")).any()
    for child, parent in ((wards, boroughs), (lsoas, wards)):
        assert (nesting(child, parent) >= 0).all()
    assert wards.areas["area_km2"].sum() == pytest.approx(1572, rel=0.01)
    own = pd.read_parquet(folder / "lsoa_2021_attributes.parquet").set_index("lsoa21_code").loc[list(lsoas.codes)]
    # The published centroids are made another way (up to some 300 m apart); a crescent's centre is moved inside.
    for axis, published in (("longitude", "lon"), ("latitude", "lat")):
        assert np.quantile(np.abs(lsoas.areas[axis].to_numpy() - own[published].to_numpy()), 0.99) < 0.006
    assert np.median(lsoas.areas["area_km2"] / (own["area_ha"].to_numpy() / 100)) == pytest.approx(1.0, abs=0.02)
    assert (wards.adjacency.sum(axis=1) >= 1).all()
    assert wards.adjacency.diagonal().sum() == 0
    assert abs(wards.adjacency - wards.adjacency.T).sum() == 0
