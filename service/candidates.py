"""Which models can be decided on, and what speaks against a decision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from contracts import BadInput, MissingThing, RefusedAction, Workspace
from service.approvals import CHALLENGER, GATES_SHA256_TAG, REPORT_SHA256_TAG, TRAINED_BY_TAG, ModelRegistry
from service.gate_findings import recorded_gates
from service.ledger import Ledger
from service.life_cycle import TRANSITIONS, Action, LifeCycle, ModelKey, ModelLife, State, life_cycle_of, why_not
from service.people import Person

if TYPE_CHECKING:
    from models.registry import RegisteredModel
    from monitoring import GateReport


@dataclass(frozen=True)
class Candidate:
    """A registered model that may be decided on: what the ledger says of it, and what its gates found."""

    model: RegisteredModel
    life: ModelLife
    gates: GateReport | None

    @property
    def verdicts(self) -> dict[str, str]:
        """Gate → verdict; empty where its run had no gates."""
        return dict(self.gates.verdicts) if self.gates is not None else {}

    @property
    def failed(self) -> list[str]:
        """The gates that failed."""
        return [gate for gate, verdict in self.verdicts.items() if verdict == "fail"]

    @property
    def judged_horizons(self) -> list[int]:
        """The horizons that its gates and audits speak of; empty where its run did not record them."""
        return list(self.gates.horizons) if self.gates is not None else []

    @property
    def identity(self) -> dict[str, Any]:
        """What every entry says of the model, with the hashes of its reports."""
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
        chosen = [one for one in models if one is not None and _waits(workspace, _life(cycle, one).state, action)]
    elif version is not None:
        workspace.settings.target(target)
        chosen = [registry.version(workspace, target, version)]
    else:
        workspace.settings.target(target)
        one = _waiting(workspace, cycle, registry, action, target)
        chosen = [] if one is None else [one]
    if not chosen:
        about = "that waits" if target is None else f"for '{target}'"
        raise MissingThing(
            f"There is no challenger {about}: nothing to {action}.",
            remedy=f"Train one with: wardcast train --target {target or 'NAME'}",
        )
    return tuple(_candidate(workspace, cycle, registry, action, one) for one in chosen)


def _candidate(
    workspace: Workspace, cycle: LifeCycle, registry: ModelRegistry, action: Action, model: RegisteredModel
) -> Candidate:
    """A model with its gates, which a rejection needs not: what cannot be read can still be rejected."""
    gates = None if action is Action.REJECT else recorded_gates(workspace, registry, model)
    return Candidate(model, _life(cycle, model), gates)


def _waiting(
    workspace: Workspace, cycle: LifeCycle, registry: ModelRegistry, action: Action, target: str
) -> RegisteredModel | None:
    """The newest proposed version of a target, where one is to be decided on, or else its challenger."""
    proposed = [life.key.version for life in cycle.of_target(target) if life.state is State.PROPOSED]
    if proposed and action is not Action.PROPOSE:
        return registry.version(workspace, target, max(proposed))
    return registry.registered(workspace, target, CHALLENGER)


def _waits(workspace: Workspace, state: State, action: Action) -> bool:
    direct = action is Action.PROPOSE or not workspace.settings.life_cycle.proposal_required
    return (state is State.PROPOSED and action is not Action.PROPOSE) or (state is State.DRAFT and direct)


def _life(cycle: LifeCycle, model: RegisteredModel) -> ModelLife:
    return cycle.of(ModelKey(model.target, model.version, model.sha256))


def in_use(cycle: LifeCycle, target: str, version: int | None) -> ModelLife:
    """The champion of a target, or a version that is or was one; raises ``MissingThing``."""
    lives = [one for one in cycle.of_target(target) if version in (None, one.key.version)]
    chosen = [one for one in lives if (one.state, Action.WITHDRAW) in TRANSITIONS]
    if version is None:
        chosen = [one for one in chosen if one.state is State.APPROVED]
    if not chosen:
        which = "champion" if version is None else f"version {version} that is or was a champion"
        raise MissingThing(f"There is no {which} of '{target}' to withdraw.", remedy=f"See: wardcast history {target}")
    return chosen[-1]


def refuse_change(one: Candidate, action: Action, by: Person) -> None:
    """Raise ``RefusedAction`` where the table or the rule against self-approval does not allow the change."""
    model, life = one.model, one.life
    reason = why_not(life, action, by.name, model.tags.get(TRAINED_BY_TAG))
    if reason is None:
        return
    if life.state is State.APPROVED and life.approval is not None:
        reason = f"it is the champion already (ledger entry {life.approval.number}, by {life.approval.actor})"
    raise RefusedAction(
        f"Version {model.version} of '{model.target}' is not changed: {reason}.",
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
        if proposed.get(tag) != one.model.tags.get(tag):
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


def refuse_needless(candidates: Sequence[Candidate], overrides: Sequence[str]) -> None:
    """Raise ``BadInput`` for the override of a gate that did not fail."""
    needless = sorted(set(overrides) - {gate for one in candidates for gate in one.failed})
    if needless:
        raise BadInput(f"The gate '{needless[0]}' did not fail.", remedy="Leave out its --override.")
