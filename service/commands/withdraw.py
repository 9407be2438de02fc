"""``wardcast withdraw``: a named person takes a model out of use."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from contracts import Workspace
from service.commands.deciding import decided, decision_options
from service.commands.terminal import say


@click.command()
@decision_options(
    target="The target whose model is withdrawn.",
    version="A version that is or was in use; without it, the champion.",
    by="Name of the person who withdraws it.",
    reason="Why; it is kept in the ledger and shown in place of the forecast.",
)
def command(target: str, version: int | None, by: str, reason: str, workspace: Workspace, as_json: bool) -> None:
    """Take a model out of use; a running service refuses its forecasts within seconds."""
    from service.board.decisions import withdraw

    one = decided(withdraw, workspace, by, reason=reason, target=target, version=version)
    for sentence in one.notes:
        click.echo(sentence, err=True)
    if as_json:
        click.echo(json.dumps(asdict(one), indent=2))
        return
    say(f"{one.target}: version {one.version} is withdrawn by {one.by} (ledger entry {one.entry}).")
