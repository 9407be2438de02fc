"""The as-of door: the only way from the store to counts.

A view holds what was known on a day. Counts are revised, so each one belongs to a publication:

- ``as-of``: the newest publication of that day or before which knows the area and period. Where none does but the
  period was over for long enough to be known (``publication_lag_days``), the count of the *earliest later*
  publication is used and marked settled: of the counts that came later it has been revised for the shortest time,
  so it is nearest to the one that was known and has since been replaced on the source's site. A back-file of years
  later is used only where nothing nearer exists.
- ``settled``: the newest publication of all, for the same periods; a count that comes from after the day is marked.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from functools import partial

import numpy as np
import numpy.typing as npt

from contracts import BadInput, Frequency, MissingThing, Period, Settings, Workspace, ordinals_of
from contracts.arrays import Booleans, Floats
from features.geographies.folder import stored_names
from features.geographies.geography import geography_record
from features.geographies.points import Points, points_in_order
from features.sources.incident_points import read_points
from features.sources.source_counts import Provenance
from features.store import Publication, PublicationStore, TargetCounts, load_target_counts, target_offences
from features.views.panel import Panel


class ViewMode(StrEnum):
    """Which counts a view shows where several publications know a period."""

    AS_OF = "as-of"
    SETTLED = "settled"


@dataclass(frozen=True)
class _Layer:
    """One publication's counts over all of the door's areas: shape (its targets, areas, its periods), NaN elsewhere."""

    publication: Publication
    targets: tuple[int, ...]
    first: int
    counts: Floats
    known: Booleans
    points: Points | None

    @classmethod
    def of(
        cls,
        publication: Publication,
        loaded: TargetCounts,
        targets: Sequence[str],
        areas: Sequence[str],
        points: Points | None,
    ) -> _Layer:
        where = {area: position for position, area in enumerate(areas)}
        members = np.array([where[area] for area in loaded.areas], dtype=np.int64)
        known = np.zeros((len(areas), loaded.known.shape[1]), dtype=bool)
        known[members] = loaded.known
        counts = np.full((len(loaded.targets), *known.shape), np.nan)
        counts[:, members] = loaded.counts
        counts[:, ~known] = np.nan
        return cls(
            publication=publication,
            targets=tuple(targets.index(name) for name in loaded.targets),
            first=loaded.first,
            counts=counts,
            known=known,
            points=points,
        )

    @property
    def last(self) -> int:
        return self.first + int(self.known.shape[1]) - 1


class AsOfDoor:
    """Views of one geography and frequency. The store is read once, when the door is made.

    ``targets`` are those of the settings that some publication carries; ``areas`` those that some publication covers,
    by code. Views hold the incidents themselves only ``with_points``, which takes time where there are many. Raises
    ``MissingThing`` where no publication fits, ``BadInput`` where two sources would be mixed.
    """

    def __init__(
        self,
        store: PublicationStore,
        settings: Settings,
        *,
        geography: str,
        frequency: Frequency,
        source: str | None = None,
        with_points: bool = False,
    ) -> None:
        self.geography = geography
        self.frequency = frequency
        self._lag = timedelta(days=settings.publication_lag_days)
        chosen = _chosen(store, geography, frequency, source)
        loaded = [load_target_counts(publication, settings) for publication in chosen]
        _refuse_mixed_sources(chosen, loaded)
        self.areas = tuple(sorted({area for part in loaded for area in part.areas}))
        self.targets = tuple(name for name in settings.targets if any(name in part.targets for part in loaded))
        if not self.targets:
            raise MissingThing(
                f"No publication by {geography} and {frequency} carries a target of wardcast.toml.",
                remedy="Add targets of its offences under [targets].",
            )
        self.publications = chosen
        points_of = partial(_points_of, self.targets, self.areas, settings)
        self._layers = tuple(
            _Layer.of(publication, part, self.targets, self.areas, points_of(publication) if with_points else None)
            for publication, part in zip(chosen, loaded, strict=True)
        )
        self._first = min(layer.first for layer in self._layers)
        self._last = max(layer.last for layer in self._layers)

    def view(self, as_of: date, mode: ViewMode = ViewMode.AS_OF) -> Panel:
        """What was known on ``as_of``, from the first period in the store to the last one known for any target.

        Raises ``BadInput`` where nothing was known.
        """
        known_then = sum(layer.publication.published_on <= as_of for layer in self._layers)
        knowable = Period.containing(as_of - self._lag, self.frequency).ordinal - 1
        last = max([knowable, *(layer.last for layer in self._layers[:known_then])])
        canvas = self._canvas(as_of, last)
        if mode is ViewMode.AS_OF:
            for index in reversed(range(known_then, len(self._layers))):
                canvas.lay(self._layers[index], index, until=knowable)
        for index in range(known_then):
            canvas.lay(self._layers[index], index, until=last)
        if mode is ViewMode.SETTLED:
            for index in range(known_then, len(self._layers)):
                canvas.lay(self._layers[index], index, until=knowable, or_over_known=True)
        return self._panel(as_of, canvas, known_then)

    def outcomes(self) -> Panel:
        """The newest counts of everything, for the judge only: no forecast may see it."""
        newest = max(layer.publication.published_on for layer in self._layers)
        canvas = self._canvas(newest, self._last)
        for index, layer in enumerate(self._layers):
            canvas.lay(layer, index, until=self._last)
        return self._panel(newest, canvas, len(self._layers))

    def newest_counts_published_on(self, today: date) -> date:
        """The day on which the newest counts known ``today`` were published; raises ``BadInput`` if there are none."""
        published = [found for found in self.publications if found.published_on <= today]
        if not published:
            raise BadInput(
                f"No publication is of {today} or before.", remedy="Correct the dates given to wardcast ingest."
            )
        return max(published, key=lambda found: (found.last, found.published_on)).published_on

    def _canvas(self, as_of: date, last: int) -> _Canvas:
        periods = min(last, self._last) - self._first + 1
        if periods < 1:
            raise self._nothing_known(as_of)
        return _Canvas((len(self.targets), len(self.areas), periods), self._first)

    def _nothing_known(self, as_of: date) -> BadInput:
        return BadInput(
            f"Nothing was known on {as_of}: the counts begin in {Period(self.frequency, self._first)}.",
            remedy="Ask for a later date.",
        )

    def _panel(self, as_of: date, canvas: _Canvas, known_then: int) -> Panel:
        filled = np.flatnonzero((canvas.origin >= 0).any(axis=(0, 1)))
        if filled.size == 0:
            raise self._nothing_known(as_of)
        keep = slice(int(filled[0]), int(filled[-1]) + 1)
        used = np.flatnonzero(np.bincount(canvas.origin.ravel() + 1, minlength=len(self._layers) + 1)[1:])
        return Panel(
            as_of=as_of,
            geography=self.geography,
            frequency=self.frequency,
            targets=self.targets,
            areas=self.areas,
            first=Period(self.frequency, self._first + int(filled[0])),
            counts=canvas.counts[:, :, keep],
            settled=np.asarray((canvas.origin[:, :, keep] >= known_then).any(axis=1)),
            publications=tuple(self._layers[index].publication.id for index in used),
            points=self._points(canvas, used.tolist()),
        )

    def _points(self, canvas: _Canvas, used: Sequence[int]) -> Points | None:
        """The incidents behind the counts of a canvas; None where some publication in it holds counts only."""
        parts = []
        for index in used:
            points = self._layers[index].points
            if points is None:
                return None
            since = ordinals_of(points.moment, self.frequency) - self._first
            inside = (since >= 0) & (since < canvas.origin.shape[2])
            points, since = points.where(inside), since[inside]
            counted = points.in_target & (canvas.origin[:, points.area, since] == index)
            parts.append(replace(points, in_target=counted).where(counted.any(axis=0)))
        return points_in_order(parts, len(self.targets))


class _Canvas:
    """An empty panel on which publications are laid; what is laid last stands.

    ``origin`` holds, per target, area and period, the number of the layer that stands there, −1 for none.
    """

    def __init__(self, shape: tuple[int, int, int], first: int) -> None:
        self.counts: Floats = np.full(shape, np.nan)
        self.origin: npt.NDArray[np.int16] = np.full(shape, -1, dtype=np.int16)
        self._first = first

    def lay(self, layer: _Layer, index: int, *, until: int, or_over_known: bool = False) -> None:
        """Put a layer's counts over what is there, to the period ``until``; after it nowhere, or only over a count."""
        start = layer.first - self._first
        stop = min(layer.last, self._first + self.counts.shape[2] - 1) - self._first + 1
        if stop <= start:
            return
        known = layer.known[:, : stop - start]
        in_time = (np.arange(start, stop) + self._first) <= until
        for position, target in enumerate(layer.targets):
            origin = self.origin[target, :, start:stop]
            show = known & (in_time | (origin >= 0) if or_over_known else in_time)
            np.copyto(self.counts[target, :, start:stop], layer.counts[position, :, : stop - start], where=show)
            np.copyto(origin, np.int16(index), where=show)


