"""Boundaries of areas: read from a geographic file, checked and brought to WGS 84. Nothing is repaired in silence."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from contracts import BadInput
from features.geographies.boundary_checks import check_overlaps, turned_hint, without_slivers
from features.geographies.codes import read_codes, refuse_duplicates, texts_of
from features.geographies.geographic_files import WGS84, read_geographic_file

if TYPE_CHECKING:
    import geopandas as gpd

DECIMALS = 7
"""Decimals of a stored coordinate, degrees: about a centimetre."""
_POLYGON_TYPES = (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)
_ROUNDED_INVALID = "rounding a coordinate to a centimetre breaks it"


@dataclass(frozen=True)
class Boundaries:
    """Areas ordered by code: codes, names, parents (None where not known) and polygons in degrees WGS 84.

    ``outlines`` are the polygons with the slivers that were dropped from them, for who touches whom; None where nothing
    was dropped.
    """

    codes: tuple[str, ...]
    names: tuple[str, ...]
    parents: tuple[str | None, ...]
    polygons: npt.NDArray[np.object_]
    notes: tuple[str, ...] = ()
    outlines: npt.NDArray[np.object_] | None = None


def read_boundaries(path: Path, *, code: str, name: str, parent: str | None = None) -> Boundaries:
    """Read GeoJSON, a Shapefile or a GeoPackage.

    ``code``, ``name`` and ``parent`` are columns of the file; without ``parent`` every parent is None.
    Raises ``BadInput`` that names the feature for a missing column, a missing or duplicate code, an empty or
    invalid polygon, another kind of geometry, and coordinates whose system is not known.
    """
    frame = read_geographic_file(path)
    wanted = [code, name] if parent is None else [code, name, parent]
    for column in wanted:
        _require_column(frame, column, path)
    codes = read_codes(frame[code], column=code, source=path)
    refuse_duplicates(codes, column=code, source=path)
    _check_kinds(frame.geometry.to_numpy(), codes, path)
    notes: list[str] = []
    outlines = _to_wgs84(frame, path, notes)
    polygons, told = without_slivers(outlines, metric_shapes(outlines), codes)
    _check_validity(polygons, codes, path)
    polygons = _rounded(polygons, codes, path)
    notes += [*told, *check_overlaps(metric_shapes(polygons), codes, path)]
    order = np.argsort(np.array(codes))
    names = [given or code_ for given, code_ in zip(texts_of(frame[name]), codes, strict=True)]
    parents = texts_of(frame[parent]) if parent is not None else [None] * len(codes)
    return Boundaries(
        codes=tuple(codes[i] for i in order),
        names=tuple(names[i] for i in order),
        parents=tuple(parents[i] for i in order),
        polygons=polygons[order],
        notes=tuple(notes),
        outlines=np.where(shapely.is_valid(outlines), outlines, polygons)[order] if told else None,
    )


def boundary_table(path: Path) -> pd.DataFrame:
    """The columns of a geographic file without its shapes; raises ``BadInput`` if it is none."""
    return pd.DataFrame(read_geographic_file(path).drop(columns="geometry"))


def local_projection(longitude: float, latitude: float) -> str:
    """An equal-area projection in metres centred there (Lambert azimuthal): areas are true, distances nearly so."""
    return f"+proj=laea +lat_0={latitude:.6f} +lon_0={longitude:.6f} +datum=WGS84 +units=m"


def metric_shapes(polygons: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
    """Polygons in degrees WGS 84 on an equal-area plane in metres around their middle."""
    import geopandas as gpd

    return np.asarray(gpd.GeoSeries(polygons, crs=WGS84).to_crs(_middle_projection(polygons)).to_numpy(), dtype=object)


def centres_and_areas(
    polygons: npt.NDArray[np.object_],
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Longitude and latitude of each polygon's centre (degrees) and its area (square kilometres).

    The centre is the centroid, or a point inside where the centroid falls outside of the polygon.
    """
    import geopandas as gpd

    shapes = metric_shapes(polygons)
    centroids = shapely.centroid(shapes)
    inside = shapely.covers(shapes, centroids)
    centres = np.where(inside, centroids, shapely.point_on_surface(shapes))
    degrees = gpd.GeoSeries(centres, crs=_middle_projection(polygons)).to_crs(WGS84)
    return degrees.x.to_numpy(), degrees.y.to_numpy(), np.asarray(shapely.area(shapes) / 1e6)


