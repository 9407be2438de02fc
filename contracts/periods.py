"""Periods: months, ISO weeks, days and 8-hour shifts as whole numbers on a line.

A period's *ordinal* counts periods of its frequency since the one that contains (or begins with)
1970-01-01; arithmetic on ordinals is arithmetic on periods. ISO weeks begin on Monday. The three
shifts of a day begin at 06:00, 14:00 and 22:00 local time and belong to the day they begin on.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

import numpy as np

from contracts.arrays import Moments, Ordinals
from contracts.errors import BadInput, shown

EPOCH = datetime(1970, 1, 1)
FIRST_MONDAY = datetime(1969, 12, 29)
FIRST_SHIFT = datetime(1970, 1, 1, 6)
SHIFT_HOURS = 8
FIRST_YEAR, LAST_YEAR = 1900, 2200
"""Dates before and after these years are mistakes, or stand for "unknown" or "never"."""


class Frequency(StrEnum):
    """How long a period lasts."""

    MONTH = "month"
    WEEK = "week"
    DAY = "day"
    SHIFT = "shift"


_FIXED_LENGTHS = {
    Frequency.WEEK: (FIRST_MONDAY, timedelta(weeks=1)),
    Frequency.DAY: (EPOCH, timedelta(days=1)),
    Frequency.SHIFT: (FIRST_SHIFT, timedelta(hours=SHIFT_HOURS)),
}
_PERIODS_PER_YEAR = {Frequency.MONTH: 12, Frequency.WEEK: 52, Frequency.DAY: 365, Frequency.SHIFT: 1095}
_YEAR_BEFORE = {Frequency.MONTH: 12, Frequency.WEEK: 52, Frequency.DAY: 364, Frequency.SHIFT: 1092}
_MONTH = re.compile(r"(\d{4})-(\d{2})")
_WEEK = re.compile(r"(\d{4})-W(\d{2})")


_EXAMPLES = {
    Frequency.MONTH: "2023-03",
    Frequency.WEEK: "2023-W09",
    Frequency.DAY: "2023-03-01",
    Frequency.SHIFT: "2023-03-01T06",
}


def refuse_impossible_year(text: str, year: int) -> None:
    """Raise ``BadInput`` that names ``text`` where its year is before 1900 or after 2200."""
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise BadInput(
            f"'{shown(text)}' is not between the years {FIRST_YEAR} and {LAST_YEAR}.",
            remedy="Correct it, or leave it out.",
        )


@dataclass(frozen=True, order=True)
class Period:
    """One month, ISO week, day or shift.

    >>> Period.parse("2025-06", Frequency.MONTH).shift(2)
    Period('2025-08')
    >>> Period.parse("2025-W01", Frequency.WEEK).start.date()
    datetime.date(2024, 12, 30)
    """

    frequency: Frequency
    ordinal: int

    @classmethod
    def containing(cls, moment: date, frequency: Frequency) -> Period:
        """The period that contains ``moment``; a plain date means its midnight."""
        when = moment if isinstance(moment, datetime) else datetime(moment.year, moment.month, moment.day)
        if frequency is Frequency.MONTH:
            return cls(frequency, (when.year - 1970) * 12 + when.month - 1)
        first, length = _FIXED_LENGTHS[frequency]
        return cls(frequency, (when - first) // length)

    @classmethod
    def parse(cls, text: str, frequency: Frequency) -> Period:
        """Read ``2023-03``, ``2023-W09``, ``2023-03-01`` or ``2023-03-01T06``.

        A full date is read as the period that contains it, whatever the frequency. Raises ``BadInput`` for anything
        else: a week that is read as a month, a time with a zone, a year outside of 1900 to 2200.
        """
        if frequency is not Frequency.WEEK and _WEEK.fullmatch(text):
            raise BadInput(
                f"'{shown(text)}' is not a {frequency} but a week.",
                remedy=f"Write it like {_EXAMPLES[frequency]}, or use the frequency week.",
            )
        try:
            if frequency is Frequency.MONTH and (month := _MONTH.fullmatch(text)):
                moment = datetime(int(month[1]), int(month[2]), 1)
            elif frequency is Frequency.WEEK and (week := _WEEK.fullmatch(text)):
                moment = datetime.fromisocalendar(int(week[1]), int(week[2]), 1)
            else:
                moment = datetime.fromisoformat(text)
        except ValueError as error:
            raise BadInput(
                f"'{shown(text)}' is not a {frequency}.", remedy=f"Write it like {_EXAMPLES[frequency]}."
            ) from error
        if moment.tzinfo is not None:
            raise BadInput(f"'{shown(text)}' has a time zone.", remedy=f"Write it like {_EXAMPLES[frequency]}.")
        refuse_impossible_year(text, moment.year)
        return cls.containing(moment, frequency)

    @property
    def start(self) -> datetime:
        """Its first moment."""
        if self.frequency is Frequency.MONTH:
            return datetime(1970 + self.ordinal // 12, self.ordinal % 12 + 1, 1)
        first, length = _FIXED_LENGTHS[self.frequency]
        return first + self.ordinal * length

    @property
    def end(self) -> datetime:
        """The first moment after it."""
        return self.shift(1).start

    @property
    def days(self) -> float:
        """Its length in days."""
        return (self.end - self.start) / timedelta(days=1)

    def shift(self, periods: int) -> Period:
        """The period so many periods later (earlier if negative)."""
        return Period(self.frequency, self.ordinal + periods)

    def __sub__(self, other: Period) -> int:
        if self.frequency is not other.frequency:
            raise TypeError(f"cannot subtract a {other.frequency} from a {self.frequency}")
        return self.ordinal - other.ordinal

    def __str__(self) -> str:
        start = self.start
        if self.frequency is Frequency.MONTH:
            return f"{start:%Y-%m}"
        if self.frequency is Frequency.WEEK:
            year, week, _ = start.isocalendar()
            return f"{year}-W{week:02d}"
        return f"{start:%Y-%m-%d}" if self.frequency is Frequency.DAY else f"{start:%Y-%m-%dT%H}"

    def __repr__(self) -> str:
        return f"Period('{self}')"


def next_period(issued_at: date, frequency: Frequency) -> Period:
    """The first whole period that begins after ``issued_at``.

    >>> next_period(date(2025, 7, 10), Frequency.MONTH)
    Period('2025-08')
    >>> next_period(date(2025, 7, 1), Frequency.MONTH)
    Period('2025-08')
    """
    return Period.containing(issued_at, frequency).shift(1)


def issued_horizons(last_known: Period, as_of: date, periods_ahead: int) -> tuple[int, ...]:
    """Every horizon of a forecast made on ``as_of``: from the first period after the last known one to the last issued.

    Counts come in arrears: the next period is ``next_period(as_of) − last_known`` ahead, and the horizons before it are
    of periods in progress or just past. Training judges these, and issuing issues them.

    >>> issued_horizons(Period.parse("2025-06", Frequency.MONTH), date(2025, 7, 10), 3)
    (1, 2, 3, 4)
    """
    first = next_period(as_of, last_known.frequency) - last_known
    return tuple(range(1, first + periods_ahead))


def horizons_text(horizons: Sequence[int]) -> str:
    """Horizons as a reader takes them in: a run of them with a dash.

    >>> horizons_text((1, 2, 3, 4)), horizons_text((1, 3)), horizons_text((2,))
    ('1–4', '1, 3', '2')
    """
    first, last = min(horizons), max(horizons)
    if len(horizons) > 1 and sorted(horizons) == list(range(first, last + 1)):
        return f"{first}–{last}"
    return ", ".join(str(one) for one in sorted(horizons))


def periods_per_year(frequency: Frequency) -> int:
    """The season's length in whole periods."""
    return _PERIODS_PER_YEAR[frequency]


