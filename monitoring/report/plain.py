"""The first two pages: what a board needs to know, in short sentences made from the public figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from monitoring.audits.result import CAVEAT
from monitoring.report.alternatives import FORECAST, SIMPLE_COUNT
from monitoring.report.changes import NO_LONGER_OUTSIDE, NOW_OUTSIDE
from monitoring.report.horizons import horizons_sentence
from monitoring.report.public import NOT_ENOUGH
from monitoring.report.wording import RESIDENTS, counted, figure, listed, sentence

Row = dict[str, Any]
MOST_ITEMS = {1: 6, 2: 3}
"""Number of targets → findings named under a question for each; one where there are more. Part 2 has them all."""
MOST_NAMED = 3
"""With more targets than this, what a target alone needs is left to part 2."""

UNDER_PROTECTED = {
    ("calibration", "below"): "{place}, the forecast was too low: {figure} times the level of the whole city.",
    ("under-prediction", "above"): "{place}, more crimes went unseen than elsewhere: {figure} more per 1,000 people.",
    ("missed flags", "above"): "{place}, busy areas were missed more often than elsewhere, by {figure} points.",
    ("skill", "below"): "{place}, a simple count did better than the forecast, which saved {figure} of its error.",
    (
        "exposure against need",
        "below",
    ): "{place}, fewer areas were flagged than the need there calls for: {figure} times.",
    ("coverage", "below"): "{place}, the ranges were too narrow and held too few results: {figure} points off.",
    ("coverage", "above"): "{place}, the ranges were too wide and held too many results: {figure} points off.",
}
OVER_EXPOSED = {
    (
        "exposure against need",
        "above",
    ): "{place}, more areas were flagged than the need there calls for: {figure} times.",
    ("exposure", "above"): "{people} live in flagged areas {figure} times as often as other people.",
    ("needless flags", "above"): "{place}, flags turned out wrong more often than elsewhere, by {figure} points.",
    (
        "over-prediction",
        "above",
    ): "{place}, too many crimes were foreseen: {figure} more per 1,000 people than elsewhere.",
    ("calibration", "above"): "{place}, the forecast was too high: {figure} times the level of the whole city.",
    ("exposure", "below"): "{people} live in flagged areas less often than others: {figure} times as often.",
    ("need-adjusted exposure", "above"): "{people} live in flagged areas {figure} times as often for the same need.",
    ("need-adjusted exposure", "below"): "{people} live in flagged areas less often for the same need: {figure} times.",
}
UNDER_TITLE, OVER_TITLE = "Who is under-protected?", "Who is over-exposed?"


def glance(subject: Row) -> Row:
    """How many checks of a target came out how."""
    verdicts = [one["verdict"] for one in judged(subject)]
    return {
        "target": subject["title"],
        "checks": len(verdicts),
        **{name: verdicts.count(verdict) for name, verdict in _VERDICTS.items()},
        "elsewhere": horizons_sentence(subject),
    }


def judged(subject: Row) -> list[Row]:
    """Every finding of a target, those within parts of the city included."""
    return [one for audit in subject["audits"] for part in audit["attributes"] for one in part["findings"]] + [
        one for audit in subject["audits"] for one in audit["strata"]
    ]


def summary(subjects: Sequence[Row]) -> Row:
    """The plain pages: a table of checks, and a section a question with its sentences and findings."""
    each = MOST_ITEMS.get(len(subjects), 1)
    return {
        "introduction": [
            "This tool forecasts how many crimes will be recorded in each area. It flags the areas with the highest "
            "forecasts. It says nothing about any person.",
            f"This report asks if the forecast is fair. {_who_set(subjects)} Each figure comes with a range. The true "
            "figure lies in that range in 95 of 100 such cases.",
        ],
        "glance": [glance(subject) for subject in subjects],
        "sections": [
            _harm("under-protected", UNDER_TITLE, subjects, UNDER_PROTECTED, each),
            _harm("over-exposed", OVER_TITLE, subjects, OVER_EXPOSED, each),
            _changed(subjects, each),
            _unknown(subjects),
            _instead(subjects),
            _may_say_no(subjects),
        ],
        "caveat": CAVEAT,
    }


def _who_set(subjects: Sequence[Row]) -> str:
    """What shows who set the limits."""
    return " ".join(dict.fromkeys(subject["limits"] for subject in subjects))


_VERDICTS = {"inside": "inside", "outside": "outside", "not_enough": "not enough evidence"}


def direction(finding: Mapping[str, Any]) -> str | None:
    """On which side of its margin a figure lies, whether or not its whole interval does."""
    least, most = finding["margin"]
    if finding["value"] is None:
        return None
    if least is not None and finding["value"] < least:
        return "below"
    return "above" if most is not None and finding["value"] > most else None


def _harm(
    identity: str, question: str, subjects: Sequence[Row], words: Mapping[tuple[str, str], str], most: int
) -> Row:
    parts = []
    kinds = {audit for audit, _ in words}
    for subject in subjects:
        checks = [one for one in judged(subject) if one["stratum"] is None and one["audit"] in kinds]
        beyond = [one for key in words for one in _worst_first(checks, key)]
        proven = [one for one in beyond if one["verdict"] == "outside"]
        shown = (proven + [one for one in beyond if one["verdict"] == NOT_ENOUGH])[:most]
        parts.append(
            {
                "target": subject["title"],
                "sentences": _counts(checks, proven, shown),
                "items": [_item(one, words[one["audit"], str(direction(one))]) for one in shown],
                "after": _elsewhere(subject, words),
            }
        )
    return _section(identity, question, parts)


def _worst_first(findings: Sequence[Row], key: tuple[str, str]) -> list[Row]:
    own = [one for one in findings if (one["audit"], direction(one)) == key]
    return sorted(own, key=lambda one: -one["value"] if key[1] == "above" else one["value"])


def _item(finding: Row, words: str) -> Row:
    name = finding["label"]
    residents = finding["attribute"] in RESIDENTS
    place = f"Where {name} live" if residents else f"In {name}"
    text = words.format(
        place=place, people=sentence(name) if residents else f"People in {name}", figure=figure(finding)
    )
    kept = ("value", "low", "high", "unit", "margin", "verdict", "caveat")
    return {"text": text, **{name: finding[name] for name in kept}}


def _counts(checks: Sequence[Row], proven: Sequence[Row], shown: Sequence[Row]) -> list[str]:
    if not checks:
        return ["Nothing could be checked."]
    number = counted(len(checks), "check", "checks")
    unsure = sum(one["verdict"] == NOT_ENOUGH for one in checks)
    found = (
        f"{counted(len(proven), 'result is', 'results are')} outside a limit, in {number}."
        if proven
        else f"No result is shown to be outside a limit, in {number}."
    )
    doubt = f"For {unsure} of them there is not enough evidence." if unsure else "There was evidence for each of them."
    told = [found, doubt]
    if len(proven) > len(shown):
        told.append(f"The first {len(shown)} are these.")
    elif len(shown) > len(proven):
        told.append("These are beyond a limit, but not for sure." if not proven else "Others may be, but not for sure.")
    return told


def _elsewhere(subject: Row, words: Mapping[tuple[str, str], str]) -> list[str]:
    """What the searches and the comparisons within parts of the city add."""
    told = []
    within = [
        one
        for one in judged(subject)
        if one["stratum"] and one["verdict"] == "outside" and (one["audit"], direction(one)) in words
    ]
    if within:
        told.append(
            f"Among areas with about as much crime, {counted(len(within), 'more is', 'more are')} outside a limit."
        )
    wanted = "too low" if words is UNDER_PROTECTED else "too high"
    rows = subject["tables"].get("worst hidden subgroup", [])
    if any(row["verdict"] == "outside" and wanted in row["direction"] for row in rows):
        told.append(f"A search of many mixes of groups found one where the forecast is {wanted}. Part 2 names it.")
    stops = [row for row in subject["tables"].get("enforcement signature", []) if row["verdict"] == "outside"]
    if stops and words is OVER_EXPOSED:
        fifths = counted(len(stops), "fifth", "fifths")
        told.append(f"Stop and search follows crime in another way in {fifths} of the areas. Part 2 shows where.")
    return told


def _changed(subjects: Sequence[Row], most: int) -> Row:
    parts = []
    for subject in subjects:
        rows = subject["changes"]
        if rows is None:
            if subject["earlier"]:
                told = [f"It could not be compared with {subject['earlier']}"]
                parts.append({"target": subject["title"], "sentences": told, "items": [], "after": []})
            continue
        graver = [row for row in rows if row["kind"] == NOW_OUTSIDE]
        better = [row for row in rows if row["kind"] == NO_LONGER_OUTSIDE]
        told = [f"It is compared with {subject['earlier']}."]
        if not graver and not better:
            told.append("No result moved into a limit or out of one.")
        told += [f"{counted(len(graver), 'result', 'results')} moved outside a limit."] if graver else []
        told += [f"{counted(len(better), 'result', 'results')} came back from outside a limit."] if better else []
        if subject["changed_margins"]:
            told.append("Some limits were changed since then. Part 3 lists them.")
        items = [_change(row) for row in (graver + better)[:most]]
        parts.append({"target": subject["title"], "sentences": told, "items": items, "after": []})
    new = [subject["title"] for subject in subjects if subject["changes"] is None and not subject["earlier"]]
    if new:
        told = ["This is the first report. There is nothing to compare it with."]
        parts.append({"target": listed(new) if parts else None, "sentences": told, "items": [], "after": []})
    return _section("changed", "What changed since the last report?", parts)


def _change(row: Row) -> Row:
    text = f"{sentence(row['audit'])}, {row['label']}: it was {figure(row['earlier'])}. It is {figure(row['now'])}."
    return {"text": text, **row["now"], "margin": row["margin"], "verdict": row["verdict"], "caveat": row["caveat"]}


def _unknown(subjects: Sequence[Row]) -> Row:
    told = [
        "We see only crimes that were recorded. Crimes that nobody reported are missing. If the records are unfair, "
        "this report cannot see it.",
        "We compare areas. We do not know who in an area was harmed, stopped or kept safe.",
    ]
    total = [one for subject in subjects for one in judged(subject)]
    unsure = sum(one["verdict"] == "not enough evidence" for one in total)
    if unsure:
        told.append(
            f"{unsure} of {counted(len(total), 'check', 'checks')} did not have enough evidence. That does not mean "
            "that there is no harm."
        )
    blind = sorted(
        {
            row["characteristic"]
            for subject in subjects
            for row in subject["tables"].get("protected characteristics", [])
            if row["status"] == "not measurable here"
        }
    )
    if blind:
        told.append(
            f"The law protects nine traits. We have no figures by area for {len(blind)} of them. "
            f"They are {listed(blind)}."
        )
    if any("no independent measure of need" in note for subject in subjects for note in subject["notes"]):
        told.append(
            "We have no measure of need from outside the police. A group may be flagged more because it needs more."
        )
    return _section(
        "unknown",
        "What can we not know?",
        [{"target": None, "sentences": [], "items": [], "after": [], "list": told}],
    )


def _instead(subjects: Sequence[Row]) -> Row:
    parts = []
    for subject in subjects:
        rules = {row["rule"]: row for row in subject["alternatives"]}
        told = []
        if FORECAST in rules:
            told.append(f"The flagged areas held {figure(rules[FORECAST]['captured'])} of crimes.")
        if SIMPLE_COUNT in rules:
            told.append(
                f"Flags from a simple count of past crimes would hold {figure(rules[SIMPLE_COUNT]['captured'])}."
            )
            told += _most_exposed(rules[FORECAST], rules[SIMPLE_COUNT]) if len(subjects) <= MOST_NAMED else []
        if subject["against_count"] is not None:
            told.append(f"The forecast makes {figure(subject['against_count'])} times the error of that count.")
        parts.append({"target": subject["title"], "sentences": told, "items": [], "after": []})
    chance = [row["captured"]["value"] for subject in subjects for row in subject["alternatives"][-1:]]
    told = ["With no forecast, no area is flagged and nobody is watched more because of it."]
    if chance:
        told.append(f"Areas drawn by lot would hold {chance[0]:.1f}% of crimes.")
    parts.append({"target": "Doing nothing", "sentences": told, "items": [], "after": []})
    return _section("instead", "What if we did nothing, or used a simple count?", parts)


def _most_exposed(forecast: Row, simple: Row) -> list[str]:
    shown = [one for one in forecast["findings"] if one["audit"] == "exposure" and one["value"] is not None]
    if not shown:
        return []
    most = max(shown, key=lambda one: one["value"])
    other = next(
        one
        for one in simple["findings"]
        if (one["audit"], one["attribute"], one["group"]) == ("exposure", most["attribute"], most["group"])
    )
    name = most["label"] if most["attribute"] in RESIDENTS else f"people in {most['label']}"
    return [
        f"The most flagged are {name}: {figure(most)} times as often as others.",
        f"With the simple count it would be {figure(other)} times.",
    ]


def _may_say_no(subjects: Sequence[Row]) -> Row:
    targets = [subject["target"] for subject in subjects]
    named = targets if len(targets) <= MOST_NAMED else ["TARGET"]
    commands = [f"wardcast reject --target {target} --by NAME --reason TEXT" for target in named]
    told = [
        "Yes. No forecast is shown until a named person says yes. If the board says no, this model will never be used. "
        "The board gives its reason, and the reason is kept for good.",
        "The board can also stop a model that is in use. Its forecasts are then gone within seconds.",
    ]
    stop = f"wardcast withdraw --target {named[0]} --by NAME --reason TEXT"
    part = {"target": None, "sentences": told, "items": [], "after": [], "commands": [*commands, stop]}
    return _section("no", "May the board say no?", [part])


def _section(identity: str, question: str, parts: list[Row]) -> Row:
    return {"id": identity, "question": question, "parts": parts, "judged": any(part["items"] for part in parts)}
