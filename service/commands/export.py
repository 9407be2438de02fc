"""``wardcast export``: an issued forecast and all that it was made from, in one zip."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from contracts import Workspace
from service.commands import completion
from service.commands.options import json_option, workspace_option
from service.commands.terminal import say
from service.forecasts.record import issue_entry, target_records


@click.command()
@click.argument("forecast_id", shell_complete=completion.forecasts)
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="The zip to write.")
@workspace_option
@json_option
def command(forecast_id: str, out: Path, workspace: Workspace, as_json: bool) -> None:
    """Write what an outsider needs to make FORECAST_ID again: ledger, models, publications, geography, reports."""
    from models import registry
    from service.board.champions import lost_runs
    from service.ledger import open_ledger
    from service.proof import export

    ledger = open_ledger(workspace)
    exported = export(workspace, ledger, registry, forecast_id=forecast_id, out=out)
    runs = (one.run_id for one in target_records(issue_entry(ledger.entries(), forecast_id)))
    for sentence in lost_runs(workspace, registry, runs):
        click.echo(sentence, err=True)
    if as_json:
        click.echo(json.dumps(asdict(exported), indent=2))
        return
    say(f"Wrote {exported.path}: {exported.files} files, {exported.bytes:,} bytes.")
    say(f"Tell whoever gets it the ledger's head another way: {exported.head}")
