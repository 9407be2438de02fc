"""What the API says of districts and the city, and of harm, in one target and period of an issued forecast."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from contracts import QUANTILE_COLUMNS
from service.forecasts.issued import IssuedForecast
from service.forecasts.larger_areas import TITLES

Json = dict[str, Any]
CITY = "city"
"""Name of the level that sums everything."""
MADE_BY = "sums of the areas' forecasts; the intervals keep the factor that all areas of a period share"
DECIMALS_OF = {"mean": 9, **dict.fromkeys((*QUANTILE_COLUMNS, "p_at_least_one"), 4)}
"""Means keep what it takes for sums of them to agree to a millionth."""
Harm = Mapping[tuple[str, str], Json]
"""(Level, area) → expected harm with its interval."""


def harm_in(issued: IssuedForecast, target: str, horizon: int) -> Harm:
    """The harm of every area and larger area; empty where the forecast has none."""
    if issued.harm is None:
        return {}
    rows = _of(issued.harm, target, horizon)
    columns = [rows[name].round(DECIMALS_OF["mean"]).tolist() for name in ("mean", "low", "high")]
    key = zip(rows["level"], rows["area"], strict=True)
    values = zip(*columns, strict=True)
    return {one: dict(zip(("mean", "low", "high"), value, strict=True)) for one, value in zip(key, values, strict=True)}


def levels_in(issued: IssuedForecast, target: str, horizon: int, harm: Harm) -> list[Json] | None:
    """Districts and the city, the finest first; None where the forecast was issued without them."""
    if issued.larger is None:
        return None
    nesting, names = issued.larger.nesting, issued.larger.names
    known = set(_of(issued.forecasts, target, horizon)["area"])
    sizes = nesting[nesting["area"].isin(known)].groupby(["level", "within"]).size()
    answers = []
    for level, rows in _of(issued.larger.levels, target, horizon).groupby("level", sort=False):
        kept = rows[["area", *DECIMALS_OF]].round(DECIMALS_OF)
        areas = [
            {
                "area": row["area"],
                "name": names[row["area"]],
                "areas": int(sizes[level, row["area"]]),
                **{name: row[name] for name in DECIMALS_OF},
                "harm": harm.get((str(level), row["area"])),
            }
            for row in kept.to_dict(orient="records")
        ]
        answers.append({"level": level, "title": TITLES.get(str(level), level), "areas": areas})
    return answers


def _of(table: pd.DataFrame, target: str, horizon: int) -> pd.DataFrame:
    return table[(table["target"] == target) & (table["horizon"] == horizon)]
