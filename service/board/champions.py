"""Who the champions are: the ledger decides, and the registry's alias ``champion`` follows.

An entry is always written before an alias moves, so that a process killed in between leaves an alias behind, which the
next change or issue moves and tells.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from contracts import MissingThing, RefusedAction, Workspace
from contracts.run_files import CHAMPION
from service.board.life_cycle import LifeCycle, ModelKey, State, key_of, life_cycle_of
from service.ledger import Entry, Ledger

if TYPE_CHECKING:
    from models.saved import RegisteredModel


class ModelRegistry(Protocol):
    """What approvals and issues need of ``models.saved.registry``."""

    def registered(self, workspace: Workspace, target: str, alias: str, /) -> RegisteredModel | None:
        """The model under an alias, or None."""

    def version(self, workspace: Workspace, target: str, number: int, /) -> RegisteredModel:
        """One version; raises ``MissingThing``."""

    def set_champion(self, workspace: Workspace, model: RegisteredModel, /) -> None:
        """Move the alias ``champion``."""

    def clear_champion(self, workspace: Workspace, target: str, /) -> None:
        """Take the alias ``champion`` away."""

    def run_text(self, workspace: Workspace, run_id: str, path: str, /) -> str | None:
        """A text artefact of a run, or None where there is none."""

    def finished_run(self, workspace: Workspace, run_id: str, /) -> tuple[str | None, str | None] | None:
        """Kind and target of a run that ended well, or None."""

    def run_loss(self, workspace: Workspace, run_id: str, /) -> MissingThing | None:
        """What is to be said of a run that was deleted since it was made, or None."""


def lost_runs(workspace: Workspace, registry: ModelRegistry, runs: Iterable[str]) -> tuple[str, ...]:
    """A sentence for each run that was deleted since it was made; what was made from it stays."""
    found = (registry.run_loss(workspace, run) for run in dict.fromkeys(runs))
    return tuple(str(loss) for loss in found if loss is not None)


@dataclass(frozen=True)
class Champion:
    """The approved model of a target, as its ledger entry says.

    ``gates`` maps each gate to its verdict; ``overrides`` holds gate, by, reason and entry of every gate that failed
    and was overridden. Both are empty for a model that was approved before there were gates. ``inconclusive`` holds
    gates, by and reason where it was approved although gates lacked evidence; None also where the approval is older.
    ``flags`` is the rule by which its audit flagged areas, None where the approval does not say.
    ``judged_horizons`` are those that its gates and audits speak of, empty for a model that was approved before they
    were recorded. ``superseded`` says which model of the target was the champion before: version, run_id, sha256 and
    approval_entry.
    """

    target: str
    version: int
    run_id: str
    sha256: str
    report_sha256: str | None
    approved_by: str
    approved_at: str
    reason: str
    entry: int
    proposed_by: str | None = None
    gates: dict[str, str] = field(default_factory=dict)
    overrides: tuple[dict[str, Any], ...] = ()
    inconclusive: dict[str, Any] | None = None
    flags: dict[str, Any] | None = None
    judged_horizons: tuple[int, ...] = ()
    superseded: dict[str, Any] | None = None


def champions_of(cycle: LifeCycle) -> dict[str, Champion]:
    """Target → champion, from the life of every model."""
    champions = {}
    for target, life in cycle.champions.items():
        if life.approval is None:
            raise ValueError(f"the champion of '{target}' has no approval")
        content = life.approval.content
        champions[target] = Champion(
            target=target,
            version=content["version"],
            run_id=content["run_id"],
            sha256=content["sha256"],
            report_sha256=content["report_sha256"],
            approved_by=life.approval.actor,
            approved_at=life.approval.recorded_at,
            reason=content["reason"],
            entry=life.approval.number,
            proposed_by=content.get("proposed_by"),
            gates=content.get("gates") or {},
            overrides=tuple(content.get("overrides", ())),
            inconclusive=content.get("inconclusive"),
            flags=content.get("flags"),
            judged_horizons=tuple(content.get("judged_horizons", ())),
            superseded=_superseded(cycle, target),
        )
    return champions


def _superseded(cycle: LifeCycle, target: str) -> dict[str, Any] | None:
    """The model of a target that was approved last before its champion and was not withdrawn since, if there is one."""
    lives = [one for one in cycle.of_target(target) if one.state is State.SUPERSEDED]
    approvals = [one.approval for one in lives if one.approval is not None]
    if not approvals:
        return None
    newest = max(approvals, key=lambda entry: entry.number)
    kept = {name: newest.content[name] for name in ("version", "run_id", "sha256")}
    return {**kept, "approval_entry": newest.number}


def current_champions(ledger: Ledger) -> dict[str, Champion]:
    """Target → champion, from the ledger."""
    return champions_of(life_cycle_of(ledger.entries()))


def mend_aliases(workspace: Workspace, ledger: Ledger, registry: ModelRegistry) -> tuple[str, ...]:
    """Move every alias ``champion`` that is not where the ledger says, and return a sentence for each."""
    cycle = life_cycle_of(ledger.entries())
    champions = champions_of(cycle)
    targets = {*workspace.settings.forecast_targets(), *(key.target for key in cycle.models)}
    mended = [_mend(workspace, registry, target, champions.get(target)) for target in sorted(targets)]
    return tuple(sentence for sentence in mended if sentence is not None)


def _mend(workspace: Workspace, registry: ModelRegistry, target: str, champion: Champion | None) -> str | None:
    aliased = registry.registered(workspace, target, CHAMPION)
    if (aliased and aliased.version) == (champion and champion.version):
        return None
    was = "no version" if aliased is None else f"version {aliased.version}"
    if champion is None:
        registry.clear_champion(workspace, target)
        return (
            f"The registry named {was} the champion of '{target}'; by the ledger there is none, and it names none now."
        )
    registry.set_champion(workspace, approved_model(workspace, registry, champion))
    return (
        f"The registry named {was} the champion of '{target}'; the ledger's entry {champion.entry} says version "
        f"{champion.version}, which it names now."
    )


def approved_model(workspace: Workspace, registry: ModelRegistry, champion: Champion) -> RegisteredModel:
    """The registered model that was approved; raises ``RefusedAction`` if the registry now holds another one."""
    model = registry.version(workspace, champion.target, champion.version)
    if (model.sha256, model.run_id) != (champion.sha256, champion.run_id):
        raise RefusedAction(
            f"Version {champion.version} of '{champion.target}' in the registry is not the model that "
            f"{champion.approved_by} approved (ledger entry {champion.entry}): its hash or its run differs.",
            remedy="Restore the registry from a backup, or approve another version.",
        )
    return model


@dataclass(frozen=True)
class Withdrawal:
    """A model that was withdrawn, as everybody who asks for its forecasts is told."""

    target: str
    version: int
    withdrawn_by: str
    withdrawn_at: str
    reason: str
    entry: int

    def __str__(self) -> str:
        return (
            f"The model of '{self.target}', version {self.version}, was withdrawn by {self.withdrawn_by} on "
            f"{self.withdrawn_at[:10]} (ledger entry {self.entry}): {self.reason}"
        )


def withdrawals_in_force(cycle: LifeCycle, issued: Iterable[tuple[str, int, str]]) -> dict[str, Withdrawal]:
    """Target → withdrawal, of the issued models (target, version, sha256) and of targets that were not issued.

    A target whose withdrawn model was followed by another one stays withdrawn until that one is issued.
    """
    found = {}
    served = [ModelKey(*one) for one in issued]
    for key in served:
        withdrawal = cycle.of(key).withdrawal
        if withdrawal is not None:
            found[key.target] = _withdrawal(withdrawal)
    others = {key.target for key in cycle.models} - {key.target for key in served}
    for target in others:
        entries = [life.withdrawal for life in cycle.of_target(target) if life.withdrawal is not None]
        if entries:
            found[target] = _withdrawal(max(entries, key=lambda entry: entry.number))
    return found


def withdrawals_named(
    entries: Iterable[Entry], issued: Iterable[tuple[str, int, str]], signers: Collection[str]
) -> dict[str, Withdrawal]:
    """Target → withdrawal, of the issued models that a genuine entry withdraws, in a ledger that is not sound.

    The table of changes is not asked: too much may be refused by it, never too little.
    """
    served = {ModelKey(*one) for one in issued}
    found = {}
    for entry in entries:
        if entry.kind == "withdrawal" and entry.signed_by in signers and entry.is_genuine():
            key = key_of(entry.content)
            if key in served:
                found[key.target] = _withdrawal(entry)
    return found


def _withdrawal(entry: Entry) -> Withdrawal:
    content = entry.content
    return Withdrawal(
        content["target"], content["version"], entry.actor, entry.recorded_at, content["reason"], entry.number
    )
