"""Stop and search, counted by area and month and nothing more: for the audit of enforcement, never to forecast from.

Only the time and the position of a stop are read. Who was stopped is dropped at the door, and what is left is added up
at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from contracts import BadInput, Frequency, ordinals_of
from contracts.arrays import Floats, Integers
from features.geographies.geography import Geography, areas_of_points
from features.sources.local_times import local_times, refuse_months
from features.sources.positions import positions
from features.sources.table_files import PARQUET_SUFFIXES, SourceColumn, TableForm, as_text, read_table
from features.sources.text_files import existing_file, header_of, read_text_table
from features.unpacking import parquet_columns

TIMES = ("Date", "dt", "date", "time")
LONGITUDE, LATITUDE = "Longitude", "Latitude"
WHOLE_SHARE = 0.4
FORM = TableForm(separator=",", encoding="utf-8-sig")
"""How data.police.uk writes its files."""


@dataclass(frozen=True)
class StopCounts:
    """Stops by period and area, (N, A), of the ``periods`` (N,) that are whole; and how many could not be counted."""

    periods: Integers
    counts: Floats
    without_position: int
    outside: int
    in_stubs: int

    def as_text(self) -> str:
        """What was counted and what was left out."""
        return (
            f"Stop and search: {self.counts.sum():,.0f} stops in {len(self.periods)} whole periods; left out: "
            f"{self.without_position:,} without a position, {self.outside:,} outside all areas, {self.in_stubs:,} in "
            "periods that the files cover in part."
        )


def read_stops(files: Sequence[Path], geography: Geography, frequency: Frequency) -> StopCounts:
    """Count the stops of data.police.uk's files (CSV, or Parquet with the same columns) by area and period.

    A period with fewer stops than ``WHOLE_SHARE`` of the median period's may be covered in part, and is left out: an
    audit of shares loses nothing by it. Raises ``MissingThing`` for an absent file, and ``BadInput`` in one line for
    one that is damaged, has no time and position or, by row, something else in their place.
    """
    stops = [_read(path, frequency) for path in files]
    placed = np.concatenate([one.placed for one in stops])
    times, longitude, latitude = (
        np.concatenate([getattr(one, name) for one in stops])[placed] for name in ("times", "longitude", "latitude")
    )
    area = areas_of_points(geography, longitude, latitude)
    ordinals = ordinals_of(times, frequency)
    if not len(ordinals):
        raise BadInput("No stop has a time and a position.", remedy="Give files of stop and search of data.police.uk.")
    first, number = int(ordinals.min()), int(ordinals.max() - ordinals.min()) + 1
    every = np.bincount(ordinals - first, minlength=number)
    whole = every >= WHOLE_SHARE * np.median(every[every > 0])
    inside = area >= 0
    counts = np.zeros((number, len(geography.codes)))
    np.add.at(counts, (ordinals[inside] - first, area[inside]), 1.0)
    return StopCounts(
        periods=np.arange(first, first + number)[whole],
        counts=counts[whole],
        without_position=int((~placed).sum()),
        outside=int((~inside & whole[ordinals - first]).sum()),
        in_stubs=int(every[~whole].sum()),
    )


@dataclass(frozen=True)
class _Stops:
    """The stops of a file: ``times`` in UTC and degrees, which mean something where a stop is ``placed``."""

    placed: npt.NDArray[np.bool_]
    times: npt.NDArray[np.datetime64]
    longitude: Floats
    latitude: Floats


def _read(path: Path, frequency: Frequency) -> _Stops:
    names = _names(path)
    time = next((name for name in TIMES if name in names), None)
    if time is None or not {LONGITUDE, LATITUDE} <= set(names):
        raise BadInput(
            f"{path.name} has no time ({', '.join(TIMES)}) or no {LONGITUDE} and {LATITUDE}.",
            remedy="Give a file of stop and search as data.police.uk publishes it.",
        )
    table = read_table(path, (time, LONGITUDE, LATITUDE), FORM).columns
    column, east, north = (SourceColumn(path, name, table) for name in (time, LONGITUDE, LATITUDE))
    refuse_months(column, as_text(column.values), frequency)
    found = local_times(column, column.values, time_format=None, time_zone="UTC")
    where = positions(east, north, crs=None, decimal_comma=False, near=lambda: None)
    placed = found.present & np.isfinite(where.longitude) & np.isfinite(where.latitude)
    return _Stops(placed, found.moment, where.longitude, where.latitude)


def _names(path: Path) -> Sequence[str]:
    if path.suffix.lower() in PARQUET_SUFFIXES:
        return parquet_columns(existing_file(path))
    return header_of(path, read_text_table(path))
