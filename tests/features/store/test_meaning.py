"""A target that would silently change its meaning stops the ingest; a renamed or split offence is told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from contracts import BadInput
from features.views.as_of import load_door

ASSAULT = "Violence with Injury"
LATER = date(2024, 6, 10)


def _level(rows: list[list[str]], level: str, wording: str = ASSAULT) -> list[list[str]]:
    for row in rows[1:]:
        if row[1] == ASSAULT:
            row[1], row[5:] = wording, [level] * len(row[5:])
    return rows


def test_a_city_total_that_changes_between_publications_stops_the_ingest(
    tiny_city: Any, tree_digest: Callable[[Path], dict[str, str]]
) -> None:
    tiny_city.ingest(tiny_city.file(tiny_city.rows(), "old.csv"))
    path = tiny_city.file(_level(tiny_city.rows("2023-06"), "7"), "new.csv")
    before = tree_digest(tiny_city.workspace.root)
    with pytest.raises(BadInput, match=r"'violence' has 2,940 crimes from 2023-06 to 2023-12 and 2,100") as refused:
        tiny_city.ingest(path, LATER)
    assert '[targets.violence] accepted_changes = ["mps-ward 2024-06-10"]' in refused.value.remedy
    assert tree_digest(tiny_city.workspace.root) == before
    tiny_city.configure(
        lambda text: text.replace(
            'title = "Violence"', 'title = "Violence"\naccepted_changes = ["mps-ward 2024-06-10"]'
        )
    )
    assert tiny_city.ingest(path, LATER).crimes == 60 * 12 * 9


def test_a_revision_within_the_limit_is_no_change_of_meaning(tiny_city: Any) -> None:
    tiny_city.ingest(tiny_city.file(tiny_city.rows(), "old.csv"))
    tiny_city.ingest(tiny_city.file(_level(tiny_city.rows("2023-06"), "6"), "new.csv"), LATER)
    assert len(tiny_city.store.list()) == 2


def test_another_wording_of_the_same_offence_is_told(tiny_city: Any) -> None:
    tiny_city.ingest(tiny_city.file(tiny_city.rows(), "old.csv"))
    stored = tiny_city.ingest(tiny_city.file(_level(tiny_city.rows("2023-06"), "5", "Wounding"), "new.csv"), LATER)
    assert any(
        "assault is 'Wounding' here and 'Violence with Injury' in mps-ward-2024-01-10" in note for note in stored.notes
    )


def test_a_target_whose_offence_is_not_carried_is_refused_or_missing_as_settings_say(tiny_city: Any) -> None:
    rows = [row for row in tiny_city.rows() if row[1] != "Robbery of Personal Property"]
    path = tiny_city.file(rows)
    with pytest.raises(BadInput, match="does not carry 'robbery', which the target 'robbery' sums"):
        tiny_city.ingest(path)
    tiny_city.configure(lambda text: text.replace('title = "Robbery"', 'title = "Robbery"\nnot_published = "missing"'))
    stored = tiny_city.ingest(path)
    assert any("'robbery' is missing here" in note for note in stored.notes)
    assert load_door(tiny_city.workspace).targets == ("violence",)


def _split(rows: list[list[str]], successor: str) -> list[list[str]]:
    """From the seventh month on, assaults are published under another wording."""
    halves = []
    for row in rows[1:]:
        if row[1] == ASSAULT:
            halves.append([*row[:11], *["0"] * 6])
            halves.append([row[0], successor, *row[2:5], *["0"] * 6, *row[11:]])
        else:
            halves.append(row)
    return [rows[0], *halves]


def test_an_offence_that_ends_and_takes_the_target_with_it_stops_the_ingest(tiny_city: Any) -> None:
    path = tiny_city.file(_split(tiny_city.rows(), "Stalking"))
    with pytest.raises(BadInput, match="'assault' ends before 2023-07, and the target 'violence' changes with it"):
        tiny_city.ingest(path)
    tiny_city.configure(lambda text: text.replace('mps = ["assault"]', 'mps = ["assault", "stalking"]'))
    stored = tiny_city.ingest(path)
    assert load_door(tiny_city.workspace).outcomes().of("violence").sum() == 60 * 12 * 5
    assert any("'Violence with Injury' ends in 2023-06 (300 a month)" in note for note in stored.notes)
    assert any("'Stalking' begins in 2023-07" in note for note in stored.notes)


def test_an_offence_that_goes_on_under_another_wording_is_told_and_kept(tiny_city: Any) -> None:
    stored = tiny_city.ingest(tiny_city.file(_split(tiny_city.rows(), "Wounding")))
    assert any("it counts as assault together with 'Wounding'" in note for note in stored.notes)
    assert load_door(tiny_city.workspace).outcomes().of("violence").sum() == 60 * 12 * 5
