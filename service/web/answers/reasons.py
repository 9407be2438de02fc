"""The reasons of an issued forecast, as they are answered: in order, in words, and adding up to what is shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from contracts import REASON_WORDS, ReasonGroup, rounded_to_add_up


@dataclass(frozen=True)
class PeriodReasons:
    """Parts of the forecasts of one target and period: ``crimes`` (areas, groups), and the row of each area."""

    groups: tuple[ReasonGroup, ...]
    row_of: Mapping[str, int]
    crimes: npt.NDArray[np.float64]

    def of(self, code: str, mean: float, decimals: int) -> list[dict[str, Any]]:
        """The reasons of one area, rounded so that they add up to ``mean``, which is rounded alike."""
        rounded = rounded_to_add_up(self.crimes[self.row_of[code]].tolist(), mean, decimals)
        return [
            {"group": str(group), "label": words.label, "meaning": words.meaning, "crimes": crimes}
            for group, crimes in zip(self.groups, rounded, strict=True)
            for words in (REASON_WORDS[group],)
        ]


def period_reasons(table: pd.DataFrame | None, target: str, horizon: int) -> PeriodReasons | None:
    """The reasons of one target and horizon from the issued table; None where it was issued without."""
    if table is None:
        return None
    rows = table[(table["target"] == target) & (table["horizon"] == horizon)]
    present = set(rows["group"])
    groups = tuple(group for group in ReasonGroup if str(group) in present)
    row, codes = pd.factorize(rows["area"])
    column = pd.Index([str(group) for group in groups]).get_indexer(pd.Index(rows["group"]))
    crimes = np.zeros((len(codes), len(groups)))
    crimes[row, column] = rows["crimes"].to_numpy(dtype=np.float64)
    return PeriodReasons(groups, {code: index for index, code in enumerate(codes)}, crimes)
