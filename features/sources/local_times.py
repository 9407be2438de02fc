"""Times as files write them, turned into the city's local time: whatever their zone, no row lost and none twice."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from contracts import BadInput, Frequency
from contracts.arrays import Booleans, Moments
from contracts.periods import FIRST_YEAR, LAST_YEAR
from features.sources.table_files import SourceColumn, as_text

ZONED = r"[Tt ]\d{2}[^+-]*([Zz]|UTC|GMT|[+-]\d{2}(:?\d{2})?)$"
"""ISO 8601 with a zone: Z (or UTC, GMT) or an offset such as +00, -0430 or +05:45."""
_LOCAL = r"\d{4}-?\d{2}(-?\d{2}([Tt ]\d{1,2}(:?\d{2}(:?\d{2}(\.\d+)?)?)?)?)?"
_ZONED_WHOLE = rf"(?:{_LOCAL})\s*(Z|[+-]\d{{2}}(:?\d{{2}})?)"
MONTH_ALONE = r"^\d{4}-\d{2}$"
_SERIAL = r"\d{4,6}(\.\d+)?"
_SINCE_1970 = r"\d{9,11}(\.\d+)?|\d{13}|\d{16}|\d{19}"


@dataclass(frozen=True)
class LocalTimes:
    """``moment`` is local time to the second, NaT where ``present`` is False; ``notes`` tell of the clock's changes."""

    present: Booleans
    moment: Moments
    notes: tuple[str, ...]


def refuse_months(column: SourceColumn, texts: pa.Array, frequency: Frequency) -> None:
    """Raise ``BadInput`` that names the first row whose text gives a month alone, unless months are counted."""
    if frequency is Frequency.MONTH:
        return
    alone = np.flatnonzero(np.asarray(pc.fill_null(pc.match_substring_regex(texts, MONTH_ALONE), False), dtype=bool))
    if alone.size:
        row = int(alone[0])
        more = f", as {'is' if alone.size == 2 else 'are'} {alone.size - 1} more" if alone.size > 1 else ""
        raise column.wrong(
            row,
            texts[row].as_py(),
            f"is a month without a day, so it cannot be counted by {frequency}{more}",
            "Give the day, leave the time blank where it is not known, or use --period month.",
        )


def local_times(column: SourceColumn, values: pa.Array, *, time_format: str | None, time_zone: str) -> LocalTimes:
    """Times of the city from text or from Parquet's own times. Without a zone they are local already.

    Raises ``BadInput`` that names the row of what is no time, has a zone where the settings know none (or where
    other rows have none), or is not between 1900 and 2200.
    """
    if pa.types.is_date(values.type):
        values = values.cast(pa.timestamp("s"))
    if pa.types.is_timestamp(values.type):
        texts = values
        zoned = np.full(len(values), values.type.tz is not None)
        present = np.asarray(values.is_valid())
        parsed = _numbers(values.cast(pa.timestamp("us", values.type.tz), safe=False))
    else:
        texts = as_text(values)
        if time_format:
            texts = pc.replace_substring_regex(texts, r"([+-]\d{2})$", r"\100") if "%z" in time_format else texts
        present, zoned, parsed = _parsed(column, texts, time_format)
    zoned &= present
    _refuse_unknown_zone(column, texts, zoned, time_zone)
    moment = parsed.astype("datetime64[s]")
    if zoned.any():
        moment = _in_zone(moment, time_zone)
    _refuse_impossible(column, texts, moment, present)
    return LocalTimes(present, moment, _clock_changes(moment[present], time_zone, converted=bool(zoned.any())))


def _numbers(values: pa.Array) -> Moments:
    return np.asarray(values.to_numpy(zero_copy_only=False), dtype="datetime64[us]")


def _parsed(column: SourceColumn, texts: pa.Array, time_format: str | None) -> tuple[Booleans, Booleans, Moments]:
    """Which texts are there, which have a zone, and their times (UTC where they have one)."""
    filled = pc.if_else(pc.equal(texts, ""), None, texts)
    present = np.asarray(filled.is_valid())
    if time_format:
        has_zone = "%z" in time_format or "%Z" in time_format
        series = pd.Series(filled.to_pandas(), dtype=object)
        moments = _naive(pd.to_datetime(series, format=time_format, errors="coerce", utc=has_zone))
        zoned = np.full(len(texts), has_zone)
    else:
        zoned = np.asarray(pc.fill_null(pc.match_substring_regex(filled, ZONED), False), dtype=bool)
        _refuse_mixture(column, texts, zoned, present)
        moments = _iso(filled, zoned=bool(zoned.any()))
    for position in np.flatnonzero(present & np.isnat(moments)).tolist():
        moments[position] = _one(column, position, texts[position].as_py(), time_format, zoned=bool(zoned.any()))
    return present, zoned, moments


def _iso(filled: pa.Array, *, zoned: bool) -> Moments:
    """Times by ISO 8601, UTC where ``zoned``; NaT where a text is none that the fast readers know."""
    kind = pa.timestamp("us", "UTC") if zoned else pa.timestamp("us")
    if zoned:
        filled = pc.replace_substring_regex(filled, r"\s*(UTC|GMT|z)$", "Z")
    try:
        return _numbers(filled.cast(kind)).copy()
    except pa.ArrowInvalid:
        series = pd.Series(filled.to_pandas(), dtype=object)
        # A year alone or a serial number is no time, and here no time has a zone, whatever a lenient reader finds.
        series = series.where(~series.str.fullmatch(r"[\d.]{1,7}", na=False))
        series = series.where(series.str.fullmatch(_ZONED_WHOLE if zoned else _LOCAL, na=False))
        return _naive(pd.to_datetime(series, format="ISO8601", errors="coerce", utc=zoned))


