"""Settings of earlier versions that mean nothing any more: passed over, so that older workspaces still open."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

RETIRED: Mapping[tuple[str, str], str] = {
    ("ingest", "stub_share"): "a quiet period is no stub; implausible_below says how improbable a period has to be",
}
"""Section and name → what took its place."""


def without_retired(given: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The same settings without those, and a sentence on each that was there.

    >>> without_retired({"ingest": {"stub_share": 0.4, "lost_share": 0.2}})[0]
    {'ingest': {'lost_share': 0.2}}
    """
    kept, told = dict(given), []
    for (section, name), instead in RETIRED.items():
        inside = kept.get(section)
        if isinstance(inside, dict) and name in inside:
            kept[section] = {key: value for key, value in inside.items() if key != name}
            told.append(f"[{section}] {name} is no setting any more and is passed over: {instead}. Delete its line.")
    return kept, tuple(told)
