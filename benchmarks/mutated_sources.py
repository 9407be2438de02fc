"""Each adapter's sound small file, its ingest, and what a file really says: read by other means than the adapter's."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd

from benchmarks.mutations import Table
from contracts import SETTINGS_FILE, Frequency, Period, Workspace
from contracts.arrays import Integers
from features.geographies.geography import Geography, add_geography, areas_of_points
from features.indicators.stops import read_stops
from features.sources.checks import KnownAreas
from features.sources.counts import CountColumns, read_counts
from features.sources.incident_rows import IncidentColumns
from features.sources.incidents import read_incidents
from features.sources.mps_wide import read_mps_wide
from features.sources.police_uk import read_police_uk
from features.store.ingesting import known_areas, take_in
from features.store.publication_record import Publication

AREAS = tuple(f"A{number:03d}" for number in range(25))
"""Squares of a hundredth of a degree, five in a row, from 0.1° west and 51.5° north on."""
WEST, SOUTH, SIDE = -0.1, 51.5, 0.01
WORDINGS = {"Assault": "assault", "Theft": "theft"}
MONTHS = tuple(f"{2022 + month // 12}-{month % 12 + 1:02d}" for month in range(14))
PUBLISHED = date(2023, 4, 10)
TODAY = date(2026, 1, 1)
ZONE = ZoneInfo("Europe/London")
Degrees = npt.NDArray[np.float64]
SETTINGS = """city = "Tiny"
geography = "g"
time_zone = "Europe/London"
[police_forces.north]
[offences.counts]
assault = ["Assault"]
theft = ["Theft"]
[offences.incidents]
assault = ["Assault"]
theft = ["Theft"]
[offences.police_uk]
assault = ["Assault"]
theft = ["Theft"]
[offences.mps]
assault = ["Assault"]
theft = ["Theft"]
[targets.crime]
title = "Crime"
offences = { counts = "all", incidents = "all", police_uk = "all", mps = "all" }
"""
Cell = tuple[str, str, str]
"""Area, offence, month."""


@dataclass(frozen=True)
class City:
    """A workspace with 25 squares, and what an ingest reads of them each time."""

    workspace: Workspace
    geography: Geography
    areas: KnownAreas

    def locate(self, longitude: Degrees, latitude: Degrees) -> tuple[KnownAreas, Integers]:
        """The areas, and in which of them each point lies."""
        return self.areas, areas_of_points(self.geography, longitude, latitude)


@dataclass(frozen=True)
class Taken:
    """What was taken from a file: crimes by cell, the areas and months that it is said to cover, and how many of its
    crimes are told as set aside."""

    cells: Counter[Cell]
    known: frozenset[tuple[str, str]]
    told: int

    @classmethod
    def of(cls, publication: Publication) -> Taken:
        """As it is stored."""
        stored = pd.read_parquet(publication.folder / "counts.parquet")
        cells = zip(stored["area"], stored["offence"], stored["period"].dt.strftime("%Y-%m"), strict=True)
        coverage = pd.read_parquet(publication.folder / "coverage.parquet")
        covered = pd.read_parquet(publication.folder / "covers.parquet").merge(coverage, on="cover")
        known = frozenset(zip(covered["area"], covered["period"].dt.strftime("%Y-%m"), strict=True))
        told = int(publication.set_aside()["crimes"].sum())
        return cls(Counter(dict(zip(cells, stored["count"].tolist(), strict=True))), known, told)


@dataclass(frozen=True)
class Said:
    """What a file says: crimes by cell in known areas, ``crimes`` of all its rows, ``unsure`` where a row lies on the
    edge of two areas, or rows of one identifier lie apart, so that only ``crimes`` has to agree."""

    cells: Counter[Cell]
    crimes: int
    unsure: bool = False


class Unreadable(Exception):
    """The file has no meaning by the documented rules, so nothing may be taken from it."""


@dataclass(frozen=True)
class Source:
    """One adapter: ``table`` makes the sound one, ``suffix`` is how its file is written, and ``said`` reads a
    header and its rows."""

    name: str
    suffix: str
    table: Callable[[np.random.Generator], Table]
    ingest: Callable[[City, Path], Taken]
    said: Callable[[Table], Said]
    lenient: bool = True
    """Other encodings and separators are recognised."""


def make_city(root: Path) -> City:
    """Nothing is ingested."""
    root.mkdir()
    (root / SETTINGS_FILE).write_text(SETTINGS, encoding="utf-8")
    features = []
    for number, code in enumerate(AREAS):
        west, south = WEST + SIDE * (number % 5), SOUTH + SIDE * (number // 5)
        ring = [(0, 0), (1, 0), (1, 1), (0, 1), (0, 0)]
        shape = {"type": "Polygon", "coordinates": [[[west + SIDE * x, south + SIDE * y] for x, y in ring]]}
        about = {"code": code, "name": f"Area {number}", "d": f"D{number // 5}"}
        features.append({"type": "Feature", "properties": about, "geometry": shape})
    boundaries = root / "areas.geojson"
    boundaries.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    workspace = Workspace(root)
    geography = add_geography(workspace, "g", boundaries=boundaries, code="code", area_name="name", parent="d")
    return City(workspace, geography, known_areas(workspace, geography))


def read_rows(source: Source, path: Path) -> Table:
    """The header and the rows of a file as text, by Python's own reader or pandas; raises ``Unreadable``."""
    if source.suffix == ".parquet":
        return _parquet_rows(path)
    data = path.read_bytes()
    try:
        data = gzip.decompress(data) if source.suffix == ".gz" else data
    except (OSError, EOFError, ValueError) as error:
        raise Unreadable(str(error)) from error
    text = _decoded(data, lenient=source.lenient)
    separators = ",;\t|" if source.lenient else ","
    for separator in separators:
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator) if row]
        if (rows and {"area", "t"} & set(rows[0])) or separator == separators[-1]:
            break
    if not rows or len({len(row) for row in rows}) > 1:
        raise Unreadable("rows of different length")
    return rows


