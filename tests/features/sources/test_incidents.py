"""Incident files: times, positions, whole periods."""

from __future__ import annotations

import gzip
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from contracts import BadInput, Frequency
from features.sources.checks import KnownAreas
from features.sources.incident_rows import IncidentColumns
from features.sources.incidents import read_incidents
from features.sources.source_counts import SourceCounts

COLUMNS = IncidentColumns("when", "lon", "lat")
AREAS = KnownAreas("halves", ("east", "west"), (frozenset(), frozenset()))


def _locate(longitude: Any, latitude: Any) -> Any:
    """Two areas, west and east of the meridian; outside beyond 10 degrees."""
    return AREAS, np.where(np.abs(longitude) > 10, -1, np.where(longitude > 0, 0, 1))


def _read(
    tiny_city: Any, path: Path, columns: IncidentColumns = COLUMNS, frequency: Frequency = Frequency.WEEK
) -> SourceCounts:
    return read_incidents(
        path,
        columns=columns,
        settings=tiny_city.workspace.settings,
        frequency=frequency,
        locate=_locate,
        published_on=None,
        today=date(2026, 1, 1),
    )


def _file(tiny_city: Any, rows: list[str]) -> Path:
    path: Path = tiny_city.folder / "incidents.csv"
    path.write_text("when,lon,lat\n" + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    return path


def _hourly(first: str, hours: int) -> list[str]:
    return [f"{moment},1.0,51.0" for moment in pd.date_range(first, periods=hours, freq="h")]


def test_incidents_are_counted_in_their_week_and_area(tiny_city: Any) -> None:
    rows = [*_hourly("2024-01-01", 24 * 14), "2024-01-03 12:00:00,-1.0,51.0"]
    read = _read(tiny_city, _file(tiny_city, rows))
    frame = read.counts.frame(Frequency.WEEK)
    assert list(frame.itertuples(index=False, name=None)) == [
        ("east", "incident", pd.Timestamp("2024-01-01"), 168),
        ("east", "incident", pd.Timestamp("2024-01-08"), 168),
        ("west", "incident", pd.Timestamp("2024-01-01"), 1),
    ]
    assert read.provenance.published_on == date(2024, 1, 15)


def test_a_week_that_is_covered_in_part_is_set_aside(tiny_city: Any) -> None:
    read = _read(tiny_city, _file(tiny_city, _hourly("2024-01-04", 24 * 18)))
    assert (str(read.first), str(read.last)) == ("2024-W02", "2024-W03")
    assert [(part.what, part.rows) for part in read.set_aside] == [("2024-W01", 96)]
    cut = _read(tiny_city, _file(tiny_city, _hourly("2024-01-01", 24 * 16)))
    assert (str(cut.last), cut.set_aside[0].what) == ("2024-W02", "2024-W03")


def test_rows_without_time_or_position_or_outside_are_set_aside(tiny_city: Any) -> None:
    rows = [*_hourly("2024-01-01", 24 * 14), ",1,51", "2024-01-02,,51", "2024-01-02,0,0", "2024-01-02,40,51"]
    read = _read(tiny_city, _file(tiny_city, rows))
    assert [(part.reason, part.rows) for part in read.set_aside] == [
        ("no time", 1),
        ("no position", 2),
        ("outside of all areas", 1),
    ]
    assert read.counts.count.sum() == 24 * 14


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("yesterday,1,51", "row 4, column 'when': 'yesterday' is not a time"),
        ("2024-01-02T10:00:00Z,1,51", "row 4, column 'when': .* has a time zone"),
        ("2024-01-02,531000,51", "row 4, column 'lon': '531000' is not in degrees"),
        ("2024-01-02,1,north", "row 4, column 'lat': 'north' is not in degrees"),
        ("2024-01-02,1", "row 4 has 2 fields where the header has 3"),
    ],
)
def test_bad_rows_are_refused(tiny_city: Any, row: str, expected: str) -> None:
    with pytest.raises(BadInput, match=expected):
        _read(tiny_city, _file(tiny_city, ["2024-01-01,1,51", "2024-01-02,1,51", row]))


def test_gzip_and_a_time_format_give_the_same_counts(tiny_city: Any) -> None:
    rows = _hourly("2024-01-01", 24 * 14)
    plain = _read(tiny_city, _file(tiny_city, rows))
    american = [
        row.replace(row.split(",")[0], pd.Timestamp(row.split(",")[0]).strftime("%m/%d/%Y %I:%M:%S %p")) for row in rows
    ]
    path = _file(tiny_city, american)
    packed = path.with_suffix(".csv.gz")
    packed.write_bytes(gzip.compress(path.read_bytes()))
    columns = IncidentColumns("when", "lon", "lat", time_format="%m/%d/%Y %I:%M:%S %p")
    read = _read(tiny_city, packed, columns)
    assert read.counts.frame(Frequency.WEEK).equals(plain.counts.frame(Frequency.WEEK))
    packed.write_bytes(packed.read_bytes()[:-20])
    with pytest.raises(BadInput, match="not a whole gzip file"):
        _read(tiny_city, packed, columns)


def test_a_category_has_to_be_known(tiny_city: Any) -> None:
    with pytest.raises(BadInput, match=r"row 2: the offence '1\.0' is not in \[offences\.incidents\]"):
        _read(tiny_city, _file(tiny_city, _hourly("2024-01-01", 400)), IncidentColumns("when", "lon", "lat", "lon"))


@pytest.mark.real_data
def test_chicago_by_day_counts_every_assault_of_its_whole_days(tiny_city: Any, real_data: Path) -> None:
    path = real_data / "chicago" / "aggravated_assaults_2010_2018.csv.gz"
    areas = KnownAreas("city", ("all",), (frozenset(),))
    read = read_incidents(
        path,
        columns=IncidentColumns("date", "longitude", "latitude"),
        settings=tiny_city.workspace.settings,
        frequency=Frequency.DAY,
        locate=lambda longitude, latitude: (areas, np.zeros(len(longitude), dtype=np.int64)),
        published_on=None,
        today=date(2026, 1, 1),
    )
    by_hand = pd.read_csv(path, usecols=["date"], parse_dates=["date"])["date"].dt.floor("D").value_counts()
    counted = read.counts.frame(Frequency.DAY).set_index("period")["count"]
    assert counted.sum() + sum(part.rows for part in read.set_aside) == by_hand.sum()
    assert by_hand.loc[counted.index].tolist() == counted.tolist()
    assert len(read.periods) >= 365 * 9
