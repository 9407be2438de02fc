"""How numbers, ranks and periods are written on pages."""

from __future__ import annotations

from datetime import date
from typing import Any

from contracts import BadInput, Frequency, Period

_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November"),
    "December",
)


def count_words(value: float) -> str:
    """A count or a rate: one decimal below ten, none above.

    >>> count_words(9.96), count_words(12.5), count_words(5545.2)
    ('10.0', '13', '5,545')
    """
    return f"{value:.1f}" if value < 10 else f"{int(value + 0.5):,}"


def range_words(low: float, high: float) -> str:
    """The ends of an interval of counts.

    >>> range_words(5043, 6059), range_words(0, 0)
    ('5,043 to 6,059', 'exactly 0')
    """
    return f"exactly {low:,.0f}" if low == high else f"{low:,.0f} to {high:,.0f}"


def percent_words(share: float) -> str:
    """A share in whole per cent, and what lies at an end said so.

    >>> percent_words(0.214), percent_words(0.9999), percent_words(0.001), percent_words(1.0)
    ('21%', 'over 99%', 'under 1%', '100%')
    """
    if share in (0.0, 1.0):
        return f"{share:.0%}"
    return "over 99%" if share > 0.995 else "under 1%" if share < 0.005 else f"{share:.0%}"


def ordinal_words(number: int) -> str:
    """A place in an order.

    >>> [ordinal_words(number) for number in (1, 2, 3, 4, 11, 22, 103)]
    ['1st', '2nd', '3rd', '4th', '11th', '22nd', '103rd']
    """
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def period_words(period: str) -> str:
    """A period as it is said.

    >>> period_words("2025-08"), period_words("2025-W07"), period_words("2025-08-01"), period_words("2025-08-01T06")
    ('August 2025', 'Week 7 of 2025', '1 August 2025', '1 August 2025 from 06:00')
    """
    for frequency in Frequency:
        try:
            parsed = Period.parse(period, frequency)
        except BadInput:
            continue
        start = parsed.start
        if str(parsed) != period:
            continue
        if frequency is Frequency.MONTH:
            return f"{_MONTHS[start.month - 1]} {start.year}"
        if frequency is Frequency.WEEK:
            year, week, _ = start.isocalendar()
            return f"Week {week} of {year}"
        day = day_words(str(start.date()))
        return day if frequency is Frequency.DAY else f"{day} from {start:%H:%M}"
    return period


def day_words(moment: str) -> str:
    """The day of a moment or date in ISO form.

    >>> day_words("2025-07-10T09:00:00Z")
    '10 July 2025'
    """
    day = date.fromisoformat(moment[:10])
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def last_year_words(period: str) -> str:
    """The same period a year before, as it is said beside the period.

    >>> last_year_words("2025-08"), last_year_words("2025-W07")
    ('last August', 'the same week a year before')
    """
    words = period_words(period).split()
    if len(words) == 2:
        return f"last {words[0]}"
    return f"the same {'week' if words[0] == 'Week' else 'day'} a year before"


def going_on(title: str) -> str:
    """A title within a sentence.

    >>> going_on("Violence with injury")
    'violence with injury'
    """
    return f"{title[:1].lower()}{title[1:]}"


def change_words(expected: float, before: float) -> str:
    """An expected count against a known one.

    >>> change_words(97.0, 100.0), change_words(104.0, 100.0), change_words(100.2, 100.0)
    ('3% fewer than', '4% more than', 'as many as')
    """
    change = round(100.0 * (expected / before - 1.0))
    return "as many as" if change == 0 else f"{abs(change)}% {'more' if change > 0 else 'fewer'} than"


FILTERS: dict[str, Any] = {
    "count": count_words,
    "percent": percent_words,
    "ordinal": ordinal_words,
    "period": period_words,
    "day": day_words,
}
"""Names under which templates write numbers."""
