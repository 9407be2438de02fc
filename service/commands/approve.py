"""``wardcast approve``: a named person of the board makes a model the champion."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from contracts import Workspace
from service.commands.deciding import decided, decision_options
from service.commands.terminal import say


@click.command()
@decision_options(
    target="Only this target; without it, every model that waits.",
    version="A version of its model; without it, the proposed one or the challenger.",
    by="Name of the person who approves; never who trained or proposed it.",
    every_target=True,
)
@click.option(
    "--override",
    "overrides",
    multiple=True,
    help="A gate that failed and is overridden for this reason, such as coverage; it is shown wherever the model is. "
    "May be given several times.",
)
@click.option(
    "--inconclusive",
    default="",
    metavar="REASON",
    help="Why it is approved although gates found not enough evidence; it is shown wherever the model is. Not used "
    "where every gate had evidence.",
)
def command(
    target: str | None,
    version: int | None,
    by: str,
    reason: str,
    overrides: tuple[str, ...],
    inconclusive: str,
    workspace: Workspace,
    as_json: bool,
) -> None:
    """Make a model the champion, by name and with a reason."""
    from service.board.decisions import approve
    from service.wording import inconclusive_sentence

    chosen = {"reason": reason, "target": target, "version": version, "overrides": overrides}
    approval = decided(approve, workspace, by, **chosen, inconclusive=inconclusive)
    for sentence in (*approval.mended, *approval.notes):
        click.echo(sentence, err=True)
    if as_json:
        click.echo(json.dumps(asdict(approval), indent=2))
        return
    for champion in approval.champions:
        say(
            f"{champion.target}: version {champion.version} is the champion, approved by {champion.approved_by} "
            f"(ledger entry {champion.entry}, run {champion.run_id})."
        )
        if champion.inconclusive is not None:
            say(inconclusive_sentence(champion.inconclusive))
