"""Incidents as points: from the file through the as-of door to a panel, and no further than its last period."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from contracts import Frequency, Period, Workspace
from features.geographies.geography import load_geography
from features.geographies.points import Points
from features.sources.incident_points import POINTS_FILE, read_points
from features.sources.incident_rows import IncidentColumns
from features.store.ingesting import ingest_incidents
from features.store.publications import PublicationStore
from features.views.as_of import AsOfDoor, load_door
from features.views.panel import Panel

SETTINGS = """
city = "Tiny"
geography = "grid_500m"
frequency = "week"
publication_lag_days = 3
[ingest]
revision_share = 1.0
[offences.incidents]
assault = ["Assault"]
robbery = ["Robbery"]
[targets.violence]
title = "Violence"
offences = { incidents = ["assault", "robbery"] }
[targets.robbery]
title = "Robbery"
offences = { incidents = ["robbery"] }
"""
COLUMNS = IncidentColumns("when", "lon", "lat", "kind")
WEEKS = 12


def _file(path: Path, weeks: int, seed: int, *, start: str = "2023-01-02") -> Path:
    generator = np.random.default_rng(seed)
    number = 90 * weeks
    seconds = np.sort(generator.integers(0, weeks * 7 * 86400, number))
    seconds[[0, -1]] = 0, weeks * 7 * 86400 - 1
    longitude, latitude = generator.uniform(-0.10, -0.06, number), generator.uniform(51.50, 51.52, number)
    longitude[:2], latitude[:2] = [-0.10, -0.06], [51.50, 51.52]
    frame = pd.DataFrame(
        {
            "when": pd.Timestamp(start) + pd.to_timedelta(seconds, unit="s"),
            "lon": longitude.round(5),
            "lat": latitude.round(5),
            "kind": np.where(generator.random(number) < 0.3, "ROBBERY", "Assault"),
            "name": "never read",
        }
    )
    frame.to_csv(path, index=False)
    return path


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    root = tmp_path / "workspace"
    root.mkdir()
    (root / "wardcast.toml").write_text(SETTINGS, encoding="utf-8")
    return Workspace(root)


def _ingest(workspace: Workspace, file: Path, published_on: date, geography: str = "grid_500m") -> None:
    ingest_incidents(
        workspace,
        file,
        columns=COLUMNS,
        geography=geography,
        frequency=Frequency.WEEK,
        published_on=published_on,
    )


def _door(workspace: Workspace) -> AsOfDoor:
    return load_door(workspace, with_points=True)


def _points(panel: Panel) -> Points:
    assert panel.points is not None
    return panel.points


def _counted(panel: Panel) -> np.ndarray:
    """The panel's counts, from its points."""
    points = _points(panel)
    first, last = pd.Timestamp(panel.first.start), pd.Timestamp(panel.last.end)
    week = (points.moment - np.datetime64(first, "s")) // np.timedelta64(7 * 86400, "s")
    assert (points.moment >= np.datetime64(first, "s")).all()
    assert (points.moment < np.datetime64(last, "s")).all()
    counts = np.zeros(panel.counts.shape)
    for target in range(len(panel.targets)):
        mine = points.in_target[target]
        np.add.at(counts[target], (points.area[mine], week[mine].astype(int)), 1.0)
    return counts


def test_the_points_are_exactly_the_incidents_that_are_counted(workspace: Workspace, tmp_path: Path) -> None:
    _ingest(workspace, _file(tmp_path / "one.csv", WEEKS, 1), date(2023, 4, 1))
    panel = _door(workspace).view(date(2023, 4, 2))
    np.testing.assert_array_equal(_counted(panel), panel.counts)
    some = panel.for_target("robbery").only(panel.areas[5:2:-1]).until(panel.first.shift(6))
    np.testing.assert_array_equal(_counted(some), some.counts)
    assert some.counts.sum() > 0


def test_a_later_publication_changes_no_earlier_points_and_replaces_them_later(
    workspace: Workspace, tmp_path: Path
) -> None:
    _ingest(workspace, _file(tmp_path / "one.csv", WEEKS, 1), date(2023, 4, 1))
    before = _points(_door(workspace).view(date(2023, 4, 2)))
    _ingest(workspace, _file(tmp_path / "two.csv", WEEKS + 4, 2), date(2023, 5, 1))
    door = _door(workspace)
    after = _points(door.view(date(2023, 4, 2)))
    for name in ("moment", "longitude", "latitude", "area", "in_target"):
        np.testing.assert_array_equal(getattr(before, name), getattr(after, name))
    later = door.view(date(2023, 5, 2))
    np.testing.assert_array_equal(_counted(later), later.counts)
    assert later.counts.shape[2] == WEEKS + 4


