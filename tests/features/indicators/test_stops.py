"""Stop and search: counted by area and month, with nothing of a person kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from contracts import BadInput, Frequency, MissingThing, Period
from features.geographies.geography import Geography, areas_of_points, load_geography
from features.indicators.stops import read_stops

HEADER = "Type,Date,Latitude,Longitude,Gender,Age range,Self-defined ethnicity"


@pytest.fixture
def geography(small_workspace) -> Geography:
    return load_geography(small_workspace, small_workspace.settings.geography)


def _rows(geography: Geography, month: str, counts: dict[int, int]) -> list[str]:
    """CSV rows of stops at the centres of areas."""
    return [
        f"Person search,{month}-{1 + number % 27:02d}T10:00:00+00:00,{geography.areas['latitude'][area]},"
        f"{geography.areas['longitude'][area]},Male,18-24,White"
        for area, count in counts.items()
        for number in range(count)
    ]


def _write(path: Path, rows: list[str]) -> Path:
    path.write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8")
    return path


def _inside(geography: Geography) -> list[int]:
    """Areas whose centre lies in them."""
    found = areas_of_points(
        geography, geography.areas["longitude"].to_numpy(float), geography.areas["latitude"].to_numpy(float)
    )
    return [at for at, area in enumerate(found) if at == area]


def test_stops_are_counted_by_area_and_month(geography, tmp_path) -> None:
    one, other = _inside(geography)[:2]
    first = _write(tmp_path / "first.csv", _rows(geography, "2024-01", {one: 9, other: 3}))
    second = _write(tmp_path / "second.csv", _rows(geography, "2024-02", {one: 4, other: 7}))
    counted = read_stops([first, second], geography, Frequency.MONTH)
    assert counted.periods.tolist() == [
        Period.parse(month, Frequency.MONTH).ordinal for month in ("2024-01", "2024-02")
    ]
    assert counted.counts[:, [one, other]].tolist() == [[9.0, 3.0], [4.0, 7.0]]
    assert counted.counts.sum() == 23
    assert (counted.without_position, counted.outside, counted.in_stubs) == (0, 0, 0)


def test_what_cannot_be_counted_is_told(geography, tmp_path) -> None:
    (one,) = _inside(geography)[:1]
    rows = _rows(geography, "2024-01", {one: 40}) + _rows(geography, "2024-02", {one: 44})
    rows += _rows(geography, "2024-03", {one: 5})
    rows += ["Person search,2024-01-02T10:00:00+00:00,,,Male,18-24,White"] * 6
    rows += ["Person search,2024-01-02T10:00:00+00:00,0.0,0.0,Male,18-24,White"] * 2
    counted = read_stops([_write(tmp_path / "stops.csv", rows)], geography, Frequency.MONTH)
    assert len(counted.periods) == 2
    assert (counted.without_position, counted.outside, counted.in_stubs) == (6, 2, 5)
    assert counted.as_text().startswith("Stop and search: 84 stops in 2 whole periods; left out: 6 without a position")


def test_a_parquet_gives_the_same(geography, tmp_path) -> None:
    one, other = _inside(geography)[:2]
    path = _write(tmp_path / "stops.csv", _rows(geography, "2024-01", {one: 9, other: 3}))
    table = pd.read_csv(path).rename(columns={"Date": "dt"})
    table["dt"] = pd.to_datetime(table["dt"], utc=True)
    table.to_parquet(tmp_path / "stops.parquet")
    both = [read_stops([file], geography, Frequency.MONTH) for file in (path, tmp_path / "stops.parquet")]
    assert np.array_equal(both[0].counts, both[1].counts)
    assert np.array_equal(both[0].periods, both[1].periods)


def test_files_that_are_none_are_refused(geography, tmp_path) -> None:
    with pytest.raises(MissingThing, match="no file"):
        read_stops([tmp_path / "nothing.csv"], geography, Frequency.MONTH)
    (tmp_path / "other.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(BadInput, match=r"other\.csv has no time"):
        read_stops([tmp_path / "other.csv"], geography, Frequency.MONTH)
    (tmp_path / "web.parquet").write_text("<html>", encoding="utf-8")
    with pytest.raises(BadInput, match=r"web\.parquet is not a whole Parquet file"):
        read_stops([tmp_path / "web.parquet"], geography, Frequency.MONTH)
    empty = _write(tmp_path / "empty.csv", ["Person search,2024-01-02T10:00:00+00:00,,,Male,18-24,White"])
    with pytest.raises(BadInput, match="No stop has a time and a position"):
        read_stops([empty], geography, Frequency.MONTH)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("Person search,soon,51.5,-0.1,Male,18-24,White", "row 11, column 'Date': 'soon' has no time zone"),
        ("Person search,2024-01-02T10:00:00+00:00,north,-0.1,Male,18-24,White", "row 11, column 'Latitude': 'north'"),
        ("Person search,2024-01-02T10:00:00+00:00,51.5", "row 11 has 3 fields where the header has 7"),
        ("Person search,9999-01-02T10:00:00+00:00,51.5,-0.1,Male,18-24,White", "is not between the years"),
    ],
)
def test_what_is_no_stop_is_refused_by_row(geography, tmp_path, row: str, said: str) -> None:
    path = _write(tmp_path / "stops.csv", [*_rows(geography, "2024-01", {0: 9}), row])
    with pytest.raises(BadInput) as refused:
        read_stops([path], geography, Frequency.MONTH)
    assert said in refused.value.message
    assert "stops.csv" in refused.value.message


def test_every_stop_is_counted_or_left_out_once(geography, tmp_path) -> None:
    """Also one that lies outside all areas in a period that is covered in part."""
    (one,) = _inside(geography)[:1]
    rows = [*_rows(geography, "2024-01", {one: 20}), *_rows(geography, "2024-02", {one: 20})]
    rows += ["Person search,2024-03-02T10:00:00+00:00,0.5,0.5,Male,18-24,White"] * 2
    counted = read_stops([_write(tmp_path / "stops.csv", rows)], geography, Frequency.MONTH)
    assert (counted.counts.sum(), counted.without_position, counted.outside, counted.in_stubs) == (40, 0, 0, 2)
