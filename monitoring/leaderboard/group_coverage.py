"""Whether intervals hold what they say in every group of areas, not only in the mean of all.

Groups here are for judging only: a model may know an area's district, and never its deprivation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from scipy import special

from monitoring.leaderboard.leaderboard import city_totals
from monitoring.leaderboard.result import Value
from monitoring.scores.calibration import coverage, pit_limits
from monitoring.scores.verification import Verification

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
    """Of each model, horizon and grouping the group whose coverage is furthest from what it should be.

    Its ``by_chance`` is how far the furthest of as many calibrated groups would be, in half of all cases.
    """
    groups: dict[tuple[Value, Value, Value], list[Row]] = {}
    for row in rows:
        groups.setdefault((row["model"], row["horizon"], row["grouping"]), []).append(row)
    furthest = [max(same, key=lambda row: float(row["furthest"] or 0.0)) for same in groups.values()]
    return [
        row | {"by_chance": furthest_by_chance(len(same), int(row["forecasts"] or 0))}
        for row, same in zip(furthest, groups.values(), strict=True)
    ]


def furthest_by_chance(groups: int, forecasts: int) -> float:
    """Median distance from 50% of the coverage of the furthest of calibrated ``groups`` of ``forecasts`` each, 0…1.

    As if forecasts were independent. Hand-worked: one group of 100 has a standard error of 0.05, and half of all
    normal variables lie within 0.6745 standard errors.

    >>> round(furthest_by_chance(1, 100), 4)
    0.0337
    """
    return float(special.ndtri((1.0 + 0.5 ** (1.0 / groups)) / 2.0) * 0.5 / np.sqrt(forecasts))


def coverage_text(rows: Sequence[Row]) -> str:
    """For a terminal: all areas, of each grouping the group furthest from what it should be, and the city's total."""
    levels = "  ".join(f"{level:>6.0%}" for level in GROUP_LEVELS)
    head = f"{'horizon':>7}  {'furthest off':<32}  {levels}  {'off by':>6}  {'by chance':>9}  {'forecasts':>9}"
    note = (
        "Off by: percentage points, of the interval that is furthest off. By chance: among as many groups with\n"
        "perfect intervals, half of the time some group would be off by more."
    )
    lines = [_line(row) for row in furthest_groups(rows)]
    return "\n".join([f"How much the intervals of {rows[0]['model']} cover", head, "-" * len(head), *lines, note])


def _line(row: Row) -> str:
    name = f"{row['grouping']} {row['group']}".strip()
    shares = "  ".join(f"{100.0 * float(row[_column(level)] or 0.0):>5.1f}%" for level in GROUP_LEVELS)
    off, chance = (100.0 * float(row[column] or 0.0) for column in ("furthest", "by_chance"))
    return f"{row['horizon']:>7}  {name:<32}  {shares}  {off:>6.1f}  {chance:>9.1f}  {row['forecasts']:>9,}"


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
