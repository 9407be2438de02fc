"""Names of parents: read beside their codes, kept with the geography, and shown by the level of parents."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from contracts import BadInput, RefusedAction, Workspace
from features.geographies.geography import Geography, add_geography, load_geography
from features.views.hierarchy import load_hierarchy

COLUMNS = {"code": "code", "area_name": "label", "parent": "district"}


def boxes(path: Path, named: dict[str, str | None]) -> Path:
    """Four boxes in a row, the first two in W and the others in E; ``named`` says the district's name of each."""
    features = []
    for index, (code, name) in enumerate(named.items()):
        west, east = 0.01 * index, 0.01 * (index + 1)
        ring = [[west, 51.0], [east, 51.0], [east, 51.01], [west, 51.01], [west, 51.0]]
        about = {"code": code, "label": code, "district": "W" if index < 2 else "E", "called": name}
        features.append(
            {"type": "Feature", "properties": about, "geometry": {"type": "Polygon", "coordinates": [ring]}}
        )
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    return path


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "workspace")


def add(workspace: Workspace, path: Path, **choice: str) -> Geography:
    return add_geography(workspace, "row_1", boundaries=path, **COLUMNS, **choice)


def test_names_stand_beside_the_codes_and_are_kept(workspace: Workspace, tmp_path: Path) -> None:
    path = boxes(tmp_path / "row.geojson", {"a": "Westside", "b": "Westside", "c": None, "d": None})
    add(workspace, path, parent_name="called")
    kept = load_geography(workspace, "row_1")
    assert kept.parent_names == {"W": "Westside"}
    assert kept.only(["a", "c"]).parent_names == kept.parent_names
    districts = load_hierarchy(workspace, ["row_1", "parents", "city"]).levels[1].geography
    assert dict(zip(districts.codes, districts.areas["name"], strict=True)) == {"E": "E", "W": "Westside"}


def test_names_may_stand_in_the_attributes(workspace: Workspace, tmp_path: Path) -> None:
    path = boxes(tmp_path / "row.geojson", dict.fromkeys("abcd"))
    table = tmp_path / "attributes.csv"
    rows = {"code": list("abcd"), "within": ["01", "01", "02", "02"], "title": ["One", "One", "Two", "Two"]}
    pd.DataFrame(rows).to_csv(table, index=False)
    added = add_geography(
        workspace,
        "row_1",
        boundaries=path,
        code="code",
        area_name="label",
        attributes=table,
        parent="within",
        parent_name="title",
    )
    assert added.parent_names == {"01": "One", "02": "Two"}


@pytest.mark.parametrize(
    ("named", "column", "words"),
    [
        (dict.fromkeys("abcd", "Westside"), "colour", "no column 'colour'"),
        ({"a": "Westside", "b": "West Side", "c": None, "d": None}, "called", "W two names: Westside and West Side"),
    ],
)
def test_names_that_cannot_be_used_are_refused_and_nothing_is_written(
    workspace: Workspace, tmp_path: Path, named: dict[str, str | None], column: str, words: str
) -> None:
    path = boxes(tmp_path / "row.geojson", named)
    with pytest.raises(BadInput, match=words):
        add(workspace, path, parent_name=column)
    assert not (workspace.geographies / "row_1").exists()


def test_a_geography_without_names_is_not_changed_by_adding_it_with_names(workspace: Workspace, tmp_path: Path) -> None:
    path = boxes(tmp_path / "row.geojson", dict.fromkeys("abcd", "Everywhere"))
    assert add(workspace, path).parent_names == {}
    assert "nothing was written" in add(workspace, path).notes[0]
    with pytest.raises(RefusedAction, match="already a geography"):
        add(workspace, path, parent_name="called")
