"""The column of the period in a table of counts: read into ordinals, in the city's time."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from contracts import BadInput, Frequency, Period
from contracts.arrays import Integers, Ordinals
from contracts.errors import shown
from contracts.periods import refuse_impossible_year
from features.sources.local_times import ZONED, no_zone_is_known
from features.sources.table_files import SourceColumn, as_text

FEWEST_WEEKS = 6
"""So many days that all fall on one weekday are weeks, not days."""
MOST_LONE_PERIODS = 2
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_LAST_HOURS = timedelta(hours=14)
"""As far as the zones of the earth lie before UTC."""


def period_ordinals(
    path: Path, table: pa.Table, name: str, *, frequency: Frequency, time_zone: str
) -> tuple[Ordinals, tuple[str, ...]]:
    """Each row's period, and what is to be told of the column.

    A stamp with a zone means the city's period, and has to begin a day (or a shift) there. Raises ``BadInput`` that
    names the row of what is no period, is of another length (weeks do not add up to months) or stands far from all
    others.
    """
    column = SourceColumn(path, name, table)
    encoded = as_text(column.values).dictionary_encode()
    code: Integers = np.asarray(encoded.indices.to_numpy(zero_copy_only=False), dtype=np.int64)
    _, first_rows = np.unique(code, return_index=True)
    texts = encoded.dictionary.to_pylist()
    periods = [
        _period(column, row, text, frequency, time_zone) for text, row in zip(texts, first_rows.tolist(), strict=True)
    ]
    days = [found for found in (_day(text, time_zone) for text in texts) if found is not None]
    _refuse_weeks_as_months(column, days, frequency)
    if len(days) == len(texts):
        _refuse_ends(column, texts, days, periods, frequency)
    ordinals = np.array([period.ordinal for period in periods], dtype=np.int64)
    _refuse_lone(column, texts, first_rows, ordinals, frequency)
    return ordinals[code], _told_weekday(days, frequency)


def _period(column: SourceColumn, row: int, text: str, frequency: Frequency, time_zone: str) -> Period:
    try:
        return _in_city(text, frequency, time_zone) if re.search(ZONED, text) else Period.parse(text, frequency)
    except BadInput as error:
        where = f"{column.path}: row {column.row_of(row)}, column '{column.name}': "
        raise BadInput(f"{where}{error.message}", remedy=error.remedy) from error


def _in_city(text: str, frequency: Frequency, time_zone: str) -> Period:
    """The city's period that a stamp with a zone begins; raises ``BadInput`` where it begins none."""
    if not time_zone:
        raise no_zone_is_known(f"'{shown(text)}'")
    written = _parsed(text)
    if written is None:
        return Period.parse(text, frequency)
    refuse_impossible_year(text, written.year)
    local = written.astimezone(ZoneInfo(time_zone))
    period = Period.containing(local.replace(tzinfo=None), frequency)
    if not _begins(written, local, period):
        what = "shift" if frequency is Frequency.SHIFT else "day"
        raise BadInput(
            f"'{shown(text)}' is {local:%Y-%m-%d %H:%M} in {time_zone}, which begins no {what} there, so its "
            f"{frequency} is not certain.",
            remedy=f"Write each {frequency} without a zone, as the one that is meant.",
        )
    return period


def _begins(written: datetime, local: datetime, period: Period) -> bool:
    """Whether a stamp begins a shift or a day of the city; a midnight of the file's own zone is taken too, where it
    stands for the same period."""
    if period.frequency is Frequency.SHIFT:
        return local.replace(tzinfo=None) == period.start
    as_written = written.replace(tzinfo=None)
    midnight = as_written == as_written.replace(hour=0, minute=0, second=0, microsecond=0)
    if midnight and Period.containing(as_written, period.frequency) == period:
        return True
    # The moment before, through UTC: a day may begin at one o'clock where the clock skips midnight.
    before = (local.astimezone(ZoneInfo("UTC")) - timedelta(seconds=1)).astimezone(local.tzinfo)
    return before.date() < local.date()


def _parsed(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(re.sub(r"\s*(UTC|GMT|z)$", "Z", text))
    except ValueError:
        return None


def _day(text: str, time_zone: str) -> datetime | None:
    """The local moment that a text names to the day at least; None for a month, a week or what is no moment."""
    moment = _parsed(text) if re.match(r"\d{4}-?\d{2}-?\d{2}", text) else None
    if moment is None or moment.tzinfo is None:
        return moment
    return moment.astimezone(ZoneInfo(time_zone)).replace(tzinfo=None)


def _refuse_weeks_as_months(column: SourceColumn, days: Sequence[datetime], frequency: Frequency) -> None:
    """Raise ``BadInput`` where every day is of one weekday: weeks would become months of four or five of them."""
    weekdays = {day.weekday() for day in days}
    number = len({day.date() for day in days})
    if frequency is Frequency.MONTH and number >= FEWEST_WEEKS and len(weekdays) == 1:
        raise BadInput(
            f"{column.path}, column '{column.name}': its {number} days are all {_WEEKDAYS[weekdays.pop()]}s, "
            "so the table is of weeks, and weeks do not add up to months.",
            remedy="Use --frequency week.",
        )


def _refuse_ends(
    column: SourceColumn,
    texts: Sequence[str],
    days: Sequence[datetime],
    periods: Sequence[Period],
    frequency: Frequency,
) -> None:
    """Raise ``BadInput`` where every stamp lies in the last hours of its period: another zone has moved it there."""
    if frequency not in (Frequency.MONTH, Frequency.WEEK):
        return
    if all(period.end - _LAST_HOURS <= day for day, period in zip(days, periods, strict=True)):
        raise BadInput(
            f"{column.path}, column '{column.name}': every stamp, such as '{texts[0]}', lies in the last hours of its "
            f"{frequency}, so it was moved there by another time zone.",
            remedy=f"Write each {frequency} as the one that is meant, like {periods[0].shift(1)}.",
        )


def _refuse_lone(
    column: SourceColumn, texts: Sequence[str], first_rows: Integers, ordinals: Ordinals, frequency: Frequency
) -> None:
    """Raise ``BadInput`` that names a period which is further from all others than they span."""
    known = np.unique(ordinals)
    for number in range(1, MOST_LONE_PERIODS + 1):
        for rest, lone in ((known[number:], known[:number]), (known[:-number], known[-number:])):
            if len(rest) <= MOST_LONE_PERIODS:
                continue
            gap = max(int(rest[0] - lone[-1]), int(lone[0] - rest[-1]))
            if gap > int(rest[-1] - rest[0]) + 1:
                at = int(np.flatnonzero(np.isin(ordinals, lone))[0])
                first, last = Period(frequency, int(rest[0])), Period(frequency, int(rest[-1]))
                what = f"is far from all other periods ({first} to {last})"
                raise column.wrong(int(first_rows[at]), texts[at], what, "Correct the row, or remove it.")


def _told_weekday(days: Sequence[datetime], frequency: Frequency) -> tuple[str, ...]:
    weekdays = {day.weekday() for day in days}
    if frequency is not Frequency.WEEK or len(days) < FEWEST_WEEKS or weekdays == {0} or len(weekdays) != 1:
        return ()
    name = _WEEKDAYS[weekdays.pop()]
    return (
        f"Every day of the period column is a {name}. Each was taken as a day of the week from Monday to Sunday that "
        f"it lies in; if the file's weeks begin on {name}s, their counts stand in other weeks.",
    )
