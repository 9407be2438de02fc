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
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from contracts import BadInput, Frequency, MissingThing, ordinals_of
from features.geography import Geography, areas_of_points
from features.unpacking import read_parquet

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

TIMES = ("Date", "dt", "date", "time")
LONGITUDE, LATITUDE = "Longitude", "Latitude"
WHOLE_SHARE = 0.4


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
    audit of shares loses nothing by it. Raises ``MissingThing`` for an absent file, ``BadInput`` for one without a time
    and a position.
    """
    times, longitude, latitude = _columns([_read(path) for path in files])
    placed = np.isfinite(longitude) & np.isfinite(latitude) & ~np.isnat(times)
    area = areas_of_points(geography, longitude[placed], latitude[placed])
    ordinals = ordinals_of(times[placed], frequency)
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
        outside=int((~inside).sum()),
        in_stubs=int(every[~whole].sum()),
    )


def _read(path: Path) -> pa.Table:
    if not path.is_file():
        raise MissingThing(f"There is no file {path}.", remedy="Name a file of stop and search.")
    try:
        names = pq.read_schema(path).names if path.suffix == ".parquet" else _csv_names(path)
        time = next((name for name in TIMES if name in names), None)
        if time is None or not {LONGITUDE, LATITUDE} <= set(names):
            raise BadInput(
                f"{path.name} has no time ({', '.join(TIMES)}) or no {LONGITUDE} and {LATITUDE}.",
                remedy="Give a file of stop and search as data.police.uk publishes it.",
            )
        wanted = [time, LONGITUDE, LATITUDE]
        if path.suffix == ".parquet":
            table = read_parquet(path, columns=wanted)
        else:
            table = pacsv.read_csv(path, convert_options=pacsv.ConvertOptions(include_columns=wanted))
    except pa.ArrowInvalid as error:
        raise BadInput(f"{path.name} cannot be read: {error}.", remedy="Download it again.") from error
    return table.rename_columns(["time", "longitude", "latitude"])


def _csv_names(path: Path) -> list[str]:
    with pacsv.open_csv(path) as reader:
        return list(reader.schema.names)


def _columns(tables: Sequence[pa.Table]) -> tuple[npt.NDArray[np.datetime64], Floats, Floats]:
    """Times (UTC), longitudes and latitudes of all tables."""
    times = [pd.to_datetime(table["time"].to_pandas(), utc=True).dt.tz_localize(None) for table in tables]
    return (
        np.concatenate([one.to_numpy("datetime64[s]") for one in times]),
        np.concatenate([table["longitude"].to_numpy().astype(np.float64) for table in tables]),
        np.concatenate([table["latitude"].to_numpy().astype(np.float64) for table in tables]),
    )