def _decoded(data: bytes, *, lenient: bool) -> str:
    encodings = ("utf-8-sig", "cp1252") if lenient else ("utf-8-sig",)
    if lenient and data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encodings = ("utf-16",)
    for encoding in encodings:
        try:
            return data.decode(encoding).removeprefix("\ufeff")
        except UnicodeError:
            continue
    raise Unreadable("no text")


def _parquet_rows(path: Path) -> Table:
    try:
        frame = pd.read_parquet(path)
    except Exception as error:  # whatever the library says of a damaged file
        raise Unreadable(str(error)) from error
    return [list(frame.columns), *([_text(value) for value in row] for row in frame.itertuples(index=False))]


def _text(value: object) -> str:
    if value is None or value is pd.NaT or (isinstance(value, float) and np.isnan(value)):
        return ""
    if isinstance(value, pd.Timestamp):
        return value.isoformat()
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def month_of(text: str) -> str:
    """The month that a period column means; a stamp with a zone means London's."""
    text = text.strip()
    try:
        if re.fullmatch(r"\d{4}-\d{2}", text):
            moment = datetime(int(text[:4]), int(text[5:]), 1)
        else:
            moment = datetime.fromisoformat(text)
            moment = moment.astimezone(ZONE).replace(tzinfo=None) if moment.tzinfo else moment
    except ValueError as error:
        raise Unreadable(f"no period: {text}") from error
    return f"{moment:%Y-%m}"


def offence_of(text: str) -> str:
    """By letters and digits, whatever the case."""
    key = "".join(letter for letter in text.casefold() if letter.isalnum())
    found = {wording.casefold(): offence for wording, offence in WORDINGS.items()}
    if key not in found:
        raise Unreadable(f"no offence: {text}")
    return found[key]


