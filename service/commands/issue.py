"""``wardcast issue``: the champions' forecasts of the next periods, into the ledger."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import click

from contracts import Workspace
from service.commands.options import city_day, json_option, workspace_option
from service.commands.terminal import say


@click.command()
@click.option("--on", type=click.DateTime(["%Y-%m-%d"]), help="Issue as of this day; without it, today.")
@click.option("--by", default="the schedule", show_default=True, help="Name of the person who issues.")
@workspace_option
@json_option
def command(on: datetime | None, by: str, workspace: Workspace, as_json: bool) -> None:
    """Write the champions' forecasts of the next periods to the ledger."""
    from service.forecasts.expected import expected_rows, expected_text
    from service.issuing import issue, open_sources
    from service.ledger import open_ledger

    issued = issue(
        workspace,
        open_ledger(workspace),
        open_sources(workspace),
        today=city_day(workspace),
        on=on.date() if on is not None else None,
        by=by,
        tell=lambda sentence: click.echo(sentence, err=True),
    )
    expected = expected_rows(Path(issued.folder))
    if as_json:
        click.echo(json.dumps({**asdict(issued), "expected": expected}, indent=2))
        return
    state = "Issued" if issued.is_new else "Already the newest forecast, nothing was written:"
    say(f"{state} {issued.forecast_id} as of {issued.as_of} (ledger entry {issued.entry}).")
    for note in issued.notes:
        say(note)
    titles = {target["target"]: target["title"] for target in issued.targets}
    weighed = {target["target"]: target["harm"] for target in issued.targets if target["harm"]}
    harm = {target: f"{about['unit']}; weights: {about['source']}" for target, about in weighed.items()}
    say(f"\nExpected in {issued.next_period}:\n{expected_text(expected, titles, harm)}")
