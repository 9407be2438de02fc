"""Approvals: a named person makes a challenger the champion, with a reason.

The ledger decides who the champion is; the registry's alias only follows it. The entry is written first, so that a
process killed in between leaves an alias behind, which the next approval or issue moves and tells.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from contracts import BadInput, MissingThing, RefusedAction, Workspace
from service.ledger import Entry, Ledger

if TYPE_CHECKING:
    from models.registry import RegisteredModel

CHAMPION = "champion"
CHALLENGER = "challenger"
REPORT_SHA256_TAG = "report_sha256"
"""Tag of a registered model: the hash of the audit report that was logged with its run."""


class ModelRegistry(Protocol):
    """What approvals and issues need of ``models.registry``."""

    def registered(self, workspace: Workspace, target: str, alias: str, /) -> RegisteredModel | None:
        """The model under an alias, or None."""

    def version(self, workspace: Workspace, target: str, number: int, /) -> RegisteredModel:
        """One version; raises ``MissingThing``."""

    def set_champion(self, workspace: Workspace, model: RegisteredModel, /) -> None:
        """Move the alias ``champion``."""


@dataclass(frozen=True)
class Champion:
    """The approved model of a target, as its ledger entry says."""

    target: str
    version: int
    run_id: str
    sha256: str
    report_sha256: str | None
    approved_by: str
    approved_at: str
    reason: str
    entry: int


@dataclass(frozen=True)
class Approval:
    """What an approval did: the new champions, and the aliases of earlier ones that had to be mended."""

    champions: tuple[Champion, ...]
    mended: tuple[str, ...]


def champions_of(approvals: Iterable[Entry]) -> dict[str, Champion]:
    """Target → champion, from the approval entries in order: the last approval of a target stands."""
    champions = {}
    for entry in approvals:
        content = entry.content
        champions[content["target"]] = Champion(
            target=content["target"],
            version=content["version"],
            run_id=content["run_id"],
            sha256=content["sha256"],
            report_sha256=content["report_sha256"],
            approved_by=entry.actor,
            approved_at=entry.recorded_at,
            reason=content["reason"],
            entry=entry.number,
        )
    return champions


def current_champions(ledger: Ledger) -> dict[str, Champion]:
    """Target → champion, from the ledger."""
    return champions_of(ledger.entries("approval"))


def approve(
    workspace: Workspace,
    ledger: Ledger,
    registry: ModelRegistry,
    *,
    by: str,
    reason: str,
    target: str | None = None,
    version: int | None = None,
) -> Approval:
    """Make challengers champions: every new one, that of one target, or one version of a target.

    Raises ``RefusedAction`` for an empty name or reason and for a model that is the champion already,
    ``MissingThing`` where there is nothing to approve.
    """
    if not by.strip():
        raise RefusedAction("An approval needs the name of a person.", remedy="Give it with --by NAME.")
    if not reason.strip():
        raise RefusedAction("An approval needs a reason.", remedy="Give it with --reason TEXT.")
    mended = mend_aliases(workspace, ledger, registry)
    before = current_champions(ledger)
    models = _candidates(workspace, registry, before, target, version)
    for model in models:
        ledger.append("approval", by, {**_identity(model), "reason": reason.strip()})
        registry.set_champion(workspace, model)
    after = current_champions(ledger)
    return Approval(champions=tuple(after[model.target] for model in models), mended=mended)


def mend_aliases(workspace: Workspace, ledger: Ledger, registry: ModelRegistry) -> tuple[str, ...]:
    """Move every alias ``champion`` that is not where the ledger says, and return a sentence for each."""
    sentences = []
    for champion in current_champions(ledger).values():
        aliased = registry.registered(workspace, champion.target, CHAMPION)
        if aliased is None or aliased.version != champion.version:
            registry.set_champion(workspace, approved_model(workspace, registry, champion))
            was = "no version" if aliased is None else f"version {aliased.version}"
            sentences.append(
                f"The registry named {was} the champion of '{champion.target}'; the ledger's entry {champion.entry} "
                f"says version {champion.version}, which it names now."
            )
    return tuple(sentences)


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


def _candidates(
    workspace: Workspace,
    registry: ModelRegistry,
    champions: dict[str, Champion],
    target: str | None,
    version: int | None,
) -> Sequence[RegisteredModel]:
    if target is None:
        if version is not None:
            raise BadInput("A version belongs to a target.", remedy="Add --target NAME.")
        return _new_challengers(workspace, registry, champions)
    workspace.settings.target(target)
    model = (
        registry.registered(workspace, target, CHALLENGER)
        if version is None
        else registry.version(workspace, target, version)
    )
    if model is None:
        raise MissingThing(
            f"There is no challenger for '{target}'.", remedy=f"Train one with: wardcast train --target {target}"
        )
    if _is_champion(model, champions):
        raise RefusedAction(
            f"Version {model.version} of '{target}' is the champion already "
            f"(ledger entry {champions[target].entry}, by {champions[target].approved_by}).",
            remedy=f"Train a new one with: wardcast train --target {target}",
        )
    return [model]


def _new_challengers(
    workspace: Workspace, registry: ModelRegistry, champions: dict[str, Champion]
) -> Sequence[RegisteredModel]:
    challengers = [
        model
        for target in workspace.settings.forecast_targets()
        if (model := registry.registered(workspace, target, CHALLENGER)) is not None
        and not _is_champion(model, champions)
    ]
    if not challengers:
        raise MissingThing(
            "There is no challenger that waits for approval.", remedy="Train one with: wardcast train --target NAME"
        )
    return challengers


def _is_champion(model: RegisteredModel, champions: dict[str, Champion]) -> bool:
    champion = champions.get(model.target)
    return champion is not None and (champion.version, champion.sha256) == (model.version, model.sha256)


def _identity(model: RegisteredModel) -> dict[str, object]:
    return {
        "target": model.target,
        "version": model.version,
        "run_id": model.run_id,
        "sha256": model.sha256,
        "report_sha256": model.tags.get(REPORT_SHA256_TAG),
    }
