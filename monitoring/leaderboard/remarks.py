"""What a leaderboard remarks on: rows far worse than the simple count, and figures that are no number."""

from __future__ import annotations

import math
from collections.abc import Mapping

Value = str | int | float | None

FAR_WORSE = 2.0
"""A deviance of more than so many times the simple count's is remarked on."""
JUDGED = {"mean_poisson_deviance": "deviance", "crps": "CRPS", "log_score": "log score", "mae": "mean absolute error"}
"""Scores that a forecast may break, by their name in words."""


def finite(row: Mapping[str, Value]) -> dict[str, Value]:
    """The row with every figure that is no finite number as None: JSON and tables have no other way to hold it.

    >>> finite({"model": "m", "crps": math.inf, "mae": 1.5})
    {'model': 'm', 'crps': None, 'mae': 1.5}
    """
    return {
        name: None if isinstance(value, float) and not math.isfinite(value) else value for name, value in row.items()
    }


def remark_on(row: Mapping[str, Value], baseline: str) -> str | None:
    """A sentence on a row, with its figures as they were computed; None where there is nothing to remark on.

    >>> remark_on({"mean_poisson_deviance": 44.0, "vs_ewma": 44.0}, "ewma")
    '44 times the deviance of ewma: worse than counting, and no use.'
    >>> remark_on({"mean_poisson_deviance": 0.9, "log_score": -math.inf, "vs_ewma": 0.9}, "ewma")
    'No finite log score: it held something impossible that happened.'
    >>> remark_on({"mean_poisson_deviance": 1.1, "vs_ewma": 1.1}, "ewma") is None
    True
    """
    broken = [words for name, words in JUDGED.items() if isinstance(row.get(name), float) and not _is_finite(row[name])]
    if broken:
        return f"No finite {' and '.join(broken)}: it held something impossible that happened."
    ratio = row.get("vs_ewma")
    if not isinstance(ratio, float) or ratio <= FAR_WORSE:
        return None
    return f"{ratio:.{0 if ratio >= 10 else 1}f} times the deviance of {baseline}: worse than counting, and no use."


def _is_finite(value: Value) -> bool:
    return isinstance(value, (int, float)) and math.isfinite(value)
