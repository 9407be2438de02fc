"""Every way in which boundaries and attributes can be wrong: one line with the remedy, and nothing written."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from contracts import BadInput, Workspace
from features.geographies.geography import add_geography

SQUARE = [[0, 0], [0.01, 0], [0.01, 0.01], [0, 0.01], [0, 0]]
BOW_TIE = [[0, 0], [0.01, 0.01], [0.01, 0], [0, 0.01], [0, 0]]


def collection(*geometries: dict[str, object] | None, codes: tuple[str | None, ...] = ("E01", "E02")) -> str:
    features = [
        {"type": "Feature", "properties": {"code": code, "label": f"Area {code}"}, "geometry": geometry}
        for code, geometry in zip(codes, geometries, strict=True)
    ]
    return json.dumps({"type": "FeatureCollection", "features": features})


def polygon(ring: list[list[float]]) -> dict[str, object]:
    return {"type": "Polygon", "coordinates": [ring]}


def shifted(metres: float) -> list[list[float]]:
    return [[x + metres, y] for x, y in SQUARE]


GOOD = collection(polygon(SQUARE), polygon(shifted(0.01)))


@pytest.fixture
def add(tmp_path: Path) -> Callable[..., None]:
    workspace = Workspace(tmp_path / "workspace")

    def add_text(text: str, attributes: str | bytes | None = None, **options: str) -> None:
        boundaries = tmp_path / "areas.geojson"
        boundaries.write_text(text, encoding="utf-8")
        table = None
        if attributes is not None:
            table = tmp_path / "attributes.csv"
            table.write_bytes(attributes if isinstance(attributes, bytes) else attributes.encode())
        try:
            add_geography(
                workspace,
                options.pop("name", "areas_1"),
                boundaries=boundaries,
                attributes=table,
                **({"code": "code", "area_name": "label"} | options),
            )
        except BadInput:
            assert not list(workspace.geographies.glob("*"))
            raise

    return add_text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            collection(polygon(SQUARE), polygon(BOW_TIE)),
            "area E02 .feature 2. has an invalid polygon: Self-intersection",
        ),
        (collection(polygon(SQUARE), None), "area E02 .feature 2. has no polygon"),
        (collection(polygon(SQUARE), {"type": "Polygon", "coordinates": []}), "area E02 .feature 2. has no polygon"),
        (collection(polygon(SQUARE), {"type": "Point", "coordinates": [0, 0]}), "is a Point and not a polygon"),
        (collection(polygon(SQUARE), polygon(shifted(0.01)), codes=("E01", "E01")), "E01 stands more than once"),
        (collection(polygon(SQUARE), polygon(shifted(0.01)), codes=("E01", None)), "row 2 has no code"),
        (collection(polygon(shifted(500_000.0)), polygon(SQUARE)), "says that its coordinates are degrees"),
        ("<html><body>Not found</body></html>", "cannot be read as boundaries"),
        ("", "cannot be read as boundaries"),
        (GOOD[:300], "cannot be read as boundaries"),
        ('{"type":"FeatureCollection","features":[]}', "holds no polygons|cannot be read"),
    ],
)
def test_bad_boundaries_are_refused(add: Callable[..., None], text: str, message: str) -> None:
    with pytest.raises(BadInput, match=message) as caught:
        add(text)
    assert "\n" not in str(caught.value)
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"code": "kode"}, "no column 'kode'.*code, label"),
        ({"area_name": "title"}, "no column 'title'"),
        ({"parent": "district"}, "Neither the boundaries nor the attributes have a column 'district'"),
        ({"name": "../outside"}, "cannot be the name of a geography"),
        ({"name": ".hidden"}, "cannot be the name of a geography"),
    ],
)
def test_wrong_options_are_refused(add: Callable[..., None], options: dict[str, str], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        add(GOOD, **options)


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        ("kode,residents\nE01,1\nE02,2\n", "no column 'code'.*kode, residents"),
        ("code,residents\nE01,1\nE01,2\n", "E01 stands more than once"),
        ("code,residents\nE01,1\n,2\n", "row 2 has no code"),
        ("code,residents\nE01,1\nE03,2\n", "no row for 1 of 2 areas, such as E02"),
        ("code,residents\nE01,1\nE02,inf\n", "'residents' of area E02 is infinite"),
        ("", "cannot be read as attributes"),
        (b"code,residents\nE01,1\n\xff\xfe,2\n", "cannot be read as attributes"),
    ],
)
def test_bad_attributes_are_refused(add: Callable[..., None], attributes: str | bytes, message: str) -> None:
    with pytest.raises(BadInput, match=message) as caught:
        add(GOOD, attributes)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "workspace")
    with pytest.raises(BadInput, match="There is no file"):
        add_geography(workspace, "areas_1", boundaries=tmp_path / "none.geojson", code="code", area_name="label")


def test_codes_that_look_like_numbers_stay_what_they_are(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "workspace")
    boundaries = tmp_path / "areas.geojson"
    boundaries.write_text(collection(polygon(SQUARE), polygon(shifted(0.01)), codes=("007", "010")), encoding="utf-8")
    table = tmp_path / "attributes.csv"
    table.write_text("code,residents\n007,1\n010,2\n", encoding="utf-8")
    geography = add_geography(
        workspace, "areas_1", boundaries=boundaries, code="code", area_name="label", attributes=table
    )
    assert geography.codes == ("007", "010")
    assert geography.attribute("residents").tolist() == [1.0, 2.0]
