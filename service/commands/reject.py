"""``wardcast reject``: a named person of the board says no."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from contracts import Workspace
from service.options import json_option, workspace_option


@click.command()
@click.option("--target", required=True, help="The target whose model is rejected.")
@click.option("--version", type=int, help="A version of its model; without it, the proposed one or the challenger.")
@click.option("--by", required=True, help="Name of the person who rejects it.")
@click.option("--reason", required=True, help="Why; it is kept in the ledger.")
@workspace_option
@json_option
def command(target: str, version: int | None, by: str, reason: str, workspace: Workspace, as_json: bool) -> None:
    """Reject a model that was proposed; it can never be approved."""
    from models import registry
    from service.decisions import reject
    from service.ledger import open_ledger
    from service.people import person_named

    one = reject(
        workspace,
        open_ledger(workspace),
        registry,
        by=person_named(workspace.settings, by),
        reason=reason,
        target=target,
        version=version,
    )
    if as_json:
        click.echo(json.dumps(asdict(one), indent=2))
        return
    click.echo(f"{one.target}: version {one.version} is rejected by {one.by} (ledger entry {one.entry}).")
