"""``wardcast train``: fit, backtest, audit, log and register a challenger."""

from __future__ import annotations

import json
from datetime import datetime
from functools import partial
from math import isfinite
from typing import TYPE_CHECKING, Any

import click

from contracts import Workspace, horizons_text
from contracts.run_files import RECIPE
from service.commands import completion
from service.commands.options import city_day, json_option, tune_option, workspace_option
from service.commands.terminal import room, say

if TYPE_CHECKING:
    from training.candidates import Trained


@click.command("train")
@click.option(
    "--target",
    "targets",
    multiple=True,
    shell_complete=completion.targets,
    help="May be given several times; by default every forecast target.",
)
@click.option(
    "--as-of",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Learn from what was known on this day; by default today, or "
    "the day of the newest counts where the settings say replay.",
)
@click.option("--by", default="", help="Name of the person who trains, and who cannot approve the model then.")
@click.option("--verbose", is_flag=True, help="Print the leaderboard, every audit and every gate, too.")
@tune_option
@json_option
@workspace_option
def command(
    workspace: Workspace,
    targets: tuple[str, ...],
    as_of: datetime | None,
    by: str,
    verbose: bool,
    trials: int,
    as_json: bool,
) -> None:
    """Fit the recipe, backtest and audit it, log it to MLflow and register it as challenger.

    It is a draft: nothing is served from it until another named person approves it. What is said of it is entered into
    the ledger; a training that ends before that leaves a draft which cannot be approved: train again.
    """
    from service.board.champions import champions_of
    from service.board.life_cycle import life_cycle_of
    from service.board.trained import enter_trained, trainer_named
    from service.ledger import open_ledger
    from training.candidates import train
    from training.runs import tracked_experiment

    trainer, ledger = trainer_named(by), open_ledger(workspace)
    champions = champions_of(life_cycle_of(ledger.entries()))
    trained = []
    chosen = targets or workspace.settings.forecast_targets()
    for target in chosen:
        workspace.settings.target(target)
    with tracked_experiment(workspace, "train", f"train {', '.join(chosen)}"):
        today = city_day(workspace)
        for target in chosen:
            click.echo(f"Training {target}", err=True)
            day = as_of.date() if as_of else None
            one = train(
                *(workspace, target),
                as_of=day,
                today=today,
                by=trainer or "",
                trials=trials,
                champion=champions[target].run_id if target in champions else None,
                enter=partial(enter_trained, ledger),
            )
            trained.append(one)
            if verbose and not as_json:
                say(f"{one.scores.areas.as_text(room())}\n\n{one.fairness.as_text()}\n\n{one.gates.as_text()}\n")
    if as_json:
        click.echo(json.dumps([_document(one) for one in trained]))
        return
    for one in trained:
        say("\n".join(_verdict(one)))
    say("To put one to the board: wardcast propose --by NAME --reason TEXT")
    say("To make one the champion: wardcast approve --by NAME --reason TEXT [--inconclusive REASON]")


def _verdict(one: Trained) -> list[str]:
    """What a training came to, in a few lines; the tables are with its run."""
    from service.board.history import gates_sentence

    first = next(row for row in one.scores.rows if (row["model"], row["level"]) == (RECIPE, "area"))
    ratio, low, high = (first[name] for name in ("vs_ewma", "vs_ewma_low", "vs_ewma_high"))
    skill = "its skill beside a simple count is not known"
    if all(value is not None and isfinite(value) for value in (ratio, low, high)):
        skill = f"{ratio:.3f} of a simple count's deviance at horizon {first['horizon']} ({low:.3f}–{high:.3f})"
    return [
        f"{one.model.target}: {skill}.",
        gates_sentence(one.gates.verdicts),
        *one.scores.shift_sentences,
        *one.remarks,
        _sentence(one),
    ]


def _sentence(one: Trained) -> str:
    return (
        f"Challenger: {one.model.target} version {one.model.version}, trained on counts to {one.last_known} as known "
        f"on {one.as_of} (MLflow run {one.model.run_id}), judged at horizons {horizons_text(one.gates.horizons)}"
    )


def _document(one: Trained) -> dict[str, Any]:
    return {
        "target": one.model.target,
        "version": one.model.version,
        "run_id": one.model.run_id,
        "sha256": one.model.sha256,
        "as_of": str(one.as_of),
        "last_known": str(one.last_known),
        "statement": one.scores.areas.statement,
        "level_shifts": one.scores.shift_sentences,
        "remarks": list(one.remarks),
        "leaderboard": one.scores.rows,
        "noise_floor": one.scores.areas.noise_floor,
        "fairness": one.fairness.to_dict(),
        "gates": json.loads(one.gates.to_json()),
    }
