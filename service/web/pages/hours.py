"""The map of chosen weekdays and hours: where crime happened then, and what share of the week's that is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from urllib.parse import urlencode

from contracts.arrays import Integers
from service.web.answers.answer import Json
from service.web.answers.levels import CITY
from service.web.answers.views import Scale, View, scale_of
from service.web.answers.week import HOURS, NIGHTS, WEEKDAYS, Hours, WeekCounts, hour_rows
from service.web.pages.asked import Asked, Option, district_options, place_name, target_options
from service.web.pages.words import day_words, going_on, percent_words
from service.web.snapshot import Snapshot, TargetAnswers

TEN = 10
CHOICES = ((4, 5), (5, 6), (0, 1, 2, 3, 4), tuple(range(7)), *((day,) for day in range(7)))
"""Weekdays that the page offers together; the address takes any."""
MIDNIGHT = 0.02
"""A share of incidents at 00:00 sharp from which it is told."""
HEATS = 3
VIEW = View("hours", "Crimes", "crimes in these hours", lambda row: row["crimes"] or None)


@dataclass(frozen=True)
class WeekGrid:
    """Crimes by weekday and hour, each with its heat: 0 for none, else 1 to ``HEATS`` for thirds of the fullest."""

    label: str
    rows: tuple[tuple[str, tuple[tuple[int, int], ...]], ...]


@dataclass(frozen=True)
class HoursPage:
    """All that the page says. ``legend`` holds each step that some area is in: number, words, and how many are."""

    headline: str
    hint: str
    targets: tuple[Option, ...]
    districts: tuple[Option, ...]
    days: tuple[Option, ...]
    first_hours: tuple[Option, ...]
    last_hours: tuple[Option, ...]
    highest: tuple[Json, ...]
    place: str
    legend: tuple[tuple[int, str, int], ...]
    grid: WeekGrid
    address: str


def hours_page_of(served: Snapshot, asked: Asked, hours: Hours) -> HoursPage:
    """The page of one question; raises ``MissingThing`` for a target whose hours are not known."""
    asked = replace(asked, within=None if asked.within == CITY else asked.within)
    answers = served.of(asked.target)
    week, shown = answers.hours(), answers.of(None)
    target, title = shown.envelope["target"], shown.envelope["title"]
    inside = shown.where(within=None if asked.within is None else [asked.within])
    rows = [row for row in hour_rows(week, hours, shown.row_of) if row["area"] in inside.row_of]
    crimes = sum(row["crimes"] for row in rows)
    grid = week.of(list(inside.row_of))
    place, scale = place_name(shown, asked.within), _scale(week, hours)
    steps = [step for row in rows if (step := scale.step(VIEW.value(row))) is not None]
    return HoursPage(
        headline=f"{hours.words}: {going_on(title)} in {place}, {crimes:,} in {week.about['weeks']} weeks.",
        hint=_hint(week, hours, crimes, int(grid.sum())),
        targets=target_options(served, target),
        districts=district_options(shown, asked.within),
        days=_day_options(hours),
        first_hours=_hour_options(range(HOURS), hours.first),
        last_hours=_hour_options(range(1, HOURS + 1), hours.last or HOURS),
        highest=tuple(row for row in rows[:TEN] if row["crimes"]),
        place=place,
        legend=_legend(scale, steps),
        grid=grid_of(grid, f"{title} in {place} by weekday and hour"),
        address=hours_address(target, asked.within, hours),
    )


def hours_map(served: Snapshot, asked: Asked, hours: Hours) -> str:
    """The map of the page as SVG; raises as ``hours_page_of``."""
    page, answers = hours_page_of(served, asked, hours), served.of(asked.target)
    week = answers.hours()
    scale, row_of = _scale(week, hours), answers.of(None).row_of
    inside = [row for row in hour_rows(week, hours, row_of) if asked.within in (None, CITY, row["parent"])]
    return served.drawing.svg(
        {row["area"]: scale.step(VIEW.value(row)) for row in inside}, served.names, title=page.headline
    )


def hours_address(target: str, within: str | None, hours: Hours) -> str:
    """The query of a question about hours."""
    about = {"target": target, **({"within": within} if within else {})}
    days = ",".join(WEEKDAYS[day] for day in hours.days)
    return urlencode({**about, "days": days, "from_hour": hours.first, "to_hour": hours.last}, safe=",")


def nights_sentence(answers: TargetAnswers, code: str) -> str | None:
    """What share of an area's crimes fell into the nights of the night-time economy; None where that is not known."""
    if answers.week is None:
        return None
    counts = answers.week.of([code])
    everything, nights = int(counts.sum()), int(counts[NIGHTS.mask].sum())
    words = f"{everything:,} in the {answers.week.about['weeks']} weeks to {day_words(answers.week.about['last_day'])}"
    if not everything:
        return f"{words}."
    share, of_week = percent_words(nights / everything), percent_words(NIGHTS.mask.mean())
    return f"{words}; {share} of them on {NIGHTS.words}, which is {of_week} of the week."


def grid_of(counts: Integers, label: str) -> WeekGrid:
    """The grid of crimes by weekday and hour, (7, 24)."""
    most = max(int(counts.max()), 1)
    return WeekGrid(
        label,
        tuple(
            (name.capitalize(), tuple((int(value), -(-HEATS * int(value) // most)) for value in row))
            for name, row in zip(WEEKDAYS, counts, strict=True)
        ),
    )


def _scale(week: WeekCounts, hours: Hours) -> Scale:
    """The steps of the whole city, whichever district is shown."""
    return scale_of(VIEW, [float(crimes) for crimes in week.chosen(hours).values() if crimes] or [1.0])


def _legend(scale: Scale, steps: list[int]) -> tuple[tuple[int, str, int], ...]:
    ends = [f"{end:,g}" for end in scale.ends]
    words = [f"under {ends[0]}", *(f"{low} to under {high}" for low, high in pairwise(ends)), f"{ends[-1]} or more"]
    return tuple((number, text, steps.count(number)) for number, text in enumerate(words) if number in steps)


def _hint(week: WeekCounts, hours: Hours, crimes: int, everything: int) -> str:
    about = week.about
    words = f"Recorded from {day_words(about['first_day'])} to {day_words(about['last_day'])}; this is no forecast. "
    if everything:
        share, of_week = percent_words(crimes / everything), percent_words(hours.mask.mean())
        words += f"These hours are {of_week} of the week and hold {share} of its crimes there. "
    if hours.first > hours.last:
        words += "Hours past midnight belong to the night of the day before. "
    if about["at_midnight"] >= MIDNIGHT:
        midnight = percent_words(about["at_midnight"])
        words += f"{midnight} are recorded at 00:00 sharp, where many sources put a time that is not known."
    return words.strip()


def _day_options(hours: Hours) -> tuple[Option, ...]:
    every = CHOICES if hours.days in CHOICES else (*CHOICES, hours.days)
    return tuple(
        Option(
            ",".join(WEEKDAYS[day] for day in days),
            replace(hours, days=days).words.rpartition(", ")[0],
            days == hours.days,
        )
        for days in every
    )


def _hour_options(hours: range, chosen: int) -> tuple[Option, ...]:
    return tuple(Option(str(hour), f"{hour:02}:00", hour == chosen) for hour in hours)
