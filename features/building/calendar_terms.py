"""What the calendar says about a period before it happens: its length, weekends, bank holidays and season."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from contracts import Frequency, periods_per_year, starts_of
from contracts.arrays import Floats, Ordinals


def days_in(ordinals: Ordinals, frequency: Frequency) -> Floats:
    """Length of each period in days."""
    lengths = starts_of(ordinals + 1, frequency) - starts_of(ordinals, frequency)
    return np.asarray(lengths / np.timedelta64(1, "D"), dtype=np.float64)


def season_of(ordinals: Ordinals, frequency: Frequency) -> npt.NDArray[np.int64]:
    """Position of each period in the year, from 0; month 0 is January."""
    return np.asarray(ordinals % periods_per_year(frequency), dtype=np.int64)


def weekend_days(ordinals: Ordinals, frequency: Frequency) -> Floats:
    """Number of Fridays, Saturdays and Sundays that begin in each period."""
    return _days_where(ordinals, frequency, lambda days: np.isin((days.astype(np.int64) + 3) % 7, (4, 5, 6)))


def holiday_days(ordinals: Ordinals, frequency: Frequency, country: str) -> Floats:
    """Number of bank holidays in each period; zeros where no country is set ("GB-ENG", "US")."""
    if not country:
        return np.zeros(len(ordinals))
    first, last = starts_of(np.array([ordinals.min(), ordinals.max() + 1]), frequency)
    known = _bank_holidays(country, first.astype(object).year, last.astype(object).year)
    return _days_where(ordinals, frequency, lambda days: np.isin(days, known))


@lru_cache(maxsize=32)
def _bank_holidays(country: str, first_year: int, last_year: int) -> npt.NDArray[np.datetime64]:
    import holidays

    code, _, subdivision = country.partition("-")
    dates = holidays.country_holidays(code, subdiv=subdivision or None, years=range(first_year, last_year + 1))
    return np.array(sorted(dates), dtype="datetime64[D]")


Chooser = Callable[[npt.NDArray[np.datetime64]], npt.NDArray[np.bool_]]


def _days_where(ordinals: Ordinals, frequency: Frequency, chosen: Chooser) -> Floats:
    starts = starts_of(ordinals, frequency).astype("datetime64[D]")
    ends = starts_of(ordinals + 1, frequency).astype("datetime64[D]")
    days = np.arange(starts.min(), ends.max())
    cumulated = np.concatenate([[0.0], np.cumsum(chosen(days))])
    origin = starts.min()
    return np.asarray(cumulated[(ends - origin).astype(int)] - cumulated[(starts - origin).astype(int)])
