"""Forecasts of areas as tables that analysts' tools read: CSV, GeoJSON, GeoPackage, Parquet and Arrow."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson
import pandas as pd
import pyarrow as pa
import shapely

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


def as_geopackage(rows: list[Json], geometry_of: Mapping[str, Any]) -> bytes:
    """A GeoPackage of one layer, ``forecasts``, in WGS 84."""
    # GDAL takes some 50 MB, which only who asks for this has to spend.
    from pyogrio import raw

    frame = _frame(rows)
    shapes = [shapely.from_geojson(bytes(orjson.dumps(geometry_of[code]))) for code in (row["area"] for row in rows)]
    whole = shapely.to_wkb([shapely.multipolygons(shapely.get_parts(shape)) for shape in shapes])
    fields = {str(name): _field(frame[name]) for name in frame.columns}
    buffer = io.BytesIO()
    raw.write(
        buffer,
        geometry=np.asarray(whole, dtype=object),
        field_data=[values for values, _ in fields.values()],
        field_mask=[missing for _, missing in fields.values()],
        fields=list(fields),
        geometry_type="MultiPolygon",
        crs="EPSG:4326",
        driver="GPKG",
        layer="forecasts",
    )
    return buffer.getvalue()


TABLES: Mapping[str, tuple[str, Callable[[list[Json], Mapping[str, Any]], bytes]]] = {
    "csv": ("text/csv; charset=utf-8", as_csv),
    "geojson": ("application/geo+json", as_geojson),
    "gpkg": ("application/geopackage+sqlite3", as_geopackage),
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


def _field(column: pd.Series) -> tuple[npt.NDArray[Any], npt.NDArray[np.bool_] | None]:
    """A column's values as GDAL takes them, and which of them are missing; texts and dates may be None."""
    missing = column.isna().to_numpy()
    if pd.api.types.is_bool_dtype(column.dtype):
        return column.fillna(value=False).to_numpy(dtype=np.bool_), missing
    if pd.api.types.is_integer_dtype(column.dtype):
        return column.fillna(0).to_numpy(dtype=np.int64), missing
    if pd.api.types.is_float_dtype(column.dtype):
        return column.to_numpy(dtype=np.float64), missing
    texts = [None if absent else str(value) for value, absent in zip(column, missing, strict=True)]
    return np.array(texts, dtype=object), None
