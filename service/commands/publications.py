"""``wardcast publications``: what is in the store, what was set aside and what was revised; and its removal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from contracts import Workspace
from service.options import json_option, workspace_option

if TYPE_CHECKING:
    from features.revisions import Revision


@click.group(name="publications", invoke_without_command=True)
@click.option("--target", help="Whose revisions are shown. Default: the first target of wardcast.toml.")
@workspace_option
@json_option
@click.pass_context
def command(context: click.Context, target: str | None, workspace: Workspace, as_json: bool) -> None:
    """List the publications in the store, and how much each month was revised from one to the next."""
    if context.invoked_subcommand is None:
        _list(target, workspace, as_json)


@command.command()
@click.argument("publication_id", metavar="ID")
@workspace_option
def remove(publication_id: str, workspace: Workspace) -> None:
    """Remove the publication ID, which no issued forecast, run or setting refers to."""
    from service.ledger import open_ledger
    from service.removing import remove_publication
    from training.runs import runs_with_publication

    entries = open_ledger(workspace).entries()
    crimes = remove_publication(workspace, publication_id, entries, runs_with_publication(workspace, publication_id))
    click.echo(f"Removed the publication {publication_id}: {crimes:,} crimes.")


def _list(target: str | None, workspace: Workspace, as_json: bool) -> None:
    import json
    from dataclasses import asdict

    from features.publication_record import summary_of
    from features.publications import PublicationStore
    from features.revisions import revisions

    settings = workspace.settings
    chosen = settings.target(target).name if target else None
    store = PublicationStore(workspace.publications)
    everything = store.list()
    revised = [one for one in revisions(store, settings) if chosen in (None, one.target)]
    if as_json:
        listing = {
            "publications": [summary_of(publication) for publication in everything],
            "revisions": [asdict(one) for one in revised],
        }
        click.echo(json.dumps(listing, indent=2))
        return
    if not everything:
        click.echo("The store is empty. Ingest a publication with: wardcast ingest", err=True)
        return
    click.echo(
        f"{'publication':<34} {'published':<10} {'from':<8} {'to':<8} {'areas':>6} {'crimes':>11} {'set aside':>9}"
    )
    for one in everything:
        click.echo(
            f"{one.id:<34} {one.published_on!s:<10} {one.first!s:<8} {one.last!s:<8} {one.areas:>6,} "
            f"{one.crimes:>11,} {one.rows_set_aside:>9,}"
        )
    _show_revisions([one for one in revised if one.target == (chosen or next(iter(settings.targets)))])


def _show_revisions(revised: Iterable[Revision]) -> None:
    pair = None
    for one in revised:
        if (one.older, one.newer) != pair:
            pair = (one.older, one.newer)
            click.echo(f"\nRevised from {one.older} to {one.newer}, {one.target}:")
            click.echo(f"{'period':<14} {'areas changed':>13} {'city total':>11}")
        change = "–" if one.city_change is None else f"{one.city_change:+.1%}"
        click.echo(f"{one.period:<14} {one.share_of_areas:>13.0%} {change:>11}")
