"""What is wrong with boundaries as a whole: parts too small to be land, areas that overlap or lie elsewhere."""

from __future__ import annotations

import functools
import importlib.resources
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import shapely

from contracts import BadInput
from contracts.arrays import Floats

Shapes = npt.NDArray[np.object_]

LARGEST_SLIVER_SHARE = 1 / 1000
LARGEST_SLIVER_M2 = 1000.0
"""A detached part under both is a sliver. Larger ones are land: piers and islets on which crimes happen."""
LARGEST_OVERLAP = 0.25
"""Share of the smaller of two areas that the other may cover. Boundaries that were simplified one by one overlap:
London's LSOAs by up to 5% at 5 metres, by 23% at 20 metres; as they are published they do not overlap at all."""
LARGEST_OVERLAP_OF_ALL = 0.05
_TOLD_OVERLAP = 1e-4
_FAR_KM = 100.0
_FAR_TIMES = 20.0
"""An area is far from the others beyond this distance and beyond so many times the median distance to the middle."""
_NOWHERE_KM = 1500.0
"""Farther from every city of the time zone database than this lie oceans and ice."""
_EXCHANGED_KM = 200.0
_ELSEWHERE_KM = 300.0
_EARTH_RADIUS_KM = 6371.0
_ZONE = re.compile(r"(?P<countries>[A-Z]{2})\t(?P<latitude>[+-]\d+)(?P<longitude>[+-]\d+)\t(?P<name>\S+)")


def without_slivers(shapes: Shapes, metric: Shapes, codes: list[str]) -> tuple[Shapes, list[str]]:
    """The same polygons without detached parts too small to be land, and what was dropped; ``metric`` in metres."""
    areas = shapely.area(metric)
    parts, owner = shapely.get_parts(metric, return_index=True)
    sizes = shapely.area(parts)
    largest = np.minimum(LARGEST_SLIVER_SHARE * areas[owner], LARGEST_SLIVER_M2)
    sliver = (np.bincount(owner, minlength=len(shapes))[owner] > 1) & (sizes < largest)
    kept = shapes.copy()
    own_parts, own_owner = shapely.get_parts(shapes, return_index=True)
    for position in np.unique(owner[sliver]):
        left = own_parts[(own_owner == position) & ~sliver]
        kept[position] = left[0] if len(left) == 1 else shapely.multipolygons(left)
    if not sliver.any():
        return kept, []
    owners = list(dict.fromkeys(codes[position] for position in owner[sliver]))
    told = f"{int(sliver.sum())} detached parts of at most {sizes[sliver].max():.0f} m² were dropped as slivers"
    return kept, [f"{told}, of {', '.join(owners[:5])}{', …' if len(owners) > 5 else ''}"]


def check_overlaps(metric: Shapes, codes: list[str], path: Path) -> list[str]:
    """Tell of areas that overlap a little; raises ``BadInput`` where two lie on top of one another."""
    tree = shapely.STRtree(metric)
    first, second = tree.query(metric, predicate="intersects")
    pairs = np.unique(np.column_stack([first, second])[first < second], axis=0)
    first, second = pairs[:, 0], pairs[:, 1]
    common = shapely.area(shapely.intersection(metric[first], metric[second]))
    areas = shapely.area(metric)
    share = common / np.minimum(areas[first], areas[second])
    if not share.size or share.max() < _TOLD_OVERLAP:
        return []
    worst = int(np.argmax(np.round(share, 6)))
    pair = f"{codes[first[worst]]} and {codes[second[worst]]}"
    number = int((share >= _TOLD_OVERLAP).sum())
    if share[worst] > LARGEST_OVERLAP or common.sum() > LARGEST_OVERLAP_OF_ALL * areas.sum():
        raise BadInput(
            f"{path}: {number} pairs of areas overlap, most of all {pair}, by {share[worst]:.0%} of the smaller one.",
            remedy="Give areas of one vintage and one level alone, each place in one of them.",
        )
    return [
        f"{number} pairs of areas overlap, most of all {pair}, by {share[worst]:.2%} of the smaller one; what happens "
        "in two areas is counted in the first by code"
    ]


def tell_places(path: Path, polygons: Shapes, codes: Sequence[str], country: str = "") -> list[str]:
    """What is odd about where the areas lie, and about the file's own place; raises as ``check_place``."""
    link = [f"{path.name} is a link to the file {path.resolve().name}, which was read"] if path.is_symlink() else []
    longitude, latitude = shapely.get_coordinates(shapely.centroid(polygons)).T
    return [*link, *check_place(longitude, latitude, path, country), *tell_far_areas(longitude, latitude, codes)]


