"""Whether a new publication still means what the earlier ones meant: told in notes, or the ingest stops."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from contracts import BadInput, Period, Settings
from contracts.targets import ALL_OFFENCES
from features.publication_counts import lacking_offences, load_target_counts, target_counts_of, target_offences
from features.publication_record import Publication
from features.publications import PublicationStore
from features.revisions import Overlap, overlap_of
from features.sources.source_counts import SourceCounts, Wording

CHANCE_DEVIATIONS = 4.0
"""A difference of two totals under so many Poisson standard deviations is left to chance."""
WEIGHTY_SHARE = 0.1
"""An offence that ends or begins matters to a target where it was at least this share of the target."""
WINDOW = 12
"""Periods before and after a break that are compared."""
SUBSTANTIAL_MEAN = 30.0
"""A wording that ends or begins inside a publication is told where it has this many crimes a period."""

Totals = npt.NDArray[np.float64]


def check_meaning(counts: SourceCounts, store: PublicationStore, settings: Settings) -> tuple[str, ...]:
    """Notes about what was split, merged or renamed, for the user to read.

    Raises ``BadInput`` where a target lacks an offence, where its city total of the same periods differs from the
    newest stored publication's by more than settings allow, or where one of its offences ends or begins inside the
    publication and takes the total with it; the message says what settings can say about it.
    """
    notes = _lacking(counts, settings)
    _refuse_breaks(counts, settings)
    notes += _wordings_that_end_or_begin(counts)
    earlier = _newest_overlapping(counts, store, settings)
    if earlier is not None:
        publication, common = earlier
        _refuse_changed_totals(counts, publication, common, settings)
        notes += _different_wordings(counts, publication)
    return tuple(notes)


def _lacking(counts: SourceCounts, settings: Settings) -> list[str]:
    notes = []
    taxonomy = counts.provenance.taxonomy
    for name, target in settings.targets.items():
        if not target.offences.get(taxonomy):
            continue
        lacking = lacking_offences(name, taxonomy, counts.offences, settings)
        if lacking and target.not_published == "refuse":
            raise BadInput(
                f"{counts.provenance.file_name} does not carry {_listed(lacking)}, which the target '{name}' sums.",
                remedy=f'Add the wording it has instead to [offences.{taxonomy}], or say not_published = "missing" '
                f"in [targets.{name}].",
            )
        if lacking:
            notes.append(f"The target '{name}' is missing here: the file does not carry {_listed(lacking)}.")
        elif target.offences[taxonomy] == ALL_OFFENCES:
            left_out = [offence for offence in settings.offences[taxonomy] if offence not in counts.offences]
            if left_out:
                notes.append(f"The target '{name}' sums what there is: the file does not carry {_listed(left_out)}.")
    return notes


def _newest_overlapping(
    counts: SourceCounts, store: PublicationStore, settings: Settings
) -> tuple[Publication, Overlap] | None:
    origin = counts.provenance
    family = (origin.source, origin.taxonomy, origin.geography, str(origin.frequency))
    ours = target_counts_of(counts, settings)
    for publication in reversed([stored for stored in store.list() if stored.family == family]):
        common = overlap_of(load_target_counts(publication, settings), ours)
        if common is not None:
            return publication, common
    return None


def _refuse_changed_totals(counts: SourceCounts, stored: Publication, common: Overlap, settings: Settings) -> None:
    limit = settings.ingest.revision_share
    for index, name in enumerate(common.targets):
        before, after = float(common.older[index].sum()), float(common.newer[index].sum())
        difference = abs(after - before)
        by_chance = CHANCE_DEVIATIONS * float(np.sqrt(max(before, after, 1.0)))
        accepted = settings.targets[name].accepted_changes
        if difference > limit * before and difference > by_chance and counts.provenance.label not in accepted:
            frequency = counts.provenance.frequency
            span = f"{Period(frequency, int(common.periods[0]))} to {Period(frequency, int(common.periods[-1]))}"
            raise BadInput(
                f"{counts.provenance.file_name}: the target '{name}' has {after:,.0f} crimes from {span} and "
                f"{before:,.0f} in {stored.id}, a change of more than {limit:.0%}: its meaning has changed.",
                remedy=f"Correct its offences in wardcast.toml, or accept it: "
                f'[targets.{name}] accepted_changes = ["{counts.provenance.label}"].',
            )


@dataclass(frozen=True)
class _Break:
    """An offence that has no crime before (``begins``) or from (not ``begins``) the period at ``position``."""

    offence: str
    position: int
    begins: bool


def _refuse_breaks(counts: SourceCounts, settings: Settings) -> None:
    totals = _city_totals(counts)
    breaks = list(_breaks(totals))
    for name, offences in target_offences(counts.provenance.taxonomy, counts.offences, settings).items():
        whole = np.sum([totals[offence] for offence in offences], axis=0)
        for found in breaks:
            if found.offence in offences and _matters(found, whole, totals[found.offence]):
                if counts.provenance.label in settings.targets[name].accepted_changes:
                    continue
                when = Period(counts.provenance.frequency, counts.periods[found.position])
                raise BadInput(
                    f"{counts.provenance.file_name}: the offence '{found.offence}' "
                    f"{'begins' if found.begins else 'ends before'} {when}, and the target '{name}' changes with it.",
                    remedy="Add to the target the offence that it was counted under on the other side, or accept it: "
                    f'[targets.{name}] accepted_changes = ["{counts.provenance.label}"].',
                )


def _city_totals(counts: SourceCounts) -> dict[str, Totals]:
    """Crimes of each offence by covered period."""
    periods = np.array(counts.periods, dtype=np.int64)
    coded = counts.counts
    column = np.searchsorted(periods, coded.period)
    dense = np.zeros((len(coded.offences), len(periods)))
    np.add.at(dense, (coded.offence, column), coded.count)
    return dict(zip(coded.offences, dense, strict=True))


def _breaks(totals: dict[str, Totals]) -> Iterable[_Break]:
    for offence, series in totals.items():
        used = np.flatnonzero(series > 0)
        if len(used) and used[-1] + 1 < len(series):
            yield _Break(offence, int(used[-1]) + 1, begins=False)
        if len(used) and used[0] > 0:
            yield _Break(offence, int(used[0]), begins=True)


def _matters(found: _Break, whole: Totals, part: Totals) -> bool:
    """Whether the target's level changes by most of the offence's, beyond chance, where the offence breaks off."""
    before = slice(max(found.position - WINDOW, 0), found.position)
    after = slice(found.position, found.position + WINDOW)
    with_it, without = (after, before) if found.begins else (before, after)
    level, share = float(whole[with_it].mean()), float(part[with_it].mean())
    change = level - float(whole[without].mean())
    periods = min(len(whole[before]), len(whole[after]))
    by_chance = CHANCE_DEVIATIONS * float(np.sqrt(max(level, 1.0) / periods))
    return share >= WEIGHTY_SHARE * level and change > 0.5 * share and change > by_chance


def _wordings_that_end_or_begin(counts: SourceCounts) -> list[str]:
    notes = []
    for wording in counts.wordings:
        if wording.mean < SUBSTANTIAL_MEAN:
            continue
        if wording.last != str(counts.last):
            notes.append(
                f"'{wording.wording}' ends in {wording.last} ({wording.mean:,.0f} a {counts.provenance.frequency}); "
                f"it counts as {wording.offence}{_beside(wording, counts.wordings)}."
            )
        if wording.first != str(counts.first):
            notes.append(
                f"'{wording.wording}' begins in {wording.first} ({wording.mean:,.0f} a {counts.provenance.frequency}); "
                f"it counts as {wording.offence}{_beside(wording, counts.wordings)}."
            )
    return notes


def _beside(one: Wording, wordings: Iterable[Wording]) -> str:
    others = [f"'{other.wording}'" for other in wordings if other.offence == one.offence and other is not one]
    return f" together with {', '.join(others)}" if others else ", alone"


def _different_wordings(counts: SourceCounts, stored: Publication) -> list[str]:
    """Offences that the two publications split differently, or that only one of them has."""
    notes = []
    ours, theirs = _by_offence(counts.wordings), _by_offence(stored.wordings)
    for offence in sorted(ours.keys() | theirs.keys()):
        here, there = ours.get(offence, set()), theirs.get(offence, set())
        if not here or not there:
            where = "here" if here else f"in {stored.id}"
            notes.append(f"The offence {offence} stands only {where}.")
        elif {wording.casefold() for wording in here} != {wording.casefold() for wording in there}:
            notes.append(
                f"The offence {offence} is {_quoted(here)} here and {_quoted(there)} in {stored.id}; "
                "settings count them as the same."
            )
    return notes


def _by_offence(wordings: Iterable[Wording]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for wording in wordings:
        found.setdefault(wording.offence, set()).add(wording.wording)
    return found


def _quoted(wordings: Iterable[str]) -> str:
    names = sorted(wordings)
    shown = " + ".join(f"'{name}'" for name in names[:4])
    return shown if len(names) <= 4 else f"{shown} + {len(names) - 4} more"


def _listed(offences: Iterable[str]) -> str:
    return ", ".join(f"'{offence}'" for offence in offences)
