"""Dates far from all others: a slip of the pen, or what a system writes for "unknown"."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from contracts.arrays import Booleans, Moments
from features.sources.source_counts import SetAside
from features.sources.table_files import SourceColumn

LoneDates = Literal["refuse", "set_aside"]
Days = npt.NDArray[np.int64]

LONGEST_SILENCE_DAYS = 366
"""A longer silence cuts the few rows beyond it off from the others."""
MOST_LONE_SHARE = 0.001
"""More rows than this share beyond a silence (but at least three may be) are a part of the file."""
FEWEST_OTHERS = 20
"""Without so many rows on the near side nothing says how often there should be one."""
EXPECTED_ROWS = 14.0
"""How many rows the silence would have at the others' rate: exp(−14) is less than one in a million."""


def lone_rows(
    column: SourceColumn, moment: Moments, timed: Booleans, rule: LoneDates
) -> tuple[Booleans, tuple[SetAside, ...]]:
    """The rows whose date is cut off from all others by a silence, and what is told of them.

    Raises ``BadInput`` that names the first, unless ``rule`` sets them aside.
    """
    lone = np.zeros(len(moment), dtype=bool)
    days = moment.astype("datetime64[D]").astype(np.int64)
    before, after = _whole_part(days[timed])
    lone[timed] = (days[timed] < before) | (days[timed] > after)
    number = int(lone.sum())
    if not number:
        return lone, ()
    row = int(np.flatnonzero(lone)[0])
    others = moment[timed & ~lone]
    span = f"{others.min().astype('datetime64[D]')} to {others.max().astype('datetime64[D]')}"
    if rule == "refuse":
        more = f", as {'is' if number == 2 else 'are'} {number - 1} more" if number > 1 else ""
        raise column.wrong(
            row,
            str(moment[row].astype("datetime64[D]")),
            f"is far from all other dates ({span}){more}",
            'Correct the row or leave its time blank, or set [ingest] lone_dates = "set_aside".',
        )
    return lone, (SetAside("date far from all others", f"row {column.row_of(row)} and the like", number, number),)


def _whole_part(days: Days) -> tuple[int, int]:
    """First and last day of what is left without the rows beyond a silence at either end."""
    unique, rows = np.unique(days, return_counts=True)
    limit = max(3, int(MOST_LONE_SHARE * len(days)))
    first, last = 0, len(unique) - 1
    for gap in np.flatnonzero(np.diff(unique) > LONGEST_SILENCE_DAYS).tolist():
        silence = int(unique[gap + 1] - unique[gap])
        if rows[: gap + 1].sum() <= limit and _expected(unique[gap + 1 :], rows[gap + 1 :], silence) > EXPECTED_ROWS:
            first = gap + 1
        elif rows[gap + 1 :].sum() <= limit and _expected(unique[: gap + 1], rows[: gap + 1], silence) > EXPECTED_ROWS:
            last = min(last, gap)
    return int(unique[first]), int(unique[last])


def _expected(unique: Days, rows: Days, silence: int) -> float:
    number = float(rows.sum())
    return number / float(unique[-1] - unique[0] + 1) * silence if number >= FEWEST_OTHERS else 0.0
