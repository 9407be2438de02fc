"""Positions as files write them, turned into degrees WGS 84: other coordinate systems, decimal commas."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyproj
from pyproj.exceptions import CRSError

from contracts import BadInput
from contracts.arrays import Booleans, Floats
from features.sources.table_files import SourceColumn, as_text

_DEGREES_WITH_COMMA = r"^[+-]?\d{1,3},\d+$"
_NAME_THE_SYSTEM = (
    "Give WGS 84 longitude as --lon and latitude as --lat, or name the coordinate system of the file, such as "
    "--crs EPSG:27700."
)
_FARTHEST = (180.0, 90.0)
RECOGNISED_SYSTEMS = ("EPSG:27700", "EPSG:3857")
"""Coordinate systems that are told apart from each other and from degrees by where they put a city: the British
National Grid and web maps' metres. Others have neighbours that lie within metres of them."""
_NEAR_DEGREES = 1.0

Near = Callable[[], tuple[float, float] | None]
"""Longitude and latitude of the middle of the city, None where no area of it is known yet."""


@dataclass(frozen=True)
class Positions:
    """Degrees WGS 84, one element a row; only those of ``placed`` rows mean something."""

    placed: Booleans
    longitude: Floats
    latitude: Floats
    notes: tuple[str, ...]


def positions(
    east: SourceColumn, north: SourceColumn, *, crs: str | None, decimal_comma: bool | None, near: Near
) -> Positions:
    """Positions from a column of longitudes (or eastings) and one of latitudes (or northings).

    ``crs`` names the coordinate system as PROJ does, None for degrees WGS 84; one of ``RECOGNISED_SYSTEMS`` is
    recognised where it alone puts the file's middle ``near`` the city. A decimal comma is recognised in degrees, where
    it can be nothing else. A blank, and 0 in both columns, is no position. Raises ``BadInput`` that
    names the row of what is no number or no place on earth.
    """
    texts = [as_text(column.values) for column in (east, north)]
    recognised = decimal_comma is None and crs is None and all(_has_decimal_commas(text) for text in texts)
    comma = bool(decimal_comma) or recognised
    x, y = (_numbers(column, text, comma=comma) for column, text in zip((east, north), texts, strict=True))
    placed = np.isfinite(x) & np.isfinite(y) & ~((x == 0) & (y == 0))
    notes = ("Positions are read with a decimal comma.",) if recognised else ()
    if crs is None and (np.abs(x[placed]) > _FARTHEST[0]).any():
        crs = _recognised_system(x[placed], y[placed], near())
        notes = (*notes, f"Positions are read as {crs}; --crs says otherwise.") if crs else notes
    for column, values, text, farthest in zip((east, north), (x, y), texts, _FARTHEST, strict=True):
        if crs is None:
            _refuse_beyond(column, text, np.isfinite(values) & (np.abs(values) > farthest), farthest)
    if crs is not None:
        x, y = _degrees(east, texts[0], x, y, placed, crs)
    return Positions(placed, x, y, notes)


def _has_decimal_commas(texts: pa.Array) -> bool:
    with_comma = texts.filter(pc.match_substring(texts, ","))
    return len(with_comma) > 0 and bool(pc.all(pc.match_substring_regex(with_comma, _DEGREES_WITH_COMMA)).as_py())


def _numbers(column: SourceColumn, texts: pa.Array, *, comma: bool) -> Floats:
    """NaN where a text is blank; raises ``BadInput`` where it is no number."""
    filled = pc.if_else(pc.equal(texts, ""), None, texts)
    if comma:
        filled = pc.replace_substring(filled, ",", ".")
    try:
        numbers = np.asarray(filled.cast(pa.float64()).to_numpy(zero_copy_only=False), dtype=np.float64)
    except pa.ArrowInvalid:
        numbers = pd.to_numeric(pd.Series(filled.to_pandas()), errors="coerce").to_numpy(dtype=np.float64)
    wrong = np.asarray(filled.is_valid()) & ~np.isfinite(numbers)
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        text = texts[row].as_py()
        remedy = "If it is written with a decimal comma, say so with --decimal-comma." if "," in text else ""
        raise column.wrong(row, text, "is not in degrees or another number", remedy or _NAME_THE_SYSTEM)
    return numbers


def _recognised_system(x: Floats, y: Floats, near: tuple[float, float] | None) -> str | None:
    """The one system that puts the middle of the file into the city."""
    if near is None:
        return None
    found = []
    for crs in RECOGNISED_SYSTEMS:
        middle = pyproj.Transformer.from_crs(crs, "EPSG:4326", always_xy=True).transform(np.median(x), np.median(y))
        if all(abs(ours - theirs) < _NEAR_DEGREES for ours, theirs in zip(middle, near, strict=True)):
            found.append(crs)
    return found[0] if len(found) == 1 else None


def _refuse_beyond(column: SourceColumn, texts: pa.Array, wrong: Booleans, farthest: float) -> None:
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        what = f"is not in degrees between {-farthest:.0f} and {farthest:.0f}"
        raise column.wrong(row, texts[row].as_py(), what, _NAME_THE_SYSTEM)


def _degrees(
    east: SourceColumn, texts: pa.Array, x: Floats, y: Floats, placed: Booleans, crs: str
) -> tuple[Floats, Floats]:
    """Degrees from another coordinate system, NaN where a row has no position."""
    try:
        transformer = pyproj.Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
    except CRSError as error:
        raise BadInput(
            f"'{crs}' is not a coordinate system.", remedy="Name it like EPSG:27700; epsg.io finds the number."
        ) from error
    longitude, latitude = np.full(len(x), np.nan), np.full(len(x), np.nan)
    longitude[placed], latitude[placed] = transformer.transform(x[placed], y[placed])
    wrong = placed & ~(np.isfinite(longitude) & np.isfinite(latitude))
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise east.wrong(row, texts[row].as_py(), f"is no place in {crs}", "Check --crs, --lon and --lat.")
    return longitude, latitude
