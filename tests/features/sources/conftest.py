"""One small city's counts, written as each source publishes them, with any fault planted first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from contracts import Frequency, Period, Workspace
from features.sources.checks import KnownAreas
from features.sources.counts import CountColumns, read_counts
from features.sources.incident_rows import IncidentColumns
from features.sources.incidents import read_incidents
from features.sources.mps_wide import read_mps_wide
from features.sources.police_uk import read_police_uk
from features.sources.source_counts import SourceCounts
from features.store.ingesting import take_in
from features.store.publication_record import Publication

SETTINGS = """
city = "Thirty"
geography = "wards"
time_zone = "Europe/London"
[police_forces.north]
parents = ["N"]
[police_forces.south]
parents = ["S"]
[offences.every]
assault = ["Assault"]
theft = ["Theft"]
[offences.mps]
assault = ["Assault"]
theft = ["Theft"]
[offences.police_uk]
assault = ["Assault"]
theft = ["Theft"]
[offences.incidents]
assault = ["Assault"]
theft = ["Theft"]
[targets.crime]
title = "Crime"
offences = { every = "all", mps = "all", police_uk = "all", incidents = "all" }
"""
AREAS = tuple(f"A{number:03d}" for number in range(30))
NORTH = 20
"""The first so many areas are of the force north, the others of the south."""
WORDINGS = ("Assault", "Theft")
PERIODS = 24
FIRST = Period.parse("2022-01", Frequency.MONTH)
PUBLISHED = date(2024, 2, 10)
TODAY = date(2026, 1, 1)
KNOWN = KnownAreas("wards", AREAS, tuple(frozenset({"N" if number < NORTH else "S"}) for number in range(30)))


def _month(period: int) -> str:
    return str(FIRST.shift(period))


@dataclass
class Office:
    """A workspace and a folder for files, to ingest one delivery by one source."""

    workspace: Workspace
    folder: Path

    def sound(self) -> pd.DataFrame:
        """Columns area (code), force, offence (wording), period (0 to 23), count, placed and timed: Poisson with mean
        6, zeros left out."""
        counts = np.random.default_rng(5).poisson(6.0, (len(AREAS), len(WORDINGS), PERIODS))
        area, offence, period = np.nonzero(counts)
        return pd.DataFrame(
            {
                "area": np.array(AREAS)[area],
                "force": np.where(area < NORTH, "north", "south"),
                "offence": np.array(WORDINGS)[offence],
                "period": period,
                "count": counts[area, offence, period],
                "placed": True,
                "timed": True,
            }
        )

    def configure(self, further: str) -> None:
        """Add to ``wardcast.toml``."""
        (self.workspace.root / "wardcast.toml").write_text(SETTINGS + further, encoding="utf-8")
        self.workspace = Workspace(self.workspace.root)

    def ingest(self, source: str, table: pd.DataFrame, *, twice: str = "", **options: bool) -> Publication:
        """Write the table as the source publishes it and take it in. ``twice`` is what stands twice: "rows", "key",
        "id" or "file"."""
        return take_in(self.workspace, READERS[source](self, source, table, twice, options))

    def file(self, table: pd.DataFrame) -> Path:
        path = self.folder / "delivery.csv"
        table.to_csv(path, index=False)
        return path


def _mps(office: Office, source: str, table: pd.DataFrame, twice: str, options: dict[str, bool]) -> SourceCounts:
    wide = table.pivot_table(index=["area", "force", "offence"], columns="period", values="count", aggfunc="sum")
    wide = wide.reindex(columns=range(PERIODS)).fillna(0).astype(int).reset_index()
    wide.columns = [str(name) if isinstance(name, str) else _month(name).replace("-", "") for name in wide.columns]
    headings = {
        "mps-ward": {"area": "WardCode", "offence": "MinorText", "force": "LookUp_BoroughName"},
        "mps-lsoa": {"area": "LSOA Code", "offence": "Minor Category", "force": "Borough"},
    }[source]
    wide = _doubled(wide.rename(columns=headings), twice)
    return read_mps_wide(
        office.file(wide), source=source, settings=office.workspace.settings, areas=KNOWN, published_on=PUBLISHED,
        today=TODAY, **options,
    )  # fmt: skip


def _counts(office: Office, _: str, table: pd.DataFrame, twice: str, options: dict[str, bool]) -> SourceCounts:
    months = [_month(period) if timed else "" for period, timed in zip(table["period"], table["timed"], strict=True)]
    long = table[["area", "offence", "count"]].assign(month=months)
    return read_counts(
        office.file(_doubled(long, twice)), columns=CountColumns("area", "month", "offence", "count"),
        taxonomy="every", settings=office.workspace.settings, frequency=Frequency.MONTH, areas=KNOWN,
        published_on=PUBLISHED, today=TODAY, **options,
    )  # fmt: skip


def _doubled(table: pd.DataFrame, twice: str) -> pd.DataFrame:
    if twice == "rows":
        return pd.concat([table, table])
    if twice == "key":
        return pd.concat([table.iloc[:4], table.iloc[[3]], table.iloc[4:]])
    return table


def _single(table: pd.DataFrame) -> pd.DataFrame:
    """One row a crime."""
    rows = table.loc[table.index.repeat(table["count"])].reset_index(drop=True)
    return rows.assign(id=[f"id{number}" for number in range(len(rows))])


def _police(office: Office, _: str, table: pd.DataFrame, twice: str, options: dict[str, bool]) -> SourceCounts:
    rows = _single(table)
    rows["Month"] = [_month(p) if timed else "" for p, timed in zip(rows["period"], rows["timed"], strict=True)]
    rows = rows.rename(columns={"id": "Crime ID", "area": "LSOA code", "offence": "Crime type"})
    root = office.folder / "archive"
    for (period, force), part in rows.groupby(["period", "force"]):
        written = part[["Crime ID", "Month", "LSOA code", "Crime type"]]
        if twice == "rows":
            written = pd.concat([written, written])
        if twice == "id" and (period, force) == (12, "north"):
            written = pd.concat([written, *[written.iloc[[0]]] * 40])
        path = root / _month(period) / f"{_month(period)}-{force}-street.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        written.to_csv(path, index=False)
        if twice == "file" and period == PERIODS - 1:
            again = root / "latest" / path.parent.name / path.name
            again.parent.mkdir(parents=True, exist_ok=True)
            written.to_csv(again, index=False)
    return read_police_uk(
        root, settings=office.workspace.settings, areas=KNOWN, published_on=PUBLISHED, today=TODAY, **options
    )


def _locate(longitude: object, latitude: object, codes: np.ndarray) -> tuple[KnownAreas, np.ndarray]:
    return KNOWN, KNOWN.positions(codes.tolist())


def incident_rows(table: pd.DataFrame) -> pd.DataFrame:
    """One row an incident: a time somewhere in its month, a position, a category, a code."""
    rows = _single(table)
    generator = np.random.default_rng(6)
    starts = pd.to_datetime([FIRST.shift(int(period)).start for period in rows["period"]])
    days = np.array([FIRST.shift(int(period)).days for period in rows["period"]])
    moments = starts + pd.to_timedelta((generator.random(len(rows)) * days * 86_400).astype(int), unit="s")
    return pd.DataFrame(
        {
            "when": np.where(rows["timed"], moments.strftime("%Y-%m-%d %H:%M:%S"), ""),
            "lon": np.where(rows["placed"], "-0.1", ""),
            "lat": np.where(rows["placed"], "51.5", ""),
            "kind": rows["offence"],
            "code": rows["area"],
            "id": rows["id"],
        }
    )


def read_incident_file(
    office: Office, rows: pd.DataFrame, id_column: str | None = None, **options: bool
) -> SourceCounts:
    """Read incidents by their code."""
    columns = IncidentColumns("when", "lon", "lat", "kind", area="code", id=id_column)
    return read_incidents(
        office.file(rows), columns=columns, frequency=Frequency.MONTH,
        settings=office.workspace.settings, locate=_locate, published_on=PUBLISHED, today=TODAY, **options,
    )  # fmt: skip


def _incidents(office: Office, _: str, table: pd.DataFrame, twice: str, options: dict[str, bool]) -> SourceCounts:
    rows = _doubled(incident_rows(table), twice)
    if twice == "id":
        rows = pd.concat([rows, *[rows.iloc[[0]]] * 40])
    return read_incident_file(office, rows, "id" if twice == "id" else None, **options)


READERS: dict[str, Callable[[Office, str, pd.DataFrame, str, dict[str, bool]], SourceCounts]] = {
    "mps-ward": _mps,
    "mps-lsoa": _mps,
    "counts": _counts,
    "police-uk": _police,
    "incidents": _incidents,
}


@pytest.fixture
def office(tmp_path: Path) -> Office:
    """An empty workspace of thirty wards, and a folder for files."""
    root = tmp_path / "workspace"
    root.mkdir()
    (root / "wardcast.toml").write_text(SETTINGS, encoding="utf-8")
    (tmp_path / "files").mkdir()
    return Office(Workspace(root), tmp_path / "files")