def _count(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,15}(\.0+)?", text.strip()):
        raise Unreadable(f"no count: {text}")
    return int(text.strip().split(".")[0])


def _columns(rows: Table, *names: str) -> list[list[str]]:
    header = rows[0]
    if any(header.count(name) != 1 for name in names):
        raise Unreadable(f"no column, or two: {names}")
    return [[row[header.index(name)] for name in names] for row in rows[1:]]


def _cells(found: list[tuple[str, str, str, int]]) -> Said:
    cells: Counter[Cell] = Counter()
    for area, offence, month, count in found:
        if area in AREAS and count:
            cells[area, offence, month] += count
    return Said(cells, sum(count for *_, count in found))


def _numbers(generator: np.random.Generator, mean: float) -> np.ndarray[tuple[int, int, int], np.dtype[np.int64]]:
    return generator.poisson(mean, (len(AREAS), len(WORDINGS), len(MONTHS)))


def _counts_table(generator: np.random.Generator) -> Table:
    counts = _numbers(generator, 3.0)
    cells = np.argwhere(counts > 0).tolist()
    rows = [[AREAS[a], MONTHS[m], list(WORDINGS)[o], str(counts[a, o, m]), "x"] for a, o, m in cells]
    return [["area", "period", "category", "count", "remark"], *rows]


def _counts_said(rows: Table) -> Said:
    found = _columns(rows, "area", "period", "category", "count")
    return _cells([(a.strip(), offence_of(o), month_of(p), _count(n)) for a, p, o, n in found])


def _ingest_counts(city: City, path: Path) -> Taken:
    counts = read_counts(
        path, columns=CountColumns("area", "period", "category", "count"), taxonomy="counts",
        settings=city.workspace.settings, frequency=Frequency.MONTH, areas=city.areas, published_on=PUBLISHED,
        today=TODAY,
    )  # fmt: skip
    return Taken.of(take_in(city.workspace, counts))


def _mps_table(heading: dict[str, str]) -> Callable[[np.random.Generator], Table]:
    def table(generator: np.random.Generator) -> Table:
        counts = _numbers(generator, 3.0)
        months = [month.replace("-", "") for month in MONTHS]
        rows = [
            [wording, code, f"D{a // 5}", *map(str, counts[a, o].tolist())]
            for a, code in enumerate(AREAS)
            for o, wording in enumerate(WORDINGS)
        ]
        return [[heading["offence"], heading["area"], heading["borough"], *months], *rows]

    return table


def _mps_said(heading: dict[str, str]) -> Callable[[Table], Said]:
    def said(rows: Table) -> Said:
        there = {name.strip().casefold(): name for name in rows[0]}
        try:
            names = [there[heading[one].casefold()] for one in ("area", "offence", "borough")]
        except KeyError as error:
            raise Unreadable(str(error)) from error
        months = [name for name in rows[0] if re.fullmatch(r"\d{6}", name.strip())]
        found = []
        for (area, wording, _), counts in zip(_columns(rows, *names), _columns(rows, *months), strict=True):
            for month, count in zip(months, counts, strict=True):
                label = month_of(f"{month.strip()[:4]}-{month.strip()[4:]}")
                found.append((area.strip(), offence_of(wording), label, _count(count)))
        return _cells(found)

    return said


def _ingest_mps(source: str) -> Callable[[City, Path], Taken]:
    def ingest(city: City, path: Path) -> Taken:
        counts = read_mps_wide(
            path, source=source, settings=city.workspace.settings, areas=city.areas, published_on=PUBLISHED, today=TODAY
        )
        return Taken.of(take_in(city.workspace, counts))

    return ingest


