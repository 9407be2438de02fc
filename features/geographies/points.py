"""Incidents as points in space and time, and which polygon each of many points lies in."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import datetime

import numpy as np
import numpy.typing as npt
import shapely

from contracts.arrays import Booleans, Floats, Integers

_POINTS_AT_ONCE = 250_000


@dataclass(frozen=True)
class Points:
    """The incidents that a panel counts, one element each, in the order of time.

    ``moment`` is local time (datetime64[s]), ``longitude`` and ``latitude`` degrees WGS 84, ``area`` the position
    among the panel's areas; ``in_target`` has shape (targets, points), True where the incident counts towards the
    target. The arrays are read-only copies, as the panel's are.
    """

    moment: npt.NDArray[np.datetime64]
    longitude: Floats
    latitude: Floats
    area: Integers
    in_target: Booleans

    def __post_init__(self) -> None:
        for part in fields(self):
            own = np.array(getattr(self, part.name), copy=True)
            own.setflags(write=False)
            object.__setattr__(self, part.name, own)

    def __len__(self) -> int:
        return len(self.moment)

    def where(self, keep: Booleans) -> Points:
        """The points marked True."""
        return Points(
            self.moment[keep], self.longitude[keep], self.latitude[keep], self.area[keep], self.in_target[:, keep]
        )

    def until(self, end: datetime) -> Points:
        """The points before ``end``."""
        return self.where(self.moment < np.datetime64(end, "s"))

    def in_areas(self, position: Integers) -> Points:
        """The points with areas numbered anew: ``position`` of each old area, −1 where its points are left out."""
        renumbered = replace(self, area=position[self.area])
        return renumbered.where(renumbered.area >= 0)


def points_in_order(parts: list[Points], targets: int) -> Points:
    """All parts as one, by time and then by place, whatever the order they came in."""
    if not parts:
        none = np.empty(0)
        return Points(none.astype("datetime64[s]"), none, none, none.astype(np.int64), np.empty((targets, 0), bool))
    moment, longitude, latitude, area = (
        np.concatenate([getattr(part, name) for part in parts]) for name in ("moment", "longitude", "latitude", "area")
    )
    in_target = np.concatenate([part.in_target for part in parts], axis=1)
    order = np.lexsort((*in_target, area, latitude, longitude, moment))
    return Points(moment[order], longitude[order], latitude[order], area[order], in_target[:, order])


def polygons_of_points(polygons: npt.NDArray[np.object_], longitude: Floats, latitude: Floats) -> Integers:
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