def _points_of(
    targets: Sequence[str], areas: Sequence[str], settings: Settings, publication: Publication
) -> Points | None:
    """The incidents of one publication, by the door's targets and areas."""
    where = {area: position for position, area in enumerate(areas)}
    stored = read_points(publication.folder)
    if stored is None:
        return None
    carried = target_offences(publication.provenance.taxonomy, publication.offences, settings)
    counted = np.array([[offence in carried.get(name, ()) for offence in stored.offences] for name in targets])
    area = np.array([where[area] for area in stored.areas], dtype=np.int64)
    return Points(
        stored.moment, stored.longitude, stored.latitude, area[stored.area], counted[:, stored.offence].astype(bool)
    )


def load_door(
    workspace: Workspace,
    geography: str | None = None,
    frequency: Frequency | None = None,
    source: str | None = None,
    *,
    with_points: bool = False,
) -> AsOfDoor:
    """The door of a workspace, by default for the geography, frequency and source of its settings.

    Raises ``MissingThing`` for a geography or publications that are not there.
    """
    settings = workspace.settings
    store, name = PublicationStore(workspace.publications), geography or settings.geography
    if stored_names(workspace) and all(known.provenance.geography != name for known in store.list()):
        geography_record(workspace, name)
    return AsOfDoor(
        store,
        settings,
        geography=name,
        frequency=frequency or settings.frequency,
        source=source or settings.source or None,
        with_points=with_points,
    )


