"""What a forecast was made from, recorded with its issue so that anyone can make it again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from contracts import (
    Workspace,
    code_version,
    code_version_of,
    library_versions,
    sha256_of_folder,
)
from service.board.champions import Champion, ModelRegistry

if TYPE_CHECKING:
    from features.views import AsOfDoor

SETTINGS_COPY = "settings.json"
"""The settings that were used, in the folder of the forecast."""


def inputs_of(
    workspace: Workspace, door: AsOfDoor, registry: ModelRegistry, champions: Mapping[str, Champion]
) -> dict[str, Any]:
    """Code, libraries, models, and hashes of the publications and the geography that are in the store.

    Every publication that the door holds is named, not only those whose counts were used: which areas and periods
    there are depends on all of them.
    """
    versions = {target: registry.version(workspace, target, one.version) for target, one in champions.items()}
    return {
        "code": asdict(code_version()),
        "libraries": library_versions(),
        "publications": [
            {
                "id": found.id,
                "published_on": str(found.published_on),
                "sha256": found.provenance.sha256,
                "folder_sha256": sha256_of_folder(workspace.publications / found.id),
            }
            for found in door.publications
        ],
        "geography": {
            "name": door.geography,
            "folder_sha256": sha256_of_folder(workspace.geographies / door.geography),
        },
        "trained_with": {
            target: None if (code := code_version_of(model.tags)) is None else asdict(code)
            for target, model in sorted(versions.items())
        },
    }
