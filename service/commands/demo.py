"""``wardcast demo``: a simulated city from ingest to a served page."""

from __future__ import annotations

from functools import partial

import click

from contracts import Workspace
from service.commands.options import city_day, workspace_option
from service.commands.terminal import room, say


@click.command()
@click.option("--no-serve", is_flag=True, help="Stop before serving the page.")
@click.option("--seed", default=7, show_default=True, type=click.IntRange(min=0), help="Which simulated city.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one.")
@workspace_option
def command(no_serve: bool, seed: int, port: int, workspace: Workspace) -> None:
    """Simulate a city, ingest, train, audit, approve, issue, and serve the page."""
    from service.board.trained import enter_trained
    from service.ledger import open_ledger
    from service.web.serving import bind_loopback, serve
    from service.workspaces import approve_and_issue, prepare
    from training.candidates import train
    from training.runs import tracked_experiment

    listener = None if no_serve else bind_loopback("127.0.0.1", port)
    prepare(workspace, seed, _tell)
    today = city_day(workspace)
    enter = partial(enter_trained, open_ledger(workspace))
    targets = workspace.settings.forecast_targets()
    with tracked_experiment(workspace, "train", f"train {', '.join(targets)}"):
        trained = [train(workspace, target, today=today, enter=enter) for target in targets]
    for one in trained:
        say(f"{one.scores.areas.as_text(room())}\n")
    for one in trained:
        say(f"Trained {one.model.target} version {one.model.version} on simulated counts to {one.last_known}.")
    failed = {gate for one in trained for gate, verdict in one.gates.verdicts.items() if verdict == "fail"}
    issued = approve_and_issue(workspace, today, _tell, failed_gates=failed)
    say(f"Issued {issued.forecast_id} for {issued.next_period} (ledger entry {issued.entry}).")
    if listener is not None:
        serve(workspace, listener, tell=_tell)


def _tell(sentence: str) -> None:
    click.echo(sentence, err=True)
