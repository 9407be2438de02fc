"""Where crime is repeated: an area's incidents that followed others, and Knox's table of the city."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from service.web.answers.answer import Json

COUNTS = ("incidents", "repeats", "near_repeats")


@dataclass(frozen=True)
class RepeatCounts:
    """``of_area`` maps codes to counts, None where they are hidden; ``table`` are the rows of the city's table.

    ``about`` says of which days the counts are and what is hidden, None where there are none; ``about_table`` likewise.
    """

    of_area: Mapping[str, Json]
    table: tuple[Json, ...]
    about: Json | None
    about_table: Json | None

    @property
    def soon_and_near(self) -> Json | None:
        """The row of the shortest stretch and of the nearest band that is not the same place, where it is expected."""
        found = (row for row in self.table if row["metres"] > 0 and row["expected"] > 0)
        return next(found, None)


def repeat_counts(
    rows: pd.DataFrame | None, near: pd.DataFrame | None, target: str, about: Json | None
) -> RepeatCounts | None:
    """From the rows of ``contracts.tables.REPEATS`` and ``NEAR_REPEATS``; None where the target has neither."""
    if about is None or (about["repeats"] is None and about["near_repeats"] is None):
        return None
    of_area = {}
    if rows is not None:
        for row in rows[rows["target"] == target].to_dict("records"):
            of_area[str(row["area"])] = {name: None if pd.isna(row[name]) else int(row[name]) for name in COUNTS}
    table = () if near is None else tuple(_ratio(row) for row in near[near["target"] == target].to_dict("records"))
    return RepeatCounts(of_area, table, about["repeats"], about["near_repeats"])


def _ratio(row: Mapping[Hashable, Any]) -> Json:
    about = {name: row[name] for name in ("metres", "days", "pairs", "expected", "p")}
    return {**about, "ratio": round(row["pairs"] / row["expected"], 3) if row["expected"] else None}
