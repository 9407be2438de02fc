"""Geographic files that somebody else made: read as GeoJSON, Shapefile or GeoPackage and as nothing else.

GDAL opens dozens of formats, some of which name other files, addresses and commands to read from. So GeoJSON is parsed
here; the two others are copied, with the companions they need, to a folder of their own, their first bytes and their
tables are looked at, and GDAL is held to the driver. Nothing is fetched, and no other file is opened.
"""

from __future__ import annotations

import re
import shutil
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import orjson
import pandas as pd
import shapely

from contracts import BadInput

if TYPE_CHECKING:
    import geopandas as gpd

WGS84 = "EPSG:4326"
MOST_BYTES = 512 * 2**20
"""Size of the boundaries, with what belongs to them, above which they are refused."""
MOST_VERTICES = 10_000_000
_REMEDY = "Give a GeoJSON, Shapefile or GeoPackage file with one polygon an area."
_SQLITE = b"SQLite format 3\x00"
_SHAPES = b"\x00\x00\x27\x0a"
_COMPANIONS = (".shx", ".dbf", ".prj", ".cpg")
_HARMLESS_VIEWS = ("st_spatial_ref_sys", "st_geometry_columns")
"""Views that some programs write into every GeoPackage; nothing here reads them."""
_SYSTEM = re.compile(
    r"(?:urn:(?:x-)?ogc:def:crs:|https?://www\.opengis\.net/def/crs/)?(EPSG|OGC|ESRI)(?:[:/][\w.]*)?[:/](\w+)",
    re.IGNORECASE,
)
_CONFINED = {
    "OGR_SQLITE_ALLOW_EXTERNAL_ACCESS": "NO",
    "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": ".nothing-is-fetched",
    "OGR_GEOMETRY_ACCEPT_UNCLOSED_RING": "NO",
}


def read_geographic_file(path: Path) -> gpd.GeoDataFrame:
    """The features of a file with their columns; raises ``BadInput`` for what is none or is too large."""
    if not path.is_file():
        raise BadInput(f"There is no file {path}.", remedy="Correct the path of the boundaries.")
    files = input_files(path)
    _refuse_beyond(sum(file.stat().st_size for file in files), MOST_BYTES, path, "bytes")
    with path.open("rb") as file:
        start = file.read(512)
    if start.startswith(_SQLITE):
        frame = _read_by_gdal(path, files, "GPKG")
    elif start.startswith(_SHAPES):
        frame = _read_by_gdal(path, files, "ESRI Shapefile")
    else:
        frame = _read_geojson(path)
    if "geometry" not in frame.columns or frame.empty:
        raise BadInput(f"{path} holds no polygons.", remedy=_REMEDY)
    _refuse_beyond(int(shapely.get_num_coordinates(frame.geometry.to_numpy()).sum()), MOST_VERTICES, path, "vertices")
    return frame


def input_files(path: Path) -> list[Path]:
    """The file and, of a Shapefile, those beside it that are read: its index, columns, coordinates and encoding.

    Raises ``BadInput`` for a companion that is a link to another folder.
    """
    if path.suffix.lower() != ".shp":
        return [path]
    beside = [file for file in sorted(path.parent.glob(f"{_escaped(path.stem)}.*")) if file.stem == path.stem]
    companions = [file for file in beside if file.suffix.lower() in _COMPANIONS and file.is_file()]
    if not any(file.suffix.lower() == ".shx" for file in companions):
        raise BadInput(f"{path} has no .shx file beside it.", remedy="Give all files of the Shapefile in one folder.")
    for file in companions:
        if file.resolve().parent != path.resolve().parent:
            raise BadInput(
                f"{file} is a link to another folder.", remedy="Put the files of a Shapefile into one folder."
            )
    return [path, *companions]


def _escaped(stem: str) -> str:
    return "".join(f"[{character}]" if character in "*?[" else character for character in stem)


def _refuse_beyond(size: int, most: int, path: Path, what: str) -> None:
    if size > most:
        raise BadInput(
            f"{path} has {size:,} {what}; {most:,} are the most that boundaries may have.",
            remedy="Leave out other places, or simplify the boundaries in a GIS.",
        )


def _unreadable(path: Path, reason: str) -> BadInput:
    return BadInput(f"{path} cannot be read as boundaries: {reason}.", remedy=_REMEDY)


def _read_geojson(path: Path) -> gpd.GeoDataFrame:
    import geopandas as gpd

    data = path.read_bytes().removeprefix(b"\xef\xbb\xbf")
    try:
        document = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        told = "it is empty" if not data.strip() else f"it is no GeoJSON, Shapefile or GeoPackage ({error})"
        raise _unreadable(path, told) from error
    features = _features(path, document)
    rows = [feature.get("properties") or {} for feature in features]
    if not all(isinstance(row, dict) for row in rows):
        raise _unreadable(path, "the properties of a feature are no table")
    table = pd.DataFrame([{name: _plain(value) for name, value in row.items()} for row in rows], dtype=object)
    shapes = _shapes(path, [feature.get("geometry") for feature in features])
    return gpd.GeoDataFrame(table, geometry=shapes, crs=_system(path, document))


def _features(path: Path, document: object) -> list[dict[str, Any]]:
    kind = document.get("type") if isinstance(document, dict) else None
    found = document.get("features") if isinstance(document, dict) and kind == "FeatureCollection" else [document]
    if kind not in ("FeatureCollection", "Feature") or not isinstance(found, list):
        raise _unreadable(path, f"it is JSON and no GeoJSON collection of features (its type is {str(kind)[:40]!r})")
    features = [one for one in found if isinstance(one, dict) and one.get("type") == "Feature"]
    if len(features) < len(found):
        raise _unreadable(path, "its collection holds what is no feature")
    return features


