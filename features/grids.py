"""Regular square grids made from the extent of points."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import shapely

from contracts import BadInput
from features.boundaries import DECIMALS, WGS84, Boundaries, local_projection

Floats = npt.NDArray[np.float64]
MOST_CELLS = 100_000
_MARGIN_SHARE = 0.001


def grid_cells(longitude: Floats, latitude: Floats, cell_metres: float) -> Boundaries:
    """Square cells that cover the points' extent; codes such as ``r012c034`` count rows from the south, columns from
    the west. Sides are ``cell_metres`` long in an equal-area projection centred on the extent.

    Points that are not finite are left out. Raises ``BadInput`` for no point, a side that is not positive, and an
    extent of more than 100,000 cells, which a single misplaced point can cause.
    """
    import pyproj

    known = np.isfinite(longitude) & np.isfinite(latitude)
    if not known.any():
        raise BadInput("No point has a position, so no grid can be made.", remedy="Name the columns of the position.")
    if not cell_metres > 0:
        raise BadInput(f"A cell cannot be {cell_metres} m wide.", remedy="Give a positive number of metres.")
    west, east = float(longitude[known].min()), float(longitude[known].max())
    south, north = float(latitude[known].min()), float(latitude[known].max())
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
