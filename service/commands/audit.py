"""``wardcast audit``: whether the audits find what they should."""

from __future__ import annotations

import json

import click

from contracts import BadInput
from service.options import json_option


@click.command("audit")
@click.option("--self-test", "testing", is_flag=True, help="Plant harms in simulated cities and audit them.")
@click.option(
    "--seeds", type=click.IntRange(1, 50), default=3, show_default=True, help="How many simulated cities are sabotaged."
)
@json_option
def command(testing: bool, seeds: int, as_json: bool) -> None:
    """Plant harms in sound forecasts of simulated cities, and show which of them the audits find."""
    if not testing:
        raise BadInput("There is nothing to audit.", remedy="Give --self-test; train and backtest audit every run.")
    from training.self_test import FIRST_SEED, self_test

    result = self_test(range(FIRST_SEED, FIRST_SEED + seeds))
    click.echo(json.dumps(result.to_dict()) if as_json else result.as_text())
