"""The map of a simulated city: areas, districts and who lives there. Nothing in it exists."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from scipy.spatial import Voronoi

from contracts.arrays import Floats
from features.geographies.boundaries import DECIMALS
from features.geographies.points import polygons_of_points
from features.simulation.parameters import SimulatedCityParameters

Indices = npt.NDArray[np.int64]
GROUPS = ("group_a", "group_b", "group_c", "group_d")
_METRES_PER_DEGREE = 111_195.0
_OUTSIDE = 1.3
_BUMPS = 14
_POINTS_PER_AREA = 400


@dataclass(frozen=True)
class Places:
    """Areas in the order of their codes; every array has one element an area.

    ``deprivation`` and ``night_life`` are what the rates are made from: standardised deprivation (mean 0, standard
    deviation 1) and the share of the city's night life (sum 1). ``attributes`` is the table of residents, scores and
    shares. ``spread`` is (A, A): the probability that an incident set off from area i happens in area j.
    """

    codes: tuple[str, ...]
    polygons: npt.NDArray[np.object_]
    district: Indices
    centres: Floats
    deprivation: Floats
    night_life: Floats
    attributes: pd.DataFrame
    spread: Floats

    @property
    def names(self) -> tuple[str, ...]:
        """Plainly artificial names of the areas."""
        return tuple(f"Simulated area {index + 1:04d}" for index in range(len(self.codes)))

    @property
    def district_codes(self) -> tuple[str, ...]:
        """Code of each area's district."""
        return tuple(f"SIMD{index + 1:02d}" for index in self.district)

    @property
    def district_names(self) -> tuple[str, ...]:
        """Name of each area's district."""
        return tuple(f"Simulated district {index + 1:02d}" for index in self.district)


def metres_to_degrees(metres: Floats, latitude: float) -> Floats:
    """Displacements east and north in metres as degrees near a latitude; shape (…, 2)."""
    scale = np.array([_METRES_PER_DEGREE * np.cos(np.radians(latitude)), _METRES_PER_DEGREE])
    return np.asarray(metres / scale)


def make_places(parameters: SimulatedCityParameters, seed: int) -> Places:
    """Draw the map; the same parameters and seed give the same map."""
    generator = np.random.default_rng([seed, 1])
    polygons, district, centres = _areas(parameters, generator)
    radius = np.abs(centres).max()
    deprivation = _standardised(_smooth_field(centres, radius, generator) + 0.35 * generator.normal(size=len(centres)))
    codes = tuple(f"SIM{index + 1:05d}" for index in range(len(centres)))
    return Places(
        codes=codes,
        polygons=polygons,
        district=district,
        centres=centres,
        deprivation=deprivation,
        night_life=_night_life(centres, radius, parameters.night_time_centres, generator),
        attributes=_attributes(parameters, codes, centres, deprivation, generator),
        spread=_spread(parameters, polygons, generator),
    )


class PointsInAreas:
    """Draws points that are uniform within given areas."""

    def __init__(self, polygons: npt.NDArray[np.object_]) -> None:
        triangles, area = shapely.get_parts(shapely.constrained_delaunay_triangles(polygons), return_index=True)
        self._corners = shapely.get_coordinates(triangles).reshape(len(triangles), 4, 2)[:, :3]
        self._cumulative = np.concatenate([[0.0], np.cumsum(shapely.area(triangles))])
        self._first = np.searchsorted(area, np.arange(len(polygons) + 1))

    def draw(self, areas: Indices, generator: np.random.Generator) -> Floats:
        """One point in each of ``areas``: longitude and latitude, shape (n, 2)."""
        triangle = draw_between(self._cumulative, self._first[areas], self._first[areas + 1], generator)
        first, second = generator.random((2, len(areas), 1))
        fold = first + second > 1.0
        first, second = np.where(fold, 1.0 - first, first), np.where(fold, 1.0 - second, second)
        corners = self._corners[triangle]
        origin = corners[:, 0]
        return np.asarray(origin + first * (corners[:, 1] - origin) + second * (corners[:, 2] - origin))


def draw_between(cumulative: Floats, low: Indices, high: Indices, generator: np.random.Generator) -> Indices:
    """One position in each ``[low, high)``, with probability in proportion to the weights.

    ``cumulative`` begins with 0 and has one element more than there are weights.
    """
    floor, ceiling = cumulative[low], cumulative[high]
    drawn = np.searchsorted(cumulative, floor + (ceiling - floor) * generator.random(len(low)), side="right") - 1
    return np.clip(drawn, low, high - 1)


def _areas(
    parameters: SimulatedCityParameters, generator: np.random.Generator
) -> tuple[npt.NDArray[np.object_], Indices, Floats]:
    """Polygons in degrees, the district of each, and its centre in metres from the middle of the city."""
    seeds, inside = _seeds(parameters, generator)
    cells = _voronoi_cells(seeds, parameters.centre)
    pieces = np.flatnonzero(inside)
    sizes = [len(part) for part in np.array_split(np.arange(parameters.areas), parameters.districts)]
    district_parts = _split(seeds, pieces, sizes, generator)
    area_parts, district = [], []
    for number, (part, size) in enumerate(zip(district_parts, sizes, strict=True)):
        area_parts += _split(seeds, part, [1] * size, generator)
        district += [number] * size
    polygons = np.array([shapely.union_all(cells[part]) for part in area_parts], dtype=object)
    centres = np.array([seeds[part].mean(axis=0) for part in area_parts])
    return polygons, np.array(district, dtype=np.int64), centres


