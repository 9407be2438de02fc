"""Geographies: areas of one vintage with their attributes, boundaries and neighbours, kept in the workspace."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from scipy import sparse

from contracts import BadInput, GeographyMeaning, MissingThing, RefusedAction, Workspace
from contracts.arrays import Floats
from features.geographies import contiguity
from features.geographies import folder as geography_folder
from features.geographies.attributes import Attributes, no_attributes, read_attributes, read_table
from features.geographies.boundaries import Boundaries, boundary_table, centres_and_areas, read_boundaries
from features.geographies.boundary_checks import tell_places
from features.geographies.grids import grid_cells
from features.geographies.parent_names import parent_names
from features.geographies.points import polygons_of_points

Indices = npt.NDArray[np.int64]
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


@dataclass(frozen=True)
class Geography:
    """Areas of one vintage. Every array and table has the areas in the same order, which is by code.

    ``areas`` keeps ``contracts.tables.AREAS``. ``attributes`` has the codes as its index and float64 columns (none,
    if none were given), NaN where not known. ``adjacency`` is (A, A) float64, 1 where two areas share a point of their
    boundaries (queen contiguity), symmetric, no diagonal; an island is linked to its nearest area. ``nearest`` is
    (A, k) int64, positions of the nearest other centres, nearest first, k = min(8, A − 1). ``boundaries`` is a GeoJSON
    file in WGS 84, one feature an area with the properties code, name and parent; it always holds all the areas that
    were added. ``notes`` says what was noticed when the geography was added; ``parent_names`` are names of parents by
    code, where they are known.
    """

    name: str
    areas: pd.DataFrame
    attributes: pd.DataFrame
    adjacency: sparse.csr_array
    nearest: Indices
    boundaries: Path
    notes: tuple[str, ...] = ()
    parent_names: Mapping[str, str] = field(default_factory=dict)

    @property
    def codes(self) -> tuple[str, ...]:
        """Codes of the areas, in order."""
        return tuple(self.areas["area"])

    def attribute(self, column: str) -> Floats:
        """One attribute, shape (A,), NaN where not known; raises ``MissingThing`` with the columns there are."""
        if column not in self.attributes.columns:
            there = ", ".join(str(name) for name in self.attributes.columns) or "none"
            raise MissingThing(
                f"The geography '{self.name}' has no attribute '{column}'.",
                remedy=f"Correct [geographies.{self.name}] in wardcast.toml; the attributes are: {there}.",
            )
        return self.attributes[column].to_numpy(dtype=np.float64)

    def only(self, codes: Sequence[str]) -> Geography:
        """Restricted to these areas, in this order; nearest areas are found again among them.

        Raises ``MissingThing`` that names a code which is not there.
        """
        position = {code: index for index, code in enumerate(self.codes)}
        unknown = [code for code in codes if code not in position]
        if unknown:
            raise MissingThing(
                f"The geography '{self.name}' has no area {unknown[0]} ({len(unknown)} codes are unknown).",
                remedy="Use the geography of the vintage that the codes belong to.",
            )
        kept = np.array([position[code] for code in codes], dtype=np.int64)
        areas = self.areas.iloc[kept].reset_index(drop=True)
        return Geography(
            name=self.name,
            areas=areas,
            attributes=self.attributes.iloc[kept],
            adjacency=sparse.csr_array(self.adjacency[kept][:, kept]),
            nearest=contiguity.nearest_centres(areas["longitude"].to_numpy(), areas["latitude"].to_numpy()),
            boundaries=self.boundaries,
            notes=self.notes,
            parent_names=self.parent_names,
        )


@dataclass(frozen=True)
class GeographySummary:
    """One line of the list of geographies."""

    name: str
    areas: int
    parents: int
    attributes: tuple[str, ...]
    area_km2: float
    notes: tuple[str, ...]


def add_geography(
    workspace: Workspace,
    name: str,
    *,
    boundaries: Path,
    code: str,
    area_name: str,
    attributes: Path | None = None,
    attributes_code: str | None = None,
    parent: str | None = None,
    parent_name: str | None = None,
    meaning: GeographyMeaning | None = None,
    country: str = "",
) -> Geography:
    """Add areas from a boundary file (GeoJSON, Shapefile, GeoPackage) and a table of attributes (CSV, Parquet).

    ``code``, ``area_name`` and ``parent`` are columns of the boundaries; ``parent`` may be a column of the attributes
    instead, and ``parent_name`` is a column beside it. ``attributes_code`` is the attributes' column of codes (``code``
    if not given). ``meaning`` is what the settings say of the attributes, ``country`` (ISO 3166) where the city lies:
    both are for checks alone. Adding the same again changes nothing and says so in ``notes``. Raises ``BadInput`` for
    an input that cannot be used, and ``RefusedAction`` if the name is taken by something else; nothing is written then.
    """
    _check_name(name)
    columns = {"code": code, "name": area_name, "parent": parent, "attributes_code": attributes_code}
    columns |= {} if parent_name is None else {"parent_name": parent_name}
    inputs = {path.name: _sha256(path) for path in _input_files(boundaries, attributes)}
    source: dict[str, Any] = {"kind": "boundaries", "columns": columns, "sha256": inputs}
    with geography_folder.geographies_lock(workspace):
        if (there := _already_there(workspace, name, source)) is not None:
            return there
        in_boundaries = parent is not None and _is_boundary_column(parent, boundaries, attributes)
        shapes = read_boundaries(boundaries, code=code, name=area_name, parent=parent if in_boundaries else None)
        table = no_attributes(shapes.codes)
        if attributes is not None:
            of_attributes = None if in_boundaries else parent
            own_code = attributes_code or code
            table = read_attributes(attributes, shapes.codes, code=own_code, parent=of_attributes, meaning=meaning)
        places = tell_places(boundaries, shapes.polygons, shapes.codes, country)
        shapes = replace(shapes, notes=(*shapes.notes, *places))
        if parent is not None and parent_name is not None:
            of_parents = None if in_boundaries else attributes
            source["parent_names"] = _names_of_parents(boundaries, of_parents, parent, parent_name)
        return _add(workspace, name, shapes, table, table.parents if not in_boundaries else shapes.parents, source)


def grid_geography(
    workspace: Workspace, name: str, *, longitude: Floats, latitude: Floats, cell_metres: float
) -> Geography:
    """Add a regular square grid over the extent of points (degrees WGS 84); codes such as ``r012c034``.

    The same extent and cell again changes nothing; another one under the same name raises ``RefusedAction``.
    """
    _check_name(name)
    cells = grid_cells(longitude, latitude, cell_metres)
    return drawn_geography(workspace, name, cells, {"kind": "grid", "cell_metres": float(cell_metres)})


def drawn_geography(workspace: Workspace, name: str, shapes: Boundaries, source: dict[str, Any]) -> Geography:
    """Add areas that come from no file; ``source`` says what they are. The same again changes nothing; others under the
    same name raise ``RefusedAction``."""
    _check_name(name)
    digest = hashlib.sha256(b"".join(shapely.to_wkb(shapes.polygons))).hexdigest()
    source = source | {"sha256": {"cells": digest}}
    with geography_folder.geographies_lock(workspace):
        if (there := _already_there(workspace, name, source)) is not None:
            return there
        return _add(workspace, name, shapes, no_attributes(shapes.codes), shapes.parents, source)


def geography_record(workspace: Workspace, name: str) -> dict[str, Any]:
    """What is recorded of the geography of that name; raises ``MissingThing`` with the names there are."""
    record = geography_folder.read_record(workspace.geographies / name) if _NAME.fullmatch(name) else None
    if record is None:
        there = ", ".join(geography_folder.stored_names(workspace)) or "none"
        raise MissingThing(
            f"There is no geography '{name}' in {workspace.root}; there is: {there}.",
            remedy="Correct the name (geography in wardcast.toml, where no option names one), or add it with: "
            f"wardcast geography add {name} --boundaries FILE --code COL --name COL",
        )
    return record


def load_geography(workspace: Workspace, name: str) -> Geography:
    """The geography of that name; raises as ``geography_record``."""
    record, folder = geography_record(workspace, name), workspace.geographies / name
    stored = geography_folder.read_folder(folder, record)
    return Geography(
        name=name,
        areas=stored.areas,
        attributes=stored.attributes,
        adjacency=stored.adjacency,
        nearest=stored.nearest,
        boundaries=folder / geography_folder.BOUNDARIES,
        notes=tuple(record["notes"]),
        parent_names=record.get("parent_names", {}),
    )


def list_geographies(workspace: Workspace) -> tuple[GeographySummary, ...]:
    """Every geography in the workspace, by name."""
    summaries = []
    for name in geography_folder.stored_names(workspace):
        geography = load_geography(workspace, name)
        summaries.append(
            GeographySummary(
                name=name,
                areas=len(geography.areas),
                parents=int(geography.areas["parent"].nunique()),
                attributes=tuple(str(column) for column in geography.attributes.columns),
                area_km2=float(geography.areas["area_km2"].sum()),
                notes=geography.notes,
            )
        )
    return tuple(summaries)


def areas_of_points(geography: Geography, longitude: Floats, latitude: Floats) -> Indices:
    """Position of the area that each point (degrees WGS 84) lies in, −1 outside of all or without a position.

    A point on a boundary that several areas share belongs to the first of them.
    """
    codes, polygons = geography_folder.read_polygons(geography.boundaries)
    shape_of = dict(zip(codes, polygons, strict=True))
    shapes = np.array([shape_of[code] for code in geography.codes], dtype=object)
    return polygons_of_points(shapes, longitude, latitude)


def nesting(child: Geography, parent: Geography) -> Indices:
    """Position in ``parent`` of the area that each area of ``child`` lies in, −1 where none does; shape (A of child,).

    By the child's parent code where ``parent`` has that code, else by the child's centre.
    """
    position = {code: index for index, code in enumerate(parent.codes)}
    by_code = np.array([position.get(str(code), -1) for code in child.areas["parent"]], dtype=np.int64)
    left = np.flatnonzero(by_code < 0)
    if left.size:
        centres = child.areas.iloc[left]
        by_code[left] = areas_of_points(parent, centres["longitude"].to_numpy(), centres["latitude"].to_numpy())
    return by_code


def _add(
    workspace: Workspace,
    name: str,
    shapes: Boundaries,
    table: Attributes,
    parents: tuple[str | None, ...],
    source: dict[str, Any],
) -> Geography:
    longitude, latitude, area_km2 = centres_and_areas(shapes.polygons)
    areas = pd.DataFrame(
        {
            "area": pd.Series(shapes.codes, dtype=object),
            "name": pd.Series(shapes.names, dtype=object),
            "parent": pd.Series(parents, dtype=object),
            "area_km2": area_km2,
            "longitude": longitude,
            "latitude": latitude,
        }
    )
    nearest = contiguity.nearest_centres(longitude, latitude)
    outlines = shapes.polygons if shapes.outlines is None else shapes.outlines
    touching = contiguity.queen_contiguity(outlines)
    adjacency, islands = contiguity.join_islands(touching, nearest)
    notes = [*shapes.notes, *table.notes]
    if snapped := contiguity.across_gaps(outlines, touching):
        notes.append(f"{snapped} pairs of areas with a gap of less than {contiguity.SNAP_METRES} m count as neighbours")
    notes += [
        f"{shapes.codes[island]} touches no other area; its nearest one counts as its neighbour" for island in islands
    ]
    record = source | {"name": name, "areas": len(areas), "attributes": list(table.numbers.columns), "notes": notes}
    stored = geography_folder.StoredGeography(areas, table.numbers, adjacency, nearest, record)
    geography_folder.write_folder(workspace.geographies / name, stored, shapes.polygons)
    return load_geography(workspace, name)


def _already_there(workspace: Workspace, name: str, source: dict[str, Any]) -> Geography | None:
    record = geography_folder.read_record(workspace.geographies / name)
    if record is None:
        return None
    if any(record.get(key) != value for key, value in source.items()):
        raise RefusedAction(
            f"There is already a geography '{name}' in {workspace.root}, made from other files or columns.",
            remedy="Counts may refer to it, so it stays; add this one under a name with its own vintage.",
        )
    there = load_geography(workspace, name)
    note = "the same geography was already there; nothing was written"
    return Geography(**{**vars(there), "notes": (note, *there.notes)})


def _is_boundary_column(parent: str, boundaries: Path, attributes: Path | None) -> bool:
    columns = tuple(boundary_table(boundaries).columns)
    if parent in columns:
        return True
    others = tuple(read_table(attributes).columns) if attributes is not None else ()
    if parent not in others:
        raise BadInput(
            f"Neither the boundaries nor the attributes have a column '{parent}'.",
            remedy=f"Name one of: {', '.join(map(str, (*columns, *others)))}.",
        )
    return False


def _names_of_parents(boundaries: Path, attributes: Path | None, parent: str, name: str) -> dict[str, str]:
    if attributes is None:
        return parent_names(boundary_table(boundaries), boundaries, parent=parent, name=name)
    return parent_names(read_table(attributes, text=(parent, name)), attributes, parent=parent, name=name)


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise BadInput(
            f"'{name}' cannot be the name of a geography.",
            remedy="Use letters, digits, '_' and '-', with the vintage, such as ward_2022.",
        )


def _input_files(boundaries: Path, attributes: Path | None) -> list[Path]:
    """Every file that is read: a Shapefile keeps its columns and its coordinate system in files beside it."""
    beside = [boundaries.with_suffix(suffix) for suffix in (".dbf", ".prj")] if boundaries.suffix == ".shp" else []
    files = [boundaries, *beside, *([attributes] if attributes is not None else [])]
    return [file for file in files if file.is_file()]


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
