"""What changed since an earlier report: verdicts that are not what they were, and figures that moved beyond chance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from monitoring.audits.result import CAVEAT

Row = dict[str, Any]
KEY = ("audit", "attribute", "group", "stratum")
NOW_OUTSIDE, NO_LONGER_OUTSIDE, OTHER_VERDICT, MOVED = (
    "now outside the limit",
    "no longer outside the limit",
    "another verdict",
    "moved, with the same verdict",
)
KINDS = (NOW_OUTSIDE, NO_LONGER_OUTSIDE, OTHER_VERDICT, MOVED)
"""In the order in which they are told."""


def changes(now: Sequence[Row], earlier: Sequence[Mapping[str, Any]]) -> list[Row]:
    """One row a finding that both reports have and that changed, the gravest kind first.

    A figure moved where the two 95% intervals do not meet: less than that may be chance.
    """
    before = {tuple(one[name] for name in KEY): one for one in earlier}
    found = []
    for one in now:
        then = before.get(tuple(one[name] for name in KEY))
        kind = None if then is None else _kind(then, one)
        if then is not None and kind is not None:
            found.append(
                {
                    **{name: one[name] for name in (*KEY, "label", "unit", "margin")},
                    "kind": kind,
                    "now": _figure(one),
                    "earlier": _figure(then),
                    "verdict": one["verdict"],
                    "earlier_verdict": then["verdict"],
                    "earlier_margin": list(then["margin"]),
                    "caveat": CAVEAT,
                }
            )
    return sorted(found, key=lambda row: KINDS.index(row["kind"]))


def changed_margins(now: Mapping[str, Any], earlier: Mapping[str, Any] | None) -> list[Row]:
    """One row a setting of the audits that is not what it was in the earlier report."""
    if earlier is None:
        return []
    return [
        {"setting": name, "earlier": earlier.get(name), "now": value}
        for name, value in now.items()
        if _plain(earlier.get(name)) != _plain(value)
    ]


def _kind(then: Mapping[str, Any], now: Mapping[str, Any]) -> str | None:
    if then["verdict"] != now["verdict"]:
        if now["verdict"] == "outside":
            return NOW_OUTSIDE
        return NO_LONGER_OUTSIDE if then["verdict"] == "outside" else OTHER_VERDICT
    ends = (then["low"], then["high"], now["low"], now["high"])
    if None in ends:
        return None
    return MOVED if then["high"] < now["low"] or now["high"] < then["low"] else None


def _figure(row: Mapping[str, Any]) -> Row:
    return {name: row[name] for name in ("value", "low", "high", "unit")}


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value
