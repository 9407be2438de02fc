"""Challenges: anyone may dispute an area's forecast; it is answered by a deadline, with a rerun, and has an outcome."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, get_args

from contracts import BadInput, MissingThing, RefusedAction, Workspace
from contracts.settings.oversight import Outcome
from service.board.champions import ModelRegistry
from service.board.entered import telling_what_stands
from service.board.people import Person, reason_given, refuse_unless_may
from service.board.reruns import NO_RERUN, find_rerun, refuse_changed_rerun
from service.forecasts.issued import read_issued
from service.forecasts.record import issue_entry, target_records
from service.ledger import Entry, Ledger


class ChallengeState(StrEnum):
    """Where a challenge stands."""

    OPEN = "open"
    """Nobody has answered it."""
    ANSWERED = "answered"
    """Answered, and waits for the board."""
    DECIDED = "decided"
    """The board has decided. Final."""


STEPS: Mapping[tuple[ChallengeState, str], ChallengeState] = {
    (ChallengeState.OPEN, "challenge_reply"): ChallengeState.ANSWERED,
    (ChallengeState.OPEN, "challenge_decision"): ChallengeState.DECIDED,
    (ChallengeState.ANSWERED, "challenge_decision"): ChallengeState.DECIDED,
}
"""State and kind of an entry → the next state; there are no other steps."""


@dataclass(frozen=True)
class Challenge:
    """One challenge, as the ledger's entries say. ``number`` is that of its first entry.

    ``rerun_sha256`` is None where nothing was computed again, or was before its hash was recorded.
    """

    number: int
    forecast_id: str
    target: str
    area: str
    opened_by: str
    opened_at: str
    reason: str
    reply_by: str
    state: ChallengeState = ChallengeState.OPEN
    reply: str | None = None
    replied_by: str | None = None
    rerun: str | None = None
    rerun_sha256: str | None = None
    outcome: str | None = None
    decided_by: str | None = None
    decision: str | None = None

    def is_overdue(self, today: date) -> bool:
        """Whether it is still unanswered after the deadline."""
        return self.state is ChallengeState.OPEN and today > date.fromisoformat(self.reply_by)


def challenges_of(entries: Iterable[Entry]) -> dict[int, Challenge]:
    """Number → challenge, from the ledger's entries in order; a step that the table does not have has no effect."""
    found: dict[int, Challenge] = {}
    for entry in entries:
        content = entry.content
        if entry.kind == "challenge":
            found[entry.number] = Challenge(
                number=entry.number,
                opened_by=entry.actor,
                opened_at=entry.recorded_at,
                **{name: content[name] for name in ("forecast_id", "target", "area", "reason", "reply_by")},
            )
        elif entry.kind in ("challenge_reply", "challenge_decision") and content["challenge"] in found:
            found[content["challenge"]] = _after(found[content["challenge"]], entry)
    return found


def open_challenge(
    workspace: Workspace,
    ledger: Ledger,
    *,
    by: Person,
    reason: str,
    forecast_id: str,
    area: str,
    target: str,
    today: date,
) -> Challenge:
    """Dispute the forecast of one area and target; the deadline for a reply is that of the settings.

    Raises ``MissingThing`` where no such forecast was issued or it holds no such target.
    """
    why = reason_given(reason)
    issued = issue_entry(ledger.entries(), forecast_id)
    targets = [about.target for about in target_records(issued)]
    if target not in targets:
        raise MissingThing(
            f"The forecast {forecast_id} holds no target '{target}'.", remedy=f"Name one of {', '.join(targets)}."
        )
    _refuse_unknown_area(workspace, issued, area)
    reply_by = today + timedelta(days=workspace.settings.life_cycle.challenge_reply_days)
    content = {
        "forecast_id": forecast_id,
        "target": target,
        "area": area,
        "reason": why,
        "reply_by": reply_by.isoformat(),
    }
    with telling_what_stands() as entered:
        entered.append(ledger.append("challenge", by.name, content))
        return challenges_of(ledger.entries())[entered[0].number]


