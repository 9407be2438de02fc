"""What a map can show of areas: each view's value, unit and seven fixed steps, the same for all periods of a target."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Json = dict[str, Any]
STEPS = 7
_SHARES = (0.2, 0.4, 0.6, 0.75, 0.9, 0.97)
"""Shares of all areas and periods of a target that lie below the ends of the first six steps."""


@dataclass(frozen=True)
class View:
    """One way to look at the areas. ``ends`` are fixed ends of the first six steps; None takes them from the values."""

    name: str
    title: str
    unit: str
    value: Callable[[Json], float | None]
    ends: tuple[float, ...] | None = None
    decimals: int | None = None
    is_share: bool = False


def _change(row: Json) -> float | None:
    return row["mean"] / row["a_year_before"] - 1.0 if row["a_year_before"] else None


VIEWS: Mapping[str, View] = {
    view.name: view
    for view in (
        View("expected", "Expected", "expected crimes", lambda row: row["mean"]),
        View("residents", "Per 1,000 residents", "crimes per 1,000 residents", lambda row: row["per_1000_residents"]),
        View("km2", "Per km²", "crimes per km²", lambda row: row["per_km2"]),
        View("harm", "Harm", "expected harm", lambda row: None if row["harm"] is None else row["harm"]["mean"]),
        View(
            "sure",
            "How sure",
            "chance to be among the highest",
            lambda row: row["p_highest"],
            ends=(0.02, 0.1, 0.3, 0.5, 0.7, 0.9),
            is_share=True,
        ),
        View(
            "change",
            "Change on last year",
            "expected, against the same period a year before",
            _change,
            ends=(-0.3, -0.15, -0.05, 0.05, 0.15, 0.3),
            is_share=True,
        ),
    )
}


@dataclass(frozen=True)
class Scale:
    """The ends of the first six steps of a view in one target; a step holds what is below its end."""

    view: View
    ends: tuple[float, ...]

    def step(self, value: float | None) -> int | None:
        """The step of a value, from 0; None where it is not known."""
        return None if value is None else int(np.searchsorted(self.ends, value, side="right"))


def scales_of(periods: Iterable[Iterable[Json]]) -> Mapping[str, Scale]:
    """The scale of each view of which some value is known, from the rows of areas of all periods of a target."""
    rows = [row for period in periods for row in period]
    scales = {}
    for view in VIEWS.values():
        known = [value for row in rows if (value := view.value(row)) is not None]
        if known:
            scales[view.name] = scale_of(view, known)
    return scales


def scale_of(view: View, known: Sequence[float]) -> Scale:
    """The scale of a view by the values that are known, of which there is one at least."""
    return Scale(view, view.ends or _ends(known))


def _ends(values: Sequence[float]) -> tuple[float, ...]:
    """Six rising numbers with as few digits as keep them apart.

    >>> _ends([float(number) for number in range(1, 101)])
    (21.0, 41.0, 60.0, 75.0, 90.0, 97.0)
    """
    ends = np.quantile(np.asarray(values, dtype=np.float64), _SHARES)
    for digits in (2, 3, 4, 6):
        rounded = [float(f"{end:.{digits}g}") for end in ends]
        if len(set(rounded)) == len(rounded):
            return tuple(rounded)
    return tuple(float(end) for end in np.unique(ends))
