"""Boundaries that are sound one by one and wrong together: told or refused; the sound city beside each is taken."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import shapely
from shapely import affinity
from shapely.geometry import MultiPolygon, Polygon, box, mapping

from contracts import BadInput, Workspace
from features.geographies.boundaries import read_boundaries
from features.geographies.boundary_checks import check_place, tell_far_areas, without_slivers
from features.geographies.contiguity import queen_contiguity
from features.geographies.geography import Geography, add_geography

WEST, SOUTH, SIDE = -0.1, 51.5, 0.01
METRE = 1 / 111_320


def square(column: float, row: float, size: float = 1.0) -> Polygon:
    west, south = WEST + SIDE * column, SOUTH + SIDE * row
    return box(west, south, west + SIDE * size, south + SIDE * size)


CITY = [square(column, row) for row in range(3) for column in range(3)]


def moved(shapes: Sequence[Polygon], east: float, north: float = 0.0) -> list[Polygon]:
    return [affinity.translate(shape, east, north) for shape in shapes]


def exchanged(shapes: Sequence[Polygon]) -> list[Polygon]:
    return [shapely.transform(shape, lambda points: points[:, ::-1]) for shape in shapes]


def add(folder: Path, shapes: Sequence[Polygon | MultiPolygon], crs: str = "", country: str = "") -> Geography:
    folder.mkdir(exist_ok=True)
    features = [
        {"type": "Feature", "properties": {"code": f"A{number}", "label": "a"}, "geometry": mapping(shape)}
        for number, shape in enumerate(shapes)
    ]
    member = {"crs": {"type": "name", "properties": {"name": crs}}} if crs else {}
    path = folder / "areas.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", **member, "features": features}), encoding="utf-8")
    workspace = Workspace(folder / "workspace")
    return add_geography(workspace, "areas_1", boundaries=path, code="code", area_name="label", country=country)


def test_a_sound_city_is_taken_without_a_word(tmp_path: Path) -> None:
    geography = add(tmp_path, CITY)
    assert geography.notes == ()
    assert geography.adjacency.sum() == 40


def test_old_and_new_areas_in_one_file_are_refused(tmp_path: Path) -> None:
    halves = [box(WEST, SOUTH, WEST + 1.5 * SIDE, SOUTH + 3 * SIDE), box(WEST + 1.5 * SIDE, SOUTH, WEST + 0.03, 51.53)]
    with pytest.raises(
        BadInput, match=r"12 pairs of areas overlap, most of all A\d and A(9|10), by 100% of the smaller"
    ):
        add(tmp_path / "together", [*CITY, *halves])
    assert add(tmp_path / "new", halves).notes == ()


def test_areas_that_are_shifted_by_half_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="16 pairs of areas overlap"):
        add(tmp_path, [*CITY, *(square(column + 0.5, row + 0.5) for row in range(2) for column in range(2))])


def test_a_little_overlap_of_simplified_boundaries_is_told(tmp_path: Path) -> None:
    wide = box(WEST, SOUTH, WEST + 1.04 * SIDE, SOUTH + SIDE)
    geography = add(tmp_path, [wide, *CITY[1:]])
    (note,) = geography.notes
    assert note.startswith("1 pairs of areas overlap, most of all A0 and A1, by 4.00% of the smaller one")
    assert geography.adjacency[0, 1] == 1


def test_slivers_are_dropped_and_told_and_islets_stay(tmp_path: Path) -> None:
    # A square of 0.01 degrees has 772,000 m² here: a thousandth are 772 m².
    sliver = box(WEST - 30 * METRE, SOUTH, WEST - 27 * METRE, SOUTH + 3 * METRE)
    islet = box(WEST - 90 * METRE, SOUTH, WEST - 30 * METRE, SOUTH + 30 * METRE)
    geography = add(tmp_path / "sliver", [MultiPolygon([CITY[0], sliver]), *CITY[1:]])
    assert geography.notes == ("1 detached parts of at most 6 m² were dropped as slivers, of A0",)
    assert geography.areas["area_km2"][0] == pytest.approx(add(tmp_path / "sound", CITY).areas["area_km2"][0], rel=1e-4)
    kept = add(tmp_path / "islet", [MultiPolygon([CITY[0], islet]), *CITY[1:]])
    assert kept.notes == ()
    assert "MultiPolygon" in kept.boundaries.read_text(encoding="utf-8")


def test_a_sliver_that_cannot_be_kept_refuses_no_file(tmp_path: Path) -> None:
    thin = box(WEST - 30 * METRE, SOUTH, WEST - 30 * METRE + 2e-9, SOUTH + 10 * METRE)
    twisted = Polygon([(-0.2, 51.5), (-0.2 + METRE, 51.5 + METRE), (-0.2 + METRE, 51.5), (-0.2, 51.5 + METRE)])
    for number, part in enumerate((thin, twisted)):
        geography = add(tmp_path / str(number), [MultiPolygon([CITY[0], part]), *CITY[1:]])
        assert "dropped as slivers, of A0" in geography.notes[0]
    with pytest.raises(BadInput, match="too thin to keep"):
        add(tmp_path / "alone", [thin, *CITY])


def test_a_large_area_keeps_land_that_is_under_a_thousandth_of_it() -> None:
    parts = MultiPolygon([box(0, 0, 10_000, 10_000), box(20_000, 0, 20_040, 40), box(30_000, 0, 30_030, 30)])
    kept, told = without_slivers(np.array([parts]), np.array([parts]), ["A"])
    assert shapely.area(kept[0]) == 100_000_000 + 1600
    assert told == ["1 detached parts of at most 900 m² were dropped as slivers, of A"]


@pytest.mark.parametrize(("gap", "touching"), [(0.0, True), (0.05, True), (0.4, True), (0.7, False), (5.0, False)])
def test_a_gap_of_centimetres_parts_no_neighbours(tmp_path: Path, gap: float, touching: bool) -> None:
    geography = add(tmp_path, [CITY[0], CITY[3], *moved([CITY[1], CITY[4]], gap * METRE / np.cos(np.radians(SOUTH)))])
    assert geography.adjacency[0, 1] == geography.adjacency[2, 3] == 1
    assert bool(geography.adjacency[0, 2]) is bool(geography.adjacency[0, 3]) is touching
    told = "4 pairs of areas with a gap of less than 0.5 m count as neighbours"
    assert (told in geography.notes) is (touching and gap > 0)


def test_a_corner_is_enough_and_order_does_not_matter() -> None:
    shapes = np.array([square(0, 0), square(1, 1), square(2, 0)], dtype=object)
    np.testing.assert_array_equal(queen_contiguity(shapes).toarray(), [[0, 1, 0], [1, 0, 1], [0, 1, 0]])
    np.testing.assert_array_equal(queen_contiguity(shapes[::-1]).toarray(), [[0, 1, 0], [1, 0, 1], [0, 1, 0]])


def test_exchanged_axes_are_told_and_with_a_country_refused(tmp_path: Path) -> None:
    geography = add(tmp_path / "told", exchanged(CITY))
    (note,) = geography.notes
    assert note.startswith("the areas lie at longitude 51.52 and latitude -0.08, 672 km from")
    assert "with the two exchanged they would lie 3 km from Europe/London" in note
    with pytest.raises(BadInput, match=r"km from the cities of 'GB'.*3 km from Europe/London"):
        add(tmp_path / "refused", exchanged(CITY), country="GB")
    assert add(tmp_path / "sound", CITY, country="GB").notes == ()


@pytest.mark.parametrize(
    ("name", "longitude", "latitude", "told"),
    [
        ("Chicago", -87.6, 41.8, False),
        ("Chicago, exchanged", 41.8, -87.6, True),
        ("Philadelphia, exchanged", 39.95, -75.2, True),
        ("Barcelona, exchanged", 41.4, 2.2, True),
        ("Murmansk", 33.1, 68.97, True),
        ("Delhi", 77.2, 28.6, False),
        ("Cape Town", 18.4, -33.9, False),
        ("Chengdu", 104.1, 30.6, False),
        ("San Francisco", -122.4, 37.8, False),
        ("the middle of the Pacific", -130.0, -40.0, True),
    ],
)
def test_places_that_are_odd(name: str, longitude: float, latitude: float, told: bool) -> None:
    notes = check_place(np.array([longitude]), np.array([latitude]), Path(name))
    assert bool(notes) is told


def test_degrees_that_are_none_say_that_the_axes_are_exchanged(tmp_path: Path) -> None:
    sydney = moved(CITY, 151.3, -85.4)
    assert add(tmp_path / "sound", sydney, country="AU").notes == ()
    with pytest.raises(BadInput, match="its axes seem to be exchanged"):
        add(tmp_path / "exchanged", exchanged(sydney))


def test_metres_that_are_called_degrees_and_degrees_that_are_called_metres(tmp_path: Path) -> None:
    grid = [box(530_000 + 800 * step, 180_000, 530_800 + 800 * step, 180_900) for step in range(3)]
    with pytest.raises(BadInput, match=r"says that its coordinates are degrees .*, and they are not"):
        add(tmp_path / "called degrees", grid)
    with pytest.raises(BadInput, match=r"says that its coordinates are metres or feet .*, and they are degrees"):
        add(tmp_path / "called metres", CITY, crs="EPSG:27700")
    sound = add(tmp_path / "sound", grid, crs="EPSG:27700")
    assert sound.notes == ()
    assert sound.areas["latitude"][0] == pytest.approx(51.504, abs=0.005)
    (note,) = add(tmp_path / "another system", grid, crs="EPSG:3857", country="GB").notes
    assert note.startswith("the areas lie at longitude 4.77 and latitude 1.62, 5,")
    assert note.endswith("km from the cities of 'GB': check the coordinate system")


def test_an_area_far_from_the_others_is_told(tmp_path: Path) -> None:
    geography = add(tmp_path, [*CITY, box(0.0, 0.0, 0.01, 0.01)])
    assert any(note.startswith("A9 lies 5,7") and "check its coordinates" in note for note in geography.notes)
    assert not any("A0 lies" in note for note in geography.notes)


def test_a_long_city_has_no_area_that_is_far() -> None:
    longitude = np.linspace(0.0, 5.0, 200)
    assert tell_far_areas(longitude, np.full(200, 51.0), [str(number) for number in range(200)]) == []


def test_a_thousand_areas_are_checked_without_comparing_each_with_each(tmp_path: Path) -> None:
    shapes = [square(column, row) for row in range(40) for column in range(40)]
    geography = add(tmp_path, shapes)
    assert geography.notes == ()
    assert geography.adjacency.sum() == 2 * (2 * 40 * 39 + 2 * 39 * 39)


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("file", "code", "name", "touching", "slivers"),
    [
        ("london_wards_2022.geojson", "ward22_code", "ward22_name", 1963, 3),
        ("london_lsoa_2021.geojson", "lsoa21_code", "lsoa21_name", 14820, 2),
        ("london_boroughs_2024.geojson", "ltla24_code", "ltla24_name", 79, 0),
    ],
)
def test_london_keeps_its_neighbours(
    real_data: Path, file: str, code: str, name: str, touching: int, slivers: int
) -> None:
    """As many pairs as share a point of their boundaries in the files themselves."""
    read = read_boundaries(real_data / "geography" / file, code=code, name=name)
    outlines = read.polygons if read.outlines is None else read.outlines
    assert queen_contiguity(outlines).nnz == 2 * touching
    first, second = shapely.STRtree(outlines).query(outlines, predicate="intersects")
    assert int((first < second).sum()) == touching
    assert not any("overlap" in note for note in read.notes)
    assert [note.split()[0] for note in read.notes] == [str(slivers)] * (slivers > 0)
