"""How a file that was made again differs from the one that was recorded, in a sentence."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

import numpy as np
import pandas as pd

KEY_COLUMNS = ("area", "parent", "target", "period", "horizon")
_END = object()


@dataclass(frozen=True)
class Difference:
    """One file that is not the same bytes. ``same_values`` where only the way they are written differs."""

    file: str
    what: str
    same_values: bool = False

    def __str__(self) -> str:
        return f"{self.file}: {self.what}"


def differences(recorded: Mapping[str, bytes], rebuilt: Mapping[str, bytes]) -> tuple[Difference, ...]:
    """One for each file that is not the same bytes, in order of name."""
    names = sorted(recorded.keys() | rebuilt.keys())
    return tuple(
        _difference(name, recorded.get(name), rebuilt.get(name))
        for name in names
        if recorded.get(name) != rebuilt.get(name)
    )


def _difference(name: str, recorded: bytes | None, rebuilt: bytes | None) -> Difference:
    if rebuilt is None:
        return Difference(name, "it was recorded, and was not made again")
    if recorded is None:
        return Difference(name, "it was made now, and was not recorded")
    if name.endswith(".parquet"):
        what = _first_in_tables(pd.read_parquet(io.BytesIO(recorded)), pd.read_parquet(io.BytesIO(rebuilt)))
    elif name.endswith(".json"):
        what = _first_in_documents(json.loads(recorded), json.loads(rebuilt), "")
    else:
        what = _first_in_bytes(recorded, rebuilt)
    return Difference(name, what or "every value is the same, written in other bytes", same_values=what is None)


def _first_in_tables(recorded: pd.DataFrame, rebuilt: pd.DataFrame) -> str | None:
    if list(recorded.columns) != list(rebuilt.columns):
        return f"its columns are {', '.join(rebuilt.columns)}, not {', '.join(recorded.columns)}"
    if len(recorded) != len(rebuilt):
        return f"it has {len(rebuilt):,} rows, not {len(recorded):,}"
    found: tuple[int, str] | None = None
    for column in recorded.columns:
        ours, theirs = rebuilt[column], recorded[column]
        if ours.dtype != theirs.dtype:
            return f"its column {column} is {ours.dtype}, not {theirs.dtype}"
        rows = np.flatnonzero(~((ours == theirs) | (ours.isna() & theirs.isna())).to_numpy(bool))
        if rows.size and (found is None or rows[0] < found[0]):
            found = (int(rows[0]), str(column))
    if found is None:
        return None
    row, column = found
    place = ", ".join(str(recorded[key].iloc[row]) for key in KEY_COLUMNS if key in recorded and key != column)
    return (
        f"the first value that differs is {column} in row {row + 1} ({place}): "
        f"{rebuilt[column].iloc[row]!s}, not {recorded[column].iloc[row]!s}"
    )


def _first_in_documents(recorded: Any, rebuilt: Any, place: str) -> str | None:
    if isinstance(recorded, dict) and isinstance(rebuilt, dict):
        pairs = [(key, recorded.get(key, _END), rebuilt.get(key, _END)) for key in {**recorded, **rebuilt}]
        place = f"{place}." if place else ""
    elif isinstance(recorded, list) and isinstance(rebuilt, list):
        together = zip_longest(recorded, rebuilt, fillvalue=_END)
        pairs = [(number + 1, ours, theirs) for number, (ours, theirs) in enumerate(together)]
        place = f"{place} "
    else:
        same = type(recorded) is type(rebuilt) and recorded == rebuilt
        return None if same else f"the first value that differs is {place}: {_shown(rebuilt)}, not {_shown(recorded)}"
    found = (_first_in_documents(ours, theirs, f"{place}{key}") for key, ours, theirs in pairs)
    return next((what for what in found if what is not None), None)


def _shown(value: object) -> str:
    return "nothing" if value is _END else json.dumps(value, ensure_ascii=False)


def _first_in_bytes(recorded: bytes, rebuilt: bytes) -> str:
    shared = min(len(recorded), len(rebuilt))
    unequal = np.flatnonzero(np.frombuffer(recorded[:shared], np.uint8) != np.frombuffer(rebuilt[:shared], np.uint8))
    first = int(unequal[0]) if unequal.size else shared
    return (
        f"the first byte that differs is number {first + 1} of {len(rebuilt):,}, where {len(recorded):,} are recorded"
    )
