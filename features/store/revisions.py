"""How much each period was revised between two publications that both know it."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from contracts import Period, Settings
from contracts.arrays import Booleans, Floats, Ordinals
from features.store.publication_counts import TargetCounts, load_target_counts
from features.store.publication_record import Publication
from features.store.publications import PublicationStore


@dataclass(frozen=True)
class Overlap:
    """What two publications both know: targets, areas and periods; counts 0 where not ``both`` (areas, periods).

    ``older`` and ``newer`` have shape (targets, areas, periods), crimes.
    """

    targets: tuple[str, ...]
    periods: Ordinals
    older: Floats
    newer: Floats
    both: Booleans


def overlap_of(older: TargetCounts, newer: TargetCounts) -> Overlap | None:
    """The common part of two publications, or None where there is none."""
    targets = tuple(name for name in older.targets if name in newer.targets)
    areas = sorted(set(older.areas) & set(newer.areas))
    first, last = max(older.first, newer.first), min(older.last, newer.last)
    if not areas or last < first:
        return None
    known_before, before = _part(older, targets, areas, first, last)
    known_after, after = _part(newer, targets, areas, first, last)
    both = known_before & known_after
    if not both.any():
        return None
    return Overlap(targets, np.arange(first, last + 1), before * both, after * both, both)


def _part(
    counts: TargetCounts, targets: Sequence[str], areas: Sequence[str], first: int, last: int
) -> tuple[Booleans, Floats]:
    rows = np.searchsorted(np.asarray(counts.areas), np.asarray(areas))
    kept = np.array([counts.targets.index(name) for name in targets], dtype=np.int64)
    span = slice(first - counts.first, last - counts.first + 1)
    return counts.known[rows][:, span], counts.counts[kept][:, rows][:, :, span]


@dataclass(frozen=True)
class Revision:
    """One period of one target, in two publications that follow each other.

    ``share_of_areas`` is the share of areas whose count changed; ``city_change`` the change of the city's total as a
    share of the older one (None where that was zero).
    """

    older: str
    newer: str
    target: str
    period: str
    share_of_areas: float
    city_change: float | None


def revisions(store: PublicationStore, settings: Settings) -> tuple[Revision, ...]:
    """Every revision between publications of one family that follow each other by date, period by period."""
    found: list[Revision] = []
    by_family = sorted(store.list(), key=lambda publication: publication.family)
    for _, group in itertools.groupby(by_family, key=lambda publication: publication.family):
        members = sorted(group, key=lambda publication: publication.published_on)
        loaded = [load_target_counts(publication, settings) for publication in members]
        for newer in range(1, len(members)):
            for older in reversed(range(newer)):
                common = overlap_of(loaded[older], loaded[newer])
                if common is not None:
                    found.extend(_revised(members[older], members[newer], common))
                    break
    return tuple(found)


def _revised(older: Publication, newer: Publication, common: Overlap) -> list[Revision]:
    rows = []
    for index, target in enumerate(common.targets):
        for column, ordinal in enumerate(common.periods.tolist()):
            known = common.both[:, column]
            if not known.any():
                continue
            before, after = common.older[index, known, column], common.newer[index, known, column]
            total = float(before.sum())
            rows.append(
                Revision(
                    older=older.id,
                    newer=newer.id,
                    target=target,
                    period=str(Period(older.provenance.frequency, ordinal)),
                    share_of_areas=float((before != after).mean()),
                    city_change=float(after.sum()) / total - 1.0 if total else None,
                )
            )
    return rows
