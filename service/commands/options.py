"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

import click

from contracts import DEFAULT_WORKSPACE, WITHOUT_TIME_ZONE, Workspace, today_in

Command = TypeVar("Command", bound=Callable[..., Any])


def _open_workspace(_: click.Context, __: click.Parameter, value: Path) -> Workspace:
    return Workspace(value)


def workspace_option(command: Command) -> Command:
    """``--workspace DIR``: the command's ``workspace`` argument is a ``Workspace``."""
    return click.option(
        "--workspace",
        envvar="WARDCAST_WORKSPACE",
        default=DEFAULT_WORKSPACE,
        show_default=True,
        type=click.Path(file_okay=False, path_type=Path),
        callback=_open_workspace,
        help="The folder with wardcast.toml and the stores.",
    )(command)


def json_option(command: Command) -> Command:
    """``--json``: the command's ``as_json`` argument; one document on standard output and nothing else."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")(command)


def city_day(workspace: Workspace) -> date:
    """Today in the city; that it is UTC's, where no time zone is set, is told on standard error."""
    if not workspace.settings.time_zone:
        click.echo(WITHOUT_TIME_ZONE, err=True)
    return today_in(workspace.settings.time_zone)


tune_option = click.option(
    "--tune",
    "trials",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help="Settings of the recipe that Optuna tries before each fit, judged by the newest year known then.",
)
"""Tuning of the recipe, inside the past of each of its fits."""
