"""What was issued for the city is what new counts are held against."""

from __future__ import annotations

from typing import Any

import pytest

from features.store.refusing_changes import outside_issued
from service.forecasts.issued import read_issued
from service.forecasts.issued_intervals import issued_city_intervals
from service.forecasts.larger_areas import LEVELS_FILE


@pytest.fixture
def wide_city(city_maker: Any, tmp_path: Any) -> Any:
    """Two districts of 24 areas, with a forecast issued for them and for the city."""
    city = city_maker(tmp_path / "wide", columns=12, rows=4)
    city.approve()
    city.issue()
    return city


def test_the_95_intervals_of_the_city_are_handed_over_by_target_and_period(wide_city: Any) -> None:
    issued = read_issued(wide_city.workspace, wide_city.ledger.entries("issue")[0])
    found = issued_city_intervals(wide_city.workspace)
    levels = issued.larger.levels
    rows = levels[levels["level"] == "city"]
    expected = {
        ("cells", row.target, f"{row.period:%Y-%m}"): (row.q025, row.q975) for row in rows.itertuples(index=False)
    }
    assert len(expected) == 2 * 4, "two targets, every horizon from 1"
    assert found == expected


def test_nothing_is_opened_where_nothing_was_issued(city: Any) -> None:
    assert issued_city_intervals(city.workspace) == {}


def test_a_forecast_that_was_changed_is_left_out(wide_city: Any) -> None:
    entry = wide_city.ledger.entries("issue")[0]
    path = wide_city.workspace.forecasts / entry.content["forecast_id"] / LEVELS_FILE
    path.write_bytes(path.read_bytes() + b" ")
    assert issued_city_intervals(wide_city.workspace) == {}


def test_only_a_count_far_outside_its_interval_is_told() -> None:
    """An interval of 80 to 120: its half width is 20, so that 60 and 140 are the last that are not told."""
    issued = {("wards", "violence", "2025-01"): (80.0, 120.0)}
    for crimes in (60.0, 140.0):
        assert outside_issued("wards", {("violence", "2025-01"): crimes}, issued) == []
    (note,) = outside_issued("wards", {("violence", "2025-01"): 141.0}, issued)
    assert note == (
        "The target 'violence' has 141 crimes in 2025-01; the interval that was issued for it is 80 to 120."
    )
    assert outside_issued("lsoas", {("violence", "2025-01"): 141.0}, issued) == []
    assert outside_issued("wards", {("violence", "2025-02"): 141.0}, issued) == []
