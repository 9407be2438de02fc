"""Boxes of longitude and latitude: how one is written, and what meets it."""

from __future__ import annotations

from contracts import BadInput

Bounds = tuple[float, float, float, float]
"""West, south, east and north, degrees of WGS 84."""
_REMEDY = "Give bbox=west,south,east,north in degrees of WGS 84."


def corners_of_text(text: str) -> Bounds:
    """The same as ``bounds_of_text``, of any two opposite corners: it is taken which latitude is the south."""
    west, one, east, other = _four(text)
    return west, min(one, other), east, max(one, other)


def bounds_of_text(text: str) -> Bounds:
    """West, south, east and north, separated by commas; heights are left out. Raises ``BadInput``."""
    bounds = _four(text)
    if bounds[1] > bounds[3]:
        raise BadInput(f"The bbox '{text}' has its south north of its north.", remedy=_REMEDY)
    return bounds


def _four(text: str) -> Bounds:
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError as error:
        raise BadInput(f"The bbox '{text}' is not made of numbers.", remedy=_REMEDY) from error
    if len(numbers) == 6:
        numbers = [*numbers[:2], *numbers[3:5]]
    if len(numbers) != 4 or not all(abs(one) <= 360 for one in numbers):
        raise BadInput(f"The bbox '{text}' is not west, south, east and north.", remedy=_REMEDY)
    return numbers[0], numbers[1], numbers[2], numbers[3]


def meets(one: Bounds, other: Bounds) -> bool:
    """Whether two boxes have a point in common; one that crosses the 180th meridian has its west east of its east."""
    west, _, east, _ = other
    within = one[0] <= east and one[2] >= west if west <= east else one[2] >= west or one[0] <= east
    return within and one[1] <= other[3] and one[3] >= other[1]
