"""Attacks by boundaries: a file that makes a reader open other files or addresses is refused before it can, and the
sound file of each kind is read."""

from __future__ import annotations

import json
import os
import shutil
import socket
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import geopandas as gpd
import pyogrio
import pytest

from contracts import BadInput, Workspace
from features.geographies import geographic_files
from features.geographies.geographic_files import read_geographic_file
from features.geographies.geography import add_geography

SECRET = "A secret of this machine"


def collection(label: str, count: int = 2, **members: object) -> str:
    rings = [[[x, 51.0], [x + 0.01, 51.0], [x + 0.01, 51.01], [x, 51.01], [x, 51.0]] for x in (0.0, 0.01)][:count]
    features = [
        {
            "type": "Feature",
            "properties": {"code": f"E0{number}", "label": label},
            "geometry": {"type": "Polygon", "coordinates": [ring]},
        }
        for number, ring in enumerate(rings)
    ]
    return json.dumps({"type": "FeatureCollection", **members, "features": features})


class Listener:
    """A server that counts who calls, and answers with areas."""

    def __init__(self) -> None:
        self.calls = 0
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self.socket.getsockname()[1]}/areas.geojson"
        threading.Thread(target=self._answer, daemon=True).start()

    def _answer(self) -> None:
        body = collection("fetched").encode()
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode()
        while True:
            try:
                caller, _ = self.socket.accept()
            except OSError:
                return
            self.calls += 1
            with caller:
                caller.settimeout(2)
                caller.recv(65536)
                caller.sendall(head + body)


@pytest.fixture
def listener() -> Iterator[Listener]:
    one = Listener()
    yield one
    one.socket.shutdown(socket.SHUT_RDWR)
    one.socket.close()


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "elsewhere" / "secret.json"
    path.parent.mkdir()
    path.write_text(collection(SECRET), encoding="utf-8")
    return path


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    path = tmp_path / "sound.geojson"
    path.write_text(collection("Area"), encoding="utf-8")
    return path


def vrt(source: str) -> str:
    layer = f"<SrcDataSource>{source}</SrcDataSource><SrcSQL>SELECT * FROM {Path(source).stem}</SrcSQL>"
    return f'<OGRVRTDataSource><OGRVRTLayer name="stolen">{layer}</OGRVRTLayer></OGRVRTDataSource>'


def pipeline(source: str) -> str:
    line = f"gdal vector pipeline ! read {source} ! write streamed_dataset --output-format=stream"
    return json.dumps({"type": "gdal_streamed_alg", "command_line": line})


