"""``wardcast runs``: what was backtested and trained, with the main scores."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from contracts import Workspace
from service.commands import completion
from service.commands.options import workspace_option
from service.commands.terminal import Form, format_option, show_csv, show_table


@click.command()
@click.option("--target", shell_complete=completion.targets, help="Only runs of this target.")
@workspace_option
@format_option
def command(target: str | None, workspace: Workspace, form: Form) -> None:
    """List backtests and trainings, newest first: when, what, which periods, and the main model's scores."""
    from training.runs import HEADS, cells_of, count_deleted, flat, list_runs

    if target is not None:
        workspace.settings.target(target)
    runs = list_runs(workspace, target=target)
    if deleted := count_deleted(workspace):
        click.echo(f"Not listed: {deleted} deleted in MLflow; 'wardcast audit RUN' says how to restore one.", err=True)
    if form == "json":
        click.echo(json.dumps([asdict(one) for one in runs], indent=2))
        return
    if not runs:
        click.echo("No run was tracked yet. Make one with: wardcast backtest", err=True)
        return
    if form == "csv":
        show_csv([flat(one) for one in runs])
    else:
        show_table(HEADS, [cells_of(one) for one in runs], left=3)
