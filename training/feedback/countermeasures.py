"""What can be done so that a forecast does not feed on itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from contracts.arrays import Floats

_PRIOR_INCIDENTS = 5.0
"""Discoveries that are taken to have been seen with no uplift, before exploration has seen any."""


@dataclass(frozen=True)
class Countermeasures:
    """Which are in force. ``exploration`` is the share of the patrols that goes to areas drawn by lot."""

    victim_reported_only: bool = False
    """The target leaves out incidents that are recorded as officer-generated."""
    down_weighting: bool = False
    """A discovery in a patrolled area counts 1 / (1 + the uplift as exploration shows it)."""
    exploration: float = 0.0


def patrols(ranks: Floats, week: int, lot: Floats, exploration: float) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Presence (areas,) of a week, and which areas were drawn by lot.

    ``ranks`` (areas,) is the rank of each area by forecast (0 the highest) where it is flagged, and -1 elsewhere;
    ``lot`` (areas,) uniform numbers. Areas drawn by lot take the place of the lowest flagged ones; fractions of a
    patrol add up over the weeks.
    """
    flagged = int((ranks >= 0).sum())
    by_lot = int(np.floor((week + 1) * flagged * exploration + 1e-9) - np.floor(week * flagged * exploration + 1e-9))
    presence = (ranks >= 0) & (ranks < flagged - by_lot)
    drawn = np.zeros(len(ranks), dtype=np.bool_)
    others = np.flatnonzero(ranks < 0)
    drawn[others[np.argsort(lot[others], kind="stable")[:by_lot]]] = True
    return (presence | drawn).astype(np.float64), drawn


def estimated_uplift(discovered: Floats, presence: Floats, drawn: npt.NDArray[np.bool_]) -> float:
    """How much more is discovered where a patrol is: what areas drawn by lot show, against those that were not drawn.

    Arrays are (areas, weeks) of the deployment so far. Both kinds of areas are ones that the forecast did not flag, and
    the lot decides between them, so that nothing but the patrol sets them apart. Never negative.

    Hand-worked: each week one of three unpatrolled areas is drawn; the drawn found 20 in all, the others 10 each.

    >>> found = np.array([[20.0], [10.0], [10.0], [50.0]])
    >>> drawn = np.array([[True], [False], [False], [False]])
    >>> estimated_uplift(found, np.array([[1.0], [0.0], [0.0], [1.0]]), drawn).__round__(3)
    0.667
    """
    unpatrolled = presence == 0
    count = np.maximum(unpatrolled.sum(axis=0), 1)
    usual = (discovered * unpatrolled).sum(axis=0) / count
    seen, expected = (discovered * drawn).sum(), (usual * drawn.sum(axis=0)).sum()
    return max(float((seen + _PRIOR_INCIDENTS) / (expected + _PRIOR_INCIDENTS)) - 1.0, 0.0)
