"""The one table from our errors to exit codes and to RFC 9457 problem responses."""

from __future__ import annotations

from dataclasses import dataclass

from contracts import BadInput, MissingThing, RefusedAction, StaleData, WardcastError, WithdrawnModel

USAGE_EXIT_CODE = 2


@dataclass(frozen=True)
class Problem:
    """How one kind of error is told to a shell and to a client of the API."""

    exit_code: int
    status: int
    slug: str
    title: str


PROBLEMS: dict[type[WardcastError], Problem] = {
    BadInput: Problem(3, 422, "bad-input", "The input cannot be used"),
    StaleData: Problem(4, 503, "stale", "The data or the forecast is too old"),
    RefusedAction: Problem(5, 409, "refused", "The action is not allowed"),
    MissingThing: Problem(6, 404, "missing", "Something named does not exist"),
    WithdrawnModel: Problem(7, 410, "withdrawn", "The model was withdrawn"),
}


def of_the_system(error: OSError) -> BadInput:
    """An error of the operating system that nothing nearer to it has told of: a read, or what a library wrote."""
    place = error.filename if isinstance(error.filename, str) else "A file, or the output"
    return BadInput(
        f"{place} cannot be used: {error.strerror or type(error).__name__}. Nothing is half done, and what is in the "
        "ledger stands.",
        remedy="Mend that; see what stands with 'wardcast ledger list', then run the same again if it is not there.",
    )


def problem_of(error: WardcastError) -> Problem:
    """The row of the table for an error, which is that of the kind it belongs to."""
    return next(PROBLEMS[kind] for kind in type(error).__mro__ if kind in PROBLEMS)
