"""``wardcast backtest``: compare forecasters on past periods."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from contracts import BadInput, Frequency, Period, Workspace
from service.commands import completion
from service.commands.options import tune_option, workspace_option
from service.commands.terminal import Form, format_option, room, say, show_csv

if TYPE_CHECKING:
    from training.backtests import Plan


@click.command("backtest")
@click.option(
    "--target", required=True, shell_complete=completion.targets, help="What to forecast, as in wardcast.toml."
)
@click.option("--from", "first", required=True, metavar="PERIOD", help="First forecast period, such as 2023-03.")
@click.option("--to", "last", required=True, metavar="PERIOD", help="Last forecast period.")
@click.option(
    "--horizon",
    "horizons",
    type=click.IntRange(1, 12),
    multiple=True,
    default=(1,),
    show_default=True,
    help="Whole periods ahead of the last known one; may be given several times.",
)
@click.option("--geography", help="Geography; by default the one of the settings.")
@click.option(
    "--period", "frequency", type=click.Choice([str(f) for f in Frequency]), help="Period; by default as in settings."
)
@click.option("--source", help="Source of the counts, where two carry the target.")
@click.option(
    "--levels",
    metavar="NAMES",
    help="Levels of nested areas, separated by commas, the finest first, such as ward_2022,parents,city: geographies, "
    "'parents' or 'city'. Forecasts of each level are compared with forecasts made to add up.",
)
@click.option(
    "--models",
    metavar="NAMES",
    help="Forecasters, separated by commas, or 'all'. By default seasonal_naive, last_value, mean_12, ewma, auto_ets, "
    "auto_theta and wardcast, and for a target that borrows from another constant_rate and pooled_rate too.",
)
@click.option(
    "--view",
    type=click.Choice(["as-of", "settled"]),
    default="as-of",
    show_default=True,
    help="Counts as they were known at each origin, or as they stand now.",
)
@click.option("--refit-every", type=click.IntRange(1), help="Refit at every N-th origin; by default 1, per area 12.")
@click.option("--seed", type=int, help="Seed; by default the one of the settings.")
@tune_option
@click.option(
    "--forecasts-out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Parquet file for every forecast made; with --levels, of every level and reconciliation.",
)
@format_option
@workspace_option
def command(
    workspace: Workspace,
    target: str,
    first: str,
    last: str,
    horizons: tuple[int, ...],
    geography: str | None,
    frequency: str | None,
    source: str | None,
    levels: str | None,
    models: str | None,
    view: str,
    refit_every: int | None,
    seed: int | None,
    trials: int,
    forecasts_out: Path | None,
    form: Form,
) -> None:
    """Compare forecasters on past periods, each forecast made from what was known before it.

    The run, its forecasts, scores, audit and pictures are kept in MLflow.
    """
    from features.views import ViewMode
    from monitoring import coverage_text
    from training.backtests import Plan, holds_points, models_for, run_experiment

    settings = workspace.settings
    length = Frequency(frequency) if frequency else settings.frequency
    plan = Plan(
        target=target,
        first=Period.parse(first, length),
        last=Period.parse(last, length),
        horizons=tuple(sorted(set(horizons))),
        models=models_for(settings, target, models, with_points=holds_points(workspace, geography, length)),
        view=ViewMode(view),
        seed=settings.seed if seed is None else seed,
        refit_every=refit_every,
        trials=trials,
    )
    if levels:
        if geography is not None:
            raise BadInput("--levels takes no --geography.", remedy="Name the finest level first in --levels.")
        _compare_levels(workspace, plan, levels, source, forecasts_out, form)
        return
    done = run_experiment(workspace, plan, geography=geography, source=source, forecasts_out=forecasts_out)
    if form == "json":
        click.echo(json.dumps(done.to_dict()))
        return
    if form == "csv":
        show_csv(done.scores.rows)
        return
    say(done.scores.areas.as_text(room()))
    say(f"\n{done.scores.city.as_text(room())}")
    say(f"\n{coverage_text(done.scores.coverage)}")
    for sentence in (*done.scores.shift_sentences, *done.backtest.remarks):
        say(f"\n{sentence}")
    say(f"\n{done.backtest.view_note()}\nMLflow run {done.run_id}")


def _compare_levels(
    workspace: Workspace, plan: Plan, levels: str, source: str | None, forecasts_out: Path | None, form: Form
) -> None:
    from training.backtests import run_level_experiment

    names = [name.strip() for name in levels.split(",")]
    done = run_level_experiment(workspace, plan, names, source=source, forecasts_out=forecasts_out)
    if form == "csv":
        raise BadInput("--levels has no table in CSV.", remedy="Give --json, or leave --format out.")
    if form == "json":
        click.echo(json.dumps(done.to_dict()))
    else:
        say(f"{done.as_text()}\nMLflow run {done.run_id}")
