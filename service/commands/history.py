"""``wardcast history``: what the ledger says of a target's models."""

from __future__ import annotations

import json

import click

from contracts import Workspace
from service.commands import completion
from service.commands.options import json_option, workspace_option
from service.commands.terminal import say


@click.command()
@click.argument("target", shell_complete=completion.targets)
@workspace_option
@json_option
def command(target: str, workspace: Workspace, as_json: bool) -> None:
    """Print the history of a target's models: who decided what, when and why."""
    from service.board.history import history_of
    from service.ledger import open_ledger

    title = workspace.settings.target(target).title
    history = history_of(open_ledger(workspace).entries(), target, title)
    if as_json:
        click.echo(json.dumps(history.to_dict(), indent=2, ensure_ascii=False))
    else:
        say(history.as_text())
