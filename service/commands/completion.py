"""What the shell completes: targets, runs and issued forecasts of the workspace that is named so far.

A workspace that cannot be read completes nothing: the command itself says why, once it is run.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import click

from contracts import DEFAULT_WORKSPACE, WardcastError, Workspace
from contracts.run_sheets import sheet_paths


def targets(context: click.Context, _: click.Parameter, begun: str) -> list[str]:
    """Names of the targets in the settings."""
    try:
        return _that_begin(begun, _workspace(context).settings.targets)
    except WardcastError:
        return []


def runs(context: click.Context, _: click.Parameter, begun: str) -> list[str]:
    """Ids of the runs that left a sheet, the newest first."""
    return _that_begin(begun, (path.parent.name for path in sheet_paths(_workspace(context))))


def forecasts(context: click.Context, _: click.Parameter, begun: str) -> list[str]:
    """Ids of the issued forecasts."""
    from service.forecasts.issued import folders_of

    return _that_begin(begun, (folder.name for folder in folders_of(_workspace(context))))


def _that_begin(begun: str, names: Iterable[str]) -> list[str]:
    return [name for name in names if name.startswith(begun)]


def _workspace(context: click.Context) -> Workspace:
    given = context.params.get("workspace")
    return given if isinstance(given, Workspace) else Workspace(Path(given or DEFAULT_WORKSPACE))
