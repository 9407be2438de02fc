"""``wardcast compare``: which of two runs forecast better, and what changed between them."""

from __future__ import annotations

import json

import click

from contracts import Workspace
from service.options import json_option, workspace_option


@click.command()
@click.argument("first")
@click.argument("second")
@click.option("--model", help="Compare this model's forecasts; by default those of the model that stands for each run.")
@workspace_option
@json_option
def command(first: str, second: str, model: str | None, workspace: Workspace, as_json: bool) -> None:
    """Compare two runs of one target: paired skill with its interval, and what changed in settings, data and code.

    FIRST and SECOND are ids of 'wardcast runs', or their first digits.
    """
    from training.comparing import as_text, compare

    found = compare(workspace, first, second, model=model)
    click.echo(json.dumps(found.to_dict(), indent=2, default=str) if as_json else as_text(found))
