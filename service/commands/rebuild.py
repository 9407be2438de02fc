"""``wardcast rebuild``: make an issued forecast again and compare every byte."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from contracts import Workspace
from service.commands import completion
from service.commands.options import json_option, workspace_option
from service.commands.terminal import say
from service.forecasts.record import target_records


@click.command()
@click.argument("forecast_id", shell_complete=completion.forecasts)
@click.option(
    "--bundle",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A zip of 'wardcast export' to make it from; no workspace is needed then.",
)
@workspace_option
@json_option
def command(forecast_id: str, bundle: Path | None, workspace: Workspace, as_json: bool) -> None:
    """Make FORECAST_ID again from what the ledger refers to, and say whether it is the same bytes.

    Ends with an error that names the first file and value that differ, if any do.
    """
    from models import registry
    from service.board.champions import lost_runs
    from service.ledger import open_ledger
    from service.proof import collect, read_bundle, rebuild, refuse_difference

    if bundle is not None:
        parts = read_bundle(bundle, forecast_id)
    else:
        parts = collect(workspace, open_ledger(workspace), registry, forecast_id)
        for sentence in lost_runs(workspace, registry, (one.run_id for one in target_records(parts.issued()))):
            click.echo(sentence, err=True)
    rebuilt = rebuild(parts, tell=lambda sentence: click.echo(sentence, err=True))
    for sentence in rebuilt.software:
        click.echo(sentence, err=True)
    if as_json:
        click.echo(json.dumps(asdict(rebuilt), indent=2))
    refuse_difference(rebuilt)
    if not as_json:
        say(f"{forecast_id} is identical: {len(rebuilt.files)} files, every byte as ledger entry {rebuilt.entry}.")
        say(f"Head of the ledger that was used: {rebuilt.head}")
