"""The briefing: one answer first, its doubt beside it, its provenance last, for one target, period and district."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from contracts import MissingThing
from contracts.tables import RESIDENTS
from service.web.answers.answer import Json
from service.web.answers.drawn_map import CHANGES, FILLS
from service.web.answers.levels import CITY
from service.web.answers.nearest import nearest, unknown
from service.web.answers.period import PeriodAnswers
from service.web.answers.views import STEPS, Scale
from service.web.pages.asked import (
    Asked,
    Option,
    address_of,
    district_options,
    period_options,
    place_name,
    target_options,
)
from service.web.pages.words import (
    change_words,
    count_words,
    going_on,
    last_year_words,
    percent_words,
    period_words,
    range_words,
)
from service.web.snapshot import Snapshot, TargetAnswers
from service.wording import inconclusive_sentence, override_sentence

TEN = 10
_DIVERGING = "change"


@dataclass(frozen=True)
class LegendStep:
    """One step of the map's scale: what it holds, and how many areas."""

    number: int
    words: str
    areas: int


@dataclass(frozen=True)
class Covered:
    """What covering the first areas holds. ``people`` says who lives there, a sentence each."""

    number: int
    of: int
    by_default: bool
    share: str
    interval: str
    by_count: str
    people: tuple[str, ...]


@dataclass(frozen=True)
class Briefing:
    """All that the page says; the names of its parts are those of the template."""

    target: str
    title: str
    period: str
    headline: str
    worth: str
    targets: tuple[Option, ...]
    periods: tuple[Option, ...]
    districts: tuple[Option, ...]
    views: tuple[Option, ...]
    view: str
    view_unit: str
    diverging: bool
    ends: tuple[float, ...]
    legend: tuple[LegendStep, ...]
    not_known: int
    highest: tuple[Json, ...]
    place: str
    areas: int
    covered: Covered | None
    rule: str | None
    about: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
    has_hours: bool
    """Whether it is known when in the week the target's crimes happened."""
    address: str
    """The query that leads here again."""


def briefing_of(served: Snapshot, asked: Asked) -> Briefing:
    """The briefing of one question; raises ``MissingThing`` and ``BadInput`` for what is not there."""
    asked = replace(asked, within=None if asked.within == CITY else asked.within)
    answers = served.of(asked.target)
    shown = answers.of(asked.period)
    about = next(one for one in served.about["targets"] if one["target"] == shown.envelope["target"])
    if asked.area is not None:
        served.areas_of(asked.target, asked.period, [asked.area])
    inside = shown.where(within=None if asked.within is None else [asked.within])
    scale = _scale(answers, asked.view)
    steps = Counter(scale.step(scale.view.value(row)) for row in inside.row_of.values())
    kept = replace(asked, target=shown.envelope["target"], period=shown.envelope["period"])
    return Briefing(
        target=shown.envelope["target"],
        title=shown.envelope["title"],
        period=shown.envelope["period"],
        headline=_headline(shown, inside, asked.within),
        worth=served.worth.get(shown.envelope["target"]) or _worth(about),
        targets=target_options(served, shown.envelope["target"]),
        periods=period_options(answers, shown.envelope["period"]),
        districts=district_options(shown, asked.within),
        views=tuple(
            Option(one.view.name, one.view.title, one.view.name == scale.view.name) for one in answers.scales.values()
        ),
        view=scale.view.name,
        view_unit=scale.view.unit,
        diverging=scale.view.name == _DIVERGING,
        ends=scale.ends,
        legend=_legend(scale, steps),
        not_known=steps[None],
        highest=tuple(inside.ranked()[:TEN]),
        place=place_name(shown, asked.within),
        areas=len(shown.row_of),
        covered=_covered(served, shown, asked.k),
        rule=None if shown.rule is None else shown.rule["words"],
        about=_about(served, shown),
        notes=_notes(shown),
        has_hours=answers.week is not None,
        address=address_of(kept),
    )


def drawn_map(served: Snapshot, asked: Asked) -> str:
    """The map of a briefing as SVG, with the covered areas outlined; raises as ``briefing_of``."""
    here = briefing_of(served, asked)
    answers = served.of(asked.target)
    shown, scale = answers.of(asked.period), answers.scales[here.view]
    number = here.covered.number if here.covered else 0
    inside = [row for row in shown.row_of.values() if asked.within in (None, CITY, row["parent"])]
    return served.drawing.svg(
        {row["area"]: scale.step(scale.view.value(row)) for row in inside},
        served.names,
        title=f"{here.headline} {scale.view.title}.",
        fills=CHANGES if here.diverging else FILLS,
        outlined={
            row["area"] for row in inside if (row["flagged"] if row["place"] is None else row["place"] <= number)
        },
    )


def _scale(answers: TargetAnswers, name: str | None) -> Scale:
    if name is None:
        return next(iter(answers.scales.values()))
    if name not in answers.scales:
        near = nearest(name, answers.scales)
        remedy = f"{f'Did you mean {near}? ' if near else ''}Ask for one of {', '.join(answers.scales)}."
        raise unknown(f"There is no view '{name}' of this target.", name, answers.scales, remedy=remedy)
    return answers.scales[name]


