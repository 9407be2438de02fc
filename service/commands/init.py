"""``wardcast init``: make a workspace."""

from __future__ import annotations

import click

from contracts import Workspace
from service.commands.options import workspace_option
from service.commands.terminal import say

_NEXT_LONDON = """Next, with your own paths:
  wardcast geography add ward_2022 --boundaries london_wards_2022.geojson --code ward22_code --name ward22_name \\
    --parent ltla24_code --attributes ward_2022_attributes.parquet --attributes-code ward24_code --workspace {root}
  wardcast ingest mps-ward FILE --published-on DATE --workspace {root}
  wardcast backtest --target violence --from 2023-03 --to 2025-02 --view settled --workspace {root}"""
_NEXT_CHICAGO = """Next, with your own path:
  wardcast ingest incidents FILE --time date --lon longitude --lat latitude --geography grid_500m --period week \\
    --workspace {root}
  wardcast backtest --target violence --from 2018-W27 --to 2018-W52 --view settled --workspace {root}"""
_NEXT_SIMULATED = """Next:
  wardcast publications --workspace {root}
  wardcast backtest --target violence --from 2023-07 --to 2024-06 --view settled --workspace {root}
  wardcast train --target violence --workspace {root}"""


@click.command()
@click.option(
    "--example", type=click.Choice(["london", "chicago"]), help="Whose settings to begin with.  [default: london]"
)
@click.option("--simulated", is_flag=True, help="Make a simulated city with its areas and publications.")
@click.option("--seed", type=click.IntRange(min=0), help="Which simulated city.  [default: 7]")
@workspace_option
def command(example: str | None, simulated: bool, seed: int | None, workspace: Workspace) -> None:
    """Make a workspace: a folder with a commented wardcast.toml."""
    from service.workspaces import make_simulated_workspace, make_workspace

    if simulated and example is not None:
        raise click.UsageError("Give either --example or --simulated.")
    if seed is not None and not simulated:
        raise click.UsageError("--seed needs --simulated.")
    if simulated:
        made = make_simulated_workspace(
            workspace.root, seed if seed is not None else 7, lambda sentence: click.echo(sentence, err=True)
        )
    else:
        made = make_workspace(workspace.root, example or "london")
    say(f"Made the workspace {made.root}; its settings are in {made.root / 'wardcast.toml'}.")
    next_steps = _NEXT_SIMULATED if simulated else {"chicago": _NEXT_CHICAGO}.get(example or "", _NEXT_LONDON)
    say(next_steps.format(root=made.root))