def _naive(series: pd.Series[pd.Timestamp]) -> Moments:
    without = series.dt.tz_convert(None) if series.dt.tz is not None else series
    return np.array(without, dtype="datetime64[us]")


def _one(column: SourceColumn, position: int, text: str, time_format: str | None, *, zoned: bool) -> np.datetime64:
    """A time that the fast readers do not know: the 24th hour of a day, a year beyond theirs."""
    midnight = text.replace("T24:00", "T00:00").replace(" 24:00", " 00:00")
    try:
        found = datetime.strptime(text, time_format) if time_format else datetime.fromisoformat(midnight)
        found += timedelta(days=midnight != text and not time_format)
        utc = found.replace(tzinfo=None) - (found.utcoffset() or timedelta())
    except (ValueError, OverflowError) as error:
        raise _no_time(column, position, text) from error
    if (found.tzinfo is not None) != zoned:
        raise _no_time(column, position, text)
    return np.datetime64(utc, "us")


def _no_time(column: SourceColumn, position: int, text: str) -> BadInput:
    remedy = "Write times like 2023-03-01 22:15:00, or give their form with --time-format."
    if re.fullmatch(_SERIAL, text):
        remedy = "If it is a spreadsheet's day number, format it as a time like 2023-03-01 22:15:00 and save it."
    elif re.fullmatch(_SINCE_1970, text):
        remedy = "If it counts seconds since 1970, write it as a time in UTC, like 2023-03-01T22:15:00Z."
    return column.wrong(position, text, "is not a time", remedy)


def _refuse_mixture(column: SourceColumn, texts: pa.Array, zoned: Booleans, present: Booleans) -> None:
    local = present & ~zoned
    if zoned.any() and local.any():
        fewer = zoned if zoned.sum() <= local.sum() else local
        has, other_has = ("has a", "none") if fewer is zoned else ("has no", "one")
        row, other = int(np.flatnonzero(fewer)[0]), int(np.flatnonzero(present & ~fewer)[0])
        raise column.wrong(
            row,
            texts[row].as_py(),
            f"{has} time zone where row {column.row_of(other)}, '{texts[other].as_py()}', has {other_has}",
            "Write all times with a zone, or all in the city's local time.",
        )


def no_zone_is_known(what: str) -> BadInput:
    """An error that asks for the city's time zone by name; ``what`` says which stamp of which row needs it."""
    return BadInput(
        f"{what} has a time zone, and wardcast.toml does not say which one the city lies in.",
        remedy='Add the city\'s to wardcast.toml, at its top, such as: time_zone = "Europe/London"',
    )


def _refuse_unknown_zone(column: SourceColumn, texts: pa.Array, zoned: Booleans, time_zone: str) -> None:
    if zoned.any() and not time_zone:
        row = int(np.flatnonzero(zoned)[0])
        where = f"{column.path}: row {column.row_of(row)}, column '{column.name}': "
        raise no_zone_is_known(f"{where}'{texts[row].as_py()}'")


def _in_zone(moment: Moments, time_zone: str) -> Moments:
    """Local time from UTC."""
    local = pd.DatetimeIndex(moment).tz_localize("UTC").tz_convert(time_zone).tz_localize(None)
    return np.asarray(local, dtype="datetime64[s]")


def _refuse_impossible(column: SourceColumn, texts: pa.Array, moment: Moments, present: Booleans) -> None:
    first, after = np.datetime64(f"{FIRST_YEAR}-01-01"), np.datetime64(f"{LAST_YEAR + 1}-01-01")
    wrong = present & ~((moment >= first) & (moment < after))
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise column.wrong(
            row,
            str(texts[row].as_py()),
            f"is not between the years {FIRST_YEAR} and {LAST_YEAR}",
            "Correct the row, or leave its time blank: it is set aside then.",
        )


def _clock_changes(moment: Moments, time_zone: str, *, converted: bool) -> tuple[str, ...]:
    """How many local times lie in hours that the clock repeats or skips; each row stays one row at its own time."""
    if not time_zone or not len(moment):
        return ()
    index = pd.DatetimeIndex(moment)
    repeated = _not_found(index.tz_localize(time_zone, ambiguous="NaT", nonexistent="shift_forward"))
    standard = np.zeros(len(moment), dtype=bool)
    skipped = _not_found(index.tz_localize(time_zone, ambiguous=standard, nonexistent="NaT"))
    by_day = bool((moment == moment.astype("datetime64[D]")).all())
    if by_day or not (repeated or skipped):
        return ()
    lie = "time lies" if repeated == 1 else "times lie"
    told = f"{repeated:,} {lie} in an hour that the clock of {time_zone} repeats"
    if skipped and not converted:
        told += f" and {skipped:,} in one that it skips, so the file may not be in local time"
    return (f"{told}; each row is counted once.",)


def _not_found(index: pd.DatetimeIndex) -> int:
    return int(np.isnat(np.asarray(index.tz_convert(None), dtype="datetime64[s]")).sum())
