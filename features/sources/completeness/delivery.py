"""One part of a publication (a file, or a force's months) with what it claims to cover, and what is known after all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from contracts import BadInput, Frequency, IngestLimits
from contracts.arrays import Floats, Integers, Ordinals
from features.sources.completeness.chances import binomial_at_least, negative_binomial_none
from features.sources.source_counts import CodedCounts, Cover, SetAside

BY_CHANCE = 1e-3
"""A share of few crimes is beyond its limit where chance gives so many less often than this."""
NOT_THERE = ("unknown area", "outside of all areas")
"""Reasons of what lies where the geography has no area."""


@dataclass(frozen=True)
class Delivery:
    """What one part of a publication claims to cover, and what it holds.

    ``name`` is the file (and force) of messages, ``label`` stands before its periods where there are several parts.
    ``counts`` (by wording, ``offence_of`` says of which offence) lie in the areas and periods of ``cover``; ``claims``
    are the areas that the source stands for, those of the cover if None. ``lost`` holds, by reason, crimes by position
    in the cover's periods that could be counted in no area; ``silent_days`` the share of each period's days on which
    nothing was delivered, where days are known; areas that were ``drawn`` around incidents may well be empty.
    """

    name: str
    source: str
    frequency: Frequency
    limits: IngestLimits
    cover: Cover
    counts: CodedCounts
    offence_of: Mapping[str, str]
    claims: tuple[str, ...] | None = None
    lost: Mapping[str, Integers] = field(default_factory=dict)
    silent_days: Floats | None = None
    silence_is_zero: bool = False
    drawn: bool = False
    label: str = ""

    @property
    def periods(self) -> Ordinals:
        """Ordinals of the periods that it claims, in order."""
        return np.array(self.cover.periods, dtype=np.int64)


@dataclass(frozen=True)
class Judged:
    """What is known after all: ``covers`` share no area and no two have the same periods."""

    covers: tuple[Cover, ...]
    counts: CodedCounts
    set_aside: tuple[SetAside, ...]
    notes: tuple[str, ...]

    @property
    def periods(self) -> Ordinals:
        """Ordinals of the periods that are known somewhere."""
        return np.array(sorted({period for cover in self.covers for period in cover.periods}), dtype=np.int64)


def joined(parts: Sequence[Judged]) -> Judged:
    """The parts of one publication together; crimes that two of them count in one area add up."""
    first = parts[0]
    if len(parts) == 1:
        return first
    columns = {
        name: np.concatenate([getattr(part.counts, name) for part in parts])
        for name in ("area", "offence", "period", "count")
    }
    counts = CodedCounts.summed(areas=first.counts.areas, offences=first.counts.offences, **columns)
    return replace(
        first,
        covers=tuple(cover for part in parts for cover in part.covers),
        counts=counts,
        set_aside=tuple(one for part in parts for one in part.set_aside),
        notes=tuple(note for part in parts for note in part.notes),
    )


def refuse_unknown_areas(delivery: Delivery) -> None:
    """Of one part, beyond the share and beyond chance: the file's own total may hide it."""
    unknown = sum(int(delivery.lost[reason].sum()) for reason in NOT_THERE if reason in delivery.lost)
    total = int(delivery.counts.count.sum()) + sum(int(crimes.sum()) for crimes in delivery.lost.values())
    limit = delivery.limits.unknown_area_share
    if unknown > limit * total and binomial_at_least(unknown, total, limit) < BY_CHANCE:
        raise BadInput(
            f"{delivery.name}: {unknown:,} of {total:,} crimes ({unknown / total:.1%}) are in areas that the geography "
            f"does not have; at most {limit:.0%} may be set aside.",
            remedy=f"Use the geography of the file's year, or raise unknown_area_share under "
            f"[ingest.sources.{delivery.source}].",
        )


def refuse_absent_areas(delivery: Delivery) -> None:
    """More areas lack than the limit, and than areas as different as these would leave empty by chance."""
    claims = delivery.claims or delivery.cover.areas
    place = {code: position for position, code in enumerate(delivery.counts.areas)}
    totals = np.bincount(delivery.counts.area, weights=delivery.counts.count, minlength=len(delivery.counts.areas))
    crimes = totals[[place[code] for code in claims]]
    standing = len(delivery.cover.areas) if delivery.claims else int((crimes > 0).sum())
    absent, limit = len(claims) - standing, delivery.limits.absent_area_share
    if absent <= limit * len(claims) or delivery.drawn:
        return
    mean, variance = float(crimes.mean()), float(crimes.var())
    phi = max((variance - mean) / mean**2, 1e-9) if mean > 0 else 1.0
    empty_by_chance = float(negative_binomial_none(mean, phi))
    if binomial_at_least(absent, len(claims), empty_by_chance) < delivery.limits.implausible_below:
        raise BadInput(
            f"{delivery.name} has {standing} areas and lacks {absent / len(claims):.0%} of the {len(claims)} areas "
            "that it should cover: it may be cut short.",
            remedy="Download it again; if it is whole, raise absent_area_share under "
            f"[ingest.sources.{delivery.source}].",
        )
