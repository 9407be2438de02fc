"""How a name that was asked for is told back, and which known one is nearest to it."""

from __future__ import annotations

import re
from collections.abc import Collection
from difflib import get_close_matches

from contracts import BadInput, MissingThing

LONGEST_VALUE = 200
UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufffd]")
_SHOWN = 60


def nearest(name: str, known: Collection[str]) -> str | None:
    """The one of the known names that is most like a name, whatever its case; None if none is like it."""
    if len(name) > LONGEST_VALUE:
        return None
    folded = {one.casefold(): one for one in known}
    found = get_close_matches(name.casefold(), folded, n=1)
    return folded[found[0]] if found else None


def unknown(message: str, name: str, known: Collection[str], *, remedy: str) -> BadInput | MissingThing:
    """The error of a name that is not there: bad input where it is there in another case."""
    for one in known:
        if one.casefold() == name.casefold():
            return BadInput(message, remedy=f"It is written '{one}'.")
    return MissingThing(message, remedy=remedy)


def shown(text: str) -> str:
    """A text as it can be told: printable, and not long."""
    plain = UNPRINTABLE.sub("\ufffd", text)
    return plain if len(plain) <= _SHOWN else f"{plain[:_SHOWN]}…"
