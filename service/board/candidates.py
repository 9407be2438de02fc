"""Which models can be decided on, and what speaks against a decision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from contracts import BadInput, FlagSettings, MissingThing, RefusedAction, Workspace
from contracts.run_files import CHALLENGER, GATES_SHA256_TAG, REPORT_SHA256_TAG
from service.board.champions import ModelRegistry
from service.board.life_cycle import TRANSITIONS, Action, LifeCycle, ModelLife, State, life_cycle_of, why_not
from service.board.people import Person
from service.board.recorded_gates import audited_flags, recorded_gates
from service.board.trained import (
    Recorded,
    life_of,
    recorded,
    refuse_other_challenger,
    refuse_other_than_recorded,
    refuse_unrecorded,
)
from service.ledger import Ledger

if TYPE_CHECKING:
    from models.saved import RegisteredModel
    from monitoring import GateReport


@dataclass(frozen=True)
class Candidate:
    """A registered model that may be decided on: what the ledger says of it, and its gates' document to be shown.

    What is decided on and signed is the ``record``; only a rejection may go without one.
    """

    model: RegisteredModel
    life: ModelLife
    record: Recorded | None
    gates: GateReport | None
    flags: FlagSettings | None = None
    """By which rule its audit flagged areas; None where no audit was kept with its run."""

    @property
    def verdicts(self) -> dict[str, str]:
        """Gate → verdict, from the ledger; empty where its run had no gates."""
        return dict(self.record.gates) if self.record is not None else {}

    @property
    def failed(self) -> list[str]:
        """The gates that failed."""
        return [gate for gate, verdict in self.verdicts.items() if verdict == "fail"]

    @property
    def lacking(self) -> list[str]:
        """The gates that found not enough evidence; empty also where its run had no gates."""
        return [gate for gate, verdict in self.verdicts.items() if verdict == "not enough evidence"]

    @property
    def is_conclusive(self) -> bool:
        """Whether every gate had evidence; a run without gates has none."""
        return self.gates is not None and not self.lacking

    @property
    def judged_horizons(self) -> list[int]:
        """The horizons that its gates and audits speak of; empty where its run had no gates or did not record them."""
        return list(self.gates.horizons) if self.gates is not None else []

    @property
    def identity(self) -> dict[str, Any]:
        """What every entry says of the model, with the hashes of its reports."""
        if self.record is not None:
            return {
                "target": self.record.key.target,
                "version": self.record.key.version,
                "run_id": self.record.run_id,
                "sha256": self.record.key.sha256,
                "report_sha256": self.record.report_sha256,
                "gates_sha256": self.record.gates_sha256,
            }
        return {
            "target": self.model.target,
            "version": self.model.version,
            "run_id": self.model.run_id,
            "sha256": self.model.sha256,
            "report_sha256": self.model.tags.get(REPORT_SHA256_TAG),
            "gates_sha256": self.model.tags.get(GATES_SHA256_TAG),
        }

    @property
    def proposed(self) -> dict[str, Any]:
        """Who proposed it and in which entry, if anybody did."""
        proposal = self.life.proposal
        by, entry = (proposal.actor, proposal.number) if proposal else (None, None)
        return {"proposed_by": by, "proposal_entry": entry}


def candidates_of(
    workspace: Workspace,
    ledger: Ledger,
    registry: ModelRegistry,
    action: Action,
    target: str | None,
    version: int | None,
) -> tuple[Candidate, ...]:
    """The models to decide on: every one that waits, that of one target, or one version of a target.

    Raises ``MissingThing`` where there is none, ``BadInput`` for a version without a target.
    """
    cycle = life_cycle_of(ledger.entries())
    if target is None:
        if version is not None:
            raise BadInput("A version belongs to a target.", remedy="Add --target NAME.")
        models = [_waiting(workspace, cycle, registry, action, name) for name in workspace.settings.forecast_targets()]
        chosen = [one for one in models if one is not None and _waits(workspace, life_of(cycle, one).state, action)]
    elif version is not None:
        workspace.settings.target(target)
        chosen = [registry.version(workspace, target, version)]
    else:
        workspace.settings.target(target)
        one = _waiting(workspace, cycle, registry, action, target)
        chosen = [] if one is None else [one]
    if not chosen:
        about = "that waits" if target is None else f"for '{target}'"
        done = [f" {sentence}." for life in cycle.models.values() if (sentence := done_already(life, action))]
        raise MissingThing(
            f"There is no challenger {about}: nothing to {action}.{''.join(done) if target is None else ''}",
            remedy=f"Train one with: wardcast train --target {target or 'NAME'}",
        )
    return tuple(_candidate(workspace, cycle, registry, action, one) for one in chosen)


def _candidate(
    workspace: Workspace, cycle: LifeCycle, registry: ModelRegistry, action: Action, model: RegisteredModel
) -> Candidate:
    """A model with its gates, which a rejection needs not: what cannot be read can still be rejected.

    Raises ``MissingThing`` where the run that the decision rests on was deleted.
    """
    life = life_of(cycle, model)
    record = recorded(life)
    if record is None or (life.state, action) not in TRANSITIONS or action is Action.REJECT:
        return Candidate(model, life, record, None)
    loss = registry.run_loss(workspace, record.run_id)
    if loss is not None:
        raise loss
    refuse_other_than_recorded(record, model)
    gates, flags = recorded_gates(workspace, registry, record), audited_flags(workspace, registry, record)
    return Candidate(model, life, record, gates, flags)


def _waiting(
    workspace: Workspace, cycle: LifeCycle, registry: ModelRegistry, action: Action, target: str
) -> RegisteredModel | None:
    """The newest proposed version of a target, where one is to be decided on, or else its challenger."""
    proposed = [life.key.version for life in cycle.of_target(target) if life.state is State.PROPOSED]
    if proposed and action is not Action.PROPOSE:
        return registry.version(workspace, target, max(proposed))
    model = registry.registered(workspace, target, CHALLENGER)
    if model is not None:
        refuse_other_challenger(cycle, model)
    return model


def _waits(workspace: Workspace, state: State, action: Action) -> bool:
    direct = action is Action.PROPOSE or not workspace.settings.life_cycle.proposal_required
    return (state is State.PROPOSED and action is not Action.PROPOSE) or (state is State.DRAFT and direct)


def in_use(cycle: LifeCycle, target: str, version: int | None) -> ModelLife:
    """The champion of a target, or a version that is or was one.

    Raises ``RefusedAction`` for one that is withdrawn already, ``MissingThing`` where there is none.
    """
    lives = [one for one in cycle.of_target(target) if version in (None, one.key.version)]
    chosen = [one for one in lives if (one.state, Action.WITHDRAW) in TRANSITIONS]
    if version is None:
        chosen = [one for one in chosen if one.state is State.APPROVED]
    withdrawn = [sentence for one in lives if (sentence := done_already(one, Action.WITHDRAW))]
    if not chosen and withdrawn:
        raise RefusedAction(f"{withdrawn[-1]}.", remedy=f"See: wardcast history {target}")
    if not chosen:
        which = "champion" if version is None else f"version {version} that is or was a champion"
        raise MissingThing(f"There is no {which} of '{target}' to withdraw.", remedy=f"See: wardcast history {target}")
    return chosen[-1]


def done_already(life: ModelLife, action: Action) -> str | None:
    """A sentence where the action has been taken, as after a process that was killed before it could say so."""
    stands = {
        (Action.PROPOSE, State.PROPOSED): ("is proposed", life.proposal),
        (Action.APPROVE, State.APPROVED): ("is the champion", life.approval),
        (Action.REJECT, State.REJECTED): ("is rejected", life.rejection),
        (Action.WITHDRAW, State.WITHDRAWN): ("is withdrawn", life.withdrawal),
    }
    what, entry = stands.get((action, life.state), ("", None))
    if entry is None:
        return None
    return (
        f"Version {life.key.version} of '{life.key.target}' {what} already (ledger entry {entry.number}, by "
        f"{entry.actor})"
    )


def refuse_change(one: Candidate, action: Action, by: Person) -> None:
    """Raise ``RefusedAction`` where the table or the rule against self-approval does not allow the change.

    So for a model whose training the ledger does not have, unless it is to be rejected.
    """
    model, life = one.model, one.life
    reason = why_not(life, action, by.name, one.record.trained_by if one.record else None)
    if reason is None:
        if one.record is None and action is not Action.REJECT:
            refuse_unrecorded(model)
        return
    done = done_already(life, action) or done_already(life, Action.APPROVE)
    raise RefusedAction(
        f"{done}." if done else f"Version {model.version} of '{model.target}' is not changed: {reason}.",
        remedy=f"See 'wardcast history {model.target}', ask another person, or train a new one with: "
        f"wardcast train --target {model.target}",
    )


def refuse_unproposed(workspace: Workspace, one: Candidate) -> None:
    """Raise ``RefusedAction`` for a draft where the settings ask for a proposal."""
    if workspace.settings.life_cycle.proposal_required and one.life.state is State.DRAFT:
        raise RefusedAction(
            f"Version {one.model.version} of '{one.model.target}' is a draft, and the settings ask for a proposal.",
            remedy=f"Propose it with: wardcast propose --target {one.model.target} --by NAME --reason TEXT",
        )


def refuse_other_report(one: Candidate) -> None:
    """Raise ``RefusedAction`` where the report is not the one that the model was proposed with."""
    if one.life.proposal is None:
        return
    proposed = one.life.proposal.content
    for tag in (REPORT_SHA256_TAG, GATES_SHA256_TAG):
        if proposed.get(tag) != one.identity[tag]:
            raise RefusedAction(
                f"The report on version {one.model.version} of '{one.model.target}' is not the one it was proposed "
                f"with (ledger entry {one.life.proposal.number}): {tag} differs.",
                remedy="Restore the registry from a backup, or train and propose again.",
            )


def refuse_failed(one: Candidate, overrides: Sequence[str]) -> None:
    """Raise ``RefusedAction`` for a failed gate that is not overridden."""
    failed = [gate for gate in one.failed if gate not in overrides]
    if failed:
        raise RefusedAction(
            f"Version {one.model.version} of '{one.model.target}' failed {'a gate' if len(failed) == 1 else 'gates'}: "
            f"{', '.join(failed)}.",
            remedy="See 'wardcast propose' or the run for the figures; the board may approve it all the same with "
            f"{' '.join(f'--override {gate!r}' for gate in failed)} and a reason, which is shown with the model.",
        )


def refuse_unjudged(one: Candidate) -> None:
    """Raise ``RefusedAction`` for a model that was judged at no horizon; one that was approved before goes on."""
    if one.judged_horizons or one.life.approval is not None:
        return
    lacking = "its run had no gates" if one.gates is None else "its gates do not say of which horizons they speak"
    raise RefusedAction(
        f"Version {one.model.version} of '{one.model.target}' was judged at no horizon ({lacking}): what was never "
        "judged is not issued.",
        remedy=f"Train again: wardcast train --target {one.model.target}",
    )


def refuse_inconclusive(one: Candidate, reason: str) -> None:
    """Raise ``RefusedAction`` where gates lack evidence and no reason is given to approve all the same."""
    if one.is_conclusive or reason.strip():
        return
    gates = ", ".join(one.lacking) or "any gate: none was recorded with its run"
    raise RefusedAction(
        f"Version {one.model.version} of '{one.model.target}' has not enough evidence for {gates}.",
        remedy="Not enough evidence is no pass; the board may approve it all the same with --inconclusive REASON, "
        "which is shown with the model.",
    )


def refuse_needless(candidates: Sequence[Candidate], overrides: Sequence[str]) -> None:
    """Raise ``BadInput`` for the override of a gate that did not fail."""
    needless = sorted(set(overrides) - {gate for one in candidates for gate in one.failed})
    if needless:
        raise BadInput(f"The gate '{needless[0]}' did not fail.", remedy="Leave out its --override.")