def test_the_points_end_with_the_origins_last_second(workspace: Workspace, tmp_path: Path) -> None:
    _ingest(workspace, _file(tmp_path / "one.csv", WEEKS, 1), date(2023, 4, 1))
    panel = _door(workspace).view(date(2023, 4, 2))
    assert _points(panel).moment.max() == np.datetime64("2023-03-26T23:59:59")
    origin = Period.parse("2023-W05", Frequency.WEEK)
    seen = _points(panel.until(origin)).moment
    assert seen.max() < np.datetime64(origin.end, "s")
    assert len(seen) == panel.until(origin).of("violence").sum()


def test_points_are_copies_that_cannot_be_written(workspace: Workspace, tmp_path: Path) -> None:
    _ingest(workspace, _file(tmp_path / "one.csv", WEEKS, 1), date(2023, 4, 1))
    door = _door(workspace)
    points = _points(door.view(date(2023, 4, 2)).until(Period.parse("2023-W05", Frequency.WEEK)))
    for name in ("moment", "longitude", "latitude", "area", "in_target"):
        array = getattr(points, name)
        assert array.base is None
        with pytest.raises(ValueError, match="read-only"):
            array[...] = array
    assert load_door(workspace).view(date(2023, 4, 2)).points is None


def test_nothing_else_of_a_row_is_stored_and_the_order_of_rows_does_not_matter(
    workspace: Workspace, tmp_path: Path
) -> None:
    file = _file(tmp_path / "one.csv", WEEKS, 1)
    _ingest(workspace, file, date(2023, 4, 1))
    (publication,) = PublicationStore(workspace.publications).list()
    stored = pd.read_parquet(publication.folder / POINTS_FILE)
    assert list(stored.columns) == ["moment", "longitude", "latitude", "area", "offence"]
    header, *rows = file.read_text().splitlines()
    other = Workspace(tmp_path / "other")
    other.root.mkdir()
    (other.root / "wardcast.toml").write_text(SETTINGS, encoding="utf-8")
    (tmp_path / "turned.csv").write_text("\n".join([header, *rows[::-1]]) + "\n")
    _ingest(other, tmp_path / "turned.csv", date(2023, 4, 1))
    (turned,) = PublicationStore(other.publications).list()
    pd.testing.assert_frame_equal(pd.read_parquet(turned.folder / POINTS_FILE), stored)
    assert read_points(tmp_path) is None


@pytest.mark.parametrize("frequency", [Frequency.DAY, Frequency.SHIFT])
def test_days_and_shifts_are_counted_end_to_end(workspace: Workspace, tmp_path: Path, frequency: Frequency) -> None:
    file = _file(tmp_path / "one.csv", WEEKS, 1)
    ingest_incidents(
        workspace, file, columns=COLUMNS, geography="h3_8", frequency=frequency, published_on=date(2023, 4, 1)
    )
    panel = load_door(workspace, "h3_8", frequency, with_points=True).view(date(2023, 4, 2))
    moments = pd.read_csv(file, parse_dates=["when"])["when"]
    shifted = moments - pd.Timedelta(hours=6) if frequency is Frequency.SHIFT else moments
    oracle = shifted.dt.floor("8h" if frequency is Frequency.SHIFT else "D").value_counts().sort_index()
    inside = oracle.iloc[[0]] if frequency is Frequency.DAY else oracle.iloc[1:2]
    at = (panel.periods == Period.containing(inside.index[0] + pd.Timedelta(hours=6), frequency).ordinal).argmax()
    assert panel.of("violence")[:, at].sum() == inside.iloc[0]
    assert len(_points(panel)) == panel.of("violence").sum()


def test_a_column_of_codes_draws_areas_and_counts_by_code(workspace: Workspace, tmp_path: Path) -> None:
    file = _file(tmp_path / "one.csv", WEEKS, 1)
    frame = pd.read_csv(file)
    frame["beat"] = np.where(frame["lon"] < -0.08, " 1", "2")
    frame.loc[100:109, "beat"] = ""
    frame.to_csv(file, index=False)
    ingest_incidents(
        workspace,
        file,
        columns=IncidentColumns("when", "lon", "lat", "kind", area="beat"),
        geography="beats",
        frequency=Frequency.WEEK,
        published_on=date(2023, 4, 1),
        draw_areas=True,
    )
    geography = load_geography(workspace, "beats")
    assert geography.codes == ("1", "2")
    assert any("no true boundaries" in note for note in geography.notes)
    panel = load_door(workspace, "beats").view(date(2023, 4, 2))
    expected = frame["beat"].str.strip().value_counts()
    assert panel.of("violence").sum(axis=1).tolist() == [expected["1"], expected["2"]]
