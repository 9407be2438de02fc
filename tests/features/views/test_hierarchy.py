"""Levels of nested areas: how they nest, and that counts of larger areas are sums of smaller ones."""

from datetime import date
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

from contracts import BadInput, Frequency, MissingThing, Period, Workspace
from features.geographies.geography import add_geography
from features.views.hierarchy import Hierarchy, load_hierarchy
from features.views.panel import Panel


def boxes(path: Path, cells: dict[str, tuple[float, float, float, str | None]]) -> Path:
    """A boundary file of boxes 0.01° high: code → west, south, width, parent."""
    frame = gpd.GeoDataFrame(
        {"code": list(cells), "name": list(cells), "parent": [cell[3] for cell in cells.values()]},
        geometry=[shapely.box(x, y, x + width, y + 0.01) for x, y, width, _ in cells.values()],
        crs=4326,
    )
    frame.to_file(path, driver="GeoJSON")
    return path


@pytest.fixture(scope="module")
def workspace(tmp_path_factory) -> Workspace:
    """Four small boxes in a row; the first two lie in L, the others in R."""
    folder = tmp_path_factory.mktemp("levels")
    small = {f"S{number}": (0.01 * number, 51.0, 0.01, "L" if number < 2 else "R") for number in range(4)}
    large = {"L": (0.0, 51.0, 0.02, None), "R": (0.02, 51.0, 0.02, None)}
    workspace = Workspace(folder)
    for name, cells in (("small", small), ("large", large)):
        file = boxes(folder / f"{name}.geojson", cells)
        parent = "parent" if name == "small" else None
        add_geography(workspace, name, boundaries=file, code="code", area_name="name", parent=parent)
    return workspace


@pytest.fixture(scope="module")
def hierarchy(workspace) -> Hierarchy:
    return load_hierarchy(workspace, ["small", "large", "city"])


def panel(counts: list[list[float]]) -> Panel:
    dense = np.array([counts], dtype=float)
    return Panel(
        as_of=date(2024, 1, 10),
        geography="small",
        frequency=Frequency.MONTH,
        targets=("violence",),
        areas=("S0", "S1", "S2", "S3"),
        first=Period.parse("2023-11", Frequency.MONTH),
        counts=dense,
        settled=np.zeros((1, dense.shape[2]), dtype=bool),
        publications=(),
    )


def test_the_summing_matrix_by_hand(hierarchy):
    expected = [[1, 1, 1, 1], [1, 1, 0, 0], [0, 0, 1, 1], *np.eye(4).tolist()]
    assert hierarchy.summing.toarray().tolist() == expected


def test_counts_of_a_level_are_sums_and_a_gap_stays_a_gap(hierarchy):
    fine = panel([[1, 2], [3, np.nan], [5, 6], [7, 8]])
    sums = hierarchy.levels[1].summed(fine)
    assert sums.areas == ("L", "R")
    assert sums.of("violence")[:, 0].tolist() == [4.0, 12.0]
    assert np.isnan(sums.of("violence")[0, 1])
    assert sums.of("violence")[1, 1] == 14.0
    assert hierarchy.levels[2].summed(fine).of("violence")[0, 0] == 16.0


def test_parents_are_the_same_level_as_their_geography(workspace, hierarchy):
    by_code = load_hierarchy(workspace, ["small", "parents", "city"])
    assert by_code.levels[1].geography.codes == ("L", "R")
    assert by_code.levels[1].groups.tolist() == hierarchy.levels[1].groups.tolist()
    assert by_code.levels[1].geography.adjacency.toarray().tolist() == [[0, 1], [1, 0]]
    assert by_code.levels[1].geography.areas["area_km2"].to_numpy() == pytest.approx(
        hierarchy.levels[1].geography.areas["area_km2"].to_numpy(), rel=1e-3
    )


def test_areas_left_out_leave_every_level(hierarchy):
    right = hierarchy.only(["S3", "S2"])
    assert [level.geography.codes for level in right.levels] == [("S3", "S2"), ("R",), ("city",)]
    assert right.summing.toarray().tolist() == [[1, 1], [1, 1], [1, 0], [0, 1]]


@pytest.mark.parametrize("names", [["small"], ["city", "small"], ["small", "small"], ["large", "small"]])
def test_levels_that_are_none_are_refused(workspace, names):
    with pytest.raises(BadInput):
        load_hierarchy(workspace, names)


def test_a_level_that_is_not_there_is_told(workspace):
    with pytest.raises(MissingThing, match="medium"):
        load_hierarchy(workspace, ["small", "medium"])


def test_areas_outside_of_every_larger_one_are_told(workspace, tmp_path):
    half = boxes(tmp_path / "half.geojson", {"L": (0.0, 51.0, 0.02, None)})
    add_geography(workspace, "half", boundaries=half, code="code", area_name="name")
    with pytest.raises(BadInput, match="2 areas"):
        load_hierarchy(workspace, ["small", "half"])


def test_areas_that_name_no_parent_are_told(workspace):
    with pytest.raises(BadInput, match="--parent"):
        load_hierarchy(workspace, ["large", "parents"])
