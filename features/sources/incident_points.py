"""The single incidents of a publication: what its file says of where and when each happened, and of what kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from contracts.arrays import Floats, Integers

POINTS_FILE = "points.parquet"
"""Beside a publication's counts, where it was made from incidents."""


@dataclass(frozen=True)
class IncidentPoints:
    """Columns of equal length, one element an incident. ``area`` and ``offence`` are positions in ``areas`` and
    ``offences``; ``moment`` is local time to the second, positions are degrees WGS 84."""

    areas: tuple[str, ...]
    offences: tuple[str, ...]
    area: Integers
    offence: Integers
    moment: npt.NDArray[np.datetime64]
    longitude: Floats
    latitude: Floats

    def merged(self, offence_of: Mapping[str, str]) -> IncidentPoints:
        """With wordings in place of offences, the same incidents by offence."""
        merged = tuple(sorted({offence_of[wording] for wording in self.offences}))
        position = np.array([merged.index(offence_of[wording]) for wording in self.offences], dtype=np.int64)
        return IncidentPoints(
            self.areas, merged, self.area, position[self.offence], self.moment, self.longitude, self.latitude
        )

    def write(self, folder: Path) -> None:
        """Write ``points.parquet``, in the order of time and place, into a publication's folder."""
        order = np.lexsort((self.offence, self.latitude, self.longitude, self.moment))
        table = pa.table(
            {
                "moment": pa.array(self.moment[order].astype("datetime64[s]"), pa.timestamp("s")),
                "longitude": self.longitude[order],
                "latitude": self.latitude[order],
                "area": _coded(self.area[order], self.areas),
                "offence": _coded(self.offence[order], self.offences),
            }
        )
        pq.write_table(table, folder / POINTS_FILE, compression="zstd")


def _coded(position: Integers, names: tuple[str, ...]) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array(position, pa.int32()), pa.array(names, pa.string()))


def read_points(folder: Path) -> IncidentPoints | None:
    """The incidents of a publication's folder; None where it holds counts only."""
    if not (folder / POINTS_FILE).exists():
        return None
    table = pq.read_table(folder / POINTS_FILE).combine_chunks()
    area, offence = (table.column(name).combine_chunks().dictionary_encode() for name in ("area", "offence"))
    return IncidentPoints(
        areas=tuple(area.dictionary.to_pylist()),
        offences=tuple(offence.dictionary.to_pylist()),
        area=np.asarray(area.indices.to_numpy(), dtype=np.int64),
        offence=np.asarray(offence.indices.to_numpy(), dtype=np.int64),
        moment=np.asarray(table.column("moment").to_numpy(), dtype="datetime64[s]"),
        longitude=np.asarray(table.column("longitude").to_numpy(), dtype=np.float64),
        latitude=np.asarray(table.column("latitude").to_numpy(), dtype=np.float64),
    )
