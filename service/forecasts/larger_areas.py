"""Tables of the larger areas of an issue: sums of the areas' forecasts, which add up because they are sums.

The approved model's forecasts of the areas are not changed: its areas add up to its own forecast of the city already.
An interval of a sum keeps the factor that all areas share (``contracts.sums``). Nothing here loads a model.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from pandera.errors import SchemaError

from contracts import BadInput, sum_over
from contracts.tables import LEVEL_FORECASTS, NESTING, check, distribution_columns, distribution_of

LEVELS_FILE = "levels.parquet"
NESTING_FILE = "nesting.parquet"
RECONCILIATION = "bottom_up"
TITLES = {"parents": "Districts", "city": "City"}
"""Titles of levels; any other level is a geography and has its name."""
LARGEST_GAP = 1e-6
"""Crimes by which a larger area's mean may differ from the sum of its areas'."""
CHANGED = "Restore it from a backup, or issue again with: wardcast issue"


@dataclass(frozen=True)
class LargerAreas:
    """``levels`` keeps ``contracts.tables.LEVEL_FORECASTS``, ``nesting`` keeps ``contracts.tables.NESTING``."""

    levels: pd.DataFrame
    nesting: pd.DataFrame

    @property
    def names(self) -> dict[str, str]:
        """Code → name of every larger area."""
        return dict(zip(self.nesting["within"], self.nesting["name"], strict=True))


def level_rows(forecasts: pd.DataFrame, nesting: pd.DataFrame) -> pd.DataFrame:
    """Forecasts of every larger area with a forecast in it, level by level; raises ``BadInput`` for an area in none."""
    parts = []
    for level, inside in nesting.groupby("level", sort=False):
        within = forecasts["area"].map(inside.set_index("area")["within"])
        if within.isna().any():
            lost = forecasts["area"][within.isna()].iloc[0]
            raise BadInput(f"The forecasts have an area {lost} that lies in none of '{level}'.", remedy=CHANGED)
        parts.append(_summed(str(level), forecasts.assign(area=within)))
    return check(pd.concat(parts, ignore_index=True), LEVEL_FORECASTS)


def _summed(level: str, rows: pd.DataFrame) -> pd.DataFrame:
    """Sums of the rows of each area, target and period, in order of their first row."""
    numbers = rows.groupby(["target", "horizon", "area"], sort=False).ngroup()
    groups = np.asarray(numbers, dtype=np.int64)
    first = np.unique(groups, return_index=True)[1]
    summed = sum_over(distribution_of(rows), groups, len(first))
    table = rows.iloc[first].reset_index(drop=True).assign(level=level, reconciliation=RECONCILIATION)
    return table.assign(**distribution_columns(summed))[list(LEVEL_FORECASTS.columns)]


def read_larger_areas(contents: Mapping[str, bytes], forecasts: pd.DataFrame) -> LargerAreas | None:
    """The larger areas of an issue, None where it was issued without; raises ``BadInput`` where they do not add up."""
    if LEVELS_FILE not in contents:
        return None
    levels, nesting = (pd.read_parquet(io.BytesIO(contents[name])) for name in (LEVELS_FILE, NESTING_FILE))
    try:
        found = LargerAreas(check(levels, LEVEL_FORECASTS), check(nesting, NESTING))
    except SchemaError as error:
        raise BadInput(f"{LEVELS_FILE} breaks its contract: {_reason(error)}.", remedy=CHANGED) from error
    refuse_incoherent(found, forecasts)
    return found


def _reason(error: SchemaError) -> str:
    return str(error).splitlines()[0].rstrip(".")


def refuse_incoherent(larger: LargerAreas, forecasts: pd.DataFrame) -> None:
    """Raise ``BadInput`` unless every larger area is the sum of its areas, in mean and in spread."""
    key = ["level", "area", "target", "period"]
    sums = level_rows(forecasts, larger.nesting).set_index(key).sort_index()
    ours = larger.levels.set_index(key).sort_index()
    if not ours.index.equals(sums.index):
        lost = sums.index.symmetric_difference(ours.index)[0]
        raise BadInput(f"{LEVELS_FILE} and the areas' forecasts differ in {_named(lost)}.", remedy=CHANGED)
    gap = (ours["mean"] - sums["mean"]).abs().to_numpy()
    if gap.max() > LARGEST_GAP:
        where = _named(ours.index[int(gap.argmax())])
        raise BadInput(
            f"The forecast of {where} differs by {gap.max():.6f} from the sum of its areas'.", remedy=CHANGED
        )
    for part in ("dispersion", "shared"):
        apart = ~np.isclose(ours[part], sums[part], rtol=1e-9, atol=1e-12)
        if apart.any():
            where = _named(ours.index[int(apart.argmax())])
            raise BadInput(f"The {part} of {where} is not that of the sum of its areas.", remedy=CHANGED)


def _named(key: tuple[Any, ...]) -> str:
    level, area, target, period = key
    return f"'{area}' ({level}), '{target}', {period:%Y-%m-%d}"
