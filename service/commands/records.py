"""``wardcast records``: the records that are published with a run, and what is still missing in them."""

from __future__ import annotations

import json
from pathlib import Path

import click

from contracts import Workspace
from service.commands import completion
from service.commands.options import json_option, workspace_option
from service.commands.terminal import say


@click.command()
@click.argument("run", shell_complete=completion.runs)
@click.option(
    "--out",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder to write; it must be new or empty.",
)
@workspace_option
@json_option
def command(run: str, out: Path, workspace: Workspace, as_json: bool) -> None:
    """Write the transparency record, model card, equality matrix, datasheet and checklist of a run.

    RUN is an id of 'wardcast runs', or its first digits.
    """
    from monitoring.records.document import missing_settings
    from service.board.history import runs_in_ledger
    from service.ledger import open_ledger
    from training.oversight import write_records

    written = write_records(workspace, run, out, recorded=runs_in_ledger(open_ledger(workspace).entries()))
    missing = missing_settings(workspace.settings.records)
    if as_json:
        files = [{"title": title, "file": name} for title, name in written]
        click.echo(json.dumps({"folder": str(out), "files": files, "missing": list(missing)}, indent=2))
        return
    for title, name in written:
        say(f"{out / name}  {title}")
    if missing:
        say(f"\nMissing, to be given under [records] in wardcast.toml: {', '.join(missing)}")
