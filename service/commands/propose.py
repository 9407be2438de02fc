"""``wardcast propose``: a named person puts a draft to the board."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from contracts import Workspace
from service.commands.deciding import decided, decision_options
from service.commands.terminal import say


@click.command()
@decision_options(
    target="Only this target; without it, every challenger that is a draft.",
    version="A version of the target's model; without it, the challenger.",
    by="Name of the person who proposes, and who cannot approve it then.",
    every_target=True,
)
def command(target: str | None, version: int | None, by: str, reason: str, workspace: Workspace, as_json: bool) -> None:
    """Put a draft to the board, with what its gates found."""
    from service.board.decisions import propose

    proposals = decided(propose, workspace, by, reason=reason, target=target, version=version)
    if as_json:
        click.echo(json.dumps([asdict(one) for one in proposals], indent=2))
        return
    for one in proposals:
        say("\n".join(one.notes))
        say(f"{one.target}: version {one.version} is proposed by {one.by} (ledger entry {one.entry}).")
    click.echo("Another person decides: wardcast approve | reject --target NAME --by NAME --reason TEXT", err=True)
