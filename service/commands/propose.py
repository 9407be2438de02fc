"""``wardcast propose``: a named person puts a draft to the board."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from contracts import Workspace
from service.options import json_option, workspace_option


@click.command()
@click.option("--target", help="Only this target; without it, every challenger that is a draft.")
@click.option("--version", type=int, help="A version of the target's model; without it, the challenger.")
@click.option("--by", required=True, help="Name of the person who proposes, and who cannot approve it then.")
@click.option("--reason", required=True, help="Why; it is kept in the ledger.")
@workspace_option
@json_option
def command(target: str | None, version: int | None, by: str, reason: str, workspace: Workspace, as_json: bool) -> None:
    """Put a draft to the board, with what its gates found."""
    from models import registry
    from service.decisions import propose
    from service.ledger import open_ledger
    from service.people import person_named

    proposals = propose(
        workspace,
        open_ledger(workspace),
        registry,
        by=person_named(workspace.settings, by),
        reason=reason,
        target=target,
        version=version,
    )
    if as_json:
        click.echo(json.dumps([asdict(one) for one in proposals], indent=2))
        return
    for one in proposals:
        click.echo("\n".join(one.notes))
        click.echo(f"{one.target}: version {one.version} is proposed by {one.by} (ledger entry {one.entry}).")
    click.echo("Another person decides: wardcast approve | reject --target NAME --by NAME --reason TEXT", err=True)
