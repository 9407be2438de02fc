"""Sentences that are shown wherever a forecast is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")

PLACES_NOT_PEOPLE = "It forecasts places, not people."


def number_word(number: int) -> str:
    """``two`` for 2; digits above twelve."""
    return _NUMBERS[number] if 0 <= number < len(_NUMBERS) else str(number)


def ahead_sentence(*, period: str, horizon: int, last_known: str, is_next: bool) -> str:
    """How far ahead a forecast looks.

    >>> ahead_sentence(period="2025-08", horizon=2, last_known="2025-06", is_next=True)
    'The next period, 2025-08, is two periods ahead of the last known one, 2025-06.'
    """
    name = f"The next period, {period}," if is_next else f"The period {period}"
    unit = "period" if horizon == 1 else "periods"
    return f"{name} is {number_word(horizon)} {unit} ahead of the last known one, {last_known}."


def earlier_sentence(period: str, next_period: str) -> str:
    """What must be said of a period that is issued and is not ahead.

    >>> earlier_sentence("2025-07", "2025-08")
    '2025-07 had begun when this was issued: it is kept to be compared with what happens; the next period is 2025-08.'
    """
    return (
        f"{period} had begun when this was issued: it is kept to be compared with what happens; the next period is "
        f"{next_period}."
    )


def label_sentences(*, simulated: bool, replay: bool, as_of: str) -> list[str]:
    """What must be said of a forecast that is not of today or not of a real city."""
    sentences = []
    if simulated:
        sentences.append("The city and its crimes are simulated.")
    if replay:
        sentences.append(f"Replayed: this is what would have been issued on {as_of}, not a forecast of today.")
    return sentences


def inconclusive_sentence(inconclusive: Mapping[str, Any]) -> str:
    """Which gates lacked evidence, and who approved all the same and why.

    >>> inconclusive_sentence({"gates": ["coverage", "audit"], "by": "A. Member", "reason": "a year is too short"})
    'Not enough evidence for coverage, audit; A. Member approved all the same: a year is too short'
    """
    gates = ", ".join(inconclusive["gates"]) or "any gate: none was recorded with its run"
    return f"Not enough evidence for {gates}; {inconclusive['by']} approved all the same: {inconclusive['reason']}"


def override_sentence(override: Mapping[str, Any]) -> str:
    """Which failed gate was overridden, by whom and why.

    >>> override_sentence({"gate": "coverage", "by": "A. Member", "reason": "known, and watched"})
    "The failed gate 'coverage' was overridden by A. Member: known, and watched"
    """
    return f"The failed gate '{override['gate']}' was overridden by {override['by']}: {override['reason']}"
