"""Boxes of longitude and latitude: how one is written, and what meets it."""

from __future__ import annotations

from contracts import BadInput

Bounds = tuple[float, float, float, float]
"""West, south, east and north, degrees of WGS 84."""


def bounds_of_text(text: str) -> Bounds:
    """West, south, east and north, separated by commas; heights are left out. Raises ``BadInput``."""
    remedy = "Give bbox=west,south,east,north in degrees of WGS 84."
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError as error:
        raise BadInput(f"The bbox '{text}' is not made of numbers.", remedy=remedy) from error
    if len(numbers) == 6:
        numbers = [*numbers[:2], *numbers[3:5]]
    if len(numbers) != 4 or numbers[1] > numbers[3] or not all(abs(one) <= 360 for one in numbers):
        raise BadInput(f"The bbox '{text}' is not west, south, east and north.", remedy=remedy)
    return numbers[0], numbers[1], numbers[2], numbers[3]


def meets(one: Bounds, other: Bounds) -> bool:
    """Whether two boxes have a point in common; one that crosses the 180th meridian has its west east of its east."""
    west, _, east, _ = other
    within = one[0] <= east and one[2] >= west if west <= east else one[2] >= west or one[0] <= east
    return within and one[1] <= other[3] and one[3] >= other[1]
