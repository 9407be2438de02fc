"""What two publications say of the areas and periods that both know: totals by offence, target, district and city."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from contracts import Settings
from contracts.arrays import Booleans, Floats, Ordinals
from features.store.publication_counts import RecordedCounts, target_offences

WEIGHTY_PART = 0.01
"""An offence carries weight in a target where it is at least this share of it."""


@dataclass(frozen=True)
class Series:
    """A target, or an offence with the ``targets`` in which it carries weight (a target: itself)."""

    name: str
    is_target: bool
    targets: tuple[str, ...]

    @property
    def title(self) -> str:
        """For instance: the offence 'robbery'."""
        return f"the {'target' if self.is_target else 'offence'} '{self.name}'"


@dataclass(frozen=True)
class Districts:
    """The district of each area, where it is known; empty where a geography has none."""

    of_area: Mapping[str, str]
    names: Mapping[str, str]

    @classmethod
    def none(cls) -> Districts:
        """No area lies in a district."""
        return cls({}, {})

    def indexed(self, areas: Sequence[str]) -> tuple[tuple[str, ...], Ordinals]:
        """The codes of the districts of these areas, and each area's position among them, −1 for none."""
        codes = tuple(sorted({self.of_area[area] for area in areas if area in self.of_area}))
        position = {code: index for index, code in enumerate(codes)}
        return codes, np.array([position.get(self.of_area.get(area, ""), -1) for area in areas], dtype=np.int64)


@dataclass(frozen=True)
class CommonTotals:
    """``ours`` and ``theirs`` have shape (series, districts and last the city, periods), crimes over the cells that
    both publications know; ``shared`` (areas, periods of ours) marks those cells."""

    series: tuple[Series, ...]
    districts: tuple[str, ...]
    periods: Ordinals
    ours: Floats
    theirs: Floats
    shared: Booleans


def common_totals(
    ours: RecordedCounts,
    theirs: RecordedCounts,
    wanted: Booleans,
    *,
    taxonomy: str,
    settings: Settings,
    districts: Districts,
) -> CommonTotals | None:
    """Totals over the cells of ours that are ``wanted`` (areas, periods of ours) and known to both; None for none.

    An offence that only one of the two carries is a zero in the other where a target that both carry sums it.
    """
    position = _positions(theirs.areas, ours.areas)
    shared = wanted & ours.known & _known_on(ours, theirs, position)
    if not shared.any():
        return None
    offences = tuple(dict.fromkeys((*ours.offences, *theirs.offences)))
    codes, of_area = districts.indexed(ours.areas)
    columns = np.flatnonzero(shared.any(axis=0))
    own = _by_district(ours, offences, np.arange(len(ours.areas)), 0, shared, of_area, len(codes))
    other = _by_district(theirs, offences, position, theirs.first - ours.first, shared, of_area, len(codes))
    carried = [target_offences(taxonomy, one.offences, settings) for one in (ours, theirs)]
    sums = {
        name: np.isin(offences, (*carried[0][name], *carried[1][name])) for name in carried[0] if name in carried[1]
    }
    series, weights = _series(offences, sums, own.sum(axis=(1, 2)) + other.sum(axis=(1, 2)))
    totals = [np.tensordot(weights, part[:, :, columns], axes=1) for part in (own, other)]
    return CommonTotals(series, codes, columns + ours.first, totals[0], totals[1], shared)


def _positions(areas: Sequence[str], among: Sequence[str]) -> Ordinals:
    position = {area: index for index, area in enumerate(among)}
    return np.array([position.get(area, -1) for area in areas], dtype=np.int64)


def _known_on(ours: RecordedCounts, theirs: RecordedCounts, position: Ordinals) -> Booleans:
    """What theirs knows, on the areas and periods of ours."""
    known = np.zeros_like(ours.known)
    first, last = max(ours.first, theirs.first), min(ours.last, theirs.last)
    if first <= last:
        here = slice(first - ours.first, last - ours.first + 1)
        there = slice(first - theirs.first, last - theirs.first + 1)
        found = position >= 0
        known[position[found], here] = theirs.known[found, there]
    return known


def _by_district(
    counts: RecordedCounts,
    offences: tuple[str, ...],
    position: Ordinals,
    shift: int,
    shared: Booleans,
    of_area: Ordinals,
    districts: int,
) -> Floats:
    """Shape (offences, districts and last the city, periods of ours)."""
    area, period = position[counts.area], counts.since + shift
    kept = (area >= 0) & (period >= 0) & (period < shared.shape[1])
    kept[kept] = shared[area[kept], period[kept]]
    offence = _positions(counts.offences, offences)[counts.offence[kept]]
    slots, periods = districts + 1, shared.shape[1]
    # An area without a district counts in the city alone: its slot is made the city's once the districts are added.
    slot = np.where(of_area < 0, districts, of_area)[area[kept]]
    key = (offence * slots + slot) * periods + period[kept]
    size = len(offences) * slots * periods
    dense: Floats = np.bincount(key, weights=counts.count[kept], minlength=size).astype(np.float64)
    totals = dense.reshape(len(offences), slots, periods)
    totals[:, -1] = totals.sum(axis=1)
    return totals


def _series(
    offences: tuple[str, ...], sums: Mapping[str, Booleans], crimes: Floats
) -> tuple[tuple[Series, ...], Floats]:
    """The targets and the weighty offences, and how each is summed from the offences, shape (series, offences)."""
    series = [Series(name, True, (name,)) for name in sums]
    weights = [summed.astype(np.float64) for summed in sums.values()]
    for index, offence in enumerate(offences):
        weighty = tuple(
            name
            for name, summed in sums.items()
            if summed[index] and crimes[index] > 0 and crimes[index] >= WEIGHTY_PART * crimes[summed].sum()
        )
        if weighty:
            series.append(Series(offence, False, weighty))
            weights.append(np.eye(len(offences))[index])
    return tuple(series), np.array(weights).reshape(len(series), len(offences))
