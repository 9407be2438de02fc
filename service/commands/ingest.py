"""``wardcast ingest``: put a publication into the store."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from contracts import Frequency, Workspace
from service.commands.options import json_option, workspace_option
from service.commands.table_options import table_options
from service.commands.terminal import say

if TYPE_CHECKING:
    from features.sources.table_files import TableForm
    from features.store import Publication

SHOWN_NOTES = 12
SHOWN_SET_ASIDE = 8


@click.group(name="ingest")
def command() -> None:
    """Put a publication into the store, whole or not at all.

    A file that is damaged, cut short or does not mean what earlier ones meant is refused in one line, with the remedy,
    and the store stays as it was. What is set aside is counted and told.
    """


def _day(_: click.Context, __: click.Parameter, value: datetime | None) -> date | None:
    return value.date() if value is not None else None


def published_on_option(*, required: bool) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """``--published-on DATE``."""
    return click.option(
        "--published-on",
        type=click.DateTime(["%Y-%m-%d"]),
        callback=_day,
        required=required,
        help="The day on which the source published it: from then on its counts were known.",
    )


silence_option = click.option(
    "--silence-is-zero",
    is_flag=True,
    help="Take every silence as zeros, also where the level around it makes that implausible. Else it is missing.",
)


def _geography_option(default: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    return click.option("--geography", help=f"The geography of its area codes. Default: {default}.")


def _mps(source: str, areas: str, default_geography: str) -> click.Command:
    @click.command(
        name=source, help=f"The Metropolitan Police's table of crimes by {areas}, offence and month (wide CSV)."
    )
    @click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE...")
    @published_on_option(required=True)
    @_geography_option(default_geography)
    @silence_option
    @workspace_option
    @json_option
    def ingest_mps_table(
        files: tuple[Path, ...],
        published_on: date,
        geography: str | None,
        silence_is_zero: bool,
        workspace: Workspace,
        as_json: bool,
    ) -> None:
        from features.store import ingest_mps
        from service.forecasts.issued_intervals import issued_city_intervals

        publications = ingest_mps(
            workspace,
            files,
            source=source,
            published_on=published_on,
            geography=geography,
            issued=issued_city_intervals(workspace),
            silence_is_zero=silence_is_zero,
        )
        show(publications, as_json=as_json)

    return ingest_mps_table


command.add_command(_mps("mps-ward", "ward", "the one of wardcast.toml"))
command.add_command(_mps("mps-lsoa", "LSOA", "lsoa_2021"))


@command.command("police-uk")
@click.argument("folder", type=click.Path(path_type=Path), metavar="DIR")
@published_on_option(required=False)
@_geography_option("lsoa_2021")
@silence_option
@workspace_option
@json_option
def police_uk(
    folder: Path,
    published_on: date | None,
    geography: str | None,
    silence_is_zero: bool,
    workspace: Workspace,
    as_json: bool,
) -> None:
    """A data.police.uk archive (YYYY-MM/YYYY-MM-force-street.csv).

    A month without a file is missing; one without rows, or with next to none, is missing where the force has many in
    the months around. Without --published-on, the first day
    of the second month after the last one is assumed.
    """
    from features.store import ingest_police_uk
    from service.forecasts.issued_intervals import issued_city_intervals

    publication = ingest_police_uk(
        workspace,
        folder,
        published_on=published_on,
        geography=geography,
        issued=issued_city_intervals(workspace),
        silence_is_zero=silence_is_zero,
    )
    show([publication], as_json=as_json)


@command.command("incidents")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--time", metavar="COL", help="Column of the date and time: with a zone, or in the city's local time.")
@click.option("--date", "day", metavar="COL", help="Instead of --time: column of the date.")
@click.option("--time-of-day", metavar="COL", help="With --date: column of the time of day, such as 22:15 or 2215.")
@click.option("--lon", "longitude", required=True, metavar="COL", help="Column of the longitude, or easting.")
@click.option("--lat", "latitude", required=True, metavar="COL", help="Column of the latitude, or northing.")
@click.option("--crs", metavar="NAME", help="Coordinate system, such as EPSG:27700; by default degrees WGS 84.")
@click.option("--category", metavar="COL", help="Column of the category, matched to [offences.incidents].")
@click.option("--id", "key", metavar="COL", help="Column that identifies an incident: of several rows one counts.")
@click.option(
    "--time-format",
    metavar="FORMAT",
    help="Form of the times, such as '%m/%d/%Y %I:%M:%S %p' (of date, space and time with --date); else ISO 8601.",
)
@click.option("--geography", help="Areas, or cells such as grid_500m or h3_8 that are made if they are not there.")
@click.option("--area", metavar="COL", help="Column of area codes; then an incident counts there, not where it lies.")
@click.option("--draw-areas", is_flag=True, help="With --area: draw each area around its incidents, if not there yet.")
@click.option("--period", type=click.Choice([str(one) for one in Frequency]), help="Default: the one of wardcast.toml.")
@table_options
@published_on_option(required=False)
@silence_option
@workspace_option
@json_option
def incidents(
    file: Path,
    time: str | None,
    day: str | None,
    time_of_day: str | None,
    longitude: str,
    latitude: str,
    crs: str | None,
    category: str | None,
    key: str | None,
    time_format: str | None,
    geography: str | None,
    area: str | None,
    draw_areas: bool,
    period: str | None,
    form: TableForm,
    published_on: date | None,
    silence_is_zero: bool,
    workspace: Workspace,
    as_json: bool,
) -> None:
    """A table of single incidents (CSV, plain or gzip, or Parquet), counted by the area that each lies in.

    With --draw-areas, each area of the column --area is drawn around its incidents: good for counting by code, no true
    boundary. A file that is refused leaves no areas or cells behind. Without --published-on, the day after the last
    incident is assumed.
    """
    from features.sources.incident_rows import IncidentColumns
    from features.store import ingest_incidents
    from service.forecasts.issued_intervals import issued_city_intervals

    publication = ingest_incidents(
        workspace,
        file,
        columns=IncidentColumns(
            time=_time_column(time, day, time_of_day),
            longitude=longitude,
            latitude=latitude,
            category=category,
            time_format=time_format,
            area=area,
            time_of_day=time_of_day,
            id=key,
            crs=crs,
            form=form,
        ),
        geography=geography or workspace.settings.geography,
        frequency=Frequency(period) if period else workspace.settings.frequency,
        published_on=published_on,
        draw_areas=draw_areas,
        issued=issued_city_intervals(workspace),
        silence_is_zero=silence_is_zero,
    )
    show([publication], as_json=as_json)


def _time_column(time: str | None, day: str | None, time_of_day: str | None) -> str:
    if (time is None) == (day is None):
        raise click.UsageError("Give either --time, or --date with --time-of-day.")
    if time_of_day is not None and day is None:
        raise click.UsageError("--time-of-day needs --date; --time names one column with both.")
    return time or day or ""


@command.command("counts")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--area", required=True, metavar="COL", help="Column of the area code.")
@click.option("--period", required=True, metavar="COL", help="Column of the period, or of a day in it.")
@click.option("--category", required=True, metavar="COL", help="Column of the category.")
@click.option("--count", required=True, metavar="COL", help="Column of the count.")
@click.option("--taxonomy", required=True, help="The system of categories: its wordings stand under [offences.NAME].")
@click.option("--frequency", type=click.Choice([str(one) for one in Frequency]), help="Default: that of wardcast.toml.")
@_geography_option("the one of wardcast.toml")
@click.option(
    "--sum-repeated", is_flag=True, help="Add up rows of one area, period and category, which else are refused."
)
@table_options
@published_on_option(required=True)
@silence_option
@workspace_option
@json_option
def counts(
    file: Path,
    area: str,
    period: str,
    category: str,
    count: str,
    taxonomy: str,
    frequency: str | None,
    geography: str | None,
    sum_repeated: bool,
    form: TableForm,
    published_on: date,
    silence_is_zero: bool,
    workspace: Workspace,
    as_json: bool,
) -> None:
    """A long table of counts (CSV or Parquet): a row per area, period and category.

    A row left out means zero, but where the counts around make that implausible: there it is missing, and told.
    """
    from features.sources.counts import CountColumns
    from features.store import ingest_counts
    from service.forecasts.issued_intervals import issued_city_intervals

    publication = ingest_counts(
        workspace,
        file,
        columns=CountColumns(area, period, category, count, form),
        taxonomy=taxonomy,
        published_on=published_on,
        geography=geography,
        frequency=Frequency(frequency) if frequency else workspace.settings.frequency,
        sum_repeated=sum_repeated,
        silence_is_zero=silence_is_zero,
        issued=issued_city_intervals(workspace),
    )
    show([publication], as_json=as_json)


def show(publications: Sequence[Publication], *, as_json: bool) -> None:
    """Print what was ingested; what was set aside and what is to be known goes to standard error, or into the JSON."""
    from features.store import summary_of

    if as_json:
        import json

        click.echo(json.dumps([summary_of(publication) for publication in publications], indent=2))
        return
    for publication in publications:
        say(
            f"Ingested {publication.id}: {publication.crimes:,} crimes, {publication.first} to {publication.last}, "
            f"{publication.areas:,} areas of {publication.provenance.geography}, {len(publication.offences)} offences."
        )
        _tell_set_aside(publication)
        for note in publication.notes[:SHOWN_NOTES]:
            click.echo(f"  Note: {note}", err=True)
        if len(publication.notes) > SHOWN_NOTES:
            rest = len(publication.notes) - SHOWN_NOTES
            click.echo(f"  {rest} more notes: wardcast publications --json", err=True)


def _tell_set_aside(publication: Publication) -> None:
    parts = publication.set_aside().to_dict("records")
    for part in parts[:SHOWN_SET_ASIDE]:
        click.echo(f"  Set aside: {part['reason']}: {part['what']}, {part['crimes']:,} crimes.", err=True)
    if len(parts) > SHOWN_SET_ASIDE:
        click.echo(f"  {len(parts) - SHOWN_SET_ASIDE} more were set aside: wardcast publications --json", err=True)
