"""The offences behind a target, each as a series of its own, through the same as-of door."""

from __future__ import annotations

from datetime import date

from contracts import Frequency, MissingThing, Settings, Target, Workspace
from contracts.settings.settings import TargetSettings
from features.store import PublicationStore
from features.views.as_of import AsOfDoor, ViewMode, load_door
from features.views.panel import Panel


def settings_by_offence(settings: Settings, target: Target, taxonomy: str) -> Settings:
    """Settings whose targets are the offences that ``target`` sums in a taxonomy, one by one, by their own names."""
    single = {
        offence: TargetSettings(title=offence, offences={taxonomy: (offence,)}, not_published="missing")
        for offence in target.offences[taxonomy]
    }
    return settings.model_copy(update={"targets": single})


def offence_panel(
    workspace: Workspace,
    target: str,
    as_of: date,
    *,
    geography: str | None = None,
    frequency: Frequency | None = None,
    source: str | None = None,
    mode: ViewMode = ViewMode.AS_OF,
) -> tuple[str, Panel]:
    """The taxonomy in use, and a panel of what was known on a day whose targets are the target's offences.

    Raises ``MissingThing`` where no publication carries the target.
    """
    settings = workspace.settings
    wanted = settings.target(target)
    door = load_door(workspace, geography, frequency, source)
    used = {publication.provenance.taxonomy for publication in door.publications} & wanted.offences.keys()
    if target not in door.targets or not used:
        raise MissingThing(f"No publication carries the target '{target}'.", remedy="Ingest one that does.")
    (taxonomy,) = used
    by_offence = AsOfDoor(
        PublicationStore(workspace.publications),
        settings_by_offence(settings, wanted, taxonomy),
        geography=door.geography,
        frequency=door.frequency,
        source=source or settings.source or None,
    )
    return taxonomy, by_offence.view(as_of, mode)
