"""The panel: counts as a dense array, as they were known on a date. A missing count is never a zero."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import numpy.typing as npt

from contracts import BadInput, Frequency, MissingThing, Period, periods_per_year
from contracts.arrays import Floats, Ordinals
from features.geographies.points import Points


@dataclass(frozen=True)
class Panel:
    """Counts of targets in areas over consecutive periods, as one as-of view knew them.

    ``counts`` has shape (targets, areas, periods), float64, crimes; NaN where the count was not known.
    ``settled`` has shape (targets, periods): True where the count comes from a publication later than ``as_of``,
    because none of the time is in the store. The arrays are read-only copies: they reach nothing beyond the view.
    ``points`` are the incidents that the counts count, where publications hold them: never one after the last period.
    """

    as_of: date
    geography: str
    frequency: Frequency
    targets: tuple[str, ...]
    areas: tuple[str, ...]
    first: Period
    counts: Floats
    settled: npt.NDArray[np.bool_]
    publications: tuple[str, ...]
    points: Points | None = None

    def __post_init__(self) -> None:
        shape = (len(self.targets), len(self.areas))
        if self.counts.shape[:2] != shape or self.settled.shape != (shape[0], self.counts.shape[2]):
            raise ValueError(f"counts {self.counts.shape} and settled {self.settled.shape} do not fit {shape}")
        for name in ("counts", "settled"):
            own = np.array(getattr(self, name), copy=True)
            own.setflags(write=False)
            object.__setattr__(self, name, own)

    @property
    def periods(self) -> Ordinals:
        """Ordinals of the periods, shape (periods,)."""
        return self.first.ordinal + np.arange(self.counts.shape[2], dtype=np.int64)

    @property
    def last(self) -> Period:
        """The last period of the panel."""
        return self.first.shift(self.counts.shape[2] - 1)

    def target_index(self, target: str) -> int:
        """Position of a target; raises ``MissingThing``."""
        if target not in self.targets:
            raise MissingThing(f"The panel has no target '{target}'.", remedy=f"It has {', '.join(self.targets)}.")
        return self.targets.index(target)

    def of(self, target: str) -> Floats:
        """Counts of one target, shape (areas, periods), read-only."""
        return np.asarray(self.counts[self.target_index(target)])

    def last_known(self, target: str) -> Period:
        """The last period in which the target is known in at least one area; raises ``BadInput`` if none is."""
        known = np.flatnonzero(~np.isnan(self.of(target)).all(axis=0))
        if known.size == 0:
            raise BadInput(
                f"No count of '{target}' was known on {self.as_of}.",
                remedy="Ingest a publication that carries it, or ask for a later date.",
            )
        return self.first.shift(int(known[-1]))

    def for_target(self, target: str) -> Panel:
        """The panel a forecaster of ``target`` works on.

        Its periods run from the target's first known one to its last; its areas are those with a known count of
        the target in the last year.
        """
        counts = self.of(target)
        known = ~np.isnan(counts)
        last = self.last_known(target)
        stop = last - self.first + 1
        start = int(np.flatnonzero(known.any(axis=0))[0])
        recent = np.asarray(known[:, max(start, stop - periods_per_year(self.frequency)) : stop].any(axis=1))
        return replace(
            self,
            areas=tuple(area for area, kept in zip(self.areas, recent, strict=True) if kept),
            first=self.first.shift(start),
            counts=self.counts[:, recent, start:stop],
            settled=self.settled[:, start:stop],
            points=self._points_of(np.flatnonzero(recent), last),
        )

    def only(self, areas: Sequence[str]) -> Panel:
        """The panel of those areas, in that order; raises ``MissingThing`` for one that it does not have."""
        position = {area: index for index, area in enumerate(self.areas)}
        unknown = [area for area in areas if area not in position]
        if unknown:
            raise MissingThing(
                f"No counts of the area {unknown[0]} are in the store.", remedy="Use an area of the geography."
            )
        chosen = [position[area] for area in areas]
        points = self._points_of(np.array(chosen, dtype=np.int64), self.last)
        return replace(self, areas=tuple(areas), counts=self.counts[:, chosen], points=points)

    def until(self, last: Period) -> Panel:
        """The panel without the periods after ``last``."""
        keep = last - self.first + 1
        if keep < 1:
            raise BadInput(f"The counts begin in {self.first}, after {last}.", remedy="Ask for a later period.")
        return replace(
            self,
            counts=self.counts[:, :, :keep],
            settled=self.settled[:, :keep],
            points=self._points_of(np.arange(len(self.areas)), last),
        )

    def _points_of(self, areas: Ordinals, last: Period) -> Points | None:
        """The points in ``areas`` (positions, which are numbered anew in that order) to the end of ``last``."""
        if self.points is None:
            return None
        position = np.full(len(self.areas), -1, dtype=np.int64)
        position[areas] = np.arange(len(areas))
        return self.points.in_areas(position).until(last.end)
