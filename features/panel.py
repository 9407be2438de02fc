"""The panel: counts as a dense array, as they were known on a date. A missing count is never a zero."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from contracts import BadInput, Frequency, MissingThing, Ordinals, Period

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Panel:
    """Counts of targets in areas over consecutive periods, as one as-of view knew them.

    ``counts`` has shape (targets, areas, periods), float64, crimes; NaN where the count was not known.
    ``settled`` has shape (targets, periods): True where the count comes from a publication later than ``as_of``,
    because none of the time is in the store. The arrays are read-only copies: they reach nothing beyond the view.
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

    def until(self, last: Period) -> Panel:
        """The panel without the periods after ``last``."""
        keep = last - self.first + 1
        if keep < 1:
            raise BadInput(f"The counts begin in {self.first}, after {last}.", remedy="Ask for a later period.")
        return Panel(
            as_of=self.as_of,
            geography=self.geography,
            frequency=self.frequency,
            targets=self.targets,
            areas=self.areas,
            first=self.first,
            counts=self.counts[:, :, :keep],
            settled=self.settled[:, :keep],
            publications=self.publications,
        )