def _street_table(generator: np.random.Generator) -> Table:
    counts = _numbers(generator, 1.2)
    rows = [
        [f"id{a}-{o}-{m}-{n}", MONTHS[m], "North", AREAS[a], list(WORDINGS)[o], ""]
        for a, o, m in np.argwhere(counts > 0).tolist()
        for n in range(counts[a, o, m])
    ]
    return [["Crime ID", "Month", "Falls within", "LSOA code", "Crime type", "Context"], *rows]


def _street_said(rows: Table) -> Said:
    there = {name.strip().casefold(): name for name in rows[0]}
    try:
        names = [there[one] for one in ("lsoa code", "crime type", "month")]
    except KeyError as error:
        raise Unreadable(str(error)) from error
    return _cells([(a.strip(), offence_of(o), month_of(m), 1) for a, o, m in _columns(rows, *names)])


def _ingest_street(city: City, path: Path) -> Taken:
    counts = read_police_uk(
        path, settings=city.workspace.settings, areas=city.areas, published_on=PUBLISHED, today=TODAY
    )
    return Taken.of(take_in(city.workspace, counts))


def _incident_table(generator: np.random.Generator) -> Table:
    counts = _numbers(generator, 1.2)
    rows = []
    for a, o, m in np.argwhere(counts > 0).tolist():
        for n in range(counts[a, o, m]):
            moment = datetime.fromisoformat(f"{MONTHS[m]}-01") + timedelta(minutes=int(generator.integers(28 * 1440)))
            x, y = generator.uniform(0.1, 0.9, size=2).tolist()
            east, north = WEST + SIDE * (a % 5 + x), SOUTH + SIDE * (a // 5 + y)
            rows.append([f"id{a}-{o}-{m}-{n}", f"{moment}", f"{east:.6f}", f"{north:.6f}", list(WORDINGS)[o]])
    # Months end with an incident, so the last one is whole.
    rows.append(["last", f"{MONTHS[-1]}-28 23:50:00", f"{WEST + SIDE / 2:.6f}", f"{SOUTH + SIDE / 2:.6f}", "Theft"])
    return [["id", "t", "lon", "lat", "cat"], *rows]


def _moment(text: str, zone: tzinfo = ZONE) -> datetime | None:
    text = text.strip()
    if not text:
        return None
    text = re.sub(r"([T ])(\d:)", r"\g<1>0\2", text)
    text = re.sub(r"^(\d{4}-\d{2})$", r"\1-01", text)
    midnight = re.sub(r"([T ])24:00", r"\g<1>00:00", text)
    try:
        found = datetime.fromisoformat(re.sub(r"\s*(UTC|GMT|z)$", "Z", midnight))
        found += timedelta(days=midnight != text)
        return found.astimezone(zone).replace(tzinfo=None) if found.tzinfo else found
    except (ValueError, OverflowError) as error:
        raise Unreadable(f"no time: {text}") from error


def _degrees(text: str) -> float | None:
    text = text.strip()
    try:
        found = float(text) if text else None
    except ValueError as error:
        raise Unreadable(f"no degrees: {text}") from error
    if found is not None and not abs(found) <= 180:
        raise Unreadable(f"no degrees: {text}")
    return found


def _area_at(east: float, north: float) -> tuple[str, bool]:
    """The square that a point lies in, and whether it lies on an edge of squares."""
    x, y = (east - WEST) / SIDE, (north - SOUTH) / SIDE
    edge = min(abs(x - round(x)), abs(y - round(y))) < 1e-6
    return AREAS[int(y) * 5 + int(x)] if 0 <= x < 5 and 0 <= y < 5 else "outside", edge


def incident_said(rows: Table) -> Said:
    """One crime a row; one in all for rows of one identifier: the first with a time and a position."""
    found: list[tuple[str, str, str, int]] = []
    unsure, counted = False, dict[str, int]()
    for given, time, lon, lat, cat in _columns(rows, "id", "t", "lon", "lat", "cat"):
        moment, east, north = _moment(time), _degrees(lon), _degrees(lat)
        area, key = "", given.strip()
        if moment is not None and east is not None and north is not None and (east, north) != (0.0, 0.0):
            area, edge = _area_at(east, north)
            unsure |= edge
        offence = offence_of(cat)
        if key and key in counted and (found[counted[key]][0] or not area):
            area = ""
        elif key:
            if key in counted:
                found[counted[key]] = ("", "", "", 1)
            counted[key] = len(found)
        found.append((area, offence, f"{moment:%Y-%m}" if moment else "", 1))
    said = _cells(found)
    return Said(said.cells, said.crimes, unsure)


def _ingest_incidents(city: City, path: Path) -> Taken:
    counts = read_incidents(
        path, columns=IncidentColumns("t", "lon", "lat", category="cat", id="id"), settings=city.workspace.settings,
        frequency=Frequency.MONTH, locate=city.locate, published_on=PUBLISHED, today=TODAY,
    )  # fmt: skip
    return Taken.of(take_in(city.workspace, counts))


def _stop_table(generator: np.random.Generator) -> Table:
    rows = [
        ["Person search", f"{row[1].replace(' ', 'T')}+00:00", row[3], row[2], "18-24"]
        for row in _incident_table(generator)[1:]
    ]
    return [["Type", "Date", "Latitude", "Longitude", "Age range"], *rows]


def _stops_said(rows: Table) -> Said:
    """As of incidents, but in UTC and with nothing but time and position."""
    if not {"Date", "Latitude", "Longitude"} <= set(rows[0]):
        raise Unreadable("no columns of stops")
    found: list[tuple[str, str, str, int]] = []
    unsure = False
    for time, lon, lat in _columns(rows, "Date", "Longitude", "Latitude"):
        moment, east, north = _moment(time, UTC), _degrees(lon), _degrees(lat)
        area, month = "", f"{moment:%Y-%m}" if moment else ""
        if moment is not None and east is not None and north is not None:
            area, edge = _area_at(east, north)
            unsure |= edge
        found.append((area, "stop", month, 1))
    said = _cells(found)
    return Said(said.cells, said.crimes, unsure)


def _count_stops(city: City, path: Path) -> Taken:
    counted = read_stops([path], city.geography, Frequency.MONTH)
    months = [str(Period(Frequency.MONTH, ordinal)) for ordinal in counted.periods.tolist()]
    cells = Counter(
        {
            (city.geography.codes[area], "stop", months[month]): int(counted.counts[month, area])
            for month, area in np.argwhere(counted.counts > 0).tolist()
        }
    )
    known = frozenset((area, month) for area in city.geography.codes for month in months)
    return Taken(cells, known, counted.without_position + counted.outside + counted.in_stubs)


_WARD = {"area": "WardCode", "offence": "MinorText", "borough": "LookUp_BoroughName"}
_LSOA = {"area": "LSOA Code", "offence": "Minor Category", "borough": "Borough"}
SOURCES = {
    source.name: source
    for source in (
        Source("mps-ward", ".csv", _mps_table(_WARD), _ingest_mps("mps-ward"), _mps_said(_WARD), lenient=False),
        Source("mps-lsoa", ".csv", _mps_table(_LSOA), _ingest_mps("mps-lsoa"), _mps_said(_LSOA), lenient=False),
        Source("police-uk", "", _street_table, _ingest_street, _street_said, lenient=False),
        Source("counts", ".csv", _counts_table, _ingest_counts, _counts_said),
        Source("counts-parquet", ".parquet", _counts_table, _ingest_counts, _counts_said),
        Source("incidents", ".csv", _incident_table, _ingest_incidents, incident_said),
        Source("incidents-gzip", ".gz", _incident_table, _ingest_incidents, incident_said),
        Source("incidents-parquet", ".parquet", _incident_table, _ingest_incidents, incident_said),
        Source("stops", ".csv", _stop_table, _count_stops, _stops_said, lenient=False),
    )
}
