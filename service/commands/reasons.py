"""``wardcast reasons``: why an area's forecast is what it is."""

from __future__ import annotations

import json

import click

from contracts import Workspace, rounded_to_add_up
from service.commands import completion
from service.commands.options import json_option, workspace_option
from service.commands.terminal import say

DECIMALS = 2


@click.command()
@click.argument("forecast_id", required=False, shell_complete=completion.forecasts)
@click.option("--area", required=True, help="Code of an area.")
@click.option("--target", shell_complete=completion.targets, help="A target. Default: the first one that was issued.")
@click.option("--period", help="An issued period, like 2025-08. Default: the next period.")
@workspace_option
@json_option
def command(
    forecast_id: str | None, area: str, target: str | None, period: str | None, workspace: Workspace, as_json: bool
) -> None:
    """Say why an area's forecast is what it is, in parts that add up to it.

    FORECAST_ID is the name of an issued forecast; without it, the newest one.
    """
    from service.ledger import open_ledger
    from service.web.explaining import explain_area

    answer = explain_area(
        workspace, open_ledger(workspace), area, forecast_id=forecast_id, target=target, period=period
    )
    if as_json:
        click.echo(json.dumps(answer, indent=2, ensure_ascii=False))
        return
    say(f"{answer['title']} in {answer['name']} ({answer['area']}), {answer['period']}:")
    parts = rounded_to_add_up([reason["crimes"] for reason in answer["reasons"]], answer["mean"], DECIMALS)
    for reason, crimes in zip(answer["reasons"], parts, strict=True):
        sign = "" if reason is answer["reasons"][0] else "+"
        say(f"{reason['label']:<16}{crimes:>{sign}10.{DECIMALS}f}  {reason['meaning']}")
    say(f"{'= expected':<16}{answer['mean']:>10.{DECIMALS}f}  crimes, in the forecast {answer['forecast_id']}")
