"""What the address of a page asks for, and the choices that its controls offer."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from service.web.answers.levels import CITY
from service.web.answers.period import PeriodAnswers
from service.web.pages.words import period_words
from service.web.snapshot import Snapshot, TargetAnswers


@dataclass(frozen=True)
class Asked:
    """What the address of the page names; None takes what is shown by default, ``CITY`` is within no district."""

    target: str | None = None
    period: str | None = None
    within: str | None = None
    area: str | None = None
    view: str | None = None
    k: int | None = None


@dataclass(frozen=True)
class Option:
    """One choice of a control."""

    value: str
    words: str
    is_chosen: bool


def address_of(asked: Asked) -> str:
    """The query of a question, with the names in a fixed order."""
    names = ("target", "period", "within", "area", "view", "k")
    return urlencode([(name, value) for name in names if (value := getattr(asked, name)) is not None])


def target_options(served: Snapshot, chosen: str) -> tuple[Option, ...]:
    """The targets of the forecast, withdrawn ones among them."""
    return tuple(Option(one["target"], one["title"], one["target"] == chosen) for one in served.about["targets"])


def period_options(answers: TargetAnswers, chosen: str) -> tuple[Option, ...]:
    """The periods from the next one on."""
    return tuple(
        Option(name, f"{period_words(name)}{', the next' if name == answers.next_period else ''}", name == chosen)
        for name in answers.periods
    )


def place_name(shown: PeriodAnswers, within: str | None) -> str:
    """The city, or the district that is asked for."""
    if within is None:
        return str(shown.envelope["city"])
    return next(str(row["parent_name"] or within) for row in shown.row_of.values() if row["parent"] == within)


def district_options(shown: PeriodAnswers, chosen: str | None) -> tuple[Option, ...]:
    """The whole city and its districts; empty where there are fewer than two of them."""
    names = {row["parent"]: row["parent_name"] or row["parent"] for row in shown.row_of.values() if row["parent"]}
    if len(names) < 2:
        return ()
    found = sorted(names.items(), key=lambda pair: pair[1].casefold())
    return (
        Option(CITY, "the whole city", chosen is None),
        *(Option(code, name, code == chosen) for code, name in found),
    )
