"""When in the week crime happened: chosen weekdays and hours of the incidents that an issue counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd

from contracts.arrays import Booleans, Integers
from service.web.answers.answer import Json

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: tuple[str, ...] = get_args(Weekday)
DAYS, HOURS = 7, 24


@dataclass(frozen=True)
class Hours:
    """Weekdays by number from 0, Monday, and the hours from ``first`` to ``last``, which is not one of them.

    Hours past midnight belong to the night of the day before; with ``last`` equal to ``first`` they are 24.
    """

    days: tuple[int, ...]
    first: int
    last: int

    @property
    def mask(self) -> Booleans:
        """Which weekday and hour is chosen, (7, 24).

        >>> night = Hours((4,), 22, 2).mask
        >>> night[4, 21:].tolist(), night[5, :3].tolist(), int(night.sum())
        ([False, True, True], [True, True, False], 4)
        """
        length = (self.last - self.first) % HOURS or HOURS
        chosen = np.zeros(DAYS * HOURS, dtype=bool)
        for day in self.days:
            chosen[(day * HOURS + self.first + np.arange(length)) % (DAYS * HOURS)] = True
        return chosen.reshape(DAYS, HOURS)

    @property
    def words(self) -> str:
        """As they are said.

        >>> Hours((4, 5), 20, 4).words, Hours(tuple(range(7)), 0, 24).words, Hours((0, 1, 2, 3, 4), 9, 17).words
        ('Friday and Saturday, 20:00 to 04:00', 'Every day, all hours', 'Monday to Friday, 09:00 to 17:00')
        """
        all_day = self.first % HOURS == 0 and self.last % HOURS == 0
        return f"{_day_words(self.days)}, {'all hours' if all_day else f'{self.first:02}:00 to {self.last:02}:00'}"


NIGHTS = Hours((4, 5), 20, 4)
"""Of the night-time economy, where nothing else is asked for."""


@dataclass(frozen=True)
class WeekCounts:
    """``counts`` (areas, 7 weekdays from Monday, 24 hours) of one target; ``about`` says of which weeks."""

    codes: tuple[str, ...]
    counts: Integers
    about: Json

    def chosen(self, hours: Hours) -> dict[str, int]:
        """Area → crimes in these hours."""
        return dict(zip(self.codes, self.counts[:, hours.mask].sum(axis=1).tolist(), strict=True))

    def of(self, codes: Sequence[str]) -> Integers:
        """Crimes of several areas together, (7, 24)."""
        wanted = set(codes)
        positions = [position for position, code in enumerate(self.codes) if code in wanted]
        return np.asarray(self.counts[positions].sum(axis=0))


def week_counts(rows: pd.DataFrame | None, target: str, codes: Sequence[str], about: Json | None) -> WeekCounts | None:
    """From the rows of ``contracts.tables.HOURS``; None where the target has none."""
    if rows is None or about is None:
        return None
    found = rows[rows["target"] == target]
    position = {code: at for at, code in enumerate(codes)}
    counts = np.zeros((len(codes), DAYS, HOURS), dtype=np.int64)
    at = found["area"].map(position).to_numpy(np.int64)
    counts[at, found["weekday"].to_numpy() - 1, found["hour"].to_numpy()] = found["crimes"].to_numpy()
    return WeekCounts(tuple(codes), counts, about)


def hour_rows(week: WeekCounts, hours: Hours, row_of: Mapping[str, Json]) -> list[Json]:
    """A row an area, those with most crimes in these hours first."""
    whole = week.counts.sum(axis=(1, 2)).tolist()
    rows = [
        {
            "area": code,
            "name": row_of[code]["name"],
            "parent": row_of[code]["parent"],
            "crimes": crimes,
            "per_week": round(crimes / week.about["weeks"], 4),
            "share_of_week": round(crimes / all_crimes, 4) if all_crimes else None,
        }
        for (code, crimes), all_crimes in zip(week.chosen(hours).items(), whole, strict=True)
    ]
    return sorted(rows, key=lambda row: (-int(row["crimes"]), str(row["area"])))


def _day_words(days: Sequence[int]) -> str:
    names = [WEEKDAYS[day].capitalize() for day in sorted(days)]
    if len(names) == DAYS:
        return "Every day"
    if len(names) > 2 and max(days) - min(days) == len(names) - 1:
        return f"{names[0]} to {names[-1]}"
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
