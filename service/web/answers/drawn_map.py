"""A map of areas as SVG, for readers without scripts and for paper: no tiles, no fonts, nothing from elsewhere."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from xml.sax.saxutils import escape, quoteattr

Json = dict[str, Any]
WIDTH = 1000.0
"""Of the drawing, in its own units; a coordinate is written to a tenth of one."""
UNKNOWN = "#c9ced6"
FILLS = ("#f4f8cf", "#cfeac9", "#93d5c0", "#52b0c2", "#3181b4", "#234f9c", "#132a6b")
"""From the lowest step to the highest: one sequential scale that is read without telling red from green."""
CHANGES = ("#2166ac", "#67a9cf", "#c8dfee", "#f4f4f2", "#fbd3b9", "#ef8a62", "#b2182b")
"""From fewer to more, where a view goes both ways."""


@dataclass(frozen=True)
class Drawing:
    """The outlines of areas, projected once. ``paths`` maps codes to the ``d`` of an SVG path."""

    height: float
    paths: Mapping[str, str]

    def svg(
        self,
        step_of: Mapping[str, int | None],
        names: Mapping[str, str],
        *,
        title: str,
        fills: Sequence[str] = FILLS,
        outlined: Collection[str] = (),
    ) -> str:
        """The areas of ``step_of`` filled by their step, those of ``outlined`` with a heavy outline."""
        order = sorted(step_of, key=lambda code: code in outlined)
        return "".join(
            (
                f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:.0f} {self.height:.0f}" role="img">',
                f"<title>{escape(title)}</title>",
                *(self._path(code, step_of[code], names[code], fills, code in outlined) for code in order),
                "</svg>",
            )
        )

    def _path(self, code: str, step: int | None, name: str, fills: Sequence[str], is_outlined: bool) -> str:
        fill = UNKNOWN if step is None else fills[step]
        line = 'stroke="#b3261e" stroke-width="3"' if is_outlined else 'stroke="#ffffff" stroke-width="0.6"'
        about = f"<title>{escape(name)}</title>"
        return f'<path d={quoteattr(self.paths[code])} fill="{fill}" fill-rule="evenodd" {line}>{about}</path>'


def draw(features: Iterable[Json]) -> Drawing:
    """Project polygons in WGS 84 so that a degree is as long east as north in the middle of them."""
    shapes = {one["properties"]["code"]: list(_rings(one["geometry"])) for one in features}
    points = [point for rings in shapes.values() for ring in rings for point in ring]
    west, east = min(point[0] for point in points), max(point[0] for point in points)
    south, north = min(point[1] for point in points), max(point[1] for point in points)
    narrow = math.cos(math.radians((south + north) / 2.0))
    scale = WIDTH / max((east - west) * narrow, 1e-9)

    def placed(point: Sequence[float]) -> str:
        return f"{(point[0] - west) * narrow * scale:.1f},{(north - point[1]) * scale:.1f}"

    paths = {
        code: "".join(f"M{'L'.join(key for key, _ in groupby(placed(point) for point in ring))}Z" for ring in rings)
        for code, rings in shapes.items()
    }
    return Drawing((north - south) * scale, paths)


def bounds_of(features: Iterable[Json]) -> dict[str, tuple[float, float, float, float]]:
    """Code → west, south, east and north of each area."""
    found = {}
    for one in features:
        points = [point for ring in _rings(one["geometry"]) for point in ring]
        lons, lats = [point[0] for point in points], [point[1] for point in points]
        found[one["properties"]["code"]] = (min(lons), min(lats), max(lons), max(lats))
    return found


def _rings(geometry: Json) -> Iterator[Sequence[Sequence[float]]]:
    polygons = geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]
    for polygon in polygons:
        yield from polygon
