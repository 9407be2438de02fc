"""``wardcast explain``: where an issued forecast comes from."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from contracts import MissingThing, Workspace
from service.commands import completion
from service.commands.options import json_option, workspace_option
from service.commands.terminal import say


@click.command()
@click.argument("forecast_id", shell_complete=completion.forecasts)
@workspace_option
@json_option
def command(forecast_id: str, workspace: Workspace, as_json: bool) -> None:
    """Print the run, publications, code, report, approver and reason behind FORECAST_ID, from the ledger alone.

    Whether its runs were deleted in MLflow since is told besides.
    """
    from models import registry
    from service.board.champions import lost_runs
    from service.ledger import open_ledger
    from service.proof import as_text, provenance

    told = provenance(open_ledger(workspace).entries(), forecast_id)
    if as_json:
        click.echo(json.dumps(asdict(told), indent=2, ensure_ascii=False))
    else:
        say(as_text(told))
    if not workspace.has_tracking:
        return
    try:
        for sentence in lost_runs(workspace, registry, (one["run_id"] for one in told.targets)):
            click.echo(sentence, err=True)
    except MissingThing as error:
        click.echo(f"Whether its runs are still there is not known: {error}", err=True)
