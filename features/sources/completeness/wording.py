"""Periods and areas in messages."""

from __future__ import annotations

from collections.abc import Sequence

from contracts import Frequency, Period

SHOWN = 6


def spans(ordinals: Sequence[int], frequency: Frequency) -> str:
    """Periods as text, neighbours together: ``2021-09, 2022-01 to 2022-12``."""
    found: list[tuple[int, int]] = []
    for ordinal in ordinals:
        if found and found[-1][1] == ordinal - 1:
            found[-1] = (found[-1][0], ordinal)
        else:
            found.append((ordinal, ordinal))
    return some(
        [
            str(Period(frequency, first))
            if first == last
            else f"{Period(frequency, first)} to {Period(frequency, last)}"
            for first, last in found
        ]
    )


def some(names: Sequence[str]) -> str:
    """The first names, and how many more there are."""
    shown = ", ".join(names[:SHOWN])
    return shown if len(names) <= SHOWN else f"{shown} and {len(names) - SHOWN} more"
