"""Decisions on models: propose, approve, reject and withdraw, each by a named person with a reason.

Who may is asked of ``service.board.people``, when it may be of ``service.board.life_cycle``; every decision is
an entry of the ledger with the hash of the report that was read, and the registry's alias follows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from contracts import MissingThing, RefusedAction, Workspace
from contracts.files import locked
from service.board.candidates import (
    Candidate,
    candidates_of,
    in_use,
    refuse_change,
    refuse_failed,
    refuse_inconclusive,
    refuse_needless,
    refuse_other_report,
    refuse_unjudged,
    refuse_unproposed,
)
from service.board.champions import Champion, ModelRegistry, current_champions, mend_aliases
from service.board.entered import telling_what_stands
from service.board.life_cycle import KIND_OF_ACTION, TRANSITIONS, Action, State, life_cycle_of
from service.board.people import Person, reason_given, refuse_unless_may
from service.board.recorded_gates import changed_limits
from service.ledger import Entry, Ledger


@dataclass(frozen=True)
class Decision:
    """A decision as the ledger holds it. ``gates`` maps each gate to its verdict; ``notes`` tell of them."""

    target: str
    version: int
    state: str
    by: str
    at: str
    reason: str
    report_sha256: str | None
    entry: int
    gates: dict[str, str]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Approval:
    """What an approval did: the new champions, what was noted, and the aliases that had to be mended."""

    champions: tuple[Champion, ...]
    notes: tuple[str, ...]
    mended: tuple[str, ...]


def propose(
    workspace: Workspace,
    ledger: Ledger,
    registry: ModelRegistry,
    *,
    by: Person,
    reason: str,
    target: str | None = None,
    version: int | None = None,
) -> tuple[Decision, ...]:
    """Put drafts to the board: every new challenger, that of one target, or one version of a target.

    Raises ``RefusedAction`` for whoever may not and for a model that is no draft, ``MissingThing`` where there is none.
    A failed gate does not stop a proposal; it is told, and only the board can override it.
    """
    role, why = refuse_unless_may(by, "propose"), reason_given(reason)
    with _deciding(workspace):
        mend_aliases(workspace, ledger, registry)
        candidates = candidates_of(workspace, ledger, registry, Action.PROPOSE, target, version)
        for one in candidates:
            refuse_change(one, Action.PROPOSE, by)
        with telling_what_stands() as entered:
            return tuple(
                _enter(workspace, ledger, one, Action.PROPOSE, by, why, {"role": role}, entered) for one in candidates
            )


def approve(
    workspace: Workspace,
    ledger: Ledger,
    registry: ModelRegistry,
    *,
    by: Person,
    reason: str,
    target: str | None = None,
    version: int | None = None,
    overrides: Sequence[str] = (),
    inconclusive: str = "",
) -> Approval:
    """Make models champions: every one that waits, that of one target, or one version of a target.

    ``overrides`` names gates that failed and are overridden for the same reason; ``inconclusive`` is the reason to
    approve although gates lack evidence. Nothing is written unless every model may be approved. Raises
    ``RefusedAction`` for whoever may not, for the proposer's own model, for a gate that failed or lacks evidence, for a
    model that was judged at no horizon, and for one in another state; ``MissingThing`` where nothing waits.
    """
    role, why = refuse_unless_may(by, "approve"), reason_given(reason)
    with _deciding(workspace):
        mended = mend_aliases(workspace, ledger, registry)
        candidates = candidates_of(workspace, ledger, registry, Action.APPROVE, target, version)
        for one in candidates:
            refuse_change(one, Action.APPROVE, by)
            refuse_unproposed(workspace, one)
            refuse_other_report(one)
            refuse_unjudged(one)
            refuse_failed(one, overrides)
            refuse_inconclusive(one, inconclusive)
        refuse_needless(candidates, overrides)
        needless = bool(inconclusive.strip()) and all(one.is_conclusive for one in candidates)
        notes = ["Every gate had evidence: --inconclusive was not needed and is not recorded."] if needless else []
        with telling_what_stands() as entered:
            for one in candidates:
                waived = [_override(ledger, one, gate, by, why, entered) for gate in one.failed]
                content = {"role": role, "overrides": waived, **_inconclusive(one, by, inconclusive), **one.proposed}
                content |= {} if one.flags is None else {"flags": one.flags.model_dump(mode="json")}
                notes += _enter(workspace, ledger, one, Action.APPROVE, by, why, content, entered).notes
                notes += _followed(partial(registry.set_champion, workspace, one.model))
            champions = current_champions(ledger)
    return Approval(tuple(champions[one.model.target] for one in candidates), tuple(notes), mended)


def reject(
    workspace: Workspace,
    ledger: Ledger,
    registry: ModelRegistry,
    *,
    by: Person,
    reason: str,
    target: str,
    version: int | None = None,
) -> Decision:
    """Say no to a proposal (or to a draft, where the settings ask for no proposal); raises as ``approve`` does."""
    role, why = refuse_unless_may(by, "reject"), reason_given(reason)
    with _deciding(workspace):
        (one,) = candidates_of(workspace, ledger, registry, Action.REJECT, target, version)
        refuse_change(one, Action.REJECT, by)
        refuse_unproposed(workspace, one)
        with telling_what_stands() as entered:
            return _enter(workspace, ledger, one, Action.REJECT, by, why, {"role": role, **one.proposed}, entered)


def withdraw(
    workspace: Workspace,
    ledger: Ledger,
    registry: ModelRegistry,
    *,
    by: Person,
    reason: str,
    target: str,
    version: int | None = None,
) -> Decision:
    """Take the champion of a target, or an earlier one, out of use; the service refuses its forecasts within seconds.

    It needs nothing but the ledger: the entry is written before the registry is asked for anything.
    Raises ``RefusedAction`` for whoever may not and for a model that is withdrawn already, where the alias follows all
    the same; ``MissingThing`` where there is no such approved model.
    """
    role, why = refuse_unless_may(by, "withdraw"), reason_given(reason)
    with _deciding(workspace):
        cycle = life_cycle_of(ledger.entries())
        try:
            life = in_use(cycle, target, version)
        except RefusedAction:
            _followed(partial(mend_aliases, workspace, ledger, registry))
            raise
        if life.approval is None:
            raise ValueError(f"version {life.key.version} of '{target}' was superseded without an approval")
        recorded = life.approval.content
        kept = ("target", "version", "run_id", "sha256", "report_sha256")
        content = {**{name: recorded[name] for name in kept}, "reason": why, "role": role}
        with telling_what_stands() as entered:
            entry = ledger.append("withdrawal", by.name, content)
            entered.append(entry)
            _refuse_without_effect(ledger, entry)
        notes = _followed(partial(mend_aliases, workspace, ledger, registry))
    return _decision(entry, State.WITHDRAWN, recorded.get("gates") or {}, notes)


def _followed(move: Callable[[], object]) -> tuple[str, ...]:
    """Let the registry's alias follow an entry. Where the registry is away the decision stands, and a note tells."""
    try:
        move()
    except MissingThing as error:
        return (
            "This is decided and in the ledger, but the registry's alias 'champion' has not followed; the next "
            f"decision or issue moves it. {error.message}",
        )
    return ()


