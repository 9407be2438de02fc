"""Whether a new publication still means what the earlier ones meant: told in notes, or the ingest stops."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from contracts import BadInput, Period, Settings
from contracts.targets import ALL_OFFENCES
from features.sources.source_counts import SourceCounts, Wording
from features.store.changed_totals import Family, family_of
from features.store.common_totals import Districts
from features.store.publication_counts import lacking_offences, target_offences
from features.store.publication_record import Publication
from features.store.publications import PublicationStore
from features.store.refusing_changes import CityIntervals, newest_levels, outside_issued, refuse_changed_totals

CHANCE_DEVIATIONS = 4.0
"""A break of a level under so many Poisson standard deviations is left to chance."""
WEIGHTY_SHARE = 0.1
"""An offence that ends or begins matters to a target where it was at least this share of the target."""
WINDOW = 12
"""Periods before and after a break that are compared."""
SUBSTANTIAL_MEAN = 30.0
"""A wording that ends or begins inside a publication is told where it has this many crimes a period."""

Totals = npt.NDArray[np.float64]


def check_meaning(
    counts: SourceCounts,
    store: PublicationStore,
    settings: Settings,
    *,
    districts: Districts | None = None,
    issued: CityIntervals | None = None,
) -> tuple[str, ...]:
    """Notes about what was split, merged or renamed, and about levels that moved, for the user to read.

    Raises ``BadInput`` where a target lacks an offence; where one of its offences ends or begins inside the publication
    and takes the total with it; where the total of a target or of an offence with weight in one differs, in some
    period, in the city or a district, from that of the publications before and after this one or of a back-file by more
    than revisions do; or where an offence took a step alone in the periods that no earlier publication knows. The
    message says what settings can say about it. ``issued`` are the intervals of the city's totals that were issued for
    new periods.
    """
    notes = _lacking(counts, settings)
    _refuse_breaks(counts, settings)
    notes += _wordings_that_end_or_begin(counts)
    family = family_of(counts, store.list())
    within = districts or Districts.none()
    refuse_changed_totals(counts, family, settings, within)
    notes += newest_levels(counts, family, settings, within)
    notes += outside_issued(counts.provenance.geography, _new_totals(counts, family, settings), issued or {})
    if (newest := _newest_before(counts, store)) is not None:
        notes += _different_wordings(counts, newest)
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


def _newest_before(counts: SourceCounts, store: PublicationStore) -> Publication | None:
    """The publication of the family that was published before this one, else the one after it; None for the first."""
    origin = counts.provenance
    family = (origin.source, origin.taxonomy, origin.geography, str(origin.frequency))
    stored = [one for one in store.list() if one.family == family]
    earlier = [one for one in stored if one.published_on <= origin.published_on]
    return earlier[-1] if earlier else next(iter(stored), None)


def _new_totals(counts: SourceCounts, family: Family, settings: Settings) -> dict[tuple[str, str], float]:
    """City totals by target and period, of the periods that no other publication of the family reaches."""
    known = max((other.last for other in family.others), default=counts.first.ordinal - 1)
    totals = _city_totals(counts)
    carried = target_offences(counts.provenance.taxonomy, counts.offences, settings)
    return {
        (target, str(Period(family.frequency, period))): float(sum(totals[offence][column] for offence in offences))
        for target, offences in carried.items()
        for column, period in enumerate(counts.periods)
        if period > known
    }


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
