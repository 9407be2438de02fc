"""What the ledger says of a trained model: decisions read that alone, and MLflow is compared with it."""

from __future__ import annotations

import os
import pwd
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from contracts import BadInput, MissingThing, RefusedAction, TrainedModel, sha256_of_folder
from contracts.run_files import GATES_SHA256_TAG, REPORT_SHA256_TAG, RUN_ID_TAG, TRAINED_BY_TAG
from service.board.life_cycle import TRAINED, LifeCycle, ModelKey, ModelLife
from service.ledger import Entry, Ledger

if TYPE_CHECKING:
    from models.saved import RegisteredModel

UNNAMED = "nobody named"
"""Who made the entry of a training in which nobody was named."""


@dataclass(frozen=True)
class Recorded:
    """A model as an entry of the ledger has it. ``gates`` maps each gate to its verdict."""

    key: ModelKey
    run_id: str
    report_sha256: str | None
    gates_sha256: str | None
    gates: Mapping[str, str]
    trained_by: str | None
    entry: int


def trainer_named(by: str) -> str | None:
    """The name without needless spaces, or None for an empty one; raises ``BadInput`` for one that cannot be shown."""
    name = " ".join(by.split())
    if not name.isprintable():
        raise BadInput("The name of who trains holds characters that cannot be printed.", remedy="Leave them out.")
    return name or None


def enter_trained(ledger: Ledger, trained: TrainedModel) -> Entry:
    """Enter what a training says of its model. The account is a hint for whoever asks later; it names nobody.

    Raises ``MissingThing`` as ``Ledger.append`` does, with what that means for the model.
    """
    try:
        return ledger.append(TRAINED, trained.trained_by or UNNAMED, {**trained.content(), "account": _account()})
    except MissingThing as error:
        raise MissingThing(
            f"{error.message} Version {trained.version} of '{trained.target}' is registered, and without an entry of "
            "its training it can never be approved.",
            remedy=f"{error.remedy} Then train again: wardcast train --target {trained.target}",
        ) from error


def recorded(life: ModelLife) -> Recorded | None:
    """What the newest entry of its training says; of a model that was approved before there were such, its approval.

    None for a model that the ledger has neither of: nobody can vouch for what the registry says of it.
    """
    entry = life.trained or life.approval
    if entry is None:
        return None
    content = entry.content
    return Recorded(
        key=life.key,
        run_id=content["run_id"],
        report_sha256=content.get("report_sha256"),
        gates_sha256=content.get("gates_sha256"),
        gates=content.get("gates") or {},
        trained_by=content.get("trained_by"),
        entry=entry.number,
    )


def life_of(cycle: LifeCycle, model: RegisteredModel) -> ModelLife:
    """The life of a registered model; where the registry names another hash than the ledger, that of the ledger."""
    life = cycle.of(ModelKey(model.target, model.version, model.sha256))
    if recorded(life) is not None:
        return life
    others = [
        (found.entry, other)
        for other in cycle.of_target(model.target)
        if other.key.version == model.version and (found := recorded(other)) is not None
    ]
    return max(others, key=lambda pair: pair[0])[1] if others else life


def refuse_other_than_recorded(record: Recorded, model: RegisteredModel) -> None:
    """Raise ``RefusedAction`` where the registry, or the files of the model, are not what the ledger recorded."""
    compared = {
        "the sha256 of its files": (record.key.sha256, _sha256_of_files(model)),
        "the tag sha256": (record.key.sha256, model.sha256),
        "its run": (record.run_id, model.run_id),
        f"the tag {RUN_ID_TAG}": (record.run_id, model.tags.get(RUN_ID_TAG, record.run_id)),
        f"the tag {REPORT_SHA256_TAG}": (record.report_sha256, model.tags.get(REPORT_SHA256_TAG)),
        f"the tag {GATES_SHA256_TAG}": (record.gates_sha256, model.tags.get(GATES_SHA256_TAG)),
        f"the tag {TRAINED_BY_TAG}": (record.trained_by, model.tags.get(TRAINED_BY_TAG)),
    }
    different = [what for what, (ours, theirs) in compared.items() if ours != theirs]
    if different:
        raise RefusedAction(
            f"Version {model.version} of '{model.target}' in the registry is not what the ledger recorded of it "
            f"(entry {record.entry}): {', '.join(different)} {'differs' if len(different) == 1 else 'differ'}.",
            remedy="Find out who changed it, and restore the registry from a backup or train again: "
            f"wardcast train --target {model.target}",
        )


def refuse_other_challenger(cycle: LifeCycle, model: RegisteredModel) -> None:
    """Raise ``RefusedAction`` where the registry's alias is not at the version of the newest recorded training."""
    lives = [life for life in cycle.of_target(model.target) if life.trained is not None]
    newest = max(lives, key=lambda life: life.trained.number if life.trained else 0, default=None)
    if newest is None or newest.trained is None or newest.key.version == model.version:
        return
    raise RefusedAction(
        f"The registry names version {model.version} the challenger of '{model.target}', and the ledger's newest "
        f"training is of version {newest.key.version} (entry {newest.trained.number}): the alias was moved, or a "
        "training was interrupted before its entry.",
        remedy=f"Name the version with --target {model.target} --version {newest.key.version}, or train again: "
        f"wardcast train --target {model.target}",
    )


def refuse_unrecorded(model: RegisteredModel) -> None:
    """Raise ``RefusedAction`` for a model whose training is not in the ledger."""
    raise RefusedAction(
        f"The ledger has no entry of the training of version {model.version} of '{model.target}': it was interrupted "
        "before its entry, made before trainings were entered, or registered by other means.",
        remedy=f"Train again: wardcast train --target {model.target}",
    )


def _sha256_of_files(model: RegisteredModel) -> str | None:
    """None where the files are gone, or another folder lies among them."""
    try:
        return sha256_of_folder(model.folder)
    except (MissingThing, BadInput):
        return None


def _account() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())