def _headline(shown: PeriodAnswers, inside: PeriodAnswers, within: str | None) -> str:
    """For instance: August 2025, violence: 5,545 expected, 5,043 to 6,059; 3% fewer than last August."""
    period, title = shown.envelope["period"], str(shown.envelope["title"])
    place = "" if within is None else f" in {place_name(shown, within)}"
    row = shown.larger_of.get(CITY if within is None else within)
    expected = row["mean"] if row else sum(one["mean"] for one in inside.row_of.values())
    words = f"{period_words(period)}, {going_on(title)}{place}: {count_words(expected)} expected"
    if row:
        words += f", {range_words(row['q10'], row['q90'])}"
    before = [one["a_year_before"] for one in inside.row_of.values()]
    if before and None not in before and sum(before) > 0:
        words += f"; {change_words(expected, sum(before))} {last_year_words(period)}"
    return f"{words}."


def _worth(about: Json) -> str:
    """What the tests before the approval found, by the gate of skill."""
    words = {
        "pass": "kept the limit of the gate 'skill', which holds its numbers against a simple count's.",
        "fail": "did not keep the limit of the gate 'skill', which holds its numbers against a simple count's; the "
        "board approved it all the same.",
        "not enough evidence": "had not enough evidence for the gate 'skill', which holds its numbers against a "
        "simple count's; the board approved it all the same.",
    }
    found = words.get(about["gates"].get("skill", ""))
    if found is None:
        return "How this forecast compares with a simple count was not recorded with its approval."
    return f"In the tests before its approval this forecast {found}"


def _legend(scale: Scale, areas: Mapping[int | None, int]) -> tuple[LegendStep, ...]:
    ends = [_value_words(scale, end) for end in scale.ends]
    words = [f"under {ends[0]}", *(f"{low} to {high}" for low, high in pairwise(ends))]
    words.append(f"{ends[-1]} or more")
    return tuple(LegendStep(number, text, areas.get(number, 0)) for number, text in enumerate(words[:STEPS]))


def _value_words(scale: Scale, value: float) -> str:
    if not scale.view.is_share:
        return f"{value:,g}" if value < 1000 else f"{value:,.0f}"
    return f"{value:+.0%}".replace("-", "\u2212") if scale.view.name == _DIVERGING else f"{value:.0%}"


def _covered(served: Snapshot, shown: PeriodAnswers, asked: int | None) -> Covered | None:
    """What the first areas hold, as many as are asked for, or flagged."""
    if shown.cover is None:
        if asked is not None:
            raise MissingThing(
                "This forecast was issued without what covering areas holds.", remedy="Issue again with: wardcast issue"
            )
        return None
    of = len(shown.row_of)
    default = sum(bool(row["flagged"]) for row in shown.row_of.values())
    number = default if asked is None else asked
    if number > of:
        raise MissingThing(f"There are {of} areas; {number} cannot be covered.", remedy=f"Ask for 1 to {of}.")
    at = {name: float(values[number - 1]) for name, values in shown.cover.items()}
    first = [code for code, row in shown.row_of.items() if row["place"] <= number]
    return Covered(
        number=number,
        of=of,
        by_default=number == default,
        share=f"{at['share']:.1%}",
        interval=f"{at['share_low']:.1%} to {at['share_high']:.1%}",
        by_count=f"{at['share_by_count']:.1%}",
        people=_people(served, shown, first),
    )


def _people(served: Snapshot, shown: PeriodAnswers, first: Sequence[str]) -> tuple[str, ...]:
    """Who lives in the first areas, against the city."""
    if not served.people:
        return ()
    every = list(shown.row_of)
    there, city = ({name: _sum(of, codes) for name, of in served.people.items()} for codes in (first, every))
    if not there[RESIDENTS] or not city[RESIDENTS]:
        return ()
    words = [f"{there[RESIDENTS]:,.0f} people live there, {percent_words(there[RESIDENTS] / city[RESIDENTS])} of all."]
    for name, people in city.items():
        if name != RESIDENTS:
            shares = percent_words(there[name] / there[RESIDENTS]), percent_words(people / city[RESIDENTS])
            words.append(f"{name}: {shares[0]} there, {shares[1]} in the city.")
    return tuple(words)


def _sum(people: Mapping[str, float], codes: Sequence[str]) -> float:
    return sum(people.get(code, 0.0) for code in codes)


def _about(served: Snapshot, shown: PeriodAnswers) -> tuple[tuple[str, str], ...]:
    one = shown.envelope
    publications = ", ".join(about["id"] for about in served.about["publications"])
    return (
        ("Forecast", f"{one['forecast_id']}, issued {one['issued_at'][:10]} by {one['issued_by']}"),
        ("Counts", f"to {period_words(one['last_known_period'])}, as known on {one['as_of']}"),
        ("Model", f"version {one['model_version']}, run {one['model_run_id']}"),
        ("Approved by", f"{one['approved_by']} on {one['approved_at'][:10]}"),
        ("Publications", publications),
        ("SHA-256 of the model", one["model_sha256"]),
    )


def _notes(shown: PeriodAnswers) -> tuple[str, ...]:
    one = shown.envelope
    harm = one["harm"]
    return (
        one["note"],
        *(override_sentence(override) for override in one["gate_overrides"]),
        *([inconclusive_sentence(one["inconclusive"])] if one["inconclusive"] else []),
        *([f"Harm is in {harm['unit']}, with weights of: {harm['source']}."] if harm else []),
    )
