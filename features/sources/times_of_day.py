"""A date in one column and the time of day in another, joined."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

_MIDNIGHT = r"[T ]0?0:00(:00(\.0+)?)?$"
"""What some portals write behind a date."""
_LONGEST_HOUR = 24
_HALF_DAYS = ("%I:%M:%S%p", "%I:%M%p", "%I%p")


def joined(dates: pa.Array, times: pa.Array, *, formed: bool) -> pa.Array:
    """Texts like ``2023-03-01 22:15``, or where the form is given (``formed``) both texts with a space between them.

    Times may be written like 22:15, 22:15:30, 10:15 PM, 2215 or 45 (a quarter to one). A row without either is blank.
    """
    if not formed:
        dates = pc.replace_substring_regex(dates, _MIDNIGHT, "")
        encoded = times.dictionary_encode()
        clock = pa.array(_clock_times(encoded.dictionary.to_pylist()), pa.string())
        times = pa.DictionaryArray.from_arrays(encoded.indices, clock).dictionary_decode()
    both = pc.and_(pc.not_equal(dates, ""), pc.not_equal(times, ""))
    return pc.if_else(both, pc.binary_join_element_wise(dates, times, " "), "")


def _clock_times(texts: Sequence[str]) -> list[str]:
    """In 24 hours with a colon; whole numbers are hours where none is above 24, else hours and minutes.

    >>> _clock_times(["2215", "45", "9:05", "10:15 p.m."])
    ['22:15', '00:45', '09:05', '22:15:00']
    >>> _clock_times(["9", "23"])
    ['09:00', '23:00']
    """
    whole = [re.sub(r"\.0+$", "", text) for text in texts]
    numbers = [int(text) for text in whole if re.fullmatch(r"\d{1,4}", text)]
    hours_only = bool(numbers) and max(numbers) <= _LONGEST_HOUR
    return [_clock_time(text, hours_only=hours_only) for text in whole]


def _clock_time(text: str, *, hours_only: bool) -> str:
    if re.fullmatch(r"\d{1,4}", text):
        return f"{text.zfill(2)}:00" if hours_only else f"{text.zfill(4)[:2]}:{text.zfill(4)[2:]}"
    if re.search(r"[ap]\.?m", text, re.IGNORECASE):
        plain = re.sub(r"[. ]", "", text)
        for form in _HALF_DAYS:
            try:
                return f"{datetime.strptime(plain, form):%H:%M:%S}"
            except ValueError:
                continue
    return re.sub(r"^(\d):", r"0\1:", text)
