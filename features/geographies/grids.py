"""Areas made from points: square and hexagonal cells over their extent, and areas drawn around points of one code.

Cells cover the whole rectangle of the extent, whether or not an incident fell into one: were cells kept for having
had incidents, the outcome would choose what is scored.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import shapely

from contracts import BadInput
from contracts.arrays import Floats
from features.geographies.boundaries import DECIMALS, Boundaries, local_projection
from features.geographies.geographic_files import WGS84

MOST_CELLS = 100_000
_MARGIN_SHARE = 0.001
_WIDER_METRES = 50.0
_KM_PER_DEGREE = 111.2


def grid_cells(longitude: Floats, latitude: Floats, cell_metres: float) -> Boundaries:
    """Square cells that cover the points' extent; codes such as ``r012c034`` count rows from the south, columns from
    the west. Sides are ``cell_metres`` long in an equal-area projection centred on the extent.

    Points that are not finite are left out. Raises ``BadInput`` for no point, a side that is not positive, and an
    extent of more than 100,000 cells, which a single misplaced point can cause.
    """
    import pyproj

    west, east, south, north = _extent(longitude, latitude)
    if not cell_metres > 0:
        raise BadInput(f"A cell cannot be {cell_metres} m wide.", remedy="Give a positive number of metres.")
    known = np.isfinite(longitude) & np.isfinite(latitude)
    projection = local_projection((west + east) / 2, (south + north) / 2)
    to_metres = pyproj.Transformer.from_crs(WGS84, projection, always_xy=True)
    x, y = to_metres.transform(longitude[known], latitude[known])
    (left, columns), (bottom, rows) = _cells_along(x, cell_metres), _cells_along(y, cell_metres)
    if columns * rows > MOST_CELLS:
        raise BadInput(
            f"A grid of {cell_metres:g} m over these points would have {columns * rows:,} cells "
            f"({west:.3f} to {east:.3f} degrees east, {south:.3f} to {north:.3f} north).",
            remedy="Set misplaced points aside, or give a larger cell.",
        )
    corners = np.meshgrid(left + cell_metres * np.arange(columns + 1), bottom + cell_metres * np.arange(rows + 1))
    corner_degrees = to_metres.transform(corners[0], corners[1], direction="INVERSE")
    degrees = np.stack(corner_degrees, axis=-1).round(DECIMALS)
    return _cells(degrees, rows, columns)


def hexagons(longitude: Floats, latitude: Floats, resolution: int) -> Boundaries:
    """Cells of Uber's H3 that touch the points' extent; codes are H3's own, such as ``882664cc4bfffff``.

    ``resolution`` from 0 to 15; 8 means cells of about 0.7 km², 9 of about 0.1 km². Points that are not finite are
    left out. Raises ``BadInput`` for no point, another resolution, and more than 100,000 cells.
    """
    import h3

    west, east, south, north = _extent(longitude, latitude)
    if not 0 <= resolution <= 15:
        raise BadInput(f"H3 has no resolution {resolution}.", remedy="Give one from 0 to 15, such as h3_8.")
    edge = 2.0 * h3.average_hexagon_edge_length(resolution, unit="km") / _KM_PER_DEGREE
    wider = edge / np.cos(np.radians(max(abs(south), abs(north))))
    area = (east - west + 2 * wider) * (north - south + 2 * edge) * _KM_PER_DEGREE**2
    expected = area * np.cos(np.radians((south + north) / 2)) / h3.average_hexagon_area(resolution, unit="km^2")
    if expected > MOST_CELLS:
        raise BadInput(
            f"H3 cells of resolution {resolution} over these points would be about {expected:,.0f} "
            f"({west:.3f} to {east:.3f} degrees east, {south:.3f} to {north:.3f} north).",
            remedy="Set misplaced points aside, or give a smaller resolution.",
        )
    corners = [(south - edge, west - wider), (south - edge, east + wider), (north + edge, east + wider)]
    around = h3.LatLngPoly([*corners, (north + edge, west - wider)])
    found = np.array(sorted(h3.h3shape_to_cells(around, resolution)), dtype=object)
    rings = [np.array(h3.cell_to_boundary(cell))[:, ::-1].round(DECIMALS) for cell in found]
    polygons = np.array([shapely.Polygon(ring) for ring in rings], dtype=object)
    touched = shapely.intersects(polygons, shapely.box(west, south, east, north))
    codes = tuple(str(cell) for cell in found[touched])
    return Boundaries(codes=codes, names=codes, parents=(None,) * len(codes), polygons=polygons[touched])


def drawn_areas(codes: npt.NDArray[np.object_], longitude: Floats, latitude: Floats) -> Boundaries:
    """One area for each code: the convex hull of its points, 50 m wider. Points without a code are left out.

    Such shapes overlap and are not the areas' true boundaries, which a note says: they serve where a source gives
    codes and nobody publishes polygons. Raises ``BadInput`` where no point has a code.
    """
    import geopandas as gpd

    known = np.isfinite(longitude) & np.isfinite(latitude) & (codes != "")
    if not known.any():
        raise BadInput("No incident has the code of an area.", remedy="Name the column of the codes with --area.")
    names, member = np.unique(codes[known].astype(str), return_inverse=True)
    west, east, south, north = _extent(longitude[known], latitude[known])
    projection = local_projection((west + east) / 2, (south + north) / 2)
    points = gpd.GeoSeries(shapely.points(longitude[known], latitude[known]), crs=WGS84)
    metres = points.to_crs(projection).to_numpy()
    hulls = [shapely.MultiPoint(metres[member == index]).convex_hull for index in range(len(names))]
    drawn = gpd.GeoSeries(shapely.buffer(np.array(hulls, dtype=object), _WIDER_METRES), crs=projection).to_crs(WGS84)
    polygons = shapely.transform(drawn.to_numpy(), lambda degrees: np.round(degrees, DECIMALS))
    listed = tuple(names.tolist())
    note = "areas were drawn around their incidents (convex hulls, which may overlap); they are no true boundaries"
    return Boundaries(listed, listed, (None,) * len(listed), np.asarray(polygons, dtype=object), (note,))


def _extent(longitude: Floats, latitude: Floats) -> tuple[float, float, float, float]:
    """West, east, south and north of the points, degrees; raises ``BadInput`` where none has a position."""
    known = np.isfinite(longitude) & np.isfinite(latitude)
    if not known.any():
        raise BadInput("No point has a position, so no grid can be made.", remedy="Name the columns of the position.")
    return (
        float(longitude[known].min()),
        float(longitude[known].max()),
        float(latitude[known].min()),
        float(latitude[known].max()),
    )


def _cells_along(metres: Floats, cell_metres: float) -> tuple[float, int]:
    """Where the first cell begins and how many there are; the outermost points lie well inside of them."""
    margin = max(1.0, _MARGIN_SHARE * cell_metres)
    length = float(metres.max() - metres.min())
    number = int(np.floor((length + 2 * margin) / cell_metres)) + 1
    return float(metres.min()) - (number * cell_metres - length) / 2, number


def _cells(corners: Floats, rows: int, columns: int) -> Boundaries:
    rings = np.stack([corners[:-1, :-1], corners[:-1, 1:], corners[1:, 1:], corners[1:, :-1]], axis=2)
    polygons = shapely.polygons(rings.reshape(rows * columns, 4, 2))
    width = max(3, len(str(max(rows, columns) - 1)))
    codes = tuple(f"r{row:0{width}d}c{column:0{width}d}" for row in range(rows) for column in range(columns))
    return Boundaries(
        codes=codes, names=codes, parents=(None,) * len(codes), polygons=np.asarray(polygons, dtype=object)
    )
