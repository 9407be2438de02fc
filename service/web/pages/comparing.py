"""Two targets, periods or issued forecasts side by side, and where they differ most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from contracts import BadInput
from service.ledger import Entry
from service.web.answers.answer import Json
from service.web.pages.asked import Asked, Option, period_options, target_options
from service.web.pages.briefing import Briefing, briefing_of
from service.web.pages.words import count_words, day_words, period_words
from service.web.snapshot import Snapshot

MOST = 15
"""Areas that are listed, those that differ most."""
MOST_ISSUES = 36


@dataclass(frozen=True)
class Side:
    """One of the two: its briefing, where it comes from, and what its controls offer."""

    here: Briefing
    issued: str
    map_address: str
    targets: tuple[Option, ...]
    periods: tuple[Option, ...]
    issues: tuple[Option, ...]


@dataclass(frozen=True)
class Difference:
    """An area in both: what each expects, and its rank in each."""

    code: str
    name: str
    first: str
    second: str
    change: str
    ranks: str


@dataclass(frozen=True)
class Comparison:
    """All that the page says."""

    sides: tuple[Side, Side]
    sentence: str
    flags: str | None
    differences: tuple[Difference, ...]
    areas: int


def comparison_of(
    first: tuple[Snapshot, Asked], second: tuple[Snapshot, Asked], entries: Sequence[Entry]
) -> Comparison:
    """Both sides; raises as ``briefing_of``, and ``BadInput`` where they have no area in common."""
    rows = [
        {row["area"]: row for row in served.of(asked.target).of(asked.period).ranked()}
        for served, asked in (first, second)
    ]
    common = [code for code in rows[0] if code in rows[1]]
    if not common:
        raise BadInput("The two forecasts have no area in common.", remedy="Compare issues of one geography.")
    sides = _side(*first, entries), _side(*second, entries)
    totals = [sum(one[code]["mean"] for code in common) for one in rows]
    apart = sorted(common, key=lambda code: -abs(rows[1][code]["mean"] - rows[0][code]["mean"]))[:MOST]
    return Comparison(
        sides=sides,
        sentence=f"{count_words(totals[0])} expected on the left, {count_words(totals[1])} on the right"
        f" ({totals[1] - totals[0]:+,.0f}), in {len(common):,} areas that both have.".replace("-", "\u2212"),
        flags=_flags(rows[0], rows[1], common),
        differences=tuple(_difference(rows[0][code], rows[1][code]) for code in apart),
        areas=len(common),
    )


def _side(served: Snapshot, asked: Asked, entries: Sequence[Entry]) -> Side:
    here = briefing_of(served, asked)
    answers = served.of(here.target)
    query = [("target", here.target), ("period", here.period), ("view", here.view), ("issue", served.forecast_id)]
    return Side(
        here=here,
        issued=f"{served.forecast_id}, issued on {day_words(served.issued_at)}, "
        f"as of {day_words(served.about['as_of'])}",
        map_address=f"/map.svg?{urlencode(query)}",
        targets=target_options(served, here.target),
        periods=period_options(answers, here.period),
        issues=_issues(entries, served.forecast_id),
    )


def _issues(entries: Sequence[Entry], chosen: str) -> tuple[Option, ...]:
    newest = [entry for entry in reversed(entries) if entry.kind == "issue"]
    shown = [entry for at, entry in enumerate(newest) if at < MOST_ISSUES or entry.content["forecast_id"] == chosen]
    return tuple(
        Option(
            name := entry.content["forecast_id"],
            f"{day_words(entry.content['as_of'])}, for {period_words(entry.content['next_period'])} ({name[-8:]})",
            name == chosen,
        )
        for entry in shown
    )


def _flags(first: dict[str, Json], second: dict[str, Json], common: Sequence[str]) -> str | None:
    """How many areas are flagged in both."""
    flagged = [{code for code in common if rows[code]["flagged"]} for rows in (first, second)]
    if not flagged[0] or not flagged[1]:
        return None
    both = flagged[0] & flagged[1]
    return (
        f"{len(both)} areas are flagged in both, of {len(flagged[0])} on the left and {len(flagged[1])} on the right."
    )


def _difference(first: Json, second: Json) -> Difference:
    return Difference(
        code=first["area"],
        name=first["name"],
        first=count_words(first["mean"]),
        second=count_words(second["mean"]),
        change=f"{second['mean'] - first['mean']:+.1f}".replace("-", "\u2212"),
        ranks=f"{first['rank']} → {second['rank']}",
    )
