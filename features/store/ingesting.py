"""Taking a publication in: read, checked against what is there, and stored; or refused, with the store as it was."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import numpy.typing as npt

from contracts import BadInput, Frequency, MissingThing, Workspace, today_in
from contracts.arrays import Integers, Texts
from contracts.files import remove_folder
from features.geographies.folder import is_drawn, stored_names
from features.geographies.geography import (
    Geography,
    areas_of_points,
    drawn_geography,
    grid_geography,
    list_geographies,
    load_geography,
)
from features.geographies.grids import drawn_areas, hexagons
from features.geographies.proposed import Proposal, proposal
from features.sources.checks import KnownAreas
from features.sources.counts import CountColumns, read_counts
from features.sources.incident_rows import IncidentColumns
from features.sources.incidents import read_incidents
from features.sources.mps_wide import read_mps_wide
from features.sources.police_uk import read_police_uk
from features.sources.source_counts import SourceCounts
from features.store.common_totals import Districts
from features.store.meaning import check_meaning
from features.store.publication_record import Publication
from features.store.publications import PublicationStore
from features.store.refusing_changes import CityIntervals

LSOA_GEOGRAPHY = "lsoa_2021"
"""The geography of sources by LSOA where none is named."""

_GRID_NAME = re.compile(r"grid_(\d+)m")
_H3_NAME = re.compile(r"h3_(\d+)")
Degrees = npt.NDArray[np.float64]


def take_in(
    workspace: Workspace,
    counts: SourceCounts,
    *,
    made: Proposal | None = None,
    issued: CityIntervals | None = None,
) -> Publication:
    """Store counts that were read, with notes on what changed in meaning; raises ``BadInput`` and stores nothing.

    A geography that was ``made`` for them is put there just before them, and taken away again if they cannot be stored.
    ``issued`` are intervals of the city's totals that were issued for periods which may now be known.
    """
    store = PublicationStore(workspace.publications)
    store.refuse_duplicate(counts)
    districts = _districts(workspace, counts.provenance.geography)
    notes = check_meaning(counts, store, workspace.settings, districts=districts, issued=issued)
    put = () if made is None else made.accept()
    try:
        return store.write(replace(counts, notes=(*counts.notes, *notes)))
    except BaseException:
        for folder in put:
            remove_folder(folder)
        raise


def _districts(workspace: Workspace, geography: str) -> Districts:
    if geography not in stored_names(workspace):
        return Districts.none()
    stored = load_geography(workspace, geography)
    known = stored.areas.dropna(subset=["parent"])
    return Districts(dict(zip(known["area"], known["parent"], strict=True)), stored.parent_names)


def ingest_mps(
    workspace: Workspace,
    paths: Sequence[Path],
    *,
    source: str,
    published_on: date,
    geography: str | None = None,
    silence_is_zero: bool = False,
    issued: CityIntervals | None = None,
) -> tuple[Publication, ...]:
    """Ingest Metropolitan Police tables; ``source`` is ``mps-ward`` or ``mps-lsoa``; ``issued`` as in ``take_in``.

    All are read before one is stored. With ``silence_is_zero``, here and below, no silence is taken as missing.
    """
    default = workspace.settings.geography if source == "mps-ward" else LSOA_GEOGRAPHY
    areas = known_areas(workspace, load_geography(workspace, geography or default))
    read = [
        read_mps_wide(
            path,
            source=source,
            settings=workspace.settings,
            areas=areas,
            published_on=published_on,
            today=today_in(workspace.settings.time_zone),
            silence_is_zero=silence_is_zero,
        )
        for path in paths
    ]
    return tuple(take_in(workspace, counts, issued=issued) for counts in read)


def ingest_police_uk(
    workspace: Workspace,
    folder: Path,
    *,
    published_on: date | None = None,
    geography: str | None = None,
    silence_is_zero: bool = False,
    issued: CityIntervals | None = None,
) -> Publication:
    """Ingest a data.police.uk archive; ``issued`` as in ``take_in``."""
    areas = known_areas(workspace, load_geography(workspace, geography or LSOA_GEOGRAPHY))
    counts = read_police_uk(
        folder,
        settings=workspace.settings,
        areas=areas,
        published_on=published_on,
        today=today_in(workspace.settings.time_zone),
        silence_is_zero=silence_is_zero,
    )
    return take_in(workspace, counts, issued=issued)


def ingest_incidents(
    workspace: Workspace,
    path: Path,
    *,
    columns: IncidentColumns,
    geography: str,
    frequency: Frequency,
    published_on: date | None = None,
    draw_areas: bool = False,
    silence_is_zero: bool = False,
    issued: CityIntervals | None = None,
) -> Publication:
    """Ingest a file of incidents by the areas of ``geography``.

    One that does not exist is made where it is named like ``grid_500m`` or ``h3_8`` (cells over the file's extent), or
    with ``draw_areas`` where ``columns.area`` names a column of codes (each area is drawn around its incidents). It is
    there once the publication is: a file that is refused leaves none. ``issued`` as in ``take_in``.
    """
    if draw_areas:
        _refuse_undrawable(geography, columns)
    with proposal(workspace) as made:
        counts = _read_incidents(
            workspace,
            path,
            made,
            columns=columns,
            geography=geography,
            frequency=frequency,
            published_on=published_on,
            draw_areas=draw_areas,
            silence_is_zero=silence_is_zero,
        )
        return take_in(workspace, counts, made=made, issued=issued)


def _read_incidents(
    workspace: Workspace,
    path: Path,
    made: Proposal,
    *,
    columns: IncidentColumns,
    geography: str,
    frequency: Frequency,
    published_on: date | None,
    draw_areas: bool,
    silence_is_zero: bool,
) -> SourceCounts:
    if columns.area is not None and not draw_areas and geography not in stored_names(workspace):
        raise _no_areas(workspace, geography)

    def locate(longitude: Degrees, latitude: Degrees, codes: Texts | None = None) -> tuple[KnownAreas, Integers]:
        if geography in stored_names(workspace):
            found = load_geography(workspace, geography)
        else:
            found = _made_geography(workspace, made, geography, longitude, latitude, codes)
        areas = known_areas(workspace, found)
        if codes is not None:
            return areas, areas.positions(codes.tolist())
        return areas, areas_of_points(found, longitude, latitude)

    def middle() -> tuple[float, float] | None:
        if geography not in stored_names(workspace):
            return None
        areas = load_geography(workspace, geography).areas
        return float(areas["longitude"].median()), float(areas["latitude"].median())

    return read_incidents(
        path,
        columns=columns,
        settings=workspace.settings,
        frequency=frequency,
        locate=locate,
        published_on=published_on,
        today=today_in(workspace.settings.time_zone),
        silence_is_zero=silence_is_zero,
        near=middle,
    )


def ingest_counts(
    workspace: Workspace,
    path: Path,
    *,
    columns: CountColumns,
    taxonomy: str,
    published_on: date,
    geography: str | None = None,
    frequency: Frequency = Frequency.MONTH,
    sum_repeated: bool = False,
    silence_is_zero: bool = False,
    issued: CityIntervals | None = None,
) -> Publication:
    """Ingest a long table of counts; with ``sum_repeated``, rows of one area, period and category are added up.

    ``issued`` as in ``take_in``.
    """
    areas = known_areas(workspace, load_geography(workspace, geography or workspace.settings.geography))
    counts = read_counts(
        path,
        columns=columns,
        taxonomy=taxonomy,
        settings=workspace.settings,
        frequency=frequency,
        areas=areas,
        published_on=published_on,
        today=today_in(workspace.settings.time_zone),
        sum_repeated=sum_repeated,
        silence_is_zero=silence_is_zero,
    )
    return take_in(workspace, counts, issued=issued)


def known_areas(workspace: Workspace, geography: Geography) -> KnownAreas:
    """What a source needs to know of a geography: its codes, and what each area lies in, through every geography of the
    workspace (an LSOA in a ward, the ward in a borough)."""
    parent_of: dict[str, str] = {}
    names = [summary.name for summary in list_geographies(workspace) if summary.name != geography.name]
    for areas in (geography.areas, *(load_geography(workspace, name).areas for name in names)):
        parent_of |= {
            area: parent
            for area, parent in zip(areas["area"], areas["parent"], strict=True)
            if isinstance(parent, str) and parent != area
        }
    return KnownAreas(
        geography.name,
        geography.codes,
        tuple(_ancestors(code, parent_of) for code in geography.codes),
        drawn=is_drawn(geography.boundaries.parent),
    )


def _ancestors(code: str, parent_of: Mapping[str, str]) -> frozenset[str]:
    found: list[str] = []
    while (parent := parent_of.get(found[-1] if found else code)) is not None and parent not in found:
        found.append(parent)
    return frozenset(found)


def _made_geography(
    workspace: Workspace, made: Proposal, name: str, longitude: Degrees, latitude: Degrees, codes: Texts | None
) -> Geography:
    square, hexagon = _GRID_NAME.fullmatch(name), _H3_NAME.fullmatch(name)
    if codes is not None:
        return drawn_geography(made.scratch, name, drawn_areas(codes, longitude, latitude), {"kind": "drawn"})
    if hexagon is not None:
        resolution = int(hexagon[1])
        cells = hexagons(longitude, latitude, resolution)
        return drawn_geography(made.scratch, name, cells, {"kind": "h3", "resolution": resolution})
    if square is not None:
        return grid_geography(made.scratch, name, longitude=longitude, latitude=latitude, cell_metres=float(square[1]))
    return load_geography(workspace, name)


def _no_areas(workspace: Workspace, name: str) -> MissingThing:
    there = ", ".join(stored_names(workspace)) or "none"
    return MissingThing(
        f"There is no geography '{name}' in {workspace.root} whose codes the column of --area could hold; there is: "
        f"{there}.",
        remedy="Name it with --geography, add it with 'wardcast geography add NAME --boundaries FILE --code COL --name "
        "COL', or have its areas drawn around their incidents with --draw-areas.",
    )


def _refuse_undrawable(name: str, columns: IncidentColumns) -> None:
    if columns.area is None:
        raise BadInput("Areas are drawn around the incidents of one code.", remedy="Name its column with --area.")
    if _GRID_NAME.fullmatch(name) or _H3_NAME.fullmatch(name):
        raise BadInput(
            f"'{name}' is the name of cells, and cannot be that of drawn areas.",
            remedy="Give the areas a name of their own with --geography.",
        )
