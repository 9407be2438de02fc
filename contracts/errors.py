"""The errors a user can meet. Each says what is wrong, where, and the remedy."""

from __future__ import annotations


class WardcastError(Exception):
    """Base of every error that is reported to a user in one line instead of a traceback.

    ``message`` names the file, row or field; ``remedy`` says what to do about it.
    """

    def __init__(self, message: str, *, remedy: str) -> None:
        super().__init__(message, remedy)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}"


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
