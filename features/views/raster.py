"""A fine raster over the areas of a geography: where densities of points are smoothed and summed up by area."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy import ndimage, signal

from contracts.arrays import Floats, Integers
from features.geographies.boundaries import local_projection
from features.geographies.geographic_files import WGS84
from features.geographies.geography import Geography, areas_of_points

PIXEL_METRES = 125.0
MOST_PIXELS = 600_000
STANDARD_DEVIATIONS = 4.0
"""Where a Gaussian kernel is cut off."""


@dataclass(frozen=True)
class Raster:
    """Square pixels of ``pixel_metres`` in an equal-area projection: rows from the south, columns from the west.

    ``area_of_pixel`` (rows × columns, flat) is the position of the area that a pixel's centre lies in, −1 outside.
    """

    projection: str
    left: float
    bottom: float
    pixel_metres: float
    rows: int
    columns: int
    areas: int
    area_of_pixel: Integers

    def metres(self, longitude: Floats, latitude: Floats) -> tuple[Floats, Floats]:
        """Distances east of the raster's left edge and north of its lower one."""
        import pyproj

        to_metres = pyproj.Transformer.from_crs(WGS84, self.projection, always_xy=True)
        x, y = to_metres.transform(longitude, latitude)
        return np.asarray(x) - self.left, np.asarray(y) - self.bottom

    def pixels(self, x: Floats, y: Floats) -> Integers:
        """The pixel of each point (as ``metres`` gives them); points beyond the edge belong to the nearest pixel."""
        column = np.clip(x // self.pixel_metres, 0, self.columns - 1).astype(np.int64)
        row = np.clip(y // self.pixel_metres, 0, self.rows - 1).astype(np.int64)
        return np.asarray(row * self.columns + column)

    def summed(self, pixels: Integers, weights: Floats) -> Floats:
        """The weights of points by pixel, (rows, columns)."""
        total = np.bincount(pixels, weights=weights, minlength=self.rows * self.columns)
        return np.asarray(total.reshape(self.rows, self.columns), dtype=np.float64)

    def gaussian(self, values: Floats, metres: float) -> Floats:
        """Values spread by a Gaussian kernel of that standard deviation; what leaves the raster is lost."""
        return np.asarray(
            ndimage.gaussian_filter(values, metres / self.pixel_metres, mode="constant", truncate=STANDARD_DEVIATIONS)
        )

    def gaussian_peak(self, metres: float) -> float:
        """What ``gaussian`` leaves of a weight of 1 in its own pixel."""
        alone = np.zeros((2 * int(STANDARD_DEVIATIONS * metres / self.pixel_metres) + 3,) * 2)
        alone[len(alone) // 2, len(alone) // 2] = 1.0
        return float(self.gaussian(alone, metres).max())

    def inverse_distance(self, values: Floats, reach_metres: float) -> Floats:
        """Values spread with weight 1 / (1 + pixels away) as far as ``reach_metres``."""
        reach = max(int(reach_metres // self.pixel_metres), 1)
        steps = np.arange(-reach, reach + 1)
        away = np.hypot(steps[:, None], steps[None, :])
        kernel = np.where(away <= reach, 1.0 / (1.0 + away), 0.0)
        return np.maximum(signal.fftconvolve(values, kernel / kernel.sum(), mode="same"), 0.0)

    def by_area(self, values: Floats) -> Floats:
        """Sums over the pixels of each area, (areas,)."""
        inside = self.area_of_pixel >= 0
        sums = np.bincount(self.area_of_pixel[inside], weights=values.ravel()[inside], minlength=self.areas)
        return np.asarray(sums, dtype=np.float64)


def raster_of(geography: Geography) -> Raster:
    """The raster over the extent of the areas; made once for each geography and set of areas."""
    return _raster(_Key(geography))


class _Key:
    """A geography, equal to another of the same folder with the same areas."""

    def __init__(self, geography: Geography) -> None:
        self.geography = geography
        self._value: tuple[str, Sequence[str]] = (str(geography.boundaries), geography.codes)

    def __hash__(self) -> int:
        return hash(self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and self._value == other._value


@lru_cache(maxsize=4)
def _raster(key: _Key) -> Raster:
    import pyproj

    geography = key.geography
    longitude = geography.areas["longitude"].to_numpy(float)
    latitude = geography.areas["latitude"].to_numpy(float)
    projection = local_projection(float(longitude.mean()), float(latitude.mean()))
    to_metres = pyproj.Transformer.from_crs(WGS84, projection, always_xy=True)
    x, y = to_metres.transform(longitude, latitude)
    margin = 1000.0 * float(np.sqrt(geography.areas["area_km2"].max()))
    left, bottom = float(x.min()) - margin, float(y.min()) - margin
    width, height = float(np.ptp(x)) + 2 * margin, float(np.ptp(y)) + 2 * margin
    pixel = max(PIXEL_METRES, float(np.sqrt(width * height / MOST_PIXELS)))
    columns, rows = int(width // pixel) + 1, int(height // pixel) + 1
    east, north = np.meshgrid(left + pixel * (np.arange(columns) + 0.5), bottom + pixel * (np.arange(rows) + 0.5))
    centre_longitude, centre_latitude = to_metres.transform(east.ravel(), north.ravel(), direction="INVERSE")
    return Raster(
        projection=str(projection),
        left=left,
        bottom=bottom,
        pixel_metres=pixel,
        rows=rows,
        columns=columns,
        areas=len(geography.codes),
        area_of_pixel=areas_of_points(geography, np.asarray(centre_longitude), np.asarray(centre_latitude)),
    )
