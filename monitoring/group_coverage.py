"""Whether intervals hold what they say in every group of areas, not only in the mean of all.

Groups here are for judging only: a model may know an area's district, and never its deprivation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from monitoring.calibration import coverage, pit_limits
from monitoring.leaderboard import city_totals
from monitoring.leaderboard_result import Value
from monitoring.verification import Verification

GROUP_LEVELS = (0.50, 0.80, 0.95)
ALL_AREAS, CITY_TOTAL = "all areas", "city total"
Row = dict[str, Value]


def group_coverage(verification: Verification, groupings: Mapping[str, Sequence[str | None]]) -> list[Row]:
    """Coverage of central intervals by the randomised PIT, in all areas, in every group of them, and of their total.

    ``groupings`` holds, by name ("district"), the group of each area, None where it has none. Rows have ``model,
    horizon, grouping, group, areas, forecasts`` (number scored), ``coverage_50, coverage_80, coverage_95`` (0…1) and
    ``furthest``, the largest distance of the three from what they should be. A group without a known outcome has no
    row. Raises ``ValueError`` where a grouping does not fit the areas.
    """
    limits = pit_limits(verification.outcomes, verification.forecast)
    city = city_totals(verification)
    rows = [_row(verification, ALL_AREAS, "", limits)]
    for grouping, groups in groupings.items():
        if len(groups) != len(verification.areas):
            raise ValueError(f"the grouping '{grouping}' has {len(groups)} areas, not {len(verification.areas)}")
        member = np.array([group if group is not None else "" for group in groups], dtype=str)
        for group in np.unique(member[member != ""]):
            inside = limits[0][:, member == group], limits[1][:, member == group]
            if not np.isnan(inside[1]).all():
                rows.append(_row(verification, grouping, str(group), inside))
    return [*rows, _row(verification, CITY_TOTAL, "", pit_limits(city.outcomes, city.forecast))]


def furthest_groups(rows: Sequence[Row]) -> list[Row]:
    """Of each model, horizon and grouping the group whose coverage is furthest from what it should be."""
    found: dict[tuple[Value, Value, Value], Row] = {}
    for row in rows:
        key = row["model"], row["horizon"], row["grouping"]
        if key not in found or float(row["furthest"] or 0.0) > float(found[key]["furthest"] or 0.0):
            found[key] = row
    return list(found.values())


def coverage_text(rows: Sequence[Row]) -> str:
    """For a terminal: all areas, of each grouping the group furthest from what it should be, and the city's total."""
    head = f"{'horizon':>7}  {'furthest off':<32}  {'50%':>6}  {'80%':>6}  {'95%':>6}  {'forecasts':>9}"
    lines = [f"How much the intervals of {rows[0]['model']} cover", head, "-" * len(head)]
    for row in furthest_groups(rows):
        name = f"{row['grouping']} {row['group']}".strip()
        shares = "  ".join(f"{100.0 * float(row[_column(level)] or 0.0):>5.1f}%" for level in GROUP_LEVELS)
        lines.append(f"{row['horizon']:>7}  {name:<32}  {shares}  {row['forecasts']:>9,}")
    return "\n".join(lines)


def _row(verification: Verification, grouping: str, group: str, limits: tuple[np.ndarray, np.ndarray]) -> Row:
    covered = {level: coverage(limits, level) for level in GROUP_LEVELS}
    return {
        "model": verification.model,
        "horizon": verification.horizon,
        "grouping": grouping,
        "group": group,
        "areas": limits[0].shape[1],
        "forecasts": int((~np.isnan(limits[1])).sum()),
        **{_column(level): share for level, share in covered.items()},
        "furthest": max(abs(share - level) for level, share in covered.items()),
    }


def _column(level: float) -> str:
    return f"coverage_{round(100 * level)}"
