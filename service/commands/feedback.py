"""``wardcast feedback``: does a forecast feed on itself? A simulation."""

from __future__ import annotations

import json

import click

from contracts import Workspace
from service.commands.options import json_option, workspace_option
from service.commands.terminal import say


@click.command("feedback")
@click.option("--quick", is_flag=True, help="Fewer cities, fewer refits and only the largest uplift: a first look.")
@click.option("--seed", type=click.IntRange(min=0), help="Which simulated cities; by default the seed of the settings.")
@click.option("--cities", type=click.IntRange(1), help="How many cities; more make the intervals narrower.")
@json_option
@workspace_option
def command(workspace: Workspace, quick: bool, seed: int | None, cities: int | None, as_json: bool) -> None:
    """Deploy, patrol, discover and retrain for 104 weeks in simulated cities, with and without countermeasures.

    The tables and a picture are kept in MLflow.
    """
    from training.feedback import run_feedback

    done = run_feedback(workspace, seed=seed, cities=cities, quick=quick, tell=_tell)
    if as_json:
        click.echo(json.dumps(done.to_dict()))
    else:
        say(done.as_text())


def _tell(sentence: str) -> None:
    click.echo(sentence, err=True)
