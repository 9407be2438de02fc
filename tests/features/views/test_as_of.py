"""The as-of door: which publication a count comes from, worked out by hand, and attempts to cheat it."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from contracts import BadInput, Frequency, MissingThing, Period, Workspace, read_settings
from features.sources.checks import KnownAreas
from features.sources.counts import CountColumns, read_counts
from features.sources.mps_wide import read_mps_wide
from features.store.ingesting import take_in
from features.views.as_of import AsOfDoor, ViewMode, load_door

MONTH = Frequency.MONTH


def _month(text: str) -> Period:
    return Period.parse(text, MONTH)


@pytest.fixture
def revised_city(tiny_city: Any) -> Any:
    """Three publications: 2023 known in January 2024 (5 assaults), mid-2023 to mid-2024 revised to 6, and a back-file
    of 2022 to 2023 from 2025 with 5 again in 2022 and 6 in 2023."""
    tiny_city.configure(lambda text: text + "\n[ingest]\nrevision_share = 0.9\n")
    for name, first, number, assaults, published_on in (
        ("first.csv", "2023-01", 12, "5", date(2024, 1, 10)),
        ("second.csv", "2023-07", 12, "6", date(2024, 7, 10)),
        ("back.csv", "2022-01", 24, "7", date(2025, 3, 10)),
    ):
        rows = tiny_city.rows(first, number)
        for row in rows[1:]:
            if row[1] == "Violence with Injury":
                row[5:] = [assaults] * number
        tiny_city.ingest(tiny_city.file(rows, name), published_on)
    return tiny_city


def _level(panel: Any, month: str) -> float:
    """The one value that all wards have."""
    values = np.unique(panel.of("violence")[:, _month(month) - panel.first])
    assert values.size == 1
    return float(values[0])


def _settled(panel: Any, month: str) -> bool:
    return bool(panel.settled[panel.target_index("violence"), _month(month) - panel.first])


def test_as_of_takes_the_newest_publication_of_the_time(revised_city: Any) -> None:
    panel = load_door(revised_city.workspace).view(date(2024, 7, 10))
    assert (panel.first, panel.last) == (_month("2022-01"), _month("2024-06"))
    assert [_level(panel, month) for month in ("2022-06", "2023-06", "2023-07", "2024-06")] == [7, 5, 6, 6]
    assert [_settled(panel, month) for month in ("2022-06", "2023-06", "2024-06")] == [True, False, False]


def test_before_the_first_publication_the_earliest_later_one_is_used_and_marked(revised_city: Any) -> None:
    panel = load_door(revised_city.workspace).view(date(2023, 10, 10))
    assert panel.last == _month("2023-09")
    assert [_level(panel, month) for month in ("2022-12", "2023-01", "2023-09")] == [7, 5, 5]
    assert panel.settled.all()


def test_settled_takes_the_newest_publication_of_all_for_the_same_periods(revised_city: Any) -> None:
    panel = load_door(revised_city.workspace).view(date(2024, 1, 10), ViewMode.SETTLED)
    assert panel.last == _month("2023-12")
    assert _level(panel, "2023-12") == 7
    later = load_door(revised_city.workspace).view(date(2024, 7, 10), ViewMode.SETTLED)
    assert (_level(later, "2024-01"), _settled(later, "2024-01")) == (6, False)
    assert (_level(later, "2023-12"), _settled(later, "2023-12")) == (7, True)


def test_a_month_is_knowable_only_after_the_publication_lag(revised_city: Any) -> None:
    door = load_door(revised_city.workspace)
    assert door.view(date(2023, 5, 9)).last == _month("2023-03")
    assert door.view(date(2023, 5, 10)).last == _month("2023-04")


def test_outcomes_are_the_newest_counts_of_everything(revised_city: Any) -> None:
    panel = load_door(revised_city.workspace).outcomes()
    assert [_level(panel, month) for month in ("2022-01", "2023-12", "2024-01", "2024-06")] == [7, 7, 6, 6]
    assert len(panel.publications) == 2


def test_nothing_known_is_told(revised_city: Any) -> None:
    with pytest.raises(BadInput, match="Nothing was known on 2021-01-01"):
        load_door(revised_city.workspace).view(date(2021, 1, 1))
    with pytest.raises(MissingThing, match="no publication by hexagons"):
        load_door(revised_city.workspace, geography="hexagons")


def test_the_older_month_stands_where_the_newer_publication_has_a_stub(tiny_city: Any) -> None:
    tiny_city.ingest(tiny_city.file(tiny_city.rows("2023-01", 12), "old.csv"))
    rows = tiny_city.rows("2023-12", 6)
    for row in rows[1:]:
        row[5] = "0"
    tiny_city.ingest(tiny_city.file(rows, "new.csv"), date(2024, 6, 10))
    for mode in ViewMode:
        panel = load_door(tiny_city.workspace).view(date(2024, 6, 10), mode)
        assert _level(panel, "2023-12") == 5


def test_an_area_that_no_publication_of_the_time_covers_is_missing(tiny_city: Any) -> None:
    tiny_city.ingest(tiny_city.file([row for row in tiny_city.rows() if row[3] != "W059"], "fewer.csv"))
    tiny_city.ingest(tiny_city.file(tiny_city.rows("2024-01", 6), "all.csv"), date(2024, 7, 10))
    panel = load_door(tiny_city.workspace).view(date(2024, 7, 10))
    assert np.isnan(panel.of("violence")[59, :12]).all()
    assert not np.isnan(panel.of("violence")[:59]).any()
    assert not np.isnan(panel.of("violence")[59, 12:]).any()


def test_sources_of_other_targets_live_side_by_side_and_mixed_ones_are_refused(tiny_city: Any) -> None:
    tiny_city.ingest(tiny_city.file(tiny_city.rows()))
    _add_counts(tiny_city, "other", "Knife Crime")
    door = load_door(tiny_city.workspace)
    assert door.targets == ("violence", "robbery", "knife")
    panel = door.view(date(2024, 2, 10))
    assert panel.last_known("knife") == _month("2023-12")
    assert panel.of("knife")[0].tolist() == [3.0] * 12
    assert np.isnan(panel.of("knife")[5]).all()
    tiny_city.configure(
        lambda text: text.replace('"robbery"] }\n[targets.knife]', '"robbery"], other = ["knife"] }\n[targets.knife]')
    )
    with pytest.raises(BadInput, match=r"'robbery' is published by two sources.*--source"):
        load_door(tiny_city.workspace)
    assert load_door(tiny_city.workspace, source="mps-ward").targets == ("violence", "robbery")


def _add_counts(tiny_city: Any, taxonomy: str, category: str) -> None:
    path = tiny_city.folder / "long.csv"
    months = [str(_month("2023-01").shift(step)) for step in range(12)]
    path.write_text(
        "code,month,kind,n\n" + "".join(f"W{area:03d},{month},{category},3\n" for month in months for area in range(3)),
        encoding="utf-8",
    )
    counts = read_counts(
        path,
        columns=CountColumns("code", "month", "kind", "n"),
        taxonomy=taxonomy,
        settings=tiny_city.workspace.settings,
        frequency=MONTH,
        areas=tiny_city.areas,
        published_on=date(2024, 1, 20),
        today=date(2026, 1, 1),
    )
    take_in(tiny_city.workspace, counts)


@pytest.mark.real_data
def test_the_london_view_of_december_2023_is_the_publication_of_that_month(london: Workspace) -> None:
    panel = load_door(london).view(date(2023, 12, 15))
    door = AsOfDoor(_only(london, "2023-12-10"), london.settings, geography="ward_2022", frequency=MONTH)
    published = door.outcomes()
    offset = published.first - panel.first
    assert (published.first, panel.last) == (_month("2021-12"), _month("2023-11"))
    for target in door.targets:
        assert np.array_equal(panel.of(target)[:, offset:], published.of(target))
    assert not panel.settled[:, offset:].any()
    assert panel.settled[:, :offset].all()


def _only(workspace: Workspace, published_on: str) -> Any:
    """A store that shows one publication of another."""

    class Single:
        def list(self) -> tuple[Any, ...]:
            from features.store.publications import PublicationStore

            everything = PublicationStore(workspace.publications).list()
            return tuple(one for one in everything if str(one.published_on) == published_on)

    return Single()


@pytest.mark.real_data
def test_a_plain_ewma_on_the_settled_view_has_the_deviance_that_was_measured(london: Workspace) -> None:
    panel = load_door(london).view(date(2025, 3, 10), ViewMode.SETTLED)
    counts = panel.of("violence")
    first, last = _month("2023-03") - panel.first, _month("2025-02") - panel.first
    level, deviances = counts[:, 0].copy(), []
    for period in range(1, last + 1):
        observed, expected = counts[:, period], np.maximum(level, 1e-3)
        if period >= first:
            logs = observed * np.log(np.where(observed > 0, observed, 1.0) / expected) * (observed > 0)
            deviances.append(2.0 * (logs - (observed - expected)))
        level = 0.9 * level + 0.1 * observed
    assert np.mean(deviances) == pytest.approx(1.491, rel=0.02)


@pytest.mark.real_data
def test_london_ingests_cleanly_and_the_city_of_london_is_missing_not_zero(london: Workspace) -> None:
    panel = load_door(london).outcomes()
    assert len(panel.areas) == 679
    assert not any(area.startswith("E0500929") for area in panel.areas)
    assert not np.isnan(panel.counts).any()
    assert panel.last - panel.first == 182


@pytest.fixture(scope="module")
def london(real_data: Path, repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The three ward publications, in the order of the walk-through, with the example's settings."""
    import pandas as pd

    root = tmp_path_factory.mktemp("london")
    example = repository / "contracts" / "examples" / "london.toml"
    (root / "wardcast.toml").write_text(example.read_text(encoding="utf-8"), encoding="utf-8")
    codes = pd.read_parquet(real_data / "geography" / "ward_2022_attributes.parquet", columns=["ward24_code"])
    areas = KnownAreas("ward_2022", tuple(sorted(codes["ward24_code"])), (frozenset(),) * len(codes))
    workspace = Workspace(root)
    for name, published_on in (
        ("historical_published_2026-04", date(2026, 4, 10)),
        ("recent_24_months_published_2023-12", date(2023, 12, 10)),
        ("recent_24_months_published_2025-07", date(2025, 7, 10)),
    ):
        path = real_data / "london" / "mps_ward" / f"{name}.csv"
        take_in(
            workspace,
            read_mps_wide(
                path,
                source="mps-ward",
                settings=read_settings(root / "wardcast.toml"),
                areas=areas,
                published_on=published_on,
                today=published_on + timedelta(days=1),
            ),
        )
    return workspace
