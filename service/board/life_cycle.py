"""A model's life: its states, the one table of changes between them, and what the ledger says of every model.

The state of a model follows from the ledger alone. An entry that asks for a change which the table does not have, or
by which somebody approves their own model, has no effect and is told as such: so two processes that write at once, or
an entry written by other means, cannot bring a model into a state that it may not have.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from contracts import name_key
from service.ledger import Entry


class State(StrEnum):
    """Where a model stands."""

    DRAFT = "draft"
    """Trained and registered; nobody has put it to the board."""
    PROPOSED = "proposed"
    """A named person asks the board to approve it."""
    APPROVED = "approved"
    """The champion: forecasts are issued from it and served. At most one a target."""
    SUPERSEDED = "superseded"
    """Was the champion until another model of its target was approved; may be approved again."""
    WITHDRAWN = "withdrawn"
    """Taken out of use; what was issued from it is not served any more. Final."""
    REJECTED = "rejected"
    """The board said no. Final: train again to propose again."""


class Action(StrEnum):
    """What changes a state."""

    PROPOSE = "propose"
    APPROVE = "approve"
    REJECT = "reject"
    WITHDRAW = "withdraw"
    SUPERSEDE = "supersede"
    """Not taken by anybody: it happens to a champion when another model of its target is approved."""


TRANSITIONS: Mapping[tuple[State, Action], State] = {
    (State.DRAFT, Action.PROPOSE): State.PROPOSED,
    (State.DRAFT, Action.APPROVE): State.APPROVED,
    (State.DRAFT, Action.REJECT): State.REJECTED,
    (State.PROPOSED, Action.APPROVE): State.APPROVED,
    (State.PROPOSED, Action.REJECT): State.REJECTED,
    (State.APPROVED, Action.SUPERSEDE): State.SUPERSEDED,
    (State.APPROVED, Action.WITHDRAW): State.WITHDRAWN,
    (State.SUPERSEDED, Action.APPROVE): State.APPROVED,
    (State.SUPERSEDED, Action.WITHDRAW): State.WITHDRAWN,
}
"""Every change there is. A draft is approved or rejected directly only where the settings ask for no proposal."""

ACTION_OF_KIND: Mapping[str, Action] = {
    "proposal": Action.PROPOSE,
    "approval": Action.APPROVE,
    "rejection": Action.REJECT,
    "withdrawal": Action.WITHDRAW,
}
"""Kind of a ledger entry → the action that it records."""

TRAINED = "trained"
"""Kind of the entry that a training writes of its model, which is a draft then."""
_SAID_OF_A_TRAINING = frozenset(
    {"target", "version", "sha256", "run_id", "report_sha256", "gates_sha256", "gates", "trained_by"}
)

KIND_OF_ACTION: Mapping[Action, str] = {action: kind for kind, action in ACTION_OF_KIND.items()}


@dataclass(frozen=True, order=True)
class ModelKey:
    """Which model: a version of a target's model, and the hash of its files."""

    target: str
    version: int
    sha256: str


@dataclass(frozen=True)
class ModelLife:
    """What the ledger says of one model. ``trained``, ``proposal``, … are the newest entries of their kind.

    ``trainers`` are all who trained it, where the same files were registered under the same number again.
    """

    key: ModelKey
    state: State = State.DRAFT
    trained: Entry | None = None
    trainers: tuple[str, ...] = ()
    proposal: Entry | None = None
    approval: Entry | None = None
    rejection: Entry | None = None
    withdrawal: Entry | None = None

    @property
    def makers(self) -> tuple[str, ...]:
        """Who trained or proposed it, as far as the ledger knows: they cannot approve it."""
        named = [] if self.proposal is None else [self.proposal.actor, self.proposal.content.get("trained_by")]
        return tuple(name for name in (*self.trainers, *named) if name)


@dataclass(frozen=True)
class WithoutEffect:
    """An entry that changed nothing, and why."""

    entry: Entry
    reason: str


@dataclass(frozen=True)
class LifeCycle:
    """Every model that the ledger names, the champion of each target, and the entries without effect."""

    models: Mapping[ModelKey, ModelLife] = field(default_factory=dict)
    champions: Mapping[str, ModelLife] = field(default_factory=dict)
    without_effect: tuple[WithoutEffect, ...] = ()

    def of(self, key: ModelKey) -> ModelLife:
        """What is known of a model: a draft where the ledger does not name it."""
        return self.models.get(key, ModelLife(key))

    def of_target(self, target: str) -> tuple[ModelLife, ...]:
        """The models of one target in order of their version."""
        return tuple(sorted((one for one in self.models.values() if one.key.target == target), key=lambda one: one.key))


def key_of(content: Mapping[str, Any]) -> ModelKey:
    """The model that an entry's content is about."""
    return ModelKey(content["target"], content["version"], content["sha256"])


def life_cycle_of(entries: Iterable[Entry]) -> LifeCycle:
    """The life of every model, from the ledger's entries in order; entries of other kinds are passed over."""
    models: dict[ModelKey, ModelLife] = {}
    champions: dict[str, ModelKey] = {}
    without_effect = []
    for entry in entries:
        if entry.kind not in ACTION_OF_KIND and entry.kind != TRAINED:
            continue
        content = entry.content
        if entry.kind == TRAINED:
            if content.keys() >= _SAID_OF_A_TRAINING:
                _train(models, entry)
            else:
                without_effect.append(WithoutEffect(entry, "it does not say how its model was trained"))
            continue
        if not content.keys() >= {"target", "version", "sha256"}:
            without_effect.append(WithoutEffect(entry, "it names no model"))
            continue
        action, key = ACTION_OF_KIND[entry.kind], key_of(content)
        life = models.get(key, ModelLife(key))
        reason = why_not(life, action, entry.actor, content.get("trained_by"))
        if reason is not None:
            without_effect.append(WithoutEffect(entry, reason))
            continue
        if action is Action.APPROVE:
            _supersede(models, champions.get(key.target))
            champions[key.target] = key
        elif champions.get(key.target) == key:
            del champions[key.target]
        models[key] = replace(_recorded(life, action, entry), state=TRANSITIONS[life.state, action])
    return LifeCycle(models, {target: models[key] for target, key in champions.items()}, tuple(without_effect))


def why_not(life: ModelLife, action: Action, actor: str, trained_by: str | None) -> str | None:
    """Why a model cannot be changed so by this person, or None where it can."""
    if (life.state, action) not in TRANSITIONS:
        return f"a model that is {life.state} cannot be changed by: {action}"
    makers = {name_key(name) for name in (*life.makers, trained_by) if name}
    if action is Action.APPROVE and name_key(actor) in makers:
        return f"{actor} trained or proposed it, and nobody approves their own model"
    return None


def _recorded(life: ModelLife, action: Action, entry: Entry) -> ModelLife:
    if action is Action.PROPOSE:
        return replace(life, proposal=entry)
    if action is Action.APPROVE:
        return replace(life, approval=entry)
    return replace(life, rejection=entry) if action is Action.REJECT else replace(life, withdrawal=entry)


def _train(models: dict[ModelKey, ModelLife], entry: Entry) -> None:
    content, key = entry.content, key_of(entry.content)
    life = models.get(key, ModelLife(key))
    trainers = (*life.trainers, content["trained_by"]) if content["trained_by"] else life.trainers
    models[key] = replace(life, trained=entry, trainers=trainers)


def _supersede(models: dict[ModelKey, ModelLife], champion: ModelKey | None) -> None:
    if champion is not None:
        life = models[champion]
        models[champion] = replace(life, state=TRANSITIONS[life.state, Action.SUPERSEDE])