ATTACKS = {
    "VRT of a file": lambda secret, address: vrt(secret),
    "VRT behind blanks": lambda secret, address: "\n" * 100 + vrt(secret),
    "VRT of an address": lambda secret, address: vrt(f"/vsicurl/{address}"),
    "VRT with a command": lambda secret, address: vrt("a").replace(
        "SrcDataSource>a", f'SrcSQL dialect="sqlite">{secret}'
    ),
    "pipeline of a file": lambda secret, address: pipeline(secret),
    "pipeline of an address": lambda secret, address: pipeline(f"/vsicurl/{address}"),
    "WFS": lambda secret, address: f"<OGRWFSDataSource><URL>{address}</URL></OGRWFSDataSource>",
    "WFS capabilities": lambda secret, address: (
        f'<WFS_Capabilities version="2.0.0"><Get href="{address}"/></WFS_Capabilities>'
    ),
    "OGC API": lambda secret, address: json.dumps({"links": [{"rel": "data", "href": address}], "title": "a"}),
    "KML with a link": lambda secret, address: (
        f"<kml><NetworkLink><Link><href>{address}</href></Link></NetworkLink></kml>"
    ),
    "GML with a schema": lambda secret, address: (
        f'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file://{secret}">]>'
        f'<gml:FeatureCollection xmlns:gml="http://www.opengis.net/gml" schemaLocation="{address}">&b;'
        "</gml:FeatureCollection>"
    ),
    "ESRI JSON": lambda secret, address: json.dumps(
        {"geometryType": "esriGeometryPolygon", "spatialReference": {"wkid": 4326}, "features": []}
    ),
    "TopoJSON": lambda secret, address: json.dumps({"type": "Topology", "objects": {}, "arcs": []}),
    "PMTiles": lambda secret, address: "PMTiles\x03" + "\x00" * 200,
    "CSV": lambda secret, address: f'code,label,WKT\nE00,{address},"POLYGON ((0 0,1 0,1 1,0 0))"\n',
    "an address alone": lambda secret, address: address,
    "PDS or PostgreSQL by name": lambda secret, address: "PG:host=127.0.0.1",
    "GeoJSON whose system is an address": lambda secret, address: collection(
        "Area", crs={"type": "link", "properties": {"href": address, "type": "proj4"}}
    ),
    "GeoJSON whose system is named by an address": lambda secret, address: collection(
        "Area", crs={"type": "name", "properties": {"name": address}}
    ),
    "GeoJSON whose system is a file": lambda secret, address: collection(
        "Area", crs={"type": "name", "properties": {"name": f"+init={secret}:1"}}
    ),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_no_other_file_is_read_and_no_address_called(
    tmp_path: Path, secret: Path, listener: Listener, name: str
) -> None:
    planted = tmp_path / "areas.geojson"
    planted.write_text(ATTACKS[name](str(secret), listener.address), encoding="utf-8")
    workspace = Workspace(tmp_path / "workspace")
    with pytest.raises(BadInput) as caught:
        add_geography(workspace, "areas_1", boundaries=planted, code="code", area_name="label")
    assert str(planted) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert SECRET not in str(caught.value)
    assert listener.calls == 0
    assert not list(workspace.geographies.glob("*"))


@pytest.mark.parametrize("name", ["VRT of a file", "pipeline of a file", "VRT of an address"])
def test_the_planted_attacks_are_real(tmp_path: Path, secret: Path, listener: Listener, name: str) -> None:
    """An unguarded reader falls for them, so the test above can fail."""
    planted = tmp_path / "areas.geojson"
    planted.write_text(ATTACKS[name](str(secret), listener.address), encoding="utf-8")
    pyogrio.set_gdal_config_options({"CPL_VSIL_CURL_ALLOWED_EXTENSIONS": None})
    read = set(pyogrio.read_dataframe(planted)["label"])
    assert read == {SECRET} or (read == {"fetched"} and listener.calls > 0)


@pytest.mark.parametrize("path", ["/vsicurl/{address}", "{address}", "/vsizip/{folder}/a.zip/a.geojson", "/vsistdin/"])
def test_a_path_of_a_virtual_file_system_is_no_file(tmp_path: Path, listener: Listener, path: str) -> None:
    given = Path(path.format(address=listener.address, folder=tmp_path))
    with pytest.raises(BadInput, match="There is no file"):
        read_geographic_file(given)
    assert listener.calls == 0


def test_a_pipe_is_no_file_and_a_zip_is_no_geojson(tmp_path: Path, sound: Path) -> None:
    pipe = tmp_path / "pipe.geojson"
    os.mkfifo(pipe)
    with pytest.raises(BadInput, match="There is no file"):
        read_geographic_file(pipe)
    zipped = shutil.make_archive(str(tmp_path / "areas"), "zip", sound.parent, sound.name)
    with pytest.raises(BadInput, match="no GeoJSON, Shapefile or GeoPackage"):
        read_geographic_file(Path(zipped))


GEOPACKAGE_ATTACKS = {
    "a view": "CREATE VIEW stolen AS SELECT * FROM sound",
    "a view for a table of the format": "CREATE VIEW gpkg_data_columns AS SELECT * FROM sound",
    "a virtual table": "CREATE VIRTUAL TABLE stolen USING VirtualOGR('{secret}')",
    "a text index": "CREATE VIRTUAL TABLE stolen USING fts5(a)",
    "a computed column": "ALTER TABLE sound ADD COLUMN stolen GENERATED ALWAYS AS (hex('{secret}')) VIRTUAL",
}


@pytest.mark.parametrize("name", GEOPACKAGE_ATTACKS)
def test_a_geopackage_with_what_is_made_up_on_reading_is_refused(
    tmp_path: Path, sound: Path, secret: Path, name: str
) -> None:
    path = tmp_path / "areas.gpkg"
    gpd.read_file(sound).to_file(path, layer="sound")
    assert len(read_geographic_file(path)) == 2
    statement = GEOPACKAGE_ATTACKS[name].format(secret=secret)
    with closing(sqlite3.connect(path)) as database, database:
        if "VirtualOGR" in statement:
            database.execute("PRAGMA writable_schema = ON")
            row = ("table", "stolen", "stolen", 0, statement)
            database.execute(
                "INSERT INTO sqlite_master (type, name, tbl_name, rootpage, sql) VALUES (?, ?, ?, ?, ?)", row
            )
        else:
            database.execute(statement)
    with pytest.raises(BadInput, match=r"which may read from elsewhere|cannot be read as boundaries") as caught:
        read_geographic_file(path)
    assert "\n" not in str(caught.value)


def test_the_views_that_some_programs_always_write_are_left_alone(tmp_path: Path, sound: Path) -> None:
    path = tmp_path / "areas.gpkg"
    gpd.read_file(sound).to_file(path, layer="sound")
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("CREATE VIEW st_geometry_columns AS SELECT * FROM gpkg_geometry_columns")
    assert set(read_geographic_file(path)["code"]) == {"E00", "E01"}


def test_a_geopackage_with_unsaved_changes_is_refused(tmp_path: Path, sound: Path) -> None:
    path = tmp_path / "areas.gpkg"
    gpd.read_file(sound).to_file(path)
    journal = path.with_name("areas.gpkg-wal")
    journal.write_bytes(b"x")
    with pytest.raises(BadInput, match=r"unsaved changes in areas\.gpkg-wal"):
        read_geographic_file(path)
    journal.unlink()
    assert len(read_geographic_file(path)) == 2


@pytest.mark.parametrize("content", [b"SQLite format 3\x00" + b"x" * 5000, b"\x00\x00\x27\x0a" + b"x" * 5000])
def test_the_first_bytes_alone_make_no_file(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "areas.shp"
    path.write_bytes(content)
    with pytest.raises(BadInput, match=r"has no \.shx file beside it"):
        read_geographic_file(path)
    path.with_suffix(".shx").write_bytes(content)
    with pytest.raises(BadInput, match="cannot be read as boundaries") as caught:
        read_geographic_file(path)
    assert "\n" not in str(caught.value)
    assert "wardcast-boundaries" not in str(caught.value)


def test_the_companions_of_a_shapefile_stay_in_its_folder(tmp_path: Path, sound: Path, secret: Path) -> None:
    stolen = gpd.read_file(sound).assign(label=SECRET)
    stolen.to_file(secret.parent / "stolen.shp")
    path = tmp_path / "areas.shp"
    gpd.read_file(sound).to_file(path)
    (tmp_path / "areas.qix").write_text("no index")
    (tmp_path / "areas.vrt").write_text(vrt(str(secret)))
    assert set(read_geographic_file(path)["label"]) == {"Area"}
    table = tmp_path / "areas.dbf"
    table.unlink()
    table.symlink_to(secret.parent / "stolen.dbf")
    with pytest.raises(BadInput, match="is a link to another folder"):
        read_geographic_file(path)


def test_a_link_to_a_file_is_read_and_told(tmp_path: Path, sound: Path) -> None:
    link = tmp_path / "areas.geojson"
    link.symlink_to(sound)
    geography = add_geography(
        Workspace(tmp_path / "workspace"), "areas_1", boundaries=link, code="code", area_name="label"
    )
    assert "areas.geojson is a link to the file sound.geojson, which was read" in geography.notes


@pytest.mark.parametrize(
    ("name", "epsg"),
    [
        ("urn:ogc:def:crs:OGC:1.3:CRS84", 4326),
        ("urn:ogc:def:crs:EPSG::4326", 4326),
        ("EPSG:4326", 4326),
        ("http://www.opengis.net/def/crs/OGC/1.3/CRS84", 4326),
        ("urn:ogc:def:crs:EPSG::27700", 27700),
    ],
)
def test_a_coordinate_system_is_known_by_its_code(tmp_path: Path, name: str, epsg: int) -> None:
    path = tmp_path / "areas.geojson"
    path.write_text(collection("Area", crs={"type": "name", "properties": {"name": name}}), encoding="utf-8")
    assert read_geographic_file(path).crs.to_epsg() == epsg


@pytest.mark.parametrize(
    "text",
    [
        '{"type": "FeatureCollection", "features": ' + "[" * 100_000,
        '{"type": "FeatureCollection", "features": [' + '{"a": ' * 100_000,
        '{"type": "FeatureCollection", "features": {}}',
        '{"type": "FeatureCollection", "features": [1]}',
        '{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": [1], "geometry": null}]}',
        '{"type": "FeatureCollection", "features": [{"type": "Feature", "geometry": {"type": "Polygon"}}]}',
        '{"type": "Feature", "properties": {"code": 1}, "geometry": {"type": "Polygon", "coordinates": 1}}',
        "[]",
        "null",
        "{",
    ],
)
def test_json_of_another_form_is_one_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "areas.geojson"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadInput) as caught:
        read_geographic_file(path)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 500 + len(str(path))


def test_boundaries_have_a_size(tmp_path: Path, sound: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    size = sound.stat().st_size
    monkeypatch.setattr(geographic_files, "MOST_VERTICES", 10)
    assert len(read_geographic_file(sound)) == 2
    monkeypatch.setattr(geographic_files, "MOST_VERTICES", 9)
    with pytest.raises(BadInput, match="has 10 vertices; 9 are the most"):
        read_geographic_file(sound)
    monkeypatch.setattr(geographic_files, "MOST_BYTES", size - 1)
    with pytest.raises(BadInput, match=f"has {size} bytes"):
        read_geographic_file(sound)


def test_codes_of_every_kind_are_kept_as_they_are_written(tmp_path: Path) -> None:
    codes = ["NA", "00123", 5, 12345678901234, 2.0, "2021-01-01", True, [1]]
    path = tmp_path / "areas.geojson"
    features = [
        {
            "type": "Feature",
            "properties": {"code": code, "label": "a"},
            "geometry": {
                "type": "Polygon",
                "coordinates": [[[x, 0, 9], [x + 0.01, 0, 9], [x + 0.01, 0.01, 9], [x, 0.01, 9], [x, 0, 9]]],
            },
        }
        for code, x in zip(codes, (number / 100 for number in range(8)), strict=True)
    ]
    path.write_text("\ufeff" + json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    geography = add_geography(
        Workspace(tmp_path / "workspace"), "areas_1", boundaries=path, code="code", area_name="label"
    )
    assert set(geography.codes) == {"NA", "00123", "5", "12345678901234", "2", "2021-01-01", "True", "[1]"}