def year_before(period: Period) -> Period:
    """The same period a year earlier; for weeks and shorter ones, the same weekday 52 weeks earlier.

    >>> year_before(Period.parse("2025-08", Frequency.MONTH)), year_before(Period.parse("2025-W01", Frequency.WEEK))
    (Period('2024-08'), Period('2024-W01'))
    """
    return period.shift(-_YEAR_BEFORE[period.frequency])


def ordinals_of(moments: Moments, frequency: Frequency) -> Ordinals:
    """Ordinals of the periods that contain each of ``moments`` (any shape, datetime64)."""
    if frequency is Frequency.MONTH:
        return moments.astype("datetime64[M]").astype(np.int64)
    first, length = _FIXED_LENGTHS[frequency]
    seconds = (moments.astype("datetime64[s]") - np.datetime64(first, "s")).astype(np.int64)
    return np.asarray(seconds // int(length.total_seconds()), dtype=np.int64)


def starts_of(ordinals: Ordinals, frequency: Frequency) -> Moments:
    """First moments of periods, datetime64[s], same shape as ``ordinals``."""
    if frequency is Frequency.MONTH:
        return ordinals.astype("datetime64[M]").astype("datetime64[s]")
    first, length = _FIXED_LENGTHS[frequency]
    return np.asarray(np.datetime64(first, "s") + ordinals.astype("timedelta64[s]") * int(length.total_seconds()))
