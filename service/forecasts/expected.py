"""What an issue expects in the next period, in short: the city, its districts and the areas of highest counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from service.forecasts.harm import HARM_FILE
from service.forecasts.issued import AREAS_FILE, FORECASTS_FILE, RECORD_FILE
from service.forecasts.larger_areas import LEVELS_FILE, NESTING_FILE, TITLES
from service.forecasts.record import IssueRecord

HIGHEST = 5
"""So many areas of the highest expected counts are told."""
AREAS_TITLE = "Areas"
_KEY = ["level", "area", "target", "period"]
_HARM = {"mean": "harm_mean", "low": "harm_low", "high": "harm_high"}


def expected_rows(folder: Path) -> list[dict[str, Any]]:
    """Rows of the next period, from the folder of a forecast that was just issued.

    Per target every area of each level, the coarsest level first, then the highest areas. Each has ``target``,
    ``level``, ``title``, ``area``, ``name``, ``mean``, the 80% interval ``q10`` to ``q90``, and ``harm_mean``,
    ``harm_low``, ``harm_high``, which are None where the target is not weighed.
    """
    files = [folder / name for name in (FORECASTS_FILE, LEVELS_FILE, NESTING_FILE, AREAS_FILE, HARM_FILE)]
    tables = {file.name: pd.read_parquet(file) for file in files if file.exists()}
    record = IssueRecord.of((folder / RECORD_FILE).read_bytes())
    geography, first = record.geography, record.first
    finest = tables[FORECASTS_FILE].assign(level=geography)
    finest = finest.sort_values("mean", ascending=False, kind="stable").groupby(["target", "period"]).head(HIGHEST)
    levels = tables[LEVELS_FILE].sort_values("mean", ascending=False, kind="stable")
    order = [*reversed(tables[NESTING_FILE]["level"].unique()), geography]
    rows = pd.concat([levels, finest], ignore_index=True)
    rows = rows[rows["period"] == pd.Timestamp(first.start)]
    if HARM_FILE in tables:
        rows = rows.merge(tables[HARM_FILE][[*_KEY, *_HARM]].rename(columns=_HARM), on=_KEY, how="left")
    names = _names(tables)
    targets = tables[FORECASTS_FILE]["target"].unique()
    parts = [rows[(rows["target"] == target) & (rows["level"] == level)] for target in targets for level in order]
    return [_row(row, geography, names) for part in parts for row in part.to_dict(orient="records")]


def _names(tables: Mapping[str, pd.DataFrame]) -> dict[str, str]:
    nesting, areas = tables[NESTING_FILE], tables[AREAS_FILE]
    return dict(zip([*nesting["within"], *areas["area"]], [*nesting["name"], *areas["name"]], strict=True))


def _row(row: Mapping[Any, Any], geography: str, names: Mapping[str, str]) -> dict[str, Any]:
    level = row["level"]
    harm = {name: None if pd.isna(row.get(name)) else float(row[name]) for name in _HARM.values()}
    return {
        "target": row["target"],
        "level": level,
        "title": AREAS_TITLE if level == geography else TITLES.get(level, level),
        "area": row["area"],
        "name": names[row["area"]],
        **{name: float(row[name]) for name in ("mean", "q10", "q90")},
        **harm,
    }


def expected_text(rows: Sequence[Mapping[str, Any]], titles: Mapping[str, str], harm: Mapping[str, str]) -> str:
    """The rows as tables for a terminal, five areas a level; ``harm`` says of a target how its harm was weighed."""
    blocks = []
    for target in dict.fromkeys(row["target"] for row in rows):
        ours = [row for row in rows if row["target"] == target]
        lines = [titles[target]]
        for title in dict.fromkeys(row["title"] for row in ours):
            level = [row for row in ours if row["title"] == title]
            lines += [_line(title if number == 0 else "", row) for number, row in enumerate(level[:HIGHEST])]
            lines += [f"{'':<11}… and {len(level) - HIGHEST} more"] if len(level) > HIGHEST else []
        lines += [f"Harm: {harm[target]}"] if target in harm else []
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks)


def _line(title: str, row: Mapping[str, Any]) -> str:
    count = f"{row['mean']:>10,.1f}  80%: {row['q10']:,.0f} to {row['q90']:,.0f}"
    if row["harm_mean"] is None:
        return f"{title:<10} {row['name']:<32}{count}"
    harm = f"harm {row['harm_mean']:,.0f}, 80%: {row['harm_low']:,.0f} to {row['harm_high']:,.0f}"
    return f"{title:<10} {row['name']:<32}{count:<34}{harm}"
