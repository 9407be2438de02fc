"""One geography as a folder of files: written whole or not at all, read without a geographic library."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from scipy import sparse

from contracts import Workspace
from contracts.files import locked, new_folder, remove_leftovers, write_files
from contracts.tables import AREAS, check

RECORD = "geography.json"
BOUNDARIES = "boundaries.geojson"
_AREAS = "areas.parquet"
_ATTRIBUTES = "attributes.parquet"
_NEIGHBOURS = "neighbours.npz"


@dataclass(frozen=True)
class StoredGeography:
    """What one folder holds; ``record`` says where it came from."""

    areas: pd.DataFrame
    attributes: pd.DataFrame
    adjacency: sparse.csr_array
    nearest: npt.NDArray[np.int64]
    record: dict[str, Any]


def geographies_lock(workspace: Workspace) -> AbstractContextManager[None]:
    """Held while a geography is written."""
    return locked(workspace.locks / "geographies.lock")


def stored_names(workspace: Workspace) -> tuple[str, ...]:
    """Names of the geographies in the workspace, in alphabetical order."""
    return tuple(sorted(record.parent.name for record in workspace.geographies.glob(f"[!.]*/{RECORD}")))


def read_record(folder: Path) -> dict[str, Any] | None:
    """The record of a stored geography, or None where there is none."""
    path = folder / RECORD
    if not path.exists():
        return None
    record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return record


def is_drawn(folder: Path) -> bool:
    """Whether the areas in a folder were drawn (cells, or shapes around incidents) and come from no boundaries."""
    record = read_record(folder)
    return record is not None and record["kind"] != "boundaries"


def read_folder(folder: Path, record: dict[str, Any]) -> StoredGeography:
    """Read what ``write_folder`` wrote."""
    areas = check(pd.read_parquet(folder / _AREAS), AREAS)
    attributes = pd.read_parquet(folder / _ATTRIBUTES)
    with np.load(folder / _NEIGHBOURS, allow_pickle=False) as arrays:
        indptr, indices, nearest = arrays["indptr"], arrays["indices"], arrays["nearest"]
    adjacency = sparse.csr_array((np.ones(len(indices)), indices, indptr), shape=(len(areas), len(areas)))
    return StoredGeography(areas, attributes, adjacency, nearest, record)


def write_folder(folder: Path, stored: StoredGeography, polygons: npt.NDArray[np.object_]) -> None:
    """Write a geography whole or not at all, as ``folder``; call it with the lock held."""
    neighbours = io.BytesIO()
    np.savez(neighbours, indptr=stored.adjacency.indptr, indices=stored.adjacency.indices, nearest=stored.nearest)
    record = json.dumps(stored.record, indent=2, ensure_ascii=False) + "\n"
    remove_leftovers(folder.parent)
    with new_folder(folder) as made:
        check(stored.areas, AREAS).to_parquet(made / _AREAS, index=False)
        stored.attributes.to_parquet(made / _ATTRIBUTES)
        texts = {BOUNDARIES: _feature_collection(stored.areas, polygons), RECORD: record}
        write_files(made, {_NEIGHBOURS: neighbours.getvalue()} | {name: one.encode() for name, one in texts.items()})


def read_polygons(boundaries: Path) -> tuple[tuple[str, ...], npt.NDArray[np.object_]]:
    """Codes and polygons of a stored ``boundaries.geojson``, in the file's order."""
    text = boundaries.read_text(encoding="utf-8")
    codes = tuple(feature["properties"]["code"] for feature in json.loads(text)["features"])
    return codes, np.asarray(shapely.get_parts(shapely.from_geojson(text)), dtype=object)


def _feature_collection(areas: pd.DataFrame, polygons: npt.NDArray[np.object_]) -> str:
    features = []
    for code, name, parent, geometry in zip(
        areas["area"], areas["name"], areas["parent"], shapely.to_geojson(polygons), strict=True
    ):
        properties: Mapping[str, Any] = {"code": code, "name": name, "parent": parent if pd.notna(parent) else None}
        properties_text = json.dumps(properties, ensure_ascii=False)
        features.append(f'{{"type":"Feature","properties":{properties_text},"geometry":{geometry}}}')
    return '{"type":"FeatureCollection","features":[\n' + ",\n".join(features) + "\n]}\n"
