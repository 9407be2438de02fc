"""Boundaries and attributes with a few bytes changed, cut or doubled end in a geography or in one line."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
from shapely.geometry import box

from contracts import BadInput, Workspace
from features.geographies.geography import add_geography

FILES_OF_A_KIND = 20
SHAPEFILE = (".shp", ".shx", ".dbf", ".prj", ".cpg")
PLANTED = (b"null", b"NaN", b"1e999", b"-1", b'""', b"[]", b"{}", b"\x00", b"\xff", b'"', b"\n", b",")


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One city of 25 squares in every format."""
    folder = tmp_path_factory.mktemp("city")
    shapes = [box(x / 100, 51 + y / 100, (x + 1) / 100, 51 + (y + 1) / 100) for x in range(5) for y in range(5)]
    codes = [f"A{number:02d}" for number in range(25)]
    frame = gpd.GeoDataFrame({"code": codes, "name": codes, "d": "D0", "dn": "North"}, geometry=shapes, crs="EPSG:4326")
    for suffix in ("geojson", "gpkg", "shp"):
        frame.to_file(folder / f"areas.{suffix}")
    attributes = pd.DataFrame({"code": codes, "residents": range(1000, 1025), "word": "a"})
    attributes.to_csv(folder / "attributes.csv", index=False)
    attributes.to_parquet(folder / "attributes.parquet")
    return folder


def damaged(data: bytes, chance: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        start = chance.randrange(len(changed) + 1)
        end = start + chance.randint(1, 40)
        piece = bytes(changed[start:end])
        changed[start:end] = chance.choice([b"", piece * 2, chance.choice(PLANTED), chance.randbytes(len(piece))])
    return bytes(changed) if chance.random() < 0.9 else bytes(changed[: chance.randrange(len(changed) + 1)])


@pytest.mark.parametrize("kind", ["areas.geojson", "areas.gpkg", "areas.shp", "attributes.csv", "attributes.parquet"])
def test_damage_is_no_traceback(city: Path, tmp_path: Path, kind: str) -> None:
    chance = random.Random(f"{kind} 1")
    ends, lines = [], []
    for number in range(FILES_OF_A_KIND):
        folder = tmp_path / str(number)
        shutil.copytree(city, folder)
        hit = folder / (f"areas{chance.choice(SHAPEFILE)}" if kind == "areas.shp" else kind)
        hit.write_bytes(damaged(hit.read_bytes(), chance))
        workspace = Workspace(folder / "workspace")
        try:
            geography = add_geography(
                workspace,
                "areas_1",
                boundaries=folder / (kind if kind.startswith("areas") else "areas.geojson"),
                code="code",
                area_name="name",
                parent="d",
                parent_name="dn",
                attributes=folder / (kind if kind.startswith("attributes") else "attributes.csv"),
            )
            ends.append(len(geography.codes))
        except BadInput as error:
            lines += [str(error), *(str(written) for written in workspace.geographies.glob("*"))]
            ends.append(0)
    assert 0 in ends
    assert len(lines) == ends.count(0)
    assert not any("\n" in line for line in lines)
    sound = add_geography(
        Workspace(tmp_path / "sound"), "areas_1", boundaries=city / "areas.geojson", code="code", area_name="name"
    )
    assert len(sound.codes) == 25
