"""``wardcast ledger``: check and list the record of approvals and issued forecasts."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from contracts import Workspace
from service.options import json_option, workspace_option


@click.group()
def command() -> None:
    """Check and list the record of approvals and issued forecasts."""


@command.command()
@workspace_option
@json_option
def verify(workspace: Workspace, as_json: bool) -> None:
    """Recompute the chain; ends with an error that names the first changed entry."""
    from service.ledger import open_ledger, refuse_findings

    verification = open_ledger(workspace).verify()
    if as_json:
        click.echo(json.dumps(asdict(verification), indent=2))
    refuse_findings(verification)
    if not as_json:
        click.echo(f"{verification.entries} entries, every hash and link as recorded. Head: {verification.head}")
        click.echo(
            "Note the head elsewhere: an entry removed from the end can only be told by comparing heads.", err=True
        )


@command.command(name="list")
@workspace_option
@json_option
def list_entries(workspace: Workspace, as_json: bool) -> None:
    """Print every entry in order."""
    from service.ledger import open_ledger

    entries = open_ledger(workspace).entries()
    if as_json:
        click.echo(json.dumps([{**asdict(entry), "payload": entry.content} for entry in entries], indent=2))
        return
    for entry in entries:
        about = entry.content.get("forecast_id") or f"{entry.content['target']} version {entry.content['version']}"
        click.echo(f"{entry.number:>5}  {entry.recorded_at[:19]}Z  {entry.kind:<9} {about}  by {entry.actor}")
