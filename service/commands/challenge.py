"""``wardcast challenge``: dispute an area's forecast, answer, and decide."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING, cast, get_args

import click

from contracts import Workspace
from contracts.settings.oversight import Outcome
from service.commands import completion
from service.commands.options import city_day, json_option, workspace_option
from service.commands.terminal import Form, format_option, say, show_csv

if TYPE_CHECKING:
    from service.board.challenges import Challenge


@click.group()
def command() -> None:
    """Dispute an area's forecast, answer a dispute, and decide it."""


@command.command(name="open")
@click.argument("forecast_id", shell_complete=completion.forecasts)
@click.option("--area", required=True, help="Code of the area whose forecast is disputed.")
@click.option(
    "--target", required=True, shell_complete=completion.targets, help="The target whose forecast is disputed."
)
@click.option("--by", required=True, help="Name of whoever disputes it; anyone may.")
@click.option("--reason", required=True, help="What is wrong; it is kept in the ledger.")
@workspace_option
@json_option
def open_one(
    forecast_id: str, area: str, target: str, by: str, reason: str, workspace: Workspace, as_json: bool
) -> None:
    """Dispute the forecast of one area; it has to be answered by a deadline."""
    from service.board.challenges import open_challenge
    from service.board.people import person_named
    from service.ledger import open_ledger

    today = city_day(workspace)
    opened = open_challenge(
        workspace,
        open_ledger(workspace),
        by=person_named(workspace.settings, by),
        reason=reason,
        forecast_id=forecast_id,
        area=area,
        target=target,
        today=today,
    )
    _print([opened], today, as_json)


@command.command()
@click.argument("number", type=int)
@click.option("--by", required=True, help="Name of the person who answers.")
@click.option("--reply", required=True, help="The answer; it is kept in the ledger.")
@click.option("--rerun", help="Forecast issued after the challenge, or backtest run, that computed it again.")
@workspace_option
@json_option
def reply(number: int, by: str, reply: str, rerun: str | None, workspace: Workspace, as_json: bool) -> None:
    """Answer a challenge."""
    from models import registry
    from service.board.challenges import reply_to_challenge
    from service.board.people import person_named
    from service.ledger import open_ledger

    person = person_named(workspace.settings, by)
    ledger = open_ledger(workspace)
    answered = reply_to_challenge(workspace, ledger, registry, number, by=person, reply=reply, rerun=rerun)
    _print([answered], city_day(workspace), as_json)


@command.command()
@click.argument("number", type=int)
@click.option("--by", required=True, help="Name of the person of the board who decides.")
@click.option("--outcome", required=True, type=click.Choice(get_args(Outcome)), help="How the challenge ends.")
@click.option("--reason", required=True, help="Why; it is kept in the ledger.")
@click.option("--rerun", help="Forecast or backtest run that computed it again, if the reply gave none.")
@workspace_option
@json_option
def decide(
    number: int, by: str, outcome: str, reason: str, rerun: str | None, workspace: Workspace, as_json: bool
) -> None:
    """Decide a challenge."""
    from models import registry
    from service.board.challenges import decide_challenge
    from service.board.people import person_named
    from service.ledger import open_ledger

    decided = decide_challenge(
        workspace,
        open_ledger(workspace),
        registry,
        number,
        by=person_named(workspace.settings, by),
        outcome=cast(Outcome, outcome),
        reason=reason,
        rerun=rerun,
    )
    _print([decided], city_day(workspace), as_json)


@command.command(name="list")
@workspace_option
@format_option
def list_all(workspace: Workspace, form: Form) -> None:
    """Print every challenge, and which are overdue."""
    from service.board.challenges import challenges_of
    from service.ledger import open_ledger

    challenges = challenges_of(open_ledger(workspace).entries())
    today = city_day(workspace)
    if form == "csv":
        show_csv([asdict(one) | {"overdue": one.is_overdue(today)} for one in challenges.values()])
    else:
        _print(list(challenges.values()), today, form == "json")


def _print(challenges: list[Challenge], today: date, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps([asdict(one) | {"overdue": one.is_overdue(today)} for one in challenges], indent=2))
        return
    for one in challenges:
        was = "was" if one.is_overdue(today) else "is"
        due = f"; a reply {was} due by {one.reply_by}" if one.reply is None else ""
        ended = f", {one.outcome} by {one.decided_by}" if one.outcome else due
        about = f"{one.forecast_id}  {one.target}  {one.area}  by {one.opened_by}"
        say(f"{one.number:>5}  {about}: {one.state}{ended}")
