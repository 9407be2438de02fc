"""``wardcast withdraw``: a named person takes a model out of use."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from contracts import Workspace
from service.options import json_option, workspace_option


@click.command()
@click.option("--target", required=True, help="The target whose model is withdrawn.")
@click.option("--version", type=int, help="A version that is or was in use; without it, the champion.")
@click.option("--by", required=True, help="Name of the person who withdraws it.")
@click.option("--reason", required=True, help="Why; it is kept in the ledger and shown in place of the forecast.")
@workspace_option
@json_option
def command(target: str, version: int | None, by: str, reason: str, workspace: Workspace, as_json: bool) -> None:
    """Take a model out of use; a running service refuses its forecasts within seconds."""
    from models import registry
    from service.decisions import withdraw
    from service.ledger import open_ledger
    from service.people import person_named

    one = withdraw(
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
    click.echo(f"{one.target}: version {one.version} is withdrawn by {one.by} (ledger entry {one.entry}).")
