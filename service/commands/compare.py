"""``wardcast compare``: which of two runs forecast better, and what changed between them."""

from __future__ import annotations

import json

import click

from contracts import Workspace
from service.commands import completion
from service.commands.options import json_option, workspace_option
from service.commands.terminal import say


@click.command()
@click.argument("first", shell_complete=completion.runs)
@click.argument("second", shell_complete=completion.runs)
@click.option("--model", help="Compare this model's forecasts; by default those of the model that stands for each run.")
@workspace_option
@json_option
def command(first: str, second: str, model: str | None, workspace: Workspace, as_json: bool) -> None:
    """Compare two runs of one target: paired skill with its interval, and what changed in settings, data and code.

    FIRST and SECOND are ids of 'wardcast runs', or their first digits.
    """
    from training.runs import as_text, compare

    found = compare(workspace, first, second, model=model)
    if as_json:
        click.echo(json.dumps(found.to_dict(), indent=2, default=str))
    else:
        say(as_text(found))
