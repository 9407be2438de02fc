"""The history of a target's models as a page that a layperson can read."""

from __future__ import annotations

from collections.abc import Mapping

from service.board.challenges import Challenge
from service.board.history import History, ModelVersion, gates_sentence
from service.web.pages.rendering import render, shell_of_city
from service.wording import inconclusive_sentence, override_sentence

EXPLANATION = (
    "A model computes how many crimes are to be expected in each area. None is used until a named person of the "
    "oversight board approves it, and nobody can approve a model that they trained or proposed themselves. Before "
    "that, the model is held against limits; no entry of the ledger says that anybody sealed them before its results "
    "were known. Each of these gates passes, fails, finds not enough evidence, or finds something outside a margin "
    "that does not count. What is decided is written down here, with the reason, and cannot be rewritten unseen."
)
STATES: Mapping[str, str] = {
    "draft": "trained, not proposed",
    "proposed": "waits for the board",
    "approved": "in use",
    "superseded": "was in use until another was approved",
    "withdrawn": "withdrawn: its forecasts are not shown any more",
    "rejected": "rejected by the board",
}


def history_page(history: History, *, city: str, simulated: bool, others: Mapping[str, str]) -> str:
    """The page as HTML; ``others`` maps other targets to their titles."""
    return render(
        "history",
        shell_of_city(city, simulated=simulated),
        history=history,
        explanation=EXPLANATION,
        states=STATES,
        others=others,
        lines_of=_lines_of,
        challenge_words=_challenge_words,
    )


def _lines_of(one: ModelVersion) -> list[str]:
    lines = [gates_sentence(one.gates), *(override_sentence(override) for override in one.overrides)]
    if one.inconclusive is not None:
        lines.append(inconclusive_sentence(one.inconclusive))
    return [*lines, f"Run {one.run_id}."]


def _challenge_words(one: Challenge) -> str:
    words = f"Number {one.number}, area {one.area} in {one.forecast_id}, by {one.opened_by}: {one.reason}"
    words += f" A reply is due by {one.reply_by}." if one.reply is None else f" Reply: {one.reply}"
    words += f" Computed again as {one.rerun}." if one.rerun else ""
    return words + (f" Outcome: {one.outcome}, because {one.decision}" if one.outcome else f" It is {one.state}.")
