"""A tiny city with its own publications, small enough to work out by hand."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from contracts import Frequency, Period, Workspace
from features.sources.checks import KnownAreas
from features.sources.mps_wide import read_mps_wide
from features.sources.source_counts import SourceCounts
from features.store.ingesting import take_in
from features.store.publications import Publication, PublicationStore

TODAY = date(2026, 1, 1)
SETTINGS = """
city = "Tiny"
geography = "wards"
publication_lag_days = 9
[ingest.sources.counts]
absent_area_share = 0.9
[police_forces.east]
parents = ["B1"]
[police_forces.west]
all_but_parents = ["B1"]
[offences.mps]
assault = ["Violence with Injury", "Wounding"]
robbery = ["Robbery of Personal Property"]
stalking = ["Stalking"]
[offences.police_uk]
burglary = ["Burglary"]
robbery = ["Robbery"]
[offences.incidents]
incident = []
[offences.other]
knife = ["Knife Crime"]
[targets.violence]
title = "Violence"
offences = { mps = ["assault"] }
[targets.robbery]
title = "Robbery"
offences = { mps = ["robbery"], police_uk = ["robbery"] }
[targets.knife]
title = "Knife"
offences = { other = ["knife"] }
[targets.incidents]
title = "Incidents"
offences = { incidents = "all" }
"""
AREAS = tuple(f"W{number:03d}" for number in range(60))
OFFENCES = ("Robbery of Personal Property", "Violence with Injury")
Rows = list[list[str]]


def months_from(first: str, number: int) -> list[str]:
    """Column names of so many months."""
    start = Period.parse(first, Frequency.MONTH)
    return [str(start.shift(step)).replace("-", "") for step in range(number)]


@dataclass
class TinyCity:
    """60 wards in 3 boroughs; every ward has 2 robberies and 5 assaults a month unless a test says otherwise."""

    folder: Path
    workspace: Workspace

    @property
    def areas(self) -> KnownAreas:
        boroughs = tuple(frozenset({f"B{number // 20}"}) for number in range(len(AREAS)))
        return KnownAreas("wards", AREAS, boroughs)

    @property
    def store(self) -> PublicationStore:
        return PublicationStore(self.workspace.publications)

    def rows(self, first: str = "2023-01", number: int = 12, level: int = 1) -> Rows:
        """Header and rows of a file, the borough last of the text columns."""
        months = months_from(first, number)
        table = [["MajorText", "MinorText", "WardName", "WardCode", "LookUp_BoroughName", *months]]
        for position, area in enumerate(AREAS):
            for offence, count in zip(OFFENCES, (2, 5), strict=True):
                table.append(
                    ["X", offence, f"Ward {area}", area, f"Borough {position // 20}", *[str(count * level)] * number]
                )
        return table

    def file(self, rows: Rows, name: str = "wards.csv") -> Path:
        path = self.folder / name
        path.write_text("".join(",".join(row) + "\n" for row in rows), encoding="utf-8")
        return path

    def read(self, path: Path, published_on: date = date(2024, 1, 10)) -> SourceCounts:
        return read_mps_wide(
            path,
            source="mps-ward",
            settings=self.workspace.settings,
            areas=self.areas,
            published_on=published_on,
            today=TODAY,
        )

    def ingest(self, path: Path, published_on: date = date(2024, 1, 10)) -> Publication:
        return take_in(self.workspace, self.read(path, published_on))

    def configure(self, change: Callable[[str], str]) -> None:
        """Change the text of ``wardcast.toml``."""
        settings = self.workspace.root / "wardcast.toml"
        settings.write_text(change(settings.read_text(encoding="utf-8")), encoding="utf-8")
        self.workspace = Workspace(self.workspace.root)


@pytest.fixture
def tiny_city(tmp_path: Path) -> TinyCity:
    root = tmp_path / "workspace"
    root.mkdir()
    (root / "wardcast.toml").write_text(SETTINGS, encoding="utf-8")
    folder = tmp_path / "files"
    folder.mkdir()
    return TinyCity(folder, Workspace(root))


@pytest.fixture
def tree_digest() -> Callable[[Path], Mapping[str, str]]:
    """Every file of a folder with the digest of its bytes."""

    def digest(root: Path) -> Mapping[str, str]:
        return {
            str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "folder"
            for path in sorted(root.rglob("*"))
        }

    return digest
