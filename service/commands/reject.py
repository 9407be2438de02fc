"""``wardcast reject``: a named person of the board says no."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from contracts import Workspace
from service.commands.deciding import decided, decision_options
from service.commands.terminal import say


@click.command()
@decision_options(
    target="The target whose model is rejected.",
    version="A version of its model; without it, the proposed one or the challenger.",
    by="Name of the person who rejects it.",
)
def command(target: str, version: int | None, by: str, reason: str, workspace: Workspace, as_json: bool) -> None:
    """Reject a model that was proposed; it can never be approved."""
    from service.board.decisions import reject

    one = decided(reject, workspace, by, reason=reason, target=target, version=version)
    if as_json:
        click.echo(json.dumps(asdict(one), indent=2))
        return
    say(f"{one.target}: version {one.version} is rejected by {one.by} (ledger entry {one.entry}).")
