"""Where MLflow's artefacts lie: told relative to the workspace, so that a workspace can be moved, copied and mounted.

MLflow keeps the place of an experiment, a run and a model as text and takes it as it is. In a workspace the text is
``wardcast-workspace:/artefacts/train/…``: a path in the folder that holds the store which names it. MLflow looks the
scheme up among its plugins (``pyproject.toml`` names this module), so that its own page shows the artefacts as well.
Nothing here imports MLflow before it is called: MLflow imports this module while it is imported itself.
"""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from contracts import SETTINGS_FILE, BadInput, MissingThing, Workspace

if TYPE_CHECKING:
    from mlflow.store.artifact.local_artifact_repo import LocalArtifactRepository

SCHEME = "wardcast-workspace"
SERVER_STORE = "_MLFLOW_SERVER_FILE_STORE"
"""Where MLflow's server finds the address of its store (``mlflow.server.constants``, which loads the whole server)."""


def workspace_artefacts(
    artifact_uri: str, tracking_uri: str | None = None, registry_uri: str | None = None
) -> LocalArtifactRepository:
    """MLflow's access to the artefacts below a place; MLflow calls it with these names.

    Raises ``BadInput`` for a place outside of the workspace, ``MissingThing`` where the store is in none.
    """
    from mlflow.store.artifact.local_artifact_repo import LocalArtifactRepository

    folder = folder_of(artifact_uri, _workspace_of(tracking_uri or _store_in_use()))
    return LocalArtifactRepository(folder.as_uri(), tracking_uri, registry_uri)


def place_of(path: PurePosixPath) -> str:
    """The text for a path that is relative to the workspace.

    >>> place_of(PurePosixPath("artefacts/train"))
    'wardcast-workspace:/artefacts/train'
    """
    return f"{SCHEME}:/{path}"


def folder_of(place: str, root: Path) -> Path:
    """Where a place lies in the workspace ``root``; raises ``BadInput`` where it would be outside.

    >>> folder_of("wardcast-workspace:/artefacts/train", Path("/data/city")).as_posix()
    '/data/city/artefacts/train'
    """
    inside = PurePosixPath(urlsplit(place).path.lstrip("/"))
    if ".." in inside.parts:
        raise BadInput(f"MLflow's place '{place}' is outside of the workspace {root}.", remedy="Restore mlflow.db.")
    return root / inside


def experiment_place(workspace: Workspace, kind: str) -> str:
    """Where a new experiment's artefacts go: told relative in the workspace's own store, absolute in any other."""
    if workspace.keeps_tracking:
        return place_of(PurePosixPath(workspace.artefacts.name) / kind)
    return (workspace.artefacts / kind).as_uri()


def announce(workspace: Workspace) -> None:
    """Tell MLflow the scheme of the workspace's places, also where an older installation has not named the plugin."""
    from mlflow.store.artifact.artifact_repository_registry import _artifact_repository_registry

    if workspace.keeps_tracking:
        # MLflow leaves its registry without types.
        _artifact_repository_registry.register(SCHEME, workspace_artefacts)  # type: ignore[no-untyped-call]


def _store_in_use() -> str:
    """The store that this process works on: MLflow's server is told it in its environment, all others ask MLflow."""
    from mlflow import get_tracking_uri

    return os.environ.get(SERVER_STORE) or get_tracking_uri()


def _workspace_of(store: str) -> Path:
    import sqlalchemy as sa

    address = sa.make_url(store if "://" in store else "sqlite://")
    root = Path(address.database or "").resolve().parent
    if address.get_backend_name() != "sqlite" or not address.database or not (root / SETTINGS_FILE).is_file():
        raise MissingThing(
            f"MLflow's store at {address.render_as_string(hide_password=True)} lies in no workspace, and its artefacts "
            "are told relative to one.",
            remedy="Open the mlflow.db of a workspace, such as sqlite:///london/mlflow.db.",
        )
    return root
