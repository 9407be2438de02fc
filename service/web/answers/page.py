"""Pages of areas: where one ends, and the cursor that leads to the next."""

from __future__ import annotations

import re
from dataclasses import dataclass

import orjson

from contracts import BadInput, MissingThing
from service.web.answers.answer import Answer, Json, with_rows
from service.web.answers.period import PeriodAnswers

_CURSOR = re.compile(r"(?P<forecast>.+)\.(?P<rank>\d{1,9})")


@dataclass(frozen=True)
class Page:
    """Areas of one target and period, from the highest expected count to the lowest; ``next`` is None at the end."""

    answers: PeriodAnswers
    rows: list[Json]
    begin: int
    next: str | None

    def answer(self) -> Answer:
        """The page as a document, which names the next one."""
        if len(self.rows) == len(self.answers.rows):
            return self.answers.everything
        encoded = self.answers.rows[self.begin : self.begin + len(self.rows)]
        whole = with_rows(self.answers.head, encoded)
        return Answer(whole[:-1] + b',"next":' + orjson.dumps(self.next) + b"}")


def page_of(answers: PeriodAnswers, limit: int | None, after: int) -> Page:
    """The areas that come after a rank, at most ``limit`` of them."""
    ranked = answers.ranked()
    begin = sum(row["rank"] <= after for row in ranked)
    end = len(ranked) if limit is None else min(begin + limit, len(ranked))
    further = f"{answers.envelope['forecast_id']}.{ranked[end - 1]['rank']}" if begin < end < len(ranked) else None
    return Page(answers, ranked[begin:end], begin, further)


def rank_of_cursor(cursor: str | None, forecast_id: str, number: int) -> int:
    """The rank after which a page begins; 0 without a cursor.

    Raises ``MissingThing`` for a cursor of another forecast, ``BadInput`` for none at all, and where ``number``, of the
    targets and periods that are asked for at once, is above 1.
    """
    if cursor is None:
        return 0
    match = _CURSOR.fullmatch(cursor)
    if match is None:
        raise BadInput(f"'{cursor}' is no cursor.", remedy="Give the 'next' of an answer, or leave it out.")
    if number > 1:
        raise BadInput("A cursor leads on in one target and period.", remedy="Ask for one target and one period.")
    if match["forecast"] != forecast_id:
        raise MissingThing(
            f"The cursor is of the forecast {match['forecast']}, and this is {forecast_id}.",
            remedy=f"Begin again without a cursor, or ask with issue={match['forecast']}.",
        )
    return int(match["rank"])
