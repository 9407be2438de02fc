"""The one clock: what the time is, and which day that is in the city, whatever the zone of the machine."""

from __future__ import annotations

import difflib
import zoneinfo
from datetime import UTC, date, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator

WITHOUT_TIME_ZONE = 'No time_zone is set in wardcast.toml, so "today" is that of UTC.'
"""Told where a day of the city is needed and none can be known."""


def _known_time_zone(name: str) -> str:
    known = zoneinfo.available_timezones() - {"localtime", "Factory"}
    if name and name not in known:
        places = sorted(one for one in known if "/" in one)
        by_word = {one.lower().rpartition("/")[2]: one for one in places} | {one.lower(): one for one in places}
        near = difflib.get_close_matches(name.lower().replace(" ", "_"), by_word, n=1, cutoff=0.75)
        meant = by_word[near[0]] if near else "Europe/London"
        raise ValueError(f"'{name}' is not a time zone of the IANA list; write one such as \"{meant}\"")
    return name


TimeZoneName = Annotated[str, AfterValidator(_known_time_zone)]
"""A name of the IANA list, such as "Europe/London"; empty where none is set."""


def this_moment() -> datetime:
    """The present moment, with UTC as its zone."""
    return datetime.now(UTC)


def today_in(time_zone: str) -> date:
    """The day that it is now in a time zone; UTC's where the name is empty."""
    return this_moment().astimezone(ZoneInfo(time_zone or "UTC")).date()