@contextmanager
def _deciding(workspace: Workspace) -> Iterator[None]:
    """One decision at a time in a workspace; what other machines write meanwhile, the ledger's order decides."""
    with locked(workspace.locks / "decisions.lock"):
        yield


def _inconclusive(one: Candidate, by: Person, reason: str) -> dict[str, Any]:
    if one.is_conclusive:
        return {}
    return {"inconclusive": {"gates": one.lacking, "by": by.name, "reason": reason_given(reason)}}


def _override(
    ledger: Ledger, one: Candidate, gate: str, by: Person, reason: str, entered: list[Entry]
) -> dict[str, Any]:
    refuse_unless_may(by, "override")
    entry = ledger.append("override", by.name, {**one.identity, "gate": gate, "reason": reason})
    entered.append(entry)
    return {"gate": gate, "by": by.name, "reason": reason, "entry": entry.number}


def _enter(
    workspace: Workspace,
    ledger: Ledger,
    one: Candidate,
    action: Action,
    by: Person,
    reason: str,
    more: dict[str, Any],
    entered: list[Entry],
) -> Decision:
    judged = {"gates": one.verdicts, "judged_horizons": one.judged_horizons}
    content = {**one.identity, "reason": reason, **judged, **more}
    if one.record is not None:
        content["trained_entry"] = one.record.entry
        if one.record.trained_by:
            content["trained_by"] = one.record.trained_by
    entry = ledger.append(KIND_OF_ACTION[action], by.name, content)
    entered.append(entry)
    _refuse_without_effect(ledger, entry)
    notes = () if action is Action.REJECT else _notes(workspace, one)
    return _decision(entry, TRANSITIONS[one.life.state, action], one.verdicts, notes)


def _refuse_without_effect(ledger: Ledger, entry: Entry) -> None:
    for other in life_cycle_of(ledger.entries()).without_effect:
        if other.entry.number == entry.number:
            raise RefusedAction(
                f"Another change came first, and this one (ledger entry {entry.number}) had no effect: {other.reason}.",
                remedy=f"See: wardcast history {entry.content['target']}",
            )


def _notes(workspace: Workspace, one: Candidate) -> tuple[str, ...]:
    name = f"{one.model.target} version {one.model.version}"
    if one.gates is None:
        return (f"{name}: no gate was recorded with its run, so there is not enough evidence for any.",)
    changed = changed_limits(workspace, one.gates)
    return (f"{name}. {one.gates.as_text()}", *([changed] if changed else []))


def _decision(entry: Entry, state: State, gates: dict[str, str], notes: tuple[str, ...]) -> Decision:
    content = entry.content
    return Decision(
        target=content["target"],
        version=content["version"],
        state=str(state),
        by=entry.actor,
        at=entry.recorded_at,
        reason=content["reason"],
        report_sha256=content["report_sha256"],
        entry=entry.number,
        gates=gates,
        notes=notes,
    )