def _seeds(parameters: SimulatedCityParameters, generator: np.random.Generator) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Seeds of the Voronoi cells in metres, denser towards the middle, and which of them lie in the city."""
    radius = 1000.0 * np.sqrt(parameters.areas * parameters.mean_area_km2 / np.pi)
    waves = generator.normal(size=(4, 2)) * 0.12 / np.arange(1, 5)[:, None]
    wanted = parameters.areas * parameters.pieces_per_area
    angle = generator.uniform(0, 2 * np.pi, 3 * wanted)
    distance = _OUTSIDE * generator.random(3 * wanted) ** 0.6
    order = np.arange(1, 5)[:, None] * angle
    border = 1.0 + (waves[:, :1] * np.cos(order) + waves[:, 1:] * np.sin(order)).sum(axis=0)
    scaled = distance * border * radius
    seeds = np.column_stack([scaled * np.cos(angle), scaled * np.sin(angle)])
    enough = int(np.searchsorted(np.cumsum(distance < 1.0), wanted)) + 1
    return seeds[:enough], (distance < 1.0)[:enough]


def _voronoi_cells(seeds: Floats, centre: tuple[float, float]) -> npt.NDArray[np.object_]:
    """The cell of each seed in degrees; None where it is not bounded. Neighbours share their corners exactly."""
    diagram = Voronoi(seeds)
    corners = np.round(metres_to_degrees(diagram.vertices, centre[1]) + np.array(centre), DECIMALS)
    cells = np.full(len(seeds), None, dtype=object)
    for seed, region_number in enumerate(diagram.point_region):
        region = np.array(diagram.regions[region_number], dtype=np.int64)
        if region.size and region.min() >= 0:
            around = diagram.vertices[region] - seeds[seed]
            ordered = region[np.argsort(np.arctan2(around[:, 1], around[:, 0]))]
            cells[seed] = shapely.Polygon(corners[ordered])
    return cells


def _split(seeds: Floats, part: Indices, sizes: list[int], generator: np.random.Generator) -> list[Indices]:
    """Cut a set of seeds into neighbouring sets whose numbers are in proportion to ``sizes``."""
    if len(sizes) == 1:
        return [part]
    half = len(sizes) // 2
    share = sum(sizes[:half]) / sum(sizes)
    centred = seeds[part] - seeds[part].mean(axis=0)
    direction = np.linalg.svd(centred, full_matrices=False)[2][0]
    turn = generator.normal(scale=0.3)
    along = centred @ (direction * np.cos(turn) + direction[::-1] * np.array([-1, 1]) * np.sin(turn))
    ranked = part[np.argsort(along, kind="stable")]
    cut = round(share * len(part))
    return [
        *_split(seeds, ranked[:cut], sizes[:half], generator),
        *_split(seeds, ranked[cut:], sizes[half:], generator),
    ]


def _smooth_field(centres: Floats, radius: float, generator: np.random.Generator) -> Floats:
    """A field that varies over about a fifth of the city: a sum of Gaussian bumps, standardised."""
    middles = generator.uniform(-radius, radius, (_BUMPS, 2))
    heights = generator.normal(size=_BUMPS)
    squared = ((centres[:, None] - middles) ** 2).sum(axis=-1)
    return _standardised(np.exp(-squared / (2 * (0.22 * radius) ** 2)) @ heights)


def _standardised(values: Floats) -> Floats:
    return np.asarray((values - values.mean()) / values.std())


def _night_life(centres: Floats, radius: float, number: int, generator: np.random.Generator) -> Floats:
    distance = np.hypot(centres[:, 0], centres[:, 1]) / radius
    chance = np.exp(-3.0 * distance)
    chosen = generator.choice(len(centres), size=number, replace=False, p=chance / chance.sum())
    weight = np.zeros(len(centres))
    weight[chosen] = generator.lognormal(sigma=0.5, size=number)
    return np.asarray(weight / weight.sum())


def _attributes(
    parameters: SimulatedCityParameters,
    codes: tuple[str, ...],
    centres: Floats,
    deprivation: Floats,
    generator: np.random.Generator,
) -> pd.DataFrame:
    count, radius = len(centres), float(np.abs(centres).max())
    noise = generator.normal(size=(3, count))
    residents = parameters.residents_per_area * np.exp(0.25 * noise[0] - 0.25**2 / 2)
    tilt = np.array([0.0, 0.6, 0.3, -0.2])[:, None] * deprivation
    fields = np.array([_smooth_field(centres, radius, generator) for _ in GROUPS])
    weight = np.exp(np.array([1.2, 0.2, 0.0, -0.4])[:, None] + tilt + 0.7 * fields)
    shares = weight / weight.sum(axis=0)
    return pd.DataFrame(
        {
            "area_code": list(codes),
            "residents": np.round(residents),
            "deprivation_score": np.maximum(22.0 + 9.0 * deprivation + 3.0 * noise[1], 1.0),
            "income_deprivation": 1.0 / (1.0 + np.exp(2.0 - 0.6 * deprivation - 0.15 * noise[2])),
            **{f"share_{name}": share for name, share in zip(GROUPS, shares, strict=True)},
        }
    )


def _spread(
    parameters: SimulatedCityParameters, polygons: npt.NDArray[np.object_], generator: np.random.Generator
) -> Floats:
    """By simulation, 400 points an area; rows sum to less than 1 where incidents leave the city."""
    count = len(polygons)
    origin = np.repeat(np.arange(count), _POINTS_PER_AREA)
    points = PointsInAreas(polygons).draw(origin, generator)
    moved = parameters.offspring_metres * generator.normal(size=points.shape)
    points += metres_to_degrees(moved, parameters.centre[1])
    reached = polygons_of_points(polygons, points[:, 0], points[:, 1])
    pairs = origin[reached >= 0] * count + reached[reached >= 0]
    return np.bincount(pairs, minlength=count**2).reshape(count, count) / _POINTS_PER_AREA
