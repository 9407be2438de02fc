"""Forecasts of areas as tables that analysts' tools read: CSV, GeoJSON, Parquet and Arrow."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import orjson
import pandas as pd
import pyarrow as pa

Json = dict[str, Any]
FROM_ENVELOPE = ("forecast_id", "target", "period", "first_day", "last_day", "horizon", "is_next_period")
"""What each row of a table says of the forecast that it comes from."""
HARM = ("mean", "low", "high")


def flat_rows(envelope: Json, rows: Iterable[Json]) -> list[Json]:
    """Rows of areas that each say where they come from, with harm in columns of its own."""
    about = {name: envelope[name] for name in FROM_ENVELOPE}
    return [
        {
            **about,
            **{name: value for name, value in row.items() if name != "harm"},
            **{f"harm_{name}": None if row["harm"] is None else row["harm"][name] for name in HARM},
        }
        for row in rows
    ]


def as_csv(rows: list[Json], _: Mapping[str, Any]) -> bytes:
    """UTF-8, with a heading; what is not known is empty."""
    return _frame(rows).to_csv(index=False, lineterminator="\n").encode("utf-8")


def as_parquet(rows: list[Json], _: Mapping[str, Any]) -> bytes:
    """One table, compressed with zstd."""
    buffer = io.BytesIO()
    _frame(rows).to_parquet(buffer, index=False, compression="zstd")
    return buffer.getvalue()


def as_arrow(rows: list[Json], _: Mapping[str, Any]) -> bytes:
    """An Arrow IPC stream of one table."""
    table = pa.Table.from_pandas(_frame(rows), preserve_index=False)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def as_geojson(rows: list[Json], geometry_of: Mapping[str, Any]) -> bytes:
    """A collection of features in WGS 84, each an area's boundary with the row as its properties."""
    features = [{"type": "Feature", "geometry": geometry_of[row["area"]], "properties": row} for row in rows]
    return orjson.dumps({"type": "FeatureCollection", "features": features})


TABLES: Mapping[str, tuple[str, Callable[[list[Json], Mapping[str, Any]], bytes]]] = {
    "csv": ("text/csv; charset=utf-8", as_csv),
    "geojson": ("application/geo+json", as_geojson),
    "parquet": ("application/vnd.apache.parquet", as_parquet),
    "arrow": ("application/vnd.apache.arrow.stream", as_arrow),
}
"""Name of a format → its media type, and how it is made of rows and of the geometry of each area."""


def _frame(rows: list[Json]) -> pd.DataFrame:
    """With whole numbers where a value can be missing, and columns even without a row."""
    frame = pd.DataFrame(rows).convert_dtypes(convert_string=False, convert_boolean=True, convert_floating=False)
    for name in ("first_day", "last_day"):
        if name in frame:
            frame[name] = pd.to_datetime(frame[name]).dt.date
    return frame
