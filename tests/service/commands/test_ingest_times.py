"""``wardcast ingest incidents|counts`` on stamped times, whatever the zone of the machine; their options."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from contracts import Frequency, Workspace
from features.sources.incident_points import read_points
from features.store.publications import PublicationStore
from service.commands import ingest

SETTINGS = """
city = "Tiny"
geography = "grid_1000m"
frequency = "shift"
time_zone = "{zone}"
[offences.incidents]
incident = []
[targets.incidents]
title = "Incidents"
offences = {{ incidents = "all" }}
"""
NIGHTS = 28


@pytest.fixture(params=["UTC", "Asia/Tokyo", "America/Los_Angeles"])
def machine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield request.param
    monkeypatch.undo()
    time.tzset()


def _city(folder: Path, zone: str) -> Workspace:
    root = folder / "workspace"
    root.mkdir()
    (root / "wardcast.toml").write_text(SETTINGS.format(zone=zone), encoding="utf-8")
    return Workspace(root)


def _hours(zone: str) -> pd.DatetimeIndex:
    """Every hour of 28 days in the city, across the change of its clock on 10 or 31 March 2024."""
    return pd.date_range("2024-03-08 06:00", periods=24 * NIGHTS, freq="h", tz=zone)


def _ingest(workspace: Workspace, table: pd.DataFrame, *options: str) -> Any:
    file = workspace.root.parent / "incidents.csv"
    table.to_csv(file, index=False)
    words = ["incidents", str(file), "--lon", "lon", "--lat", "lat", "--workspace", str(workspace.root)]
    return CliRunner().invoke(ingest.command, [*words, *options])


def _placed(times: Any) -> pd.DataFrame:
    place = np.arange(len(times)) % 7 / 1000
    return pd.DataFrame({"when": times, "lon": -0.1 + place, "lat": 51.5 + place})


def _by_shift(workspace: Workspace) -> pd.Series[int]:
    (publication,) = PublicationStore(workspace.publications).list()
    counts = pd.read_parquet(publication.folder / "counts.parquet")
    return counts.groupby("period")["count"].sum()


WRITERS = {
    "offset": lambda times: times.strftime("%Y-%m-%d %H:%M:%S%z"),
    "utc": lambda times: times.tz_convert("UTC").strftime("%Y-%m-%dT%H:%M:%SZ"),
    "short": lambda times: times.tz_convert("UTC").strftime("%Y-%m-%d %H:%M:%S+00"),
    "nepal": lambda times: times.tz_convert("Asia/Kathmandu").strftime("%Y-%m-%dT%H:%M%z"),
    "local": lambda times: times.strftime("%Y-%m-%d %H:%M:%S"),
}


@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize("zone", ["Europe/London", "America/Chicago"])
def test_night_shifts_stay_whole_whatever_the_writer_and_the_machine(
    machine: str, tmp_path: Path, zone: str, writer: str
) -> None:
    workspace, times = _city(tmp_path, zone), _hours(zone)
    result = _ingest(workspace, _placed(WRITERS[writer](times)), "--time", "when")
    assert result.exit_code == 0, result.output
    shifts = _by_shift(workspace)
    by_hand = pd.Series(1, index=times.tz_localize(None) - pd.Timedelta(hours=6)).resample("8h").sum()
    by_hand.index = by_hand.index + pd.Timedelta(hours=6)
    common = by_hand.index.intersection(shifts.index)
    assert len(common) >= 3 * NIGHTS - 1
    assert shifts.loc[common].tolist() == by_hand.loc[common].tolist()
    short_night = {"Europe/London": "2024-03-30 22:00", "America/Chicago": "2024-03-09 22:00"}[zone]
    assert shifts.loc[pd.Timestamp(short_night)] == 7


def test_stamps_with_a_form_a_key_and_some_rows(machine: str, tmp_path: Path) -> None:
    workspace, times = _city(tmp_path, "Europe/London"), _hours("Europe/London")
    table = _placed(times.tz_convert("UTC").strftime("%d/%m/%Y %H:%M:%S%z"))
    table = table.assign(case=np.arange(len(table)), kind="call")
    more = pd.concat([table, table.assign(kind="other"), table.iloc[::4].assign(lat=51.4)])
    form = ("--time", "when", "--time-format", "%d/%m/%Y %H:%M:%S%z")
    result = _ingest(workspace, more, *form, "--id", "case", "--where", "kind=call")
    assert result.exit_code == 0, result.output
    assert _by_shift(workspace).sum() == 24 * NIGHTS
    assert "Set aside: another row of the same id: of 840 rows, 168 crimes" in result.stderr
    assert "Of 1,512 rows the 840 are kept where kind=call." in result.stderr
    (publication,) = PublicationStore(workspace.publications).list()
    points = read_points(publication.folder)
    assert points is not None
    assert str(points.moment.min()) == "2024-03-08T06:00:00"


def test_date_and_time_of_day_semicolons_and_commas(machine: str, tmp_path: Path) -> None:
    workspace, times = _city(tmp_path, "Europe/London"), _hours("Europe/London")
    table = _placed(times.strftime("%d/%m/%Y")).assign(hour=times.strftime("%H%M"))
    for column in ("lon", "lat"):
        table[column] = table[column].map(lambda value: f"{value:.4f}".replace(".", ","))
    file = workspace.root.parent / "apart.csv"
    table.to_csv(file, index=False, sep=";", encoding="utf-16")
    words = ["incidents", str(file), "--date", "when", "--time-of-day", "hour", "--time-format", "%d/%m/%Y %H%M"]
    place = ["--lon", "lon", "--lat", "lat", "--workspace", str(workspace.root)]
    result = CliRunner().invoke(ingest.command, [*words, *place])
    assert result.exit_code == 0, result.output
    assert _by_shift(workspace).sum() == 24 * NIGHTS
    for told in ("is read as UTF-16", "is read as separated by semicolons", "read with a decimal comma"):
        assert told in result.stderr


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ((), "Give either --time, or --date with --time-of-day."),
        (("--time", "when", "--date", "when"), "Give either --time, or --date with --time-of-day."),
        (("--time", "when", "--time-of-day", "when"), "--time-of-day needs --date"),
        (("--time", "when", "--where", "kind"), "'kind' is not like COL=VALUE"),
        (("--time", "when", "--separator", "#"), "'#' is not one of"),
    ],
)
def test_options_that_do_not_go_together_are_told(tmp_path: Path, options: tuple[str, ...], told: str) -> None:
    result = _ingest(_city(tmp_path, "UTC"), _placed(["2024-01-01"]), *options)
    assert result.exit_code == 2
    assert told in result.output


def test_without_a_time_zone_stamped_times_are_refused_and_nothing_is_left(tmp_path: Path) -> None:
    workspace = _city(tmp_path, "")
    result = _ingest(workspace, _placed(_hours("UTC").strftime("%Y-%m-%dT%H:%M:%SZ")), "--time", "when")
    assert 'time_zone = "Europe/London"' in str(result.exception)
    assert [path.name for path in workspace.root.iterdir()] == ["wardcast.toml"]
    assert _ingest(workspace, _placed(_hours("UTC").strftime("%Y-%m-%d %H:%M")), "--time", "when").exit_code == 0


def test_incidents_may_lie_in_parquet_with_a_zone_of_their_own(machine: str, tmp_path: Path) -> None:
    workspace, times = _city(tmp_path, "America/Chicago"), _hours("America/Chicago")
    file = tmp_path / "incidents.parquet"
    _placed(times.tz_convert("Asia/Tokyo")).to_parquet(file)
    words = [
        "incidents",
        str(file),
        "--time",
        "when",
        "--lon",
        "lon",
        "--lat",
        "lat",
        "--workspace",
        str(workspace.root),
    ]
    result = CliRunner().invoke(ingest.command, [*words, "--period", str(Frequency.DAY)])
    assert result.exit_code == 0, result.output
    assert _by_shift(workspace).loc[pd.Timestamp("2024-03-10")] == 23
