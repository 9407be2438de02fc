"""The city's time zone decides which day it is, and so which period is next, wherever the machine stands."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from click.testing import CliRunner

from contracts import WITHOUT_TIME_ZONE, Workspace
from service.commands import challenge, issue

HALF_PAST_THREE = datetime(2025, 7, 31, 15, 30, tzinfo=UTC)
"""The last of July in London and Los Angeles, the first of August in Tokyo."""


@pytest.fixture(params=["UTC", "Asia/Tokyo", "America/Los_Angeles"])
def machine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    monkeypatch.setattr("contracts.clock.this_moment", lambda: HALF_PAST_THREE)
    yield request.param
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def run(city: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Runs a command in the city after its time zone was set."""
    monkeypatch.setattr("service.issuing.open_sources", lambda workspace: city.sources)

    def invoke(command: Any, zone: str, *words: str) -> Any:
        settings = city.workspace.root / "wardcast.toml"
        text = settings.read_text(encoding="utf-8").replace('time_zone = "UTC"', f'time_zone = "{zone}"')
        settings.write_text(text, encoding="utf-8")
        city.workspace = Workspace(city.workspace.root)
        city.approve()
        return CliRunner().invoke(command, [*words, "--workspace", str(city.workspace.root)])

    return invoke


@pytest.mark.parametrize(
    ("zone", "next_period", "as_of"),
    [("Europe/London", "2025-08", "2025-07-31"), ("Asia/Tokyo", "2025-09", "2025-08-01")],
)
def test_the_next_period_follows_the_city_and_not_the_machine(
    machine: str, run: Callable[..., Any], zone: str, next_period: str, as_of: str
) -> None:
    result = run(issue.command, zone, "--json")
    assert result.exit_code == 0, result.output
    issued = json.loads(result.stdout)
    assert (issued["next_period"], issued["as_of"]) == (next_period, as_of)
    assert WITHOUT_TIME_ZONE not in result.stderr


def test_without_a_time_zone_today_is_utcs_and_that_is_told(machine: str, run: Callable[..., Any]) -> None:
    result = run(issue.command, "", "--json")
    assert json.loads(result.stdout)["as_of"] == "2025-07-31"
    assert result.stderr.count(WITHOUT_TIME_ZONE) == 1


@pytest.mark.parametrize(("zone", "due"), [("Europe/London", "2025-08-20"), ("Asia/Tokyo", "2025-08-21")])
def test_a_challenge_is_due_so_many_days_of_the_city_later(
    machine: str, city: Any, run: Callable[..., Any], zone: str, due: str
) -> None:
    forecast = json.loads(run(issue.command, zone, "--json").stdout)["forecast_id"]
    words = ["open", forecast, "--area", "C0101", "--target", "robbery", "--by", "Cy Citizen", "--reason", "Too high."]
    place = ["--json", "--workspace", str(city.workspace.root)]
    opened = CliRunner().invoke(challenge.command, [*words, *place])
    assert opened.exit_code == 0, opened.output
    assert json.loads(opened.stdout)[0]["reply_by"] == due
