"""Which formats and encodings a client takes, as its headers say it (RFC 9110, section 12.5)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping


def takes_any(accept: str, offered: Iterable[str]) -> bool:
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


def takes_gzip(accept_encoding: str) -> bool:
    """Whether an ``Accept-Encoding`` header takes gzip, by name or because it takes nothing else."""
    weights = dict(_weighed(accept_encoding))
    return weights.get("gzip", 0.0) > 0 or (_plain_weight(weights) == 0 and weights.get("*", 0.0) > 0)


def takes_an_encoding(accept_encoding: str) -> bool:
    """Whether an ``Accept-Encoding`` header takes gzip or an answer as it is, which it does unless it says so."""
    if ";" not in accept_encoding:
        return True
    return takes_gzip(accept_encoding) or _plain_weight(dict(_weighed(accept_encoding))) > 0


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
