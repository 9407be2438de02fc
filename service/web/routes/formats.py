"""Which formats and encodings a client takes, as its headers say it (RFC 9110, section 12.5)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

KEPT = 256
"""Of how many headers it is kept what they mean: clients send the same ones again and again."""
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


@lru_cache(maxsize=KEPT)
def takes_any(accept: str, offered: tuple[str, ...]) -> bool:
    """Whether an ``Accept`` header takes one of the offered media types; an empty one takes all.

    Of several ranges that fit, the most exact decides. A type with the suffix ``+json`` is given as
    ``application/json`` too.
    """
    if accept in ("*/*", ""):
        return True
    ranges = dict(_weighed(accept))
    return not ranges or any(_weight_of(one, ranges) > 0 for one in offered)


def preferred(accept: str, offered: Mapping[str, str]) -> str:
    """The name of the format that an ``Accept`` header likes best; the first of those that it likes alike.

    ``offered`` maps names to media types.

    >>> preferred("text/csv, */*;q=0.1", {"json": "application/json", "csv": "text/csv; charset=utf-8"})
    'csv'
    """
    ranges = dict(_weighed(accept)) or {"*/*": 1.0}
    return max(offered, key=lambda name: _weight_of(offered[name].partition(";")[0], ranges))


def is_current(if_none_match: str, tag: str) -> bool:
    """Whether an ``If-None-Match`` header names the entity tag (RFC 9110, 13.1.2)."""
    named = {one.strip().removeprefix("W/") for one in if_none_match.split(",")}
    return tag in named or "*" in named


def _weight_of(media_type: str, ranges: dict[str, float]) -> float:
    kind = media_type.partition("/")[0]
    wider = ["application/json"] if media_type.endswith("+json") else []
    return next((ranges[name] for name in (media_type, *wider, f"{kind}/*", "*/*") if name in ranges), 0.0)


@lru_cache(maxsize=KEPT)
def encoding_of(accept_encoding: str, offered: tuple[str, ...]) -> str | None:
    """The encoding that an ``Accept-Encoding`` header likes best, the first of those liked alike; None is plain.

    An offered one is given only where it is named, or where plain is not taken.

    >>> encoding_of("gzip, deflate, br, zstd", ("zstd", "gzip")), encoding_of("identity", ("zstd", "gzip"))
    ('zstd', None)
    """
    weights = dict(_weighed(accept_encoding))
    other = weights.get("*", 0.0) if _plain_weight(weights) == 0 else 0.0
    best = max(offered, key=lambda name: weights.get(name, other))
    return best if weights.get(best, other) > 0 else None


@lru_cache(maxsize=KEPT)
def takes_an_encoding(accept_encoding: str, offered: tuple[str, ...]) -> bool:
    """Whether an ``Accept-Encoding`` header takes an answer in one of these or as it is, which it does by default."""
    plain = _plain_weight(dict(_weighed(accept_encoding)))
    return encoding_of(accept_encoding, offered) is not None or plain > 0


def range_of(header: str, size: int) -> range | None:
    """The bytes that a ``Range`` header asks for of so many; None where it has no one range, which is passed over.

    An empty range is one that cannot be satisfied (RFC 9110, section 14.1.2).

    >>> range_of("bytes=0-4", 9), range_of("bytes=-4", 9), range_of("bytes=9-", 9), range_of("bytes=0-1,4-5", 9)
    (range(0, 5), range(5, 9), range(9, 9), None)
    """
    match = _RANGE.fullmatch(header.strip())
    if match is None or not any(match.groups()):
        return None
    first, last = match.groups()
    if not first:
        return range(max(size - int(last), 0), size) if int(last) else range(size, size)
    if last and int(last) < int(first):
        return None
    return range(min(int(first), size), min(int(last) + 1, size) if last else size)


def _plain_weight(weights: dict[str, float]) -> float:
    return weights.get("identity", weights.get("*", 1.0))


def _weighed(header: str) -> Iterator[tuple[str, float]]:
    """Each name of a list and its weight: 1 without ``q``, 0 where ``q`` is no number."""
    for entry in header.lower().split(","):
        name, *parameters = (part.strip() for part in entry.split(";"))
        if name:
            yield name, min((_number(one[2:]) for one in parameters if one.startswith("q=")), default=1.0)


def _number(text: str) -> float:
    return float(text) if text.replace(".", "", 1).isdecimal() else 0.0
