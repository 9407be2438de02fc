"""Taking a publication in: read, checked against what is there, and stored; or refused, with the store as it was."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import numpy.typing as npt

from contracts import Frequency, Workspace, today_in
from features.geography import (
    Geography,
    areas_of_points,
    drawn_geography,
    grid_geography,
    list_geographies,
    load_geography,
)
from features.geography_folder import is_drawn, stored_names
from features.grids import drawn_areas, hexagons
from features.meaning import check_meaning
from features.publication_record import Publication
from features.publications import PublicationStore
from features.sources.checks import KnownAreas
from features.sources.counts import CountColumns, read_counts
from features.sources.incident_rows import IncidentColumns
from features.sources.incidents import read_incidents
from features.sources.mps_wide import read_mps_wide
from features.sources.police_uk import read_police_uk
from features.sources.source_counts import Integers, SourceCounts

LSOA_GEOGRAPHY = "lsoa_2021"
"""The geography of sources by LSOA where none is named."""

_GRID_NAME = re.compile(r"grid_(\d+)m")
_H3_NAME = re.compile(r"h3_(\d+)")
Degrees = npt.NDArray[np.float64]
Texts = npt.NDArray[np.object_]


def take_in(workspace: Workspace, counts: SourceCounts) -> Publication:
    """Store counts that were read, with notes on what changed in meaning; raises ``BadInput`` and stores nothing."""
    store = PublicationStore(workspace.publications)
    store.refuse_duplicate(counts)
    notes = check_meaning(counts, store, workspace.settings)
    return store.write(replace(counts, notes=(*counts.notes, *notes)))


def ingest_mps(
    workspace: Workspace,
    paths: Sequence[Path],
    *,
    source: str,
    published_on: date,
    geography: str | None = None,
    silence_is_zero: bool = False,
) -> tuple[Publication, ...]:
    """Ingest Metropolitan Police tables; ``source`` is ``mps-ward`` or ``mps-lsoa``.

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
    return tuple(take_in(workspace, counts) for counts in read)


def ingest_police_uk(
    workspace: Workspace,
    folder: Path,
    *,
    published_on: date | None = None,
    geography: str | None = None,
    silence_is_zero: bool = False,
) -> Publication:
    """Ingest a data.police.uk archive."""
    areas = known_areas(workspace, load_geography(workspace, geography or LSOA_GEOGRAPHY))
    counts = read_police_uk(
        folder,
        settings=workspace.settings,
        areas=areas,
        published_on=published_on,
        today=today_in(workspace.settings.time_zone),
        silence_is_zero=silence_is_zero,
    )
    return take_in(workspace, counts)


def ingest_incidents(
    workspace: Workspace,
    path: Path,
    *,
    columns: IncidentColumns,
    geography: str,
    frequency: Frequency,
    published_on: date | None = None,
    silence_is_zero: bool = False,
) -> Publication:
    """Ingest a file of incidents by the areas of ``geography``. One that does not exist is made where it is named like
    ``grid_500m`` or ``h3_8`` (cells over the file's extent), or where ``columns.area`` names a column of codes (each
    area is drawn around its incidents)."""

    def locate(longitude: Degrees, latitude: Degrees, codes: Texts | None = None) -> tuple[KnownAreas, Integers]:
        found = _geography_or_made(workspace, geography, longitude, latitude, codes)
        areas = known_areas(workspace, found)
        if codes is not None:
            return areas, areas.positions(codes.tolist())
        return areas, areas_of_points(found, longitude, latitude)

    def middle() -> tuple[float, float] | None:
        if geography not in stored_names(workspace):
            return None
        areas = load_geography(workspace, geography).areas
        return float(areas["longitude"].median()), float(areas["latitude"].median())

    counts = read_incidents(
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
    return take_in(workspace, counts)


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
) -> Publication:
    """Ingest a long table of counts; with ``sum_repeated``, rows of one area, period and category are added up."""
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
    return take_in(workspace, counts)


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
        drawn=is_drawn(workspace, geography.name),
    )


def _ancestors(code: str, parent_of: Mapping[str, str]) -> frozenset[str]:
    found: list[str] = []
    while (parent := parent_of.get(found[-1] if found else code)) is not None and parent not in found:
        found.append(parent)
    return frozenset(found)


def _geography_or_made(
    workspace: Workspace, name: str, longitude: Degrees, latitude: Degrees, codes: Texts | None
) -> Geography:
    square, hexagon = _GRID_NAME.fullmatch(name), _H3_NAME.fullmatch(name)
    if name in stored_names(workspace) or (codes is None and square is None and hexagon is None):
        return load_geography(workspace, name)
    if codes is not None:
        return drawn_geography(workspace, name, drawn_areas(codes, longitude, latitude), {"kind": "drawn"})
    if hexagon is not None:
        resolution = int(hexagon[1])
        cells = hexagons(longitude, latitude, resolution)
        return drawn_geography(workspace, name, cells, {"kind": "h3", "resolution": resolution})
    cell_metres = float(square[1]) if square is not None else 0.0
    return grid_geography(workspace, name, longitude=longitude, latitude=latitude, cell_metres=cell_metres)