def _plain(value: object) -> object:
    """A list or a table in place of a value is kept as text."""
    return orjson.dumps(value).decode() if isinstance(value, list | dict) else value


def _shapes(path: Path, geometries: list[Any]) -> npt.NDArray[np.object_]:
    texts = np.array([None if one is None else orjson.dumps(one).decode() for one in geometries], dtype=object)
    shapes = shapely.from_geojson(texts, on_invalid="ignore")
    given = np.array([one is not None for one in geometries], dtype=bool)
    broken = np.flatnonzero(given & shapely.is_missing(shapes))
    if broken.size:
        raise _unreadable(path, f"the geometry of feature {int(broken[0]) + 1} is none that GeoJSON knows")
    return np.asarray(shapely.force_2d(shapes), dtype=object)


def _system(path: Path, document: dict[str, Any]) -> str | None:
    """The coordinate system that a GeoJSON file names: by a code, never by an address or a file. None where it says
    that there is none."""
    if "crs" not in document:
        return WGS84
    given = document["crs"]
    if given is None:
        return None
    about = given.get("properties") if isinstance(given, dict) and given.get("type") == "name" else None
    name = about.get("name") if isinstance(about, dict) else None
    code = _SYSTEM.fullmatch(name) if isinstance(name, str) else None
    if code is None or not _is_known(f"{code[1].upper()}:{code[2]}"):
        raise BadInput(
            f"{path} names a coordinate system that is not known: {str(name or given)[:80]!r}.",
            remedy="Export it as WGS 84.",
        )
    return WGS84 if code[1].upper() == "OGC" else f"{code[1].upper()}:{code[2]}"


def _is_known(code: str) -> bool:
    import pyproj

    if code.startswith("OGC:"):
        return code in ("OGC:CRS84", "OGC:CRS84H")
    try:
        pyproj.CRS.from_authority(*code.split(":"))
    except pyproj.exceptions.CRSError:
        return False
    return True


def _read_by_gdal(path: Path, files: list[Path], driver: str) -> gpd.GeoDataFrame:
    import pyogrio
    from pyogrio.errors import DataLayerError, DataSourceError

    pyogrio.set_gdal_config_options(_CONFINED)
    with tempfile.TemporaryDirectory(prefix="wardcast-boundaries-") as folder:
        for file in files:
            shutil.copyfile(file, Path(folder) / f"areas{file.suffix.lower()}")
        copy = Path(folder) / f"areas{path.suffix.lower()}"
        layer = _only_layer(path, copy) if driver == "GPKG" else "areas"
        try:
            source = f"GPKG:{copy}" if driver == "GPKG" else str(copy)
            found = pyogrio.read_info(source, layer=layer)["driver"]
            if found != driver:
                raise _unreadable(path, f"it is a file of the kind {found}")
            return pyogrio.read_dataframe(source, layer=layer, force_2d=True)
        except (DataSourceError, DataLayerError, shapely.errors.GEOSException, UnicodeDecodeError) as error:
            reason = str(error).splitlines()[0].rstrip(".").replace(f"{folder}/areas", str(path.with_suffix("")))
            raise _unreadable(path, reason) from error


def _only_layer(path: Path, copy: Path) -> str:
    """The one table of features of a GeoPackage; raises ``BadInput`` for several, and for tables that are made up when
    they are read."""
    for journal in ("-wal", "-journal"):
        beside = path.with_name(path.name + journal)
        if beside.is_file() and beside.stat().st_size:
            raise BadInput(
                f"{path} has unsaved changes in {beside.name}.", remedy="Close it in the program that wrote it."
            )
    try:
        with closing(sqlite3.connect(f"file:{copy}?mode=ro&immutable=1", uri=True)) as database:
            database.execute("PRAGMA trusted_schema = OFF")
            _refuse_made_up(path, database)
            found = database.execute("SELECT table_name FROM gpkg_contents WHERE data_type = 'features'").fetchall()
    except (sqlite3.Error, UnicodeDecodeError) as error:
        raise _unreadable(path, str(error)) from error
    layers = [str(name) for (name,) in found]
    if not layers:
        raise BadInput(f"{path} holds no polygons.", remedy=_REMEDY)
    if len(layers) > 1:
        raise BadInput(
            f"{path} has {len(layers)} layers: {', '.join(layers)}.", remedy="Export the one with the areas alone."
        )
    return layers[0]


def _refuse_made_up(path: Path, database: sqlite3.Connection) -> None:
    parts = database.execute("SELECT type, name, coalesce(sql, '') FROM sqlite_master").fetchall()
    for kind, name, sql in parts:
        virtual = re.match(r"\s*CREATE\s+VIRTUAL\s+TABLE", sql, re.IGNORECASE) is not None
        computed = kind == "table" and not virtual and _is_computed(database, name)
        indexed = re.search(r"\bUSING\s+\"?rtree\"?\s*\(", sql, re.IGNORECASE) is not None
        if (kind == "view" and name not in _HARMLESS_VIEWS) or (virtual and not indexed) or computed:
            what = "view" if kind == "view" else "table that is computed"
            raise BadInput(
                f"{path} holds the {what} '{name}', which may read from elsewhere.",
                remedy="Export the layer with the areas alone into a new GeoPackage.",
            )


def _is_computed(database: sqlite3.Connection, table: str) -> bool:
    quoted = table.replace('"', '""')
    return any(hidden in (2, 3) for *_, hidden in database.execute(f'PRAGMA table_xinfo("{quoted}")'))
