"""``wardcast runs``: what was backtested and trained, with the main scores."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from contracts import Workspace
from service.options import json_option, workspace_option


@click.command()
@click.option("--target", help="Only runs of this target.")
@workspace_option
@json_option
def command(target: str | None, workspace: Workspace, as_json: bool) -> None:
    """List backtests and trainings, newest first: when, what, which periods, and the main model's scores."""
    from training.runs import as_text, count_deleted, list_runs

    if target is not None:
        workspace.settings.target(target)
    runs = list_runs(workspace, target=target)
    if deleted := count_deleted(workspace):
        click.echo(f"Not listed: {deleted} deleted in MLflow; 'wardcast audit RUN' says how to restore one.", err=True)
    if as_json:
        click.echo(json.dumps([asdict(one) for one in runs], indent=2))
        return
    if not runs:
        click.echo("No run was tracked yet. Make one with: wardcast backtest", err=True)
        return
    click.echo(as_text(runs))
