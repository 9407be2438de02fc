"""The one clock: the city's day, whatever the zone of the machine."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from contracts import BadInput, read_settings, this_moment, today_in

SETTINGS = """
city = "Tiny"
geography = "g"
time_zone = "{zone}"
[offences.counts]
theft = ["Theft"]
[targets.theft]
title = "Theft"
offences = {{ counts = "all" }}
"""


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Sets the zone of the machine."""

    def move(zone: str) -> None:
        monkeypatch.setenv("TZ", zone)
        time.tzset()

    yield move
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize("where", ["UTC", "Asia/Tokyo", "America/Los_Angeles", "Pacific/Kiritimati"])
@pytest.mark.parametrize(
    ("zone", "day"),
    [
        ("Europe/London", date(2025, 1, 31)),
        ("America/Chicago", date(2025, 1, 31)),
        ("Asia/Tokyo", date(2025, 2, 1)),
        ("Asia/Kathmandu", date(2025, 1, 31)),
        ("Australia/Sydney", date(2025, 2, 1)),
        ("", date(2025, 1, 31)),
    ],
)
def test_the_day_is_the_citys_wherever_the_machine_is(
    machine: Callable[[str], None], monkeypatch: pytest.MonkeyPatch, where: str, zone: str, day: date
) -> None:
    machine(where)
    monkeypatch.setattr("contracts.clock.this_moment", lambda: datetime(2025, 1, 31, 15, 30, tzinfo=UTC))
    assert today_in(zone) == day


def test_midnight_is_put_forward_with_the_citys_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    for hour, day in ((22, date(2025, 7, 31)), (23, date(2025, 8, 1))):
        moment = datetime(2025, 7, 31, hour, 59, tzinfo=UTC)
        monkeypatch.setattr("contracts.clock.this_moment", lambda moment=moment: moment)
        assert today_in("Europe/London") == day
        assert today_in("") == date(2025, 7, 31)


def test_the_moment_is_the_present_one_in_utc(machine: Callable[[str], None]) -> None:
    machine("Asia/Tokyo")
    assert this_moment().utcoffset() == timedelta(0)
    assert abs(this_moment().timestamp() - time.time()) < 60


def _settings(folder: Path, zone: str) -> Path:
    path = folder / "wardcast.toml"
    path.write_text(SETTINGS.format(zone=zone), encoding="utf-8")
    return path


@pytest.mark.parametrize("zone", ["Europe/London", "America/Argentina/Buenos_Aires", "UTC", ""])
def test_a_time_zone_of_the_list_is_taken(tmp_path: Path, zone: str) -> None:
    assert read_settings(_settings(tmp_path, zone)).time_zone == zone


@pytest.mark.parametrize(
    ("zone", "meant"),
    [
        ("Europe/london", "Europe/London"),
        ("America/Chicgo", "America/Chicago"),
        ("Los Angeles", "America/Los_Angeles"),
        ("BST", ""),
        ("localtime", ""),
    ],
)
def test_another_is_refused_and_the_nearest_is_named(tmp_path: Path, zone: str, meant: str) -> None:
    with pytest.raises(BadInput, match=rf"time_zone: '{zone}' is not a time zone of the IANA list; .*\"{meant}"):
        read_settings(_settings(tmp_path, zone))
