"""The counts of each area that were known when a forecast was issued, in one array of areas × periods."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from contracts import Frequency, Period

Json = dict[str, Any]


class Histories(Mapping[str, list[Json]]):
    """Code of an area → its periods, counts (None where not known), and whether they were settled later.

    They are kept as arrays, and written as documents only when they are asked for: a city has hundreds of thousands.
    """

    def __init__(self, history: pd.DataFrame, frequency: Frequency) -> None:
        areas, codes = pd.factorize(history["area"])
        periods, starts = pd.factorize(history["period"], sort=True)
        shape = (len(codes), len(starts))
        self._row_of = {str(code): row for row, code in enumerate(codes)}
        self._names = [str(Period.containing(start.to_pydatetime(), frequency)) for start in starts]
        self._is_listed = np.zeros(shape, dtype=np.bool_)
        self._is_listed[areas, periods] = True
        self._counts: npt.NDArray[np.float64] = np.full(shape, np.nan)
        self._counts[areas, periods] = history["count"].to_numpy(dtype=np.float64)
        self._is_settled = np.zeros(shape, dtype=np.bool_)
        self._is_settled[areas, periods] = history["settled"].to_numpy(dtype=np.bool_)

    def __getitem__(self, code: str) -> list[Json]:
        """The periods of an area, the oldest first."""
        row = self._row_of[code]
        rows = zip(self._names, self._is_listed[row], self._counts[row], self._is_settled[row], strict=True)
        return [
            {"period": name, "count": None if np.isnan(count) else int(count), "settled": bool(is_settled)}
            for name, is_listed, count, is_settled in rows
            if is_listed
        ]

    def __iter__(self) -> Iterator[str]:
        """The codes, in the order of the forecast."""
        return iter(self._row_of)

    def __len__(self) -> int:
        """How many areas there are."""
        return len(self._row_of)

    def in_period(self, name: str) -> dict[str, int]:
        """Code → the count in a period, of the areas where it is known."""
        if name not in self._names:
            return {}
        counts = self._counts[:, self._names.index(name)]
        return {code: int(counts[row]) for code, row in self._row_of.items() if not np.isnan(counts[row])}
