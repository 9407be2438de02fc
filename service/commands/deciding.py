"""What the commands of a decision on a model share: their options, and who decides over which records."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from contracts import Workspace
from service.commands import completion
from service.commands.options import Command, json_option, workspace_option

Made = TypeVar("Made")


def decision_options(
    *, target: str, version: str, by: str, reason: str = "Why; it is kept in the ledger.", every_target: bool = False
) -> Callable[[Command], Command]:
    """``--target``, ``--version``, ``--by``, ``--reason``, ``--workspace`` and ``--json``, each with its help.

    ``every_target`` lets the target be left out.
    """

    def of(command: Command) -> Command:
        for option in (
            json_option,
            workspace_option,
            click.option("--reason", required=True, help=reason),
            click.option("--by", required=True, help=by),
            click.option("--version", type=int, help=version),
            click.option("--target", required=not every_target, shell_complete=completion.targets, help=target),
        ):
            command = option(command)
        return command

    return of


def decided(decide: Callable[..., Made], workspace: Workspace, by: str, **choice: Any) -> Made:
    """Let the person of that name decide on the models of a workspace."""
    from models import registry
    from service.board.people import person_named
    from service.ledger import open_ledger

    return decide(workspace, open_ledger(workspace), registry, by=person_named(workspace.settings, by), **choice)