def _chosen(
    store: PublicationStore, geography: str, frequency: Frequency, source: str | None
) -> tuple[Publication, ...]:
    everything = store.list()
    chosen = tuple(
        publication
        for publication in everything
        if publication.provenance.geography == geography
        and publication.provenance.frequency is frequency
        and source in (None, publication.provenance.source)
    )
    if not chosen:
        raise MissingThing(
            f"The store has no publication by {geography} and {frequency}{f' of {source}' if source else ''}"
            f"{_what_there_is(everything)}.",
            remedy="Ingest one with: wardcast ingest",
        )
    return chosen


def _what_there_is(everything: Iterable[Publication]) -> str:
    kinds = sorted({f"{found.provenance.geography} by {found.provenance.frequency}" for found in everything})
    return f" (it has {', '.join(kinds)})" if kinds else ""


def _refuse_mixed_sources(publications: Sequence[Publication], loaded: Sequence[TargetCounts]) -> None:
    """One target may come from one taxonomy only: two count different things under one name."""
    origin_of: dict[str, Provenance] = {}
    for publication, part in zip(publications, loaded, strict=True):
        ours = publication.provenance
        for target in part.targets:
            theirs = origin_of.setdefault(target, ours)
            if ours.taxonomy != theirs.taxonomy:
                raise BadInput(
                    f"The target '{target}' is published by two sources for {ours.geography}: {theirs.source} and "
                    f"{ours.source}, whose categories differ.",
                    remedy=f'Choose one: source = "{theirs.source}" or "{ours.source}" in wardcast.toml, or --source.',
                )
