"""Disclosure control, and attacks on it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts import DisclosureSettings
from monitoring.report import public_column, public_count, public_table

TEN = DisclosureSettings()
FEWEST_VALUES = TEN.rounding - 1
"""An attacker who is left with at least so many values for a count has not learned it."""


def test_the_threshold_is_the_first_count_that_is_shown() -> None:
    assert [public_count(count, TEN) for count in (8, 9, 10, 11)] == [None, None, 10, 10]


def test_a_small_cell_takes_a_partner_and_every_total_that_would_give_it_away() -> None:
    table = public_table([[40, 3, 17], [22, 31, 12], [50, 60, 70]], TEN)
    assert table.cells == ((40, None, None), (20, None, None), (50, 60, 70))
    assert table.row_totals == (None, None, 180)
    assert table.column_totals == (110, None, None)
    assert table.total is None
    assert table.hidden == 4


def test_a_table_without_small_cells_is_only_rounded() -> None:
    table = public_table([[42, 13], [21, 38]], TEN)
    assert table.cells == ((40, 10), (20, 35))
    assert (table.row_totals, table.column_totals, table.total) == ((55, 55), (60, 50), 110)


def test_the_settings_decide() -> None:
    loose = DisclosureSettings(threshold=3, rounding=1)
    assert public_column([2.0, 4.0, 30.0], loose) == ((None, None, 30), None)
    with pytest.raises(ValueError, match="multiple of rounding"):
        DisclosureSettings(threshold=8, rounding=5)


def test_a_finished_column_of_floats_hides_what_is_not_known() -> None:
    assert public_column([float("nan"), 12.0, 80.0], TEN)[0] == (None, None, 80)


# ---------------------------------------------------------------------------------------------------------------------
# The attacker knows the rules, every published number of two releases, and that between them nothing happened but that
# one area was moved from one group to another. What could its count be?


def _could_be(shown: int | None, most: int) -> set[int]:
    """The counts that are published so: those that round to it, or any that is hidden (which may be a partner)."""
    if shown is None:
        return set(range(most + 1))
    return {count for count in range(TEN.threshold, most + 1) if public_count(count, TEN) == shown}


def _moved(
    before: tuple[int | None, ...], after: tuple[int | None, ...], source: int, sink: int, most: int
) -> set[int]:
    """Counts that the moved area could have, given both releases."""
    left = {x - y for x in _could_be(before[source], most) for y in _could_be(after[source], most)}
    joined = {y - x for x in _could_be(before[sink], most) for y in _could_be(after[sink], most)}
    return {count for count in left & joined if count >= 0}


def _by_subtraction(cells: tuple[int | None, ...], total: int | None, at: int, most: int) -> set[int]:
    """Counts that a hidden cell could have, given the others and the total, where it is shown."""
    if total is None:
        return set(range(most + 1))
    others = [cell for place, cell in enumerate(cells) if place != at]
    sums = {0}
    for cell in others:
        sums = {one + other for one in sums for other in _could_be(cell, most) if one + other <= most}
    return {whole - part for whole in _could_be(total, most) for part in sums if whole >= part}


def test_naive_rounding_would_give_a_small_count_away() -> None:
    """The attack works on a table that only hides its small cell: so the test below could fail."""
    counts = [9, 44, 44, 54, 64]
    naive = tuple(None if count < TEN.threshold else public_count(count, TEN) for count in counts)
    total = public_count(sum(counts), TEN)
    found = {one for one in _by_subtraction(naive, total, 0, 260) if one < TEN.threshold}
    assert found == {9}
    assert public_column([float(count) for count in counts], TEN)[1] is None


@given(
    counts=st.lists(st.integers(0, 60), min_size=2, max_size=4),
    small=st.integers(1, TEN.threshold - 1),
    places=st.permutations(range(4)),
)
def test_two_releases_of_the_public_tables_reveal_no_count_below_the_threshold(
    counts: list[int], small: int, places: list[int]
) -> None:
    source, sink = [place for place in places if place < len(counts)][:2]
    before_counts, after_counts = list(counts), list(counts)
    before_counts[source] += small
    after_counts[sink] += small
    releases = [public_column([float(one) for one in some], TEN) for some in (before_counts, after_counts)]
    most = sum(before_counts) + 2 * TEN.rounding
    (before, total_before), (after, total_after) = releases
    assert len(_moved(before, after, source, sink, most)) >= FEWEST_VALUES
    for cells, total, true in ((before, total_before, before_counts), (after, total_after, after_counts)):
        for at, count in enumerate(true):
            if count < TEN.threshold:
                assert cells[at] is None
                left = {one for one in _by_subtraction(cells, total, at, most) if one < TEN.threshold}
                assert left == set(range(TEN.threshold))


@given(st.lists(st.lists(st.integers(0, 40), min_size=3, max_size=3), min_size=2, max_size=4))
def test_no_published_number_holds_a_hidden_count(counts: list[list[int]]) -> None:
    """Change every hidden cell to any other count that is hidden too: what is published stays the same."""
    table = public_table(counts, TEN)
    other = [[(one + 3) % TEN.threshold if one < TEN.threshold else one for one in row] for row in counts]
    changed = public_table(other, TEN)
    assert changed.cells == table.cells
    assert changed.row_totals == table.row_totals
    assert changed.column_totals == table.column_totals
    assert changed.total == table.total


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=8))
def test_whatever_is_shown_is_a_multiple_and_never_small(counts: list[int]) -> None:
    cells, total = public_column([float(one) for one in counts], TEN)
    for shown in (*cells, total):
        assert shown is None or (shown >= TEN.threshold and shown % TEN.rounding == 0)
    hidden = sum(cell is None for cell in cells)
    assert hidden != 1 or len(counts) == 1
    assert total is None or hidden == 0


def test_a_table_may_come_as_an_array() -> None:
    assert public_table(np.array([[30.0, 12.0]]), TEN).row_totals == (40,)
