"""The newest months, which nobody published before: one offence that steps alone stops the ingest, a lull does not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from .conftest import DISTRICTS, OFFENCES

EARLY, LATE = date(2024, 7, 10), date(2025, 1, 10)
Published = Callable[..., Any]


def _newest(number: int, months: int = 30, last: int = 6) -> dict[int, int]:
    return dict.fromkeys(range(months - last, months), number)


def test_an_offence_halved_in_six_months_that_nobody_knew_is_refused(city: Any, published: Published) -> None:
    city.take(published(EARLY, "2022-07", 24))
    halved = published(LATE, "2022-07", 30, {"robbery": _newest(20)})
    refused = city.refusal(halved)
    assert "the offence 'robbery' has 480 crimes from 2024-07 to 2024-12, 50% of the nearest level" in refused.message
    assert "[offences.hand]" in refused.remedy
    city.follow(refused.remedy)
    assert city.take(halved) == (
        "The offence 'robbery' has 480 crimes from 2024-07 to 2024-12, 50% of the nearest level before.",
    )


def test_a_first_publication_is_held_against_its_own_months(city: Any, published: Published) -> None:
    assert "'robbery'" in city.refusal(published(LATE, "2022-07", 30, {"robbery": _newest(20)})).message


def test_a_fall_that_others_share_is_told_and_taken(city: Any, published: Published) -> None:
    """As in the spring of 2020: four of six offences fall together."""
    fallen = {offence: _newest(15) for offence in OFFENCES[:4]}
    notes = city.take(published(LATE, "2022-07", 30, fallen))
    assert [note.split("'")[1] for note in notes] == list(OFFENCES[:4])
    assert all("38% of the nearest level before" in note for note in notes)


def test_one_quiet_month_is_told_and_taken(city: Any, published: Published) -> None:
    """7 of a usual 29, as in Philadelphia's seventh week of 2015."""
    city.take(published(EARLY, "2022-07", 24, level=29))
    (note,) = city.take(published(LATE, "2022-07", 25, {"robbery": {24: 7}}, level=29))
    assert note == "The offence 'robbery' has 28 crimes in 2024-07, 24% of the nearest level before."


def test_a_level_that_comes_each_winter_is_no_step(city: Any, published: Published) -> None:
    winters = {month: 80 for month in range(30) if month % 12 >= 6}
    assert city.take(published(LATE, "2022-07", 30, {"robbery": winters})) == ()


def test_a_step_in_few_crimes_is_left_to_chance(city: Any, published: Published) -> None:
    few = dict.fromkeys(range(24), 2) | _newest(1)
    assert city.take(published(LATE, "2022-07", 30, {"robbery": few})) == ()


def test_a_step_that_was_accepted_is_accepted_in_the_next_publications(city: Any, published: Published) -> None:
    halved = published(LATE, "2022-07", 30, {"robbery": _newest(20)})
    city.follow(city.refusal(halved).remedy)
    city.take(halved)
    for months in range(31, 37):
        city.take(
            published(date(2025, 2 + months - 31, 10), "2022-07", months, {"robbery": _newest(20, months, months - 24)})
        )


def test_a_step_that_arrives_month_by_month_is_refused_at_the_third(city: Any, published: Published) -> None:
    city.take(published(EARLY, "2022-07", 24))
    for more, day in ((1, date(2024, 8, 10)), (2, date(2024, 9, 10))):
        assert len(city.take(published(day, "2022-07", 24 + more, {"robbery": _newest(20, 24 + more, more)}))) <= 1
    third = published(date(2024, 10, 10), "2022-07", 27, {"robbery": _newest(20, 27, 3)})
    assert "from 2024-07 to 2024-09" in city.refusal(third).message


def test_a_district_that_falls_alone_is_told(city: Any, published: Published) -> None:
    fallen = {offence: _newest(15) for offence in OFFENCES}
    notes = city.take(published(LATE, "2022-07", 30, fallen, in_areas=(0, 1)), DISTRICTS)
    assert (
        "All recorded crime in North (D1) has 1,080 crimes from 2024-07 to 2024-12, 38% of the nearest level before."
        in notes
    )


@pytest.mark.parametrize("offence", OFFENCES)
def test_an_offence_set_to_zero_in_the_newest_months_is_refused(city: Any, published: Published, offence: str) -> None:
    city.take(published(EARLY, "2022-07", 24))
    assert f"'{offence}'" in city.refusal(published(LATE, "2022-07", 30, {offence: _newest(0)})).message
