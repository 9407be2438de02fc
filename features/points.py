"""Which polygon each of many points lies in."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import shapely

Floats = npt.NDArray[np.float64]
_POINTS_AT_ONCE = 250_000


def polygons_of_points(polygons: npt.NDArray[np.object_], longitude: Floats, latitude: Floats) -> npt.NDArray[np.int64]:
    """Position of the polygon that each point lies in, −1 outside of all or without a finite position.

    A point on a boundary that several polygons share belongs to the first of them.
    """
    found = np.full(len(longitude), len(polygons), dtype=np.int64)
    placed = np.flatnonzero(np.isfinite(longitude) & np.isfinite(latitude))
    for start in range(0, len(placed), _POINTS_AT_ONCE):
        chosen = placed[start : start + _POINTS_AT_ONCE]
        tree = shapely.STRtree(shapely.points(longitude[chosen], latitude[chosen]))
        polygon_index, point_index = tree.query(polygons, predicate="intersects")
        np.minimum.at(found, chosen[point_index], polygon_index)
    return np.where(found == len(polygons), -1, found)
