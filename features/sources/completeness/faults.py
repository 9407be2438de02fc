"""What can be wrong with what a source delivers, and what each source does about it: one table for all of them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Fault(StrEnum):
    """A way in which a delivery is less than it looks."""

    UNKNOWN_AREAS = "crimes in areas that the geography does not have"
    UNKNOWN_AREAS_OF_A_FORCE = "the same, of one force among several"
    UNKNOWN_AREAS_OF_A_PERIOD = "the same, in some periods only"
    NO_AREA = "rows without an area, in some periods"
    NO_POSITION = "rows without a position, in some periods"
    NO_TIME = "rows without a time"
    REPEATED_ROW = "every row stands twice"
    REPEATED_KEY = "one area, period and category stands twice"
    REPEATED_ID = "one identifier stands many times"
    REPEATED_FILE = "one part is delivered twice"
    FIRST_IN_PART = "the first period is delivered in part"
    MIDDLE_IN_PART = "a period in the middle is delivered in part"
    LAST_IN_PART = "the last period is delivered in part"
    CATEGORY_LACKS = "a period in the middle lacks a category"
    AREAS_LACK = "a period in the middle lacks half of the areas"
    AREA_STOPS = "an area stops inside the file"
    AREA_BEGINS = "an area begins inside the file"
    AREA_PAUSES = "an area is silent for some periods"
    SILENT_PERIOD = "a period in the middle has no row"
    ABSENT_AREAS = "half of the areas never appear"


class Outcome(StrEnum):
    """What becomes of the fault."""

    REFUSED = "refused"
    MISSING = "missing and told"
    SET_ASIDE = "set aside and told"
    CANNOT = "cannot occur"


@dataclass(frozen=True)
class Answer:
    """What a source does about a fault; ``because`` says why it cannot occur."""

    outcome: Outcome
    because: str = ""

    def __str__(self) -> str:
        return f"{self.outcome}: {self.because}" if self.because else str(self.outcome)


REFUSED, MISSING, SET_ASIDE = (Answer(one) for one in (Outcome.REFUSED, Outcome.MISSING, Outcome.SET_ASIDE))


def _cannot(because: str) -> Answer:
    return Answer(Outcome.CANNOT, because)


_EVERYWHERE = {
    Fault.UNKNOWN_AREAS: REFUSED,
    Fault.UNKNOWN_AREAS_OF_A_PERIOD: MISSING,
    Fault.FIRST_IN_PART: SET_ASIDE,
    Fault.MIDDLE_IN_PART: MISSING,
    Fault.LAST_IN_PART: REFUSED,
    Fault.CATEGORY_LACKS: MISSING,
    Fault.AREAS_LACK: MISSING,
    Fault.AREA_STOPS: MISSING,
    Fault.AREA_BEGINS: MISSING,
    Fault.AREA_PAUSES: MISSING,
    Fault.SILENT_PERIOD: MISSING,
    Fault.ABSENT_AREAS: REFUSED,
}
_ONE_FORCE = _cannot("a file is of one force")
_COUNTED = _cannot("its rows are counts by area and period, not single crimes")
_ONE_FILE = _cannot("it is one file, and a repeated part repeats its rows")
_WIDE = _EVERYWHERE | {
    Fault.UNKNOWN_AREAS_OF_A_FORCE: _ONE_FORCE,
    Fault.NO_AREA: MISSING,
    Fault.NO_POSITION: _COUNTED,
    Fault.NO_TIME: _cannot("its periods are its columns"),
    Fault.REPEATED_ROW: REFUSED,
    Fault.REPEATED_KEY: REFUSED,
    Fault.REPEATED_ID: _COUNTED,
    Fault.REPEATED_FILE: _ONE_FILE,
}

ANSWERS: dict[str, dict[Fault, Answer]] = {
    "mps-ward": _WIDE,
    "mps-lsoa": _WIDE,
    "counts": _EVERYWHERE
    | {
        Fault.UNKNOWN_AREAS_OF_A_FORCE: _ONE_FORCE,
        Fault.NO_AREA: MISSING,
        Fault.NO_POSITION: _COUNTED,
        Fault.NO_TIME: REFUSED,
        Fault.REPEATED_ROW: REFUSED,
        Fault.REPEATED_KEY: REFUSED,
        Fault.REPEATED_ID: _COUNTED,
        Fault.REPEATED_FILE: _ONE_FILE,
    },
    "police-uk": _EVERYWHERE
    | {
        Fault.UNKNOWN_AREAS_OF_A_FORCE: REFUSED,
        Fault.NO_AREA: MISSING,
        Fault.NO_POSITION: _cannot("a crime is counted by its LSOA code; its position is not read"),
        Fault.NO_TIME: REFUSED,
        Fault.REPEATED_ROW: REFUSED,
        Fault.REPEATED_KEY: _cannot("a row is one crime, and many crimes share a month, an area and a type"),
        Fault.REPEATED_ID: REFUSED,
        Fault.REPEATED_FILE: REFUSED,
    },
    "incidents": _EVERYWHERE
    | {
        Fault.UNKNOWN_AREAS_OF_A_FORCE: _ONE_FORCE,
        Fault.NO_AREA: MISSING,
        Fault.NO_POSITION: MISSING,
        Fault.NO_TIME: SET_ASIDE,
        Fault.REPEATED_ROW: REFUSED,
        Fault.REPEATED_KEY: _cannot("a row is one incident, and many share a period, an area and a category"),
        Fault.REPEATED_ID: SET_ASIDE,
        Fault.REPEATED_FILE: _ONE_FILE,
        Fault.LAST_IN_PART: SET_ASIDE,
    },
}
"""What each source does about each fault. ``judge`` reads it, and a test ingests a planted file for each pair."""


def answer(source: str, fault: Fault) -> Outcome:
    """What the source does about the fault."""
    return ANSWERS[source][fault].outcome


def answers_table() -> str:
    """The table as text, a line for each pair."""
    return "\n".join(
        f"{source:10} | {fault:52} | {answers[fault]}" for source, answers in ANSWERS.items() for fault in Fault
    )
