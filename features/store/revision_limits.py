"""How far a period's total may be revised between two publications: learned from the revisions that a store holds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from contracts import Frequency
from contracts.arrays import Floats, Ordinals
from features.store.common_totals import Series

FLOOR = 0.03
"""No limit is lower, however little was revised so far."""
WIDENED = 2.0
"""A period may be revised by so many times the most that was seen at its age."""
FEWEST_SEEN = 3
"""So many periods of an age must have been seen revised before a limit is learned for it."""
SUBSTANTIAL = 30.0
"""Totals under so many crimes teach nothing: a crime or two is a large share of them."""
LATE_RISES = {
    Frequency.MONTH: ((2, 2.0),),
    Frequency.WEEK: ((8, 2.0), (2, 5.0)),
    Frequency.DAY: ((56, 2.0), (14, 5.0)),
    Frequency.SHIFT: ((168, 2.0), (42, 5.0)),
}
"""So many of the newest periods of a publication, in which crimes that are recorded late are still to come, may rise by
so many times the share that any other period may move: two months, and closer to the end two weeks."""


@dataclass(frozen=True)
class Revised:
    """One comparison of two publications: the city's totals of ``series``, shape (series, periods), as the ``older``
    and the ``newer`` gave them; ``age`` is how many periods a period lay before the older one's last."""

    series: tuple[Series, ...]
    older: Floats
    newer: Floats
    age: Ordinals
    days_between: int


class RevisionLimits:
    """The share by which a period may rise and fall, by series and age, between ``FLOOR`` and ``most``.

    The age counts in bands (0, 1, 2 to 3, 4 to 7, …). The limit of a band is ``WIDENED`` times the most that the
    series was seen to move there or at a greater age, between publications at least half as far apart; until
    ``FEWEST_SEEN`` periods were seen it is ``most``. The newest periods may rise more, as crimes are recorded late;
    they do not fall so.
    """

    def __init__(self, seen: Iterable[Revised], most: float, frequency: Frequency) -> None:
        self._most = most
        self._frequency = frequency
        self._seen: dict[tuple[str, bool], list[tuple[int, Ordinals, Floats]]] = {}
        for one in seen:
            for index, series in enumerate(one.series):
                enough = one.older[index] >= SUBSTANTIAL
                moved = one.newer[index, enough] / one.older[index, enough] - 1.0
                entry = (one.days_between, _bands(one.age[enough]), moved)
                self._seen.setdefault((series.name, series.is_target), []).append(entry)

    def most(self, age: Ordinals) -> tuple[Floats, Floats]:
        """The limits where nothing was learned: how far a period may rise, and fall; shape (periods,)."""
        rise = np.full(len(age), self._most)
        for periods, times in LATE_RISES[self._frequency]:
            rise[age < periods] = times * self._most
        return rise, np.full(len(age), self._most)

    def of(self, series: Series, age: Ordinals, days_between: int) -> tuple[Floats, Floats]:
        """How far each period may rise, and fall, as shares of the older total; shape (periods,)."""
        rise, fall = self.most(age)
        known = [part for part in self._seen.get((series.name, series.is_target), ()) if 2 * part[0] >= days_between]
        if not known:
            return rise, fall
        bands = np.concatenate([part[1] for part in known])
        moved = np.concatenate([part[2] for part in known])
        ours = _bands(age)
        for band in np.unique(ours):
            if (bands == band).sum() < FEWEST_SEEN:
                continue
            seen, here = moved[bands >= band], ours == band
            floor = min(FLOOR, self._most)
            rise[here] = np.minimum(rise[here], max(WIDENED * float(seen.max()), floor))
            fall[here] = np.minimum(fall[here], max(-WIDENED * float(seen.min()), floor))
        return rise, fall


def _bands(age: Ordinals) -> Ordinals:
    bands: Ordinals = np.floor(np.log2(np.maximum(age, 0) + 1)).astype(np.int64)
    return bands
