"""What a person is told of totals and levels that changed: a refusal with a remedy that works, or notes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from contracts import BadInput, Frequency, Period, Settings
from features.sources.source_counts import SourceCounts
from features.store.changed_levels import Step, changed_districts, changed_levels
from features.store.changed_totals import Change, Family, changed_totals
from features.store.common_totals import WEIGHTY_PART, Districts
from features.store.publication_counts import target_offences

SHOWN = 3
"""So many further changes are named in a refusal."""
CityIntervals = Mapping[tuple[str, str, str], tuple[float, float]]
"""The interval that was issued for a city's total, by geography, target and period (as ``str(Period)``)."""
FAR_OUTSIDE = 2.0
"""A count is told that lies further from its interval's middle than so many times the interval's half width."""


def refuse_changed_totals(counts: SourceCounts, family: Family, settings: Settings, districts: Districts) -> None:
    """Raises ``BadInput`` where totals of periods that another publication knows changed beyond revision; names the
    series, the periods, the other publication and the settings that accept it."""
    found = _without_repeats(changed_totals(family, settings, districts))
    if not found:
        return
    first, *others = found
    frequency = counts.provenance.frequency
    size = f"{first.size:.0%}" if first.theirs else "all of it"
    where = f" in {_district(first.district, districts)}" if first.district else ""
    raise BadInput(
        f"{counts.provenance.file_name}: {first.series.title} has {first.ours:,.0f} crimes{where} "
        f"{_span(first.periods, frequency)} and {first.theirs:,.0f} in {first.other.id}, a change of {size} in "
        f"{len(first.periods)} of {first.compared} {frequency}s, more than {first.limit:.1%}: its meaning has changed."
        f"{_also(others, frequency, districts)}",
        remedy=f"Correct its offences in wardcast.toml ([ingest] revision_share is the most that a total may move), or "
        f"accept it: {_acceptance(counts, settings, [name for one in found for name in one.series.targets])}.",
    )


def newest_levels(counts: SourceCounts, family: Family, settings: Settings, districts: Districts) -> list[str]:
    """Notes about levels that moved in periods which no earlier publication knows.

    Raises ``BadInput`` where an offence took a step alone, in a target that settings do not accept it in.
    """
    steps = changed_levels(family)
    weighty = _weighty_targets(counts, settings)
    refused = [
        one for one in steps if one.alone and not _step_accepted(one, family, weighty.get(one.name, ()), settings)
    ]
    if refused:
        _refuse_steps(counts, refused, weighty, settings)
    frequency = counts.provenance.frequency
    notes = [_step_words(f"The offence '{one.name}'", one, frequency) + "." for one in steps]
    for one in changed_districts(family, districts):
        notes.append(_step_words(f"All recorded crime in {_district(one.name, districts)}", one, frequency) + ".")
    return notes


def outside_issued(geography: str, totals: Mapping[tuple[str, str], float], issued: CityIntervals) -> list[str]:
    """Notes about new periods whose city totals, by target and period, lie far outside what was issued for them."""
    notes = []
    for (target, period), crimes in totals.items():
        low, high = issued.get((geography, target, period), (crimes, crimes))
        margin = (FAR_OUTSIDE - 1) * (high - low) / 2
        if not low - margin <= crimes <= high + margin:
            notes.append(
                f"The target '{target}' has {crimes:,.0f} crimes in {period}; the interval that was issued for it is "
                f"{low:,.0f} to {high:,.0f}."
            )
    return notes


def _refuse_steps(
    counts: SourceCounts, refused: Sequence[Step], weighty: Mapping[str, tuple[str, ...]], settings: Settings
) -> None:
    frequency = counts.provenance.frequency
    first, *others = refused
    also = f" So did {', '.join(repr(one.name) for one in others)}." if others else ""
    words = _step_words(f"the offence '{first.name}'", first, frequency)
    raise BadInput(
        f"{counts.provenance.file_name}: {words}, while the other offences keep theirs, and no earlier publication "
        f"knows the newest of these {frequency}s: its meaning has changed.{also}",
        remedy=f"Look for crimes counted under another wording and correct [offences.{counts.provenance.taxonomy}], or "
        f"accept it: {_acceptance(counts, settings, [name for one in refused for name in weighty[one.name]])}.",
    )


def _step_words(subject: str, step: Step, frequency: Frequency) -> str:
    span = _span((step.first, step.last), frequency)
    return f"{subject} has {step.crimes:,.0f} crimes {span}, {step.ratio:.0%} of the nearest level before"


def _step_accepted(step: Step, family: Family, targets: Sequence[str], settings: Settings) -> bool:
    """Whether every target in which it has weight accepts this publication, or one that knew the first period of it."""
    labels = {family.ours.label} | {other.label for other in family.others if other.last >= step.first}
    return all(labels & set(settings.targets[name].accepted_changes) for name in targets)


def _weighty_targets(counts: SourceCounts, settings: Settings) -> dict[str, tuple[str, ...]]:
    """Offence → the targets in which it has weight."""
    coded = counts.counts
    crimes = {name: float(coded.count[coded.offence == index].sum()) for index, name in enumerate(coded.offences)}
    found: dict[str, tuple[str, ...]] = {}
    for target, summed in target_offences(counts.provenance.taxonomy, counts.offences, settings).items():
        whole = sum(crimes[name] for name in summed)
        for name in summed:
            if crimes[name] >= WEIGHTY_PART * whole:
                found[name] = (*found.get(name, ()), target)
    return found


def _without_repeats(changes: Sequence[Change]) -> list[Change]:
    """One change a series, the first."""
    found: dict[tuple[str, bool], Change] = {}
    for one in changes:
        found.setdefault((one.series.name, one.series.is_target), one)
    return list(found.values())


def _also(others: Sequence[Change], frequency: Frequency, districts: Districts) -> str:
    if not others:
        return ""
    told = [
        f"{one.series.title}{f' in {_district(one.district, districts)}' if one.district else ''} "
        f"({_span(one.periods, frequency)}: {one.ours:,.0f} and {one.theirs:,.0f})"
        for one in others[:SHOWN]
    ]
    rest = f" and {len(others) - SHOWN} more" if len(others) > SHOWN else ""
    return f" So has {', '.join(told)}{rest}."


def _acceptance(counts: SourceCounts, settings: Settings, targets: Sequence[str]) -> str:
    """The lines of the settings that accept the publication in these targets, with what stands there already."""
    label = counts.provenance.label
    lines = []
    for name in dict.fromkeys(targets):
        accepted = settings.targets[name].accepted_changes
        if label not in accepted:
            listed = ", ".join(f'"{one}"' for one in (*accepted, label))
            lines.append(f"[targets.{name}] accepted_changes = [{listed}]")
    return "; ".join(lines)


def _span(periods: Sequence[int], frequency: Frequency) -> str:
    first, last = Period(frequency, periods[0]), Period(frequency, periods[-1])
    return f"in {first}" if first == last else f"from {first} to {last}"


def _district(code: str, districts: Districts) -> str:
    return f"{districts.names[code]} ({code})" if code in districts.names else code