def reply_to_challenge(
    workspace: Workspace,
    ledger: Ledger,
    registry: ModelRegistry,
    number: int,
    *,
    by: Person,
    reply: str,
    rerun: str | None = None,
) -> Challenge:
    """Answer a challenge, if need be with a rerun: a forecast issued after it, or a backtest run."""
    refuse_unless_may(by, "reply")
    text = reason_given(reply)
    challenge = _stepping(ledger, number, "challenge_reply")
    again = NO_RERUN if rerun is None else _rerun(workspace, ledger, registry, challenge, rerun)
    return _step(ledger, challenge, "challenge_reply", by, {"reply": text, **again})


def decide_challenge(
    workspace: Workspace,
    ledger: Ledger,
    registry: ModelRegistry,
    number: int,
    *,
    by: Person,
    outcome: Outcome,
    reason: str,
    rerun: str | None = None,
) -> Challenge:
    """Decide a challenge; raises ``RefusedAction`` without a rerun, and for whoever opened it."""
    refuse_unless_may(by, "decide")
    why = reason_given(reason)
    if outcome not in get_args(Outcome):
        raise BadInput(f"'{outcome}' is no outcome.", remedy=f"Use one of {', '.join(get_args(Outcome))}.")
    challenge = _stepping(ledger, number, "challenge_decision")
    if by.is_same_as(challenge.opened_by):
        raise RefusedAction(
            f"{by.name} opened the challenge {number} and cannot decide it.", remedy="Ask another member of the board."
        )
    named = rerun or challenge.rerun
    if named is None:
        raise RefusedAction(
            f"The challenge {number} has no rerun yet.",
            remedy="Issue again or run a backtest, and give its id with --rerun ID.",
        )
    again = _rerun(workspace, ledger, registry, challenge, named)
    return _step(ledger, challenge, "challenge_decision", by, {"outcome": outcome, "reason": why, **again})


def _after(challenge: Challenge, entry: Entry) -> Challenge:
    content, step = entry.content, (challenge.state, entry.kind)
    if step not in STEPS:
        return challenge
    again = challenge
    if content.get("rerun"):
        again = replace(challenge, rerun=content["rerun"], rerun_sha256=content.get("rerun_sha256"))
    if entry.kind == "challenge_reply":
        return replace(again, state=STEPS[step], reply=content["reply"], replied_by=entry.actor)
    return replace(
        again,
        state=STEPS[step],
        outcome=content["outcome"],
        decision=content["reason"],
        decided_by=entry.actor,
    )


def _refuse_unknown_area(workspace: Workspace, issued: Entry, area: str) -> None:
    known = read_issued(workspace, issued).areas["area"]
    if area not in set(known):
        raise MissingThing(
            f"The forecast {issued.content['forecast_id']} holds no area '{area}'.",
            remedy="Name an area by its code, as the map and /v1/areas do.",
        )


def _stepping(ledger: Ledger, number: int, kind: str) -> Challenge:
    challenges = challenges_of(ledger.entries())
    if number not in challenges:
        raise MissingThing(f"There is no challenge {number}.", remedy="See: wardcast challenge list")
    challenge = challenges[number]
    if (challenge.state, kind) not in STEPS:
        raise RefusedAction(f"The challenge {number} is {challenge.state} already.", remedy="Open another one.")
    return challenge


def _rerun(
    workspace: Workspace, ledger: Ledger, registry: ModelRegistry, challenge: Challenge, rerun: str
) -> dict[str, Any]:
    found = find_rerun(workspace, ledger, registry, number=challenge.number, target=challenge.target, rerun=rerun)
    if rerun == challenge.rerun:
        refuse_changed_rerun(found, challenge.rerun_sha256)
    return found.content()


def _step(ledger: Ledger, challenge: Challenge, kind: str, by: Person, content: dict[str, Any]) -> Challenge:
    about = {"challenge": challenge.number, "forecast_id": challenge.forecast_id, "target": challenge.target}
    before = challenges_of(ledger.entries())[challenge.number].state
    with telling_what_stands() as entered:
        entered.append(ledger.append(kind, by.name, {**about, **content}))
        after = challenges_of(ledger.entries())[challenge.number]
    if after.state is before:
        raise RefusedAction(
            f"Another entry came first: the challenge {challenge.number} is {after.state}.",
            remedy="See: wardcast challenge list",
        )
    return after
