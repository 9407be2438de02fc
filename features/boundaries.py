"""Boundaries of areas: read from a geographic file, checked and brought to WGS 84. Nothing is repaired in silence."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from contracts import BadInput
from features.codes import read_codes, refuse_duplicates

if TYPE_CHECKING:
    import geopandas as gpd

WGS84 = "EPSG:4326"
DECIMALS = 7
"""Decimals of a stored coordinate, degrees: about a centimetre."""
_POLYGON_TYPES = ("Polygon", "MultiPolygon")
_ROUNDED_INVALID = "rounding a coordinate to a centimetre breaks it"


@dataclass(frozen=True)
class Boundaries:
    """Areas ordered by code: codes, names, parents (None where not known) and polygons in degrees WGS 84."""

    codes: tuple[str, ...]
    names: tuple[str, ...]
    parents: tuple[str | None, ...]
    polygons: npt.NDArray[np.object_]
    notes: tuple[str, ...] = ()


def read_boundaries(path: Path, *, code: str, name: str, parent: str | None = None) -> Boundaries:
    """Read GeoJSON, a Shapefile or a GeoPackage.

    ``code``, ``name`` and ``parent`` are columns of the file; without ``parent`` every parent is None.
    Raises ``BadInput`` that names the feature for a missing column, a missing or duplicate code, an empty or
    invalid polygon, another kind of geometry, and coordinates whose system is not known.
    """
    frame = _read_geographic_file(path)
    wanted = [code, name] if parent is None else [code, name, parent]
    for column in wanted:
        _require_column(frame, column, path)
    codes = read_codes(frame[code], column=code, source=path)
    refuse_duplicates(codes, column=code, source=path)
    _check_polygons(frame.geometry.to_numpy(), codes, path)
    notes: list[str] = []
    polygons = _to_wgs84(frame, codes, path, notes)
    order = np.argsort(np.array(codes))
    names = [str(given) if pd.notna(given) else code_ for given, code_ in zip(frame[name], codes, strict=True)]
    parents = optional_codes(frame[parent]) if parent is not None else [None] * len(codes)
    return Boundaries(
        codes=tuple(codes[i] for i in order),
        names=tuple(names[i] for i in order),
        parents=tuple(parents[i] for i in order),
        polygons=polygons[order],
        notes=tuple(notes),
    )


def boundary_table(path: Path) -> pd.DataFrame:
    """The columns of a geographic file without its shapes; raises ``BadInput`` if it is none."""
    return pd.DataFrame(_read_geographic_file(path).drop(columns="geometry"))


def optional_codes(values: pd.Series[Any]) -> list[str | None]:
    """Codes as text, None where there is none."""
    return [str(value).strip() if pd.notna(value) and str(value).strip() else None for value in values]


def local_projection(longitude: float, latitude: float) -> str:
    """An equal-area projection in metres centred there (Lambert azimuthal): areas are true, distances nearly so."""
    return f"+proj=laea +lat_0={latitude:.6f} +lon_0={longitude:.6f} +datum=WGS84 +units=m"


def centres_and_areas(
    polygons: npt.NDArray[np.object_],
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Longitude and latitude of each polygon's centre (degrees) and its area (square kilometres).

    The centre is the centroid, or a point inside where the centroid falls outside of the polygon.
    """
    import geopandas as gpd

    west, south, east, north = shapely.total_bounds(polygons)
    projection = local_projection((west + east) / 2, (south + north) / 2)
    metric = gpd.GeoSeries(polygons, crs=WGS84).to_crs(projection)
    shapes = metric.to_numpy()
    centroids = shapely.centroid(shapes)
    inside = shapely.covers(shapes, centroids)
    centres = np.where(inside, centroids, shapely.point_on_surface(shapes))
    degrees = gpd.GeoSeries(centres, crs=projection).to_crs(WGS84)
    return degrees.x.to_numpy(), degrees.y.to_numpy(), np.asarray(shapely.area(shapes) / 1e6)


