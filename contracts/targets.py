"""Targets: named sums of offences that keep their meaning when a source renames its categories."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

ALL_OFFENCES = "all"


def wording_key(wording: str) -> str:
    """What two wordings of one category have in common: their letters and digits, whatever the case.

    >>> wording_key("Violence with Injury ") == wording_key("VIOLENCE WITH INJURY")
    True
    >>> wording_key("Burglary - Residential") == wording_key("BURGLARY RESIDENTIAL")
    True
    """
    return "".join(character for character in wording.casefold() if character.isalnum())


def offence_by_wording(offences: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """Wording key → offence, of one taxonomy (offence → wordings). An offence's own name is a wording of it too."""
    keys = {wording_key(offence): offence for offence in offences}
    keys |= {wording_key(wording): offence for offence, wordings in offences.items() for wording in wordings}
    return keys


@dataclass(frozen=True)
class Target:
    """What is forecast: the sum of these offences, per taxonomy (a source's own system of categories)."""

    name: str
    title: str
    offences: Mapping[str, tuple[str, ...]]
    not_published: Literal["refuse", "missing"] = "refuse"
    accepted_changes: tuple[str, ...] = ()
