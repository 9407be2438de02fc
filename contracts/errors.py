"""The errors a user can meet. Each says what is wrong, where, and the remedy."""

from __future__ import annotations

LONGEST_SHOWN = 80
"""Characters of a text from elsewhere that a message quotes."""


def shown(text: str) -> str:
    """A text from elsewhere as a message quotes it: without its rest where it is long."""
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"


class WardcastError(Exception):
    """Base of every error that is reported to a user in one line instead of a traceback.

    ``message`` names the file, row or field; ``remedy`` says what to do about it.
    """

    def __init__(self, message: str, *, remedy: str) -> None:
        message, remedy = _in_one_line(message), _in_one_line(remedy)
        super().__init__(message, remedy)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}"


def _in_one_line(text: str) -> str:
    """With what would break a line, move a cursor or turn the direction of writing shown as its escape.

    >>> print(_in_one_line("the offence 'a\\nb'"))
    the offence 'a\\nb'
    """
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode("ascii") for one in text)


class BadInput(WardcastError):
    """Something given by the user or a source cannot be used as it is; nothing was written."""


class NotWritten(BadInput):
    """A file or folder could not be written whole: the disk, its rights or the place named refused it.

    The message says what stands in its place now.
    """


class StaleData(WardcastError):
    """The data or the issued forecast is too old to be served."""


class RefusedAction(WardcastError):
    """The action is understood, and not allowed in this state or for this person."""


class WithdrawnModel(WardcastError):
    """The forecast asked for is of a model that was withdrawn."""


class MissingThing(WardcastError):
    """Something named does not exist."""
