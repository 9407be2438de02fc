"""``wardcast audit``: the oversight report of runs, and whether the audits find what they should."""

from __future__ import annotations

import json
from pathlib import Path

import click

from contracts import BadInput, MissingThing, Workspace
from service.commands import completion
from service.commands.options import city_day, json_option, workspace_option
from service.commands.terminal import say

FILE = click.Path(dir_okay=False, path_type=Path)


@click.command("audit")
@click.argument("runs", nargs=-1, shell_complete=completion.runs, metavar="[RUN]...")
@click.option("--out", type=click.Path(path_type=Path), help="The folder of the report: new, empty or an older report.")
@click.option("--latest", is_flag=True, help="Report on the models in use, without naming runs; for a schedule.")
@click.option(
    "--target",
    "targets",
    multiple=True,
    shell_complete=completion.targets,
    help="With --latest: only this target; may be given several times.",
)
@click.option("--previous", type=FILE, help="report.json of the report to compare with; else the older one in --out.")
@click.option("--stops", type=FILE, multiple=True, help="Stop and search of data.police.uk, to audit enforcement.")
@click.option("--self-test", "testing", is_flag=True, help="Plant harms in simulated cities and audit them.")
@click.option(
    "--seeds", type=click.IntRange(1, 50), default=3, show_default=True, help="How many simulated cities are sabotaged."
)
@json_option
@workspace_option
def command(
    runs: tuple[str, ...],
    out: Path | None,
    latest: bool,
    targets: tuple[str, ...],
    previous: Path | None,
    stops: tuple[Path, ...],
    testing: bool,
    seeds: int,
    as_json: bool,
    workspace: Workspace,
) -> None:
    """Make the oversight report of RUNs, one a target: report.html, report.pdf and report.json in the folder --out.

    With --self-test: plant harms in sound forecasts of simulated cities, and show which of them the audits find.
    """
    if testing:
        _self_test(seeds, as_json)
        return
    if out is None or bool(runs) == latest:
        raise BadInput(
            "There is nothing to report.", remedy="Give runs of 'wardcast runs' or --latest, and a folder with --out."
        )
    from service.board.champions import champions_of
    from service.board.history import runs_in_ledger
    from service.board.life_cycle import life_cycle_of
    from service.ledger import open_ledger
    from training.oversight import write_report

    entries = open_ledger(workspace).entries()
    champions = {target: one.run_id for target, one in champions_of(life_cycle_of(entries)).items()}
    written = write_report(
        workspace,
        _in_use(champions, targets) if latest else runs,
        out,
        today=city_day(workspace),
        recorded=runs_in_ledger(entries),
        previous=previous,
        champions=champions,
        stops=stops,
    )
    if as_json:
        click.echo(json.dumps(written.to_dict(), indent=2))
    else:
        say(written.as_text())


def _self_test(seeds: int, as_json: bool) -> None:
    from training.self_test import FIRST_SEED, self_test

    result = self_test(range(FIRST_SEED, FIRST_SEED + seeds))
    if as_json:
        click.echo(json.dumps(result.to_dict()))
    else:
        say(result.as_text())


def _in_use(champions: dict[str, str], targets: tuple[str, ...]) -> list[str]:
    missing = [target for target in targets if target not in champions]
    if missing or not champions:
        raise MissingThing(
            f"No model {f'of {missing[0]!r} ' if missing else ''}is in use.",
            remedy="Approve one with 'wardcast approve', or name runs.",
        )
    return [run for target, run in champions.items() if not targets or target in targets]
