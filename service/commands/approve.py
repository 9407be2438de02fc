"""``wardcast approve``: a named person makes a challenger the champion."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from contracts import Workspace
from service.options import json_option, workspace_option


@click.command()
@click.option("--target", help="Only this target; without it, every challenger that is not the champion yet.")
@click.option("--version", type=int, help="A version of the target's model; without it, the challenger.")
@click.option("--by", required=True, help="Name of the person who approves.")
@click.option("--reason", required=True, help="Why; it is kept in the ledger.")
@workspace_option
@json_option
def command(target: str | None, version: int | None, by: str, reason: str, workspace: Workspace, as_json: bool) -> None:
    """Make a challenger the champion, by name and with a reason."""
    from models import registry
    from service.approvals import approve
    from service.ledger import open_ledger

    approval = approve(
        workspace, open_ledger(workspace), registry, by=by, reason=reason, target=target, version=version
    )
    for sentence in approval.mended:
        click.echo(sentence, err=True)
    if as_json:
        click.echo(json.dumps(asdict(approval), indent=2))
        return
    for champion in approval.champions:
        click.echo(
            f"{champion.target}: version {champion.version} is the champion, approved by {champion.approved_by} "
            f"(ledger entry {champion.entry}, run {champion.run_id})."
        )