def _middle_projection(polygons: npt.NDArray[np.object_]) -> str:
    west, south, east, north = shapely.total_bounds(polygons)
    return local_projection((west + east) / 2, (south + north) / 2)


def _require_column(frame: gpd.GeoDataFrame, column: str, path: Path) -> None:
    if column not in frame.columns or column == frame.geometry.name:
        there = ", ".join(str(name) for name in frame.columns if name != frame.geometry.name) or "none"
        raise BadInput(f"{path} has no column '{column}'.", remedy=f"Name one of its columns: {there}.")


def _check_kinds(shapes: npt.NDArray[np.object_], codes: list[str], path: Path) -> None:
    without = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    for position in np.flatnonzero(without | ~np.isin(shapely.get_type_id(shapes), _POLYGON_TYPES))[:1]:
        where = f"{path}: area {codes[position]} (feature {position + 1})"
        if without[position]:
            raise BadInput(f"{where} has no polygon.", remedy="Give it one, or remove the feature.")
        raise BadInput(
            f"{where} is a {shapes[position].geom_type} and not a polygon.",
            remedy="Give the boundaries, not centres or lines.",
        )


def _check_validity(shapes: npt.NDArray[np.object_], codes: list[str], path: Path) -> None:
    for position in np.flatnonzero(~shapely.is_valid(shapes))[:1]:
        reason = shapely.is_valid_reason(shapes[position]).replace("[", " at (").replace("]", ")")
        raise BadInput(
            f"{path}: area {codes[position]} (feature {position + 1}) has an invalid polygon: {reason}.",
            remedy="Repair it in a GIS (fix geometries) and try again.",
        )


def _to_wgs84(frame: gpd.GeoDataFrame, path: Path, notes: list[str]) -> npt.NDArray[np.object_]:
    from pyproj.exceptions import ProjError

    degrees = _are_degrees(frame.total_bounds)
    if frame.crs is None:
        if not degrees:
            raise BadInput(
                f"{path} does not say what its coordinates mean, and they are no degrees.",
                remedy="Give a file with its coordinate system (a Shapefile needs its .prj).",
            )
        notes.append("the file names no coordinate system; its coordinates were read as degrees (WGS 84)")
        frame = frame.set_crs(WGS84)
    elif frame.crs.is_geographic != degrees:
        says, are = ("degrees", "they are not") if frame.crs.is_geographic else ("metres or feet", "they are degrees")
        hint = turned_hint(frame.total_bounds) if frame.crs.is_geographic else ""
        raise BadInput(
            f"{path} says that its coordinates are {says} ({frame.crs.name}), and {are}{hint}.",
            remedy="Give it its right coordinate system, or export it as WGS 84.",
        )
    try:
        shapes = np.asarray(frame.geometry.to_crs(WGS84).to_numpy(), dtype=object)
    except ProjError as error:
        raise BadInput(
            f"{path}: its coordinates ({frame.crs.name}) cannot be brought to degrees: {str(error).splitlines()[0]}.",
            remedy="Export it as WGS 84.",
        ) from error
    if not np.isfinite(shapely.total_bounds(shapes)).all():
        raise BadInput(
            f"{path} has coordinates that lie outside of its coordinate system ({frame.crs.name}).",
            remedy="Give it its right coordinate system, or export it as WGS 84.",
        )
    return shapes


def _rounded(shapes: npt.NDArray[np.object_], codes: list[str], path: Path) -> npt.NDArray[np.object_]:
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
