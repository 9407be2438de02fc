"""What stands, told when something fails after an entry was made: the entry is in the ledger all the same."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from contracts import MissingThing
from service.ledger import Entry


@contextmanager
def telling_what_stands() -> Iterator[list[Entry]]:
    """Takes the entries that are made; a ``MissingThing`` after one of them says which are in the ledger."""
    entered: list[Entry] = []
    try:
        yield entered
    except MissingThing as error:
        if not entered:
            raise
        listed = ", ".join(f"entry {entry.number} ({entry.kind})" for entry in entered)
        raise MissingThing(
            f"{error.message} What was entered before that is in the ledger and stands: {listed}.",
            remedy=f"{error.remedy} See: wardcast ledger list",
        ) from error
