"""``wardcast publications``: what is in the store, what was set aside and what was revised; and its removal."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import TYPE_CHECKING

import click

from contracts import Workspace
from service.commands import completion
from service.commands.options import workspace_option
from service.commands.terminal import Form, format_option, say, show_csv, show_table

if TYPE_CHECKING:
    from features.store import Revision


@click.group(name="publications", invoke_without_command=True)
@click.option(
    "--target",
    shell_complete=completion.targets,
    help="Whose revisions are shown. Default: the first target of wardcast.toml.",
)
@click.option("--all", "show_all", is_flag=True, help="Show the periods in which nothing was revised too.")
@workspace_option
@format_option
@click.pass_context
def command(context: click.Context, target: str | None, show_all: bool, workspace: Workspace, form: Form) -> None:
    """List the publications in the store, and how much each month was revised from one to the next.

    --format csv has the publications alone; --json has everything.
    """
    if context.invoked_subcommand is None:
        _list(target, workspace, form, show_all=show_all)


@command.command()
@click.argument("publication_id", metavar="ID")
@workspace_option
def remove(publication_id: str, workspace: Workspace) -> None:
    """Remove the publication ID, which no issued forecast, run or setting refers to."""
    from service.ledger import open_ledger
    from service.workspaces import remove_publication
    from training.runs import runs_with_publication

    entries = open_ledger(workspace).entries()
    crimes = remove_publication(workspace, publication_id, entries, runs_with_publication(workspace, publication_id))
    say(f"Removed the publication {publication_id}: {crimes:,} crimes.")


def _list(target: str | None, workspace: Workspace, form: Form, *, show_all: bool) -> None:
    import json
    from dataclasses import asdict

    from features.store import PublicationStore, revisions, summary_of

    settings = workspace.settings
    chosen = settings.target(target).name if target else None
    store = PublicationStore(workspace.publications)
    everything = store.list()
    revised = [one for one in revisions(store, settings) if chosen in (None, one.target)]
    if form == "json":
        listing = {
            "publications": [summary_of(publication) for publication in everything],
            "revisions": [asdict(one) for one in revised],
        }
        click.echo(json.dumps(listing, indent=2))
        return
    if not everything:
        click.echo("The store is empty. Ingest a publication with: wardcast ingest", err=True)
        return
    if form == "csv":
        show_csv([summary_of(publication) for publication in everything])
        return
    heads = ("publication", "from", "to", "areas", "crimes", "set aside", "published")
    rows = [
        [
            *(one.id, str(one.first), str(one.last), f"{one.areas:,}", f"{one.crimes:,}"),
            *(f"{one.rows_set_aside:,}", str(one.published_on)),
        ]
        for one in everything
    ]
    show_table(heads, rows, left=3)
    _show_revisions(
        [one for one in revised if one.target == (chosen or next(iter(settings.targets)))], show_all=show_all
    )


def _show_revisions(revised: Iterable[Revision], *, show_all: bool) -> None:
    for (older, newer), pair in groupby(revised, key=lambda one: (one.older, one.newer)):
        every = list(pair)
        shown = [one for one in every if show_all or one.share_of_areas or one.city_change]
        say(f"\nRevised from {older} to {newer}, {every[0].target}:")
        if shown:
            rows = [[one.period, f"{one.share_of_areas:.0%}", _change(one.city_change)] for one in shown]
            show_table(("period", "areas changed", "city total"), rows)
        if len(shown) < len(every):
            say(f"Nothing was revised in {len(every) - len(shown)} of {len(every)} periods; --all lists them too.")


def _change(of_city: float | None) -> str:
    return "–" if of_city is None else f"{of_city:+.1%}"
