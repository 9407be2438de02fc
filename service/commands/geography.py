"""``wardcast geography``: add, list and remove geographies."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from contracts import Workspace
from service.commands.options import workspace_option
from service.commands.terminal import Form, format_option, say, show_csv

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.group()
def command() -> None:
    """Add, list and remove geographies: areas of one vintage, with boundaries and attributes."""


@command.command()
@click.argument("name")
@click.option("--boundaries", required=True, type=_FILE, help="GeoJSON, Shapefile or GeoPackage, one polygon an area.")
@click.option("--code", required=True, metavar="COL", help="Column of the areas' codes in the boundaries.")
@click.option("--name", "area_name", required=True, metavar="COL", help="Column of the areas' names in the boundaries.")
@click.option("--attributes", type=_FILE, help="CSV or Parquet with numbers about the areas.")
@click.option("--attributes-code", metavar="COL", help="Column of the areas' codes in the attributes, if not --code.")
@click.option("--parent", metavar="COL", help="Column of the parents' codes, in the boundaries or the attributes.")
@click.option("--parent-name", metavar="COL", help="Column of the parents' names, beside that of their codes.")
@workspace_option
def add(
    name: str,
    boundaries: Path,
    code: str,
    area_name: str,
    attributes: Path | None,
    attributes_code: str | None,
    parent: str | None,
    parent_name: str | None,
    workspace: Workspace,
) -> None:
    """Add the geography NAME; put its vintage into the name, such as ward_2022."""
    from features.geographies.geography import add_geography

    if attributes_code is not None and attributes is None:
        raise click.UsageError("--attributes-code needs --attributes.")
    if parent_name is not None and parent is None:
        raise click.UsageError("--parent-name needs --parent.")
    settings = workspace.settings
    geography = add_geography(
        workspace,
        name,
        boundaries=boundaries,
        code=code,
        area_name=area_name,
        attributes=attributes,
        attributes_code=attributes_code,
        parent=parent,
        parent_name=parent_name,
        meaning=settings.geographies.get(name),
        country=settings.holidays.partition("-")[0],
    )
    for note in geography.notes:
        click.echo(f"note: {note}", err=True)
    attributes_told = f" and {len(geography.attributes.columns)} attributes" if attributes is not None else ""
    say(f"{name}: {len(geography.codes)} areas{attributes_told} in {workspace.root}.")


@command.command()
@click.argument("name")
@workspace_option
def remove(name: str, workspace: Workspace) -> None:
    """Remove the geography NAME, which no publication, other geography, issued forecast, run or setting refers to."""
    from service.ledger import open_ledger
    from service.workspaces import remove_geography
    from training.runs import runs_on_geography

    entries = open_ledger(workspace).entries()
    areas = remove_geography(workspace, name, entries, runs_on_geography(workspace, name))
    say(f"Removed the geography {name}: {areas:,} areas.")


@command.command("list")
@workspace_option
@format_option
def list_(workspace: Workspace, form: Form) -> None:
    """List the geographies of the workspace."""
    from features.geographies.geography import list_geographies

    _ = workspace.settings
    geographies = list_geographies(workspace)
    if form == "csv":
        show_csv([asdict(geography) for geography in geographies])
        return
    if form == "json":
        click.echo(json.dumps({"geographies": [asdict(geography) for geography in geographies]}, indent=2))
        return
    if not geographies:
        say("There are no geographies yet. Add one with: wardcast geography add --help")
    for geography in geographies:
        nested = f" in {geography.parents} parents" if geography.parents else ""
        say(
            f"{geography.name}: {geography.areas} areas{nested}, {geography.area_km2:.1f} km², "
            f"{len(geography.attributes)} attributes"
        )
