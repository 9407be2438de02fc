"""The page of one area: what is expected there, how that stands beside its own past, its district and the city."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from contracts import Frequency
from service.web.answers.answer import Json
from service.web.answers.levels import CITY
from service.web.answers.period import PeriodAnswers
from service.web.answers.week import NIGHTS
from service.web.pages.asked import Asked, Option, address_of, period_options, target_options
from service.web.pages.hours import WeekGrid, grid_of, hours_address, nights_sentence
from service.web.pages.words import (
    change_words,
    count_words,
    day_words,
    going_on,
    ordinal_words,
    period_words,
    range_words,
)
from service.web.snapshot import Snapshot, TargetAnswers

YEARLY: Mapping[Frequency, tuple[int, str]] = {
    Frequency.MONTH: (12, "12 months"),
    Frequency.WEEK: (13, "13 weeks"),
    Frequency.DAY: (14, "14 days"),
    Frequency.SHIFT: (18, "18 shifts"),
}
"""How many periods are summed and set beside as many before them, and how that is said."""
SURE = 0.05
"""A share of deals up to which more near repeats are told to be more than chance brings."""


@dataclass(frozen=True)
class Line:
    """The area, its district or the city in a row: expected, a year before, and two stretches of its past."""

    name: str
    expected: str
    interval: str
    a_year_before: str
    newest: str
    before: str
    change: str


@dataclass(frozen=True)
class AreaPage:
    """All that the page of an area says."""

    code: str
    name: str
    within: str | None
    headline: str
    target: str
    title: str
    period: str
    targets: tuple[Option, ...]
    periods: tuple[Option, ...]
    areas: int
    lines: tuple[Line, ...]
    stretch: str
    flagged: str | None
    dispute: str
    history: tuple[Json, ...]
    nights: str | None
    grid: WeekGrid | None
    repeats: tuple[str, ...]
    hours_address: str
    address: str
    """The query of the briefing in which this area is chosen."""


def area_page_of(served: Snapshot, code: str, asked: Asked) -> AreaPage:
    """The page of one area; raises ``MissingThing`` and ``BadInput`` for what is not there."""
    served.areas_of(asked.target, asked.period, [code])
    answers = served.of(asked.target)
    shown = answers.of(asked.period)
    row = shown.row_of[code]
    target, period = shown.envelope["target"], shown.envelope["period"]
    count, stretch = YEARLY[Frequency(shown.envelope["frequency"])]
    return AreaPage(
        code=code,
        name=row["name"],
        within=row["parent_name"] or row["parent"],
        headline=_headline(shown, row),
        target=target,
        title=shown.envelope["title"],
        period=period,
        targets=target_options(served, target),
        periods=period_options(answers, period),
        areas=len(shown.row_of),
        lines=tuple(_lines(answers, shown, row, count)),
        stretch=stretch,
        flagged=_flagged(shown, row),
        dispute=f"wardcast challenge open {served.forecast_id} --area {code} --target {target} --by NAME --reason TEXT",
        history=tuple(reversed(answers.histories[code])),
        nights=nights_sentence(answers, code),
        grid=None if answers.week is None else grid_of(answers.week.of([code]), f"{row['name']} by weekday and hour"),
        repeats=tuple(_repeats(answers, code)),
        hours_address=hours_address(target, row["parent"], NIGHTS),
        address=address_of(Asked(target=target, period=period, area=code)),
    )


def _headline(shown: PeriodAnswers, row: Json) -> str:
    title = shown.envelope["title"]
    words = f"{row['name']}, {period_words(shown.envelope['period'])}, {going_on(title)}: "
    words += f"{count_words(row['mean'])} expected, {range_words(row['q10'], row['q90'])}"
    if row["rank_low"] is None:
        return f"{words}; {ordinal_words(row['rank'])} of {len(shown.row_of):,}."
    could = f", could be {ordinal_words(row['rank_low'])} to {ordinal_words(row['rank_high'])}"
    return f"{words}; {ordinal_words(row['rank'])} of {len(shown.row_of):,}{could}."


def _flagged(shown: PeriodAnswers, row: Json) -> str | None:
    """Whether the area is flagged, and why."""
    if shown.rule is None or row["place"] is None:
        return None
    number = sum(bool(one["flagged"]) for one in shown.row_of.values())
    words = "Flagged" if row["flagged"] else "Not flagged"
    place = f"{ordinal_words(row['place'])} in the order of the rule, of which {number} are"
    return f"{words}: {place}: {shown.rule['words']}."


def _repeats(answers: TargetAnswers, code: str) -> Iterator[str]:
    """What is known of repeats in the area, and of near repeats in the city; small counts are hidden."""
    found = answers.repeats
    if found is None:
        return
    if found.about is not None and code in found.of_area:
        about, counts = found.about, found.of_area[code]
        written = {name: _or_few(value, about["hidden_under"]) for name, value in counts.items()}
        yield (
            f"Of {written['incidents']} here from {day_words(about['first_day'])} to {day_words(about['last_day'])}, "
            f"{written['repeats']} happened at a place where another had within {about['same_place_days']} days, and "
            f"{written['near_repeats']} of the others within {about['near_metres']} m and {about['near_days']} days of "
            f"one. Counts are rounded down to {about['rounded_to']}."
        )
    row, of_city = found.soon_and_near, found.about_table
    if row is not None and of_city is not None:
        chance = "more than by chance" if row["p"] <= SURE else "which chance alone would often bring"
        yield (
            f"In the city, within {row['metres']} m and {row['days']} days of one (but elsewhere than there) "
            f"{row['ratio']:.1f} times as many followed as if days were dealt out anew: {chance}, by "
            f"{of_city['incidents']:,} incidents since {day_words(of_city['first_day'])}."
        )


def _or_few(value: int | None, hidden_under: int) -> str:
    return f"fewer than {hidden_under}" if value is None else f"{value:,}"


def _lines(answers: TargetAnswers, shown: PeriodAnswers, row: Json, count: int) -> list[Line]:
    lines = [_line(answers, shown, [row["area"]], row, row["name"], count)]
    district = shown.larger_of.get(row["parent"])
    if district is not None:
        codes = [code for code, one in shown.row_of.items() if one["parent"] == row["parent"]]
        lines.append(_line(answers, shown, codes, district, district["name"], count))
    city = shown.larger_of.get(CITY)
    if city is not None:
        lines.append(_line(answers, shown, list(shown.row_of), city, city["name"], count))
    return lines


def _line(
    answers: TargetAnswers, shown: PeriodAnswers, codes: Collection[str], about: Json, name: str, count: int
) -> Line:
    before_year = _known([shown.row_of[code]["a_year_before"] for code in codes])
    counts = [[known["count"] for known in answers.histories[code]] for code in codes]
    newest = _known([value for one in counts for value in one[-count:]])
    earlier = _known([value for one in counts for value in one[-2 * count : -count]])
    has_both = newest is not None and earlier and all(len(one) >= 2 * count for one in counts)
    return Line(
        name=name,
        expected=count_words(about["mean"]),
        interval=range_words(about["q10"], about["q90"]),
        a_year_before=_written(before_year),
        newest=_written(newest),
        before=_written(earlier) if has_both else "not known",
        change=_change(newest, earlier) if has_both and newest and earlier else "not known",
    )


def _change(newest: int, before: int) -> str:
    return change_words(newest, before).removesuffix(" than").removesuffix(" as")


def _known(values: Collection[int | None]) -> int | None:
    """The sum of counts, if every one of them is known."""
    known = [value for value in values if value is not None]
    return sum(known) if len(known) == len(values) else None


def _written(value: int | None) -> str:
    return "not known" if value is None else f"{value:,}"
