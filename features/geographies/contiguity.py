"""Which areas touch and which lie nearest."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import shapely
from scipy import sparse
from scipy.spatial import cKDTree

from contracts.arrays import Floats
from features.geographies.boundaries import metric_shapes

SNAP_METRES = 0.5
"""Areas with a gap of less between them touch: boundaries that were drawn one by one miss each other by centimetres."""
NEAREST = 8
"""How many nearest areas are kept of each."""
_EARTH_RADIUS_METRES = 6_371_008.8
_EXTRA_FOR_TIES = 8
_ROUNDING_METRES = 0.03


def queen_contiguity(polygons: npt.NDArray[np.object_]) -> sparse.csr_array:
    """1 where two polygons (degrees WGS 84) share at least a point, or lie within ``SNAP_METRES`` of one another;
    (A, A), symmetric, no diagonal."""
    metric = metric_shapes(polygons)
    first, second = shapely.STRtree(metric).query(metric, predicate="dwithin", distance=SNAP_METRES)
    ones, pairs = np.ones(len(first), dtype=np.float64), (first.astype(np.int32), second.astype(np.int32))
    return _canonical(sparse.csr_array((ones, pairs), shape=(len(polygons), len(polygons))))


def across_gaps(polygons: npt.NDArray[np.object_], adjacency: sparse.csr_array) -> int:
    """Pairs of neighbours (``queen_contiguity``) with a gap between them that is wider than stored coordinates are."""
    first, second = sparse.triu(adjacency).tocoo().coords
    metric = metric_shapes(polygons)
    return int((shapely.distance(metric[first], metric[second]) > _ROUNDING_METRES).sum())


def join_islands(adjacency: sparse.csr_array, nearest: npt.NDArray[np.int64]) -> tuple[sparse.csr_array, list[int]]:
    """Link each area that touches none to its nearest one; also the positions of those areas."""
    islands = np.flatnonzero(np.diff(adjacency.indptr) == 0)
    if islands.size == 0 or nearest.shape[1] == 0:
        return adjacency, []
    ones = np.ones(islands.size)
    links = sparse.csr_array((ones, (islands, nearest[islands, 0])), shape=adjacency.shape)
    return _canonical(adjacency + links + links.T), [int(island) for island in islands]


def nearest_centres(longitude: Floats, latitude: Floats) -> npt.NDArray[np.int64]:
    """Positions of the nearest other centres, nearest first, shape (A, min(8, A − 1)); ties by position.

    Distances are taken on a plane that is true near the middle of the areas (equirectangular), to the decimetre.
    """
    count = len(longitude)
    kept = min(NEAREST, count - 1)
    if kept < 1:
        return np.empty((count, 0), dtype=np.int64)
    points = _metres(longitude, latitude)
    asked = min(kept + 1 + _EXTRA_FOR_TIES, count)
    distances, positions = cKDTree(points).query(points, k=asked)
    own = positions == np.arange(count)[:, None]
    ranked = np.where(own, np.inf, np.round(distances, 1))
    order = np.lexsort((positions, ranked), axis=1)[:, :kept]
    return np.take_along_axis(positions, order, axis=1).astype(np.int64)


def _metres(longitude: Floats, latitude: Floats) -> Floats:
    radians = np.radians(np.column_stack([longitude, latitude]))
    radians[:, 0] *= np.cos(radians[:, 1].mean())
    return np.asarray(radians * _EARTH_RADIUS_METRES)


def _canonical(matrix: sparse.csr_array) -> sparse.csr_array:
    both_ways = matrix.tocoo()
    linked = (both_ways.data != 0) & (both_ways.coords[0] != both_ways.coords[1])
    pairs = np.unique(np.column_stack(both_ways.coords)[linked], axis=0)
    ones = np.ones(len(pairs), dtype=np.float64)
    return sparse.csr_array((ones, (pairs[:, 0], pairs[:, 1])), shape=matrix.shape)