def tell_far_areas(longitude: Floats, latitude: Floats, codes: Sequence[str]) -> list[str]:
    """Tell of areas that lie far from all others."""
    middle = np.median(longitude), np.median(latitude)
    away = _kilometres(longitude, latitude, np.array([middle[0]]), np.array([middle[1]]))[:, 0]
    far = np.flatnonzero(away > max(_FAR_KM, _FAR_TIMES * float(np.median(away))))
    return [
        f"{codes[index]} lies {away[index]:,.0f} km from the middle of the others: check its coordinates"
        for index in far[np.argsort(-away[far], kind="stable")][:5]
    ]


@dataclass(frozen=True)
class _Places:
    """Cities of the time zone database: degrees, country (ISO 3166) and the name of the zone."""

    longitude: Floats
    latitude: Floats
    countries: tuple[str, ...]
    names: tuple[str, ...]


def check_place(longitude: Floats, latitude: Floats, path: Path, country: str = "") -> list[str]:
    """Tell where the areas lie in an ocean, or would lie by a city if longitude and latitude were exchanged.

    With the city's ``country`` (ISO 3166) it is known where they should lie: raises ``BadInput`` where they do only
    when exchanged.
    """
    here = float(np.median(longitude)), float(np.median(latitude))
    name, away = _nearest(*here)
    turned_name, turned = _nearest(here[1], here[0]) if abs(here[0]) <= 90 else ("", np.inf)
    where = f"the areas lie at longitude {here[0]:.2f} and latitude {here[1]:.2f}"
    exchanged = f"with the two exchanged they would lie {turned:,.0f} km from {turned_name}"
    _, own = _nearest(*here, country)
    _, own_turned = _nearest(here[1], here[0], country) if abs(here[0]) <= 90 else ("", np.inf)
    if own > _NOWHERE_KM and own_turned < own / 4:
        raise BadInput(
            f"{path}: {where}, {own:,.0f} km from the cities of '{country}'; {exchanged}.",
            remedy="Exchange the axes (in QGIS: swap X and Y coordinates) and try again.",
        )
    if away > _ELSEWHERE_KM and turned < min(_EXCHANGED_KM, away / 2):
        return [f"{where}, {away:,.0f} km from the nearest known city; {exchanged}: check the order of the axes"]
    if own > _NOWHERE_KM:
        return [f"{where}, {own:,.0f} km from the cities of '{country}': check the coordinate system"]
    if away > _NOWHERE_KM:
        return [f"{where}, {away:,.0f} km from the nearest known city ({name}): check the coordinate system"]
    return []


def turned_hint(bounds: Floats) -> str:
    """What to add to a refusal of coordinates that would be degrees if the axes were exchanged."""
    west, south, east, north = bounds
    return (
        "; its axes seem to be exchanged" if abs(west) <= 90 and abs(east) <= 90 and max(-south, north) <= 180 else ""
    )


def _nearest(longitude: float, latitude: float, country: str = "") -> tuple[str, float]:
    """The nearest city of the time zone database, of a country if one is given, and its distance in kilometres."""
    places = _places()
    away = _kilometres(np.array([longitude]), np.array([latitude]), places.longitude, places.latitude)[0]
    if country in places.countries:
        away = np.where(np.array(places.countries) == country, away, np.inf)
    elif country:
        return "", 0.0
    index = int(np.argmin(away))
    return places.names[index], float(away[index])


@functools.cache
def _places() -> _Places:
    text = importlib.resources.files("tzdata.zoneinfo").joinpath("zone.tab").read_text(encoding="utf-8")
    found = list(_ZONE.finditer(text))
    return _Places(
        longitude=np.array([_degrees(one["longitude"], 3) for one in found]),
        latitude=np.array([_degrees(one["latitude"], 2) for one in found]),
        countries=tuple(one["countries"] for one in found),
        names=tuple(one["name"] for one in found),
    )


def _degrees(text: str, digits: int) -> float:
    """``+5130`` (two digits of degrees) or ``-0000731`` (three) as degrees."""
    whole, minutes, seconds = text[1 : 1 + digits], text[1 + digits : 3 + digits], text[3 + digits :] or "0"
    size = int(whole) + int(minutes) / 60 + int(seconds) / 3600
    return -size if text[0] == "-" else size


def _kilometres(longitude: Floats, latitude: Floats, others: Floats, other_latitudes: Floats) -> Floats:
    """Great-circle distances, shape (points, others)."""
    here, there = _on_sphere(longitude, latitude), _on_sphere(others, other_latitudes)
    return np.asarray(_EARTH_RADIUS_KM * np.arccos(np.clip(here @ there.T, -1.0, 1.0)))


def _on_sphere(longitude: Floats, latitude: Floats) -> Floats:
    east, north = np.radians(longitude), np.radians(latitude)
    return np.column_stack([np.cos(north) * np.cos(east), np.cos(north) * np.sin(east), np.sin(north)])
