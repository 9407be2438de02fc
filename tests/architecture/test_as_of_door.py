"""Attempts to see the future through the as-of door."""

from __future__ import annotations

import ast
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from contracts import Frequency, Period, Settings
from features.sources.source_counts import CodedCounts, Cover, Provenance, SourceCounts
from features.store.publications import PublicationStore
from features.views.as_of import AsOfDoor, ViewMode

MONTH = Frequency.MONTH
AREAS = ("A", "B", "C")
FIRST = Period.parse("2022-01", MONTH).ordinal
SETTINGS = Settings.model_validate(
    {
        "city": "Tiny",
        "geography": "wards",
        "publication_lag_days": 9,
        "offences": {"mps": {"assault": []}},
        "targets": {"violence": {"title": "Violence", "offences": {"mps": ["assault"]}}},
    }
)
DAY = date(2023, 7, 10)


def _publish(store: PublicationStore, published_on: date, first: int, months: int, count: int) -> None:
    area, period = np.divmod(np.arange(len(AREAS) * months), months)
    periods = tuple(range(FIRST + first, FIRST + first + months))
    store.write(
        SourceCounts.by_wording(
            Provenance(
                "mps-ward", "mps", "wards", MONTH, published_on, "file.csv", f"{first:02d}{months:02d}{count:060d}"
            ),
            CodedCounts.summed(
                areas=AREAS,
                offences=("assault",),
                area=area,
                offence=np.zeros_like(area),
                period=period + FIRST + first,
                count=np.full(len(area), count),
            ),
            {"assault": "assault"},
            covers=(Cover("all", AREAS, periods),),
            set_aside=(),
            rows_read=len(AREAS),
        )
    )


@pytest.fixture
def store(tmp_path: Path) -> PublicationStore:
    store = PublicationStore(tmp_path / "publications")
    _publish(store, date(2023, 1, 10), 0, 12, 4)
    _publish(store, date(2023, 7, 10), 12, 6, 5)
    return store


def _door(store: PublicationStore) -> AsOfDoor:
    return AsOfDoor(store, SETTINGS, geography="wards", frequency=MONTH)


def _same(one: Any, other: Any) -> bool:
    return bool(
        np.array_equal(one.counts, other.counts, equal_nan=True)
        and np.array_equal(one.settled, other.settled)
        and one.first == other.first
        and one.publications == other.publications
    )


def test_a_count_planted_in_the_future_changes_no_earlier_view(store: PublicationStore) -> None:
    before = _door(store).view(DAY)
    _publish(store, date(2024, 1, 10), 12, 12, 999)
    _publish(store, date(2030, 1, 10), 0, 40, 888)
    assert _same(before, _door(store).view(DAY))


def test_a_publication_of_the_next_day_is_not_seen_and_of_the_day_is(store: PublicationStore) -> None:
    _publish(store, date(2023, 7, 11), 12, 6, 77)
    assert _door(store).view(DAY).of("violence")[:, -1].tolist() == [5, 5, 5]
    assert _door(store).view(date(2023, 7, 11)).of("violence")[:, -1].tolist() == [77, 77, 77]


@pytest.mark.parametrize("mode", ViewMode)
def test_a_view_ends_with_what_could_be_known_whatever_is_planted_later(
    store: PublicationStore, mode: ViewMode
) -> None:
    _publish(store, date(2030, 1, 10), 0, 40, 888)
    panel = _door(store).view(DAY, mode)
    assert str(panel.last) == "2023-06"
    assert panel.counts.shape[2] == 18


@pytest.mark.parametrize("mode", ViewMode)
def test_the_arrays_reach_nothing_beyond_the_view_and_cannot_be_written(
    store: PublicationStore, mode: ViewMode
) -> None:
    _publish(store, date(2030, 1, 10), 0, 40, 888)
    panel = _door(store).view(DAY, mode)
    for array in (panel.counts, panel.settled):
        assert array.base is None
        assert array.flags.owndata
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0
    with pytest.raises(ValueError, match="read-only"):
        panel.of("violence")[0, 0] = 1.0


def test_a_view_that_is_tampered_with_changes_no_other_view(store: PublicationStore) -> None:
    door = _door(store)
    first = door.view(DAY)
    first.counts.setflags(write=True)
    first.counts[...] = -1.0
    assert door.view(DAY).of("violence").min() >= 0


def test_only_the_door_reads_the_counts(repository: Path) -> None:
    """No module but the door, its loader, the checks at the ingest and the revisions opens a publication's counts."""
    allowed = {
        "store/__init__.py",
        "store/publication_record.py",
        "store/publications.py",
        "store/publication_counts.py",
        "store/changed_totals.py",
        "store/revisions.py",
        "views/as_of.py",
    }
    opening = {"load_target_counts", "load_recorded_counts", "COUNTS_FILE"}
    for package in ("features", "models", "training", "monitoring", "service"):
        for path in (repository / package).rglob("*.py"):
            if path.relative_to(repository / package).as_posix() in allowed and package == "features":
                continue
            tree = ast.parse(path.read_text(encoding="utf-8"))
            names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names}
            assert not names & opening, path
