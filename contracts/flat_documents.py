"""A nested document as one level of names, for comparing two of them."""

from __future__ import annotations

from typing import Any


def flattened(content: Any, place: str = "") -> dict[str, Any]:
    """Each value under the names that lead to it, joined by dots.

    >>> flattened({"forecast": {"replay": True}, "seed": 7})
    {'forecast.replay': True, 'seed': 7}
    """
    if not isinstance(content, dict):
        return {place: content}
    start = f"{place}." if place else ""
    return {name: value for key, part in content.items() for name, value in flattened(part, f"{start}{key}").items()}