def _read_geographic_file(path: Path) -> gpd.GeoDataFrame:
    import geopandas as gpd
    import pyogrio
    from pyogrio.errors import DataLayerError, DataSourceError

    if not path.is_file():
        raise BadInput(f"There is no file {path}.", remedy="Correct the path of the boundaries.")
    try:
        layers = [str(name) for name, kind in pyogrio.list_layers(path) if kind is not None]
        if len(layers) > 1:
            raise BadInput(
                f"{path} has {len(layers)} layers: {', '.join(layers)}.", remedy="Export the one with the areas alone."
            )
        frame = pyogrio.read_dataframe(path, force_2d=True)
    except (DataSourceError, DataLayerError, shapely.errors.GEOSException) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise BadInput(
            f"{path} cannot be read as boundaries: {reason}.",
            remedy="Give a GeoJSON, Shapefile or GeoPackage file with one polygon an area.",
        ) from error
    if not isinstance(frame, gpd.GeoDataFrame) or frame.empty:
        raise BadInput(
            f"{path} holds no polygons.",
            remedy="Give a GeoJSON, Shapefile or GeoPackage file with one polygon an area.",
        )
    return frame


def _require_column(frame: gpd.GeoDataFrame, column: str, path: Path) -> None:
    if column not in frame.columns or column == frame.geometry.name:
        there = ", ".join(str(name) for name in frame.columns if name != frame.geometry.name) or "none"
        raise BadInput(f"{path} has no column '{column}'.", remedy=f"Name one of its columns: {there}.")


def _check_polygons(shapes: npt.NDArray[np.object_], codes: list[str], path: Path) -> None:
    for position, (shape, code) in enumerate(zip(shapes, codes, strict=True), start=1):
        where = f"{path}: area {code} (feature {position})"
        if shape is None or shape.is_empty:
            raise BadInput(f"{where} has no polygon.", remedy="Give it one, or remove the feature.")
        if shape.geom_type not in _POLYGON_TYPES:
            raise BadInput(
                f"{where} is a {shape.geom_type} and not a polygon.",
                remedy="Give the boundaries, not centres or lines.",
            )
        if not shape.is_valid:
            reason = shapely.is_valid_reason(shape).replace("[", " at (").replace("]", ")")
            raise BadInput(
                f"{where} has an invalid polygon: {reason}.",
                remedy="Repair it in a GIS (fix geometries) and try again.",
            )


def _to_wgs84(frame: gpd.GeoDataFrame, codes: list[str], path: Path, notes: list[str]) -> npt.NDArray[np.object_]:
    plausible = _are_degrees(frame.total_bounds)
    if frame.crs is None:
        if not plausible:
            raise BadInput(
                f"{path} does not say what its coordinates mean, and they are no degrees.",
                remedy="Give a file with its coordinate system (a Shapefile needs its .prj).",
            )
        notes.append("the file names no coordinate system; its coordinates were read as degrees (WGS 84)")
        frame = frame.set_crs(WGS84)
    elif frame.crs.is_geographic and not plausible:
        raise BadInput(
            f"{path} says that its coordinates are degrees ({frame.crs.name}), and they are not.",
            remedy="Give it its right coordinate system, or export it as WGS 84.",
        )
    shapes = frame.geometry.to_crs(WGS84).to_numpy()
    rounded = shapely.transform(shapes, lambda coordinates: np.round(coordinates, DECIMALS))
    broken = np.flatnonzero(~shapely.is_valid(rounded) | (shapely.area(rounded) == 0))
    if broken.size:
        raise BadInput(
            f"{path}: the polygon of area {codes[int(broken[0])]} is too thin to keep: {_ROUNDED_INVALID}.",
            remedy="Repair it in a GIS (fix geometries, remove slivers) and try again.",
        )
    return np.asarray(rounded, dtype=object)


def _are_degrees(bounds: npt.NDArray[np.float64]) -> bool:
    west, south, east, north = bounds
    return bool(west >= -180 and east <= 180 and south >= -90 and north <= 90)
