"""Attributes of areas: numbers such as residents or a deprivation score, joined to the areas by code."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from contracts import BadInput, GeographyMeaning
from features.geographies.attribute_checks import check_attributes
from features.geographies.codes import read_codes, refuse_duplicates, texts_of
from features.unpacking import read_limited, read_parquet, refuse_long_rows

LARGEST_MISSING_SHARE = 0.05
"""Share of the areas that may be without attributes; more is refused, because the codes then hardly fit."""
MOST_BYTES = 512 * 2**20
"""Size of a table of attributes above which it is refused."""
_NOT_KNOWN = ("", "NA", "N/A", "n/a", "#N/A", "nan", "NaN", "NAN", "null", "NULL", "None", "none", "-nan", "<NA>")


@dataclass(frozen=True)
class Attributes:
    """``numbers``: the numeric columns by area code, in the order asked for, NaN where an area has no row.

    ``parents``: codes of the parents by area, None where not known; all None if no parent column was named.
    """

    numbers: pd.DataFrame
    parents: tuple[str | None, ...]
    notes: tuple[str, ...]


def no_attributes(codes: Sequence[str]) -> Attributes:
    """An attributes table without columns."""
    return Attributes(pd.DataFrame(index=_index(list(codes))), (None,) * len(codes), ())


def read_attributes(
    path: Path,
    codes: Sequence[str],
    *,
    code: str,
    parent: str | None = None,
    meaning: GeographyMeaning | None = None,
) -> Attributes:
    """Read CSV or Parquet and join it to the areas; ``code`` is its column of area codes, and ``meaning`` what the
    settings say of the others.

    Raises ``BadInput`` for a file or column that is not there, a missing or duplicate code, an infinite number,
    more than 5% of the areas without a row, and as ``check_attributes``.
    """
    table = read_table(path, text=tuple(column for column in (code, parent) if column))
    for column in (code, parent):
        if column is not None and column not in table.columns:
            there = ", ".join(str(name) for name in table.columns)
            raise BadInput(f"{path} has no column '{column}'.", remedy=f"Name one of its columns: {there}.")
    own = read_codes(table[code], column=code, source=path)
    refuse_duplicates(own, column=code, source=path)
    table.index = _index(own)
    notes = _tell_join(path, own, codes)
    parents = _parents(table, codes, parent)
    own_columns = table.drop(columns=[code])
    numeric = own_columns.select_dtypes(include=["number", "bool"]).astype(np.float64)
    _refuse_infinite(path, numeric)
    texts = [str(name) for name in table.columns if name not in numeric.columns and name not in (code, parent)]
    if texts:
        notes.append(f"columns that are no numbers were left out: {', '.join(texts)}")
    own_areas = [one for one in codes if one in numeric.index]
    notes += check_attributes(path, numeric.loc[own_areas], meaning)
    return Attributes(numeric.reindex(list(codes)), parents, tuple(notes))


def read_table(path: Path, *, text: tuple[str, ...] = ()) -> pd.DataFrame:
    """A CSV or Parquet file; the columns ``text`` of a CSV are read as they stand, and a field of another column that
    says it is not known (``NA``, ``nan``, …) is missing. Raises ``BadInput`` if it is neither."""
    if not path.is_file():
        raise BadInput(f"There is no file {path}.", remedy="Correct the path of the attributes.")
    try:
        if path.suffix.lower() == ".parquet":
            return pd.DataFrame(read_parquet(path).to_pandas(ignore_metadata=True))
        data = read_limited(path, MOST_BYTES)
        if data[:2] == b"PK":
            raise BadInput(f"{path} is a zip file or a workbook.", remedy="Unpack it or save it as CSV.")
        refuse_long_rows(path, data)
        every = _as_written(path, data)
        columns = {str(name): column if name in text else _numbers(column) for name, column in every.items()}
        return pd.DataFrame(columns, index=every.index)
    except (pa.ArrowInvalid, pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise BadInput(
            f"{path} cannot be read as attributes: {reason}.", remedy="Give a Parquet file or a CSV in UTF-8."
        ) from error


def _as_written(path: Path, data: bytes) -> pd.DataFrame:
    """Every field of a CSV as text."""
    text: dict[str, Any] = {"dtype": str, "keep_default_na": False, "encoding": "utf-8-sig"}
    header = pd.read_csv(io.BytesIO(data), header=None, nrows=1, **text).iloc[0]
    twice = header[header.duplicated()]
    if len(twice):
        raise BadInput(f"{path}: the column '{twice.iloc[0]}' stands twice in the header.", remedy="Keep one of them.")
    every: pd.DataFrame = pd.read_csv(io.BytesIO(data), **text)
    if not isinstance(every.index, pd.RangeIndex):
        raise BadInput(f"{path} has rows with more fields than its header.", remedy="Name every column.")
    return every


def _numbers(column: pd.Series[str]) -> pd.Series[Any]:
    """A column of text as numbers, where each field is one, true or false, or not known; else as it stands."""
    stripped = column.str.strip()
    known = stripped.where(~stripped.isin(_NOT_KNOWN))
    if known.notna().any() and known.dropna().str.lower().isin(("true", "false")).all():
        return known.str.lower().map({"true": 1.0, "false": 0.0})
    numbers = pd.to_numeric(known, errors="coerce")
    return numbers if numbers.notna().equals(known.notna()) else known


def _index(codes: list[str]) -> pd.Index[str]:
    return pd.Index(codes, name="area")


def _parents(table: pd.DataFrame, codes: Sequence[str], parent: str | None) -> tuple[str | None, ...]:
    if parent is None:
        return (None,) * len(codes)
    known = table[parent].reindex(list(codes))
    return tuple(texts_of(known))


def _tell_join(path: Path, own: list[str], codes: Sequence[str]) -> list[str]:
    without_row = sorted(set(codes) - set(own))
    without_area = sorted(set(own) - set(codes))
    if len(without_row) > LARGEST_MISSING_SHARE * len(codes):
        raise BadInput(
            f"{path} has no row for {len(without_row)} of {len(codes)} areas, such as {', '.join(without_row[:3])}.",
            remedy="Name the column with the areas' codes (--attributes-code), or give the attributes of this vintage.",
        )
    notes = []
    if without_row:
        notes.append(f"{len(without_row)} of {len(codes)} areas without attributes: {_first(without_row)}")
    if without_area:
        notes.append(
            f"{len(without_area)} of {len(own)} rows of the attributes without an area: {_first(without_area)}"
        )
    return notes


def _refuse_infinite(path: Path, numeric: pd.DataFrame) -> None:
    infinite = np.argwhere(np.isinf(numeric.to_numpy()))
    if infinite.size:
        row, column = infinite[0]
        raise BadInput(
            f"{path}: '{numeric.columns[column]}' of area {numeric.index[row]} is infinite.",
            remedy="Leave the field empty where the number is not known.",
        )


def _first(codes: list[str]) -> str:
    return ", ".join(codes[:5]) + (", …" if len(codes) > 5 else "")
