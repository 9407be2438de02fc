"""Totals that change between publications of the same months: found month by month, against the right publication."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np
import pytest

from contracts import Frequency
from features.store.changed_totals import changed_totals, family_of
from features.store.common_totals import Districts, Series
from features.store.revision_limits import FLOOR, Revised, RevisionLimits

from .conftest import DISTRICTS, settings_text

EARLY, LATE, LATER = date(2024, 1, 10), date(2024, 7, 10), date(2025, 1, 10)
Published = Callable[..., Any]
ASSAULT = Series("assault", False, ("demand", "serious", "violence"))


def test_one_month_of_one_offence_is_named_with_both_numbers(city: Any, published: Published) -> None:
    """Four areas of 40 assaults are 160; a month at 26 each is 104, 35% less. The sum of all months moves by 6%."""
    city.take(published(EARLY, "2023-01", 12))
    refused = city.refusal(published(LATE, "2023-07", 12, {"assault": {2: 26}}))
    assert "the target 'violence' has 104 crimes in 2023-09 and 160 in hand-2024-01-10" in refused.message
    assert "a change of 35% in 1 of 6 months, more than 20.0%" in refused.message
    assert "the offence 'assault' (in 2023-09: 104 and 160)" in refused.message
    assert "[ingest] revision_share" in refused.remedy


@pytest.mark.parametrize("number", [33, 40, 47])
def test_a_revision_within_the_limit_is_taken(city: Any, published: Published, number: int) -> None:
    city.take(published(EARLY, "2023-01", 12))
    assert city.take(published(LATE, "2023-07", 12, {"assault": dict.fromkeys(range(6), number)})) == ()


def test_late_records_may_raise_the_newest_months_and_no_others(city: Any, published: Published) -> None:
    """The last two months that the older publication knew, November and December, rise by 35%."""
    city.take(published(EARLY, "2023-01", 12))
    assert city.take(published(LATE, "2023-07", 12, {"assault": {4: 54, 5: 54}})) == ()


def test_a_month_before_those_may_not_rise_so(city: Any, published: Published) -> None:
    city.take(published(EARLY, "2023-01", 12))
    refused = city.refusal(published(LATE, "2023-07", 12, {"assault": {3: 54}}))
    assert "216 crimes in 2023-10 and 160" in refused.message


def test_the_newest_months_may_not_fall_so(city: Any, published: Published) -> None:
    city.take(published(EARLY, "2023-01", 12))
    assert "104 crimes in 2023-12" in city.refusal(published(LATE, "2023-07", 12, {"assault": {5: 26}})).message


def test_a_change_hidden_from_the_newest_date_is_found_in_the_publication_before(
    city: Any, published: Published
) -> None:
    """A back-file of later date holds the changed months, so that the latest publication by date agrees."""
    changed = dict.fromkeys(range(12), 26)
    city.take(published(EARLY, "2023-01", 12))
    city.configure(
        settings_text(dict.fromkeys(("demand", "violence", "serious"), 'accepted_changes = ["hand 2026-04-10"]'))
    )
    city.take(published(date(2026, 4, 10), "2020-01", 54, {"assault": {42 + month: 26 for month in range(12)}}))
    city.configure(settings_text())
    assert "hand-2024-01-10" in city.refusal(published(LATE, "2023-07", 12, {"assault": changed})).message


def test_a_publication_that_is_ingested_late_is_held_against_both_its_neighbours(
    city: Any, published: Published
) -> None:
    """January to March 2023 stand only in the older neighbour, January to June 2024 only in the newer one."""
    city.take(published(EARLY, "2023-01", 12))
    city.take(published(LATER, "2024-01", 12))
    middle = date(2024, 4, 10)
    assert "hand-2024-01-10" in city.refusal(published(middle, "2023-01", 15, {"theft": {1: 20}})).message
    refused = city.refusal(published(middle, "2023-01", 15, {"theft": {13: 20}}))
    assert "the target 'thefts' has 80 crimes in 2024-02 and 160 in hand-2025-01-10" in refused.message
    assert city.take(published(middle, "2023-01", 15)) == ()


def test_the_back_file_is_held_against_besides(city: Any, published: Published) -> None:
    """Months that the newest publication before does not know any more are known to the back-file alone."""
    city.take(published(EARLY, "2021-01", 36))
    city.take(published(LATE, "2023-07", 12))
    refused = city.refusal(published(LATER, "2022-07", 30, {"robbery": {1: 20}}))
    assert "80 crimes in 2022-08 and 160 in hand-2024-01-10" in refused.message


def test_an_offence_that_is_zero_in_one_publication_is_named(city: Any, published: Published) -> None:
    city.take(published(EARLY, "2023-01", 12))
    refused = city.refusal(published(LATE, "2023-07", 12, {"drugs": dict.fromkeys(range(12), 0)}))
    assert "the offence 'drugs' has 0 crimes from 2023-07 to 2023-12 and 960 in" in refused.message
    assert '[targets.demand] accepted_changes = ["hand 2024-07-10"]' in refused.remedy


def test_a_third_that_moves_to_another_offence_names_both(city: Any, published: Published) -> None:
    city.take(published(EARLY, "2023-01", 12))
    months = range(12)
    split = {"assault": dict.fromkeys(months, 26), "damage": dict.fromkeys(months, 54)}
    message = city.refusal(published(LATE, "2023-07", 12, split)).message
    assert "'assault'" in message
    assert "'damage'" in message


def test_a_district_that_loses_a_quarter_is_named(city: Any, published: Published) -> None:
    """The 80 assaults of the north become 60, a quarter less; the city's 160 become 140, an eighth less."""
    city.take(published(EARLY, "2023-01", 12), DISTRICTS)
    halved = published(LATE, "2023-07", 12, {"assault": dict.fromkeys(range(12), 30)}, in_areas=(0, 1))
    assert city.refusal(halved, DISTRICTS).message.count("in North (D1)") == 2
    assert city.take(halved, Districts.none()) == ()


def test_only_what_both_know_is_compared(city: Any, published: Published) -> None:
    """The newer publication lacks an area throughout and another in one month; what is left agrees."""
    city.take(published(EARLY, "2023-01", 12))
    known = {"W1": range(12), "W2": [month for month in range(12) if month != 3], "W3": range(12)}
    assert city.take(published(LATE, "2023-07", 12, known=known)) == ()


def test_a_small_series_is_found_over_many_months_and_not_in_one(city: Any, published: Published) -> None:
    """A crime in each area: four a month. A month of none is chance; a year of none is 48 crimes that went."""
    city.take(published(EARLY, "2022-01", 24, {"assault": dict.fromkeys(range(24), 1)}))
    once = {month: int(month != 3) for month in range(24)}
    assert city.take(published(LATE, "2022-01", 24, {"assault": once})) == ()
    none = dict.fromkeys(range(12), 0) | dict.fromkeys(range(12, 24), 1)
    assert "the target 'violence'" in city.refusal(published(LATER, "2022-01", 24, {"assault": none})).message


def test_the_remedy_works_and_binds_nothing_else(city: Any, published: Published) -> None:
    city.take(published(EARLY, "2023-01", 12))
    changed = published(LATE, "2023-07", 12, {"assault": dict.fromkeys(range(12), 26)})
    city.follow(city.refusal(changed).remedy)
    city.take(changed)
    kept = dict.fromkeys(range(12), 26)
    assert city.take(published(LATER, "2023-07", 12, {"assault": kept})) == ()
    back = city.refusal(published(date(2025, 2, 10), "2023-07", 12))
    assert "the target 'violence'" in back.message
    assert '[targets.violence] accepted_changes = ["hand 2024-07-10", "hand 2025-02-10"]' in back.remedy
    assert "'thefts'" in city.refusal(published(LATER, "2023-07", 12, {"assault": kept, "theft": {2: 10}})).message


def test_an_accepted_change_of_a_target_leaves_its_other_offences_checked(city: Any, published: Published) -> None:
    city.take(published(EARLY, "2023-01", 12))
    changed = {"assault": dict.fromkeys(range(12), 26)}
    city.follow(city.refusal(published(LATE, "2023-07", 12, changed)).remedy)
    theft = city.refusal(published(LATE, "2023-07", 12, {**changed, "theft": {2: 10}}))
    assert "the target 'thefts' has 40 crimes in 2023-09" in theft.message


def test_limits_are_learned_from_what_a_store_saw_revised() -> None:
    """Three months of an age moved by up to 2% and −1%: twice that is the limit, no less than the floor, no more than
    what settings say; an age that was not seen keeps what settings say, and publications further apart too."""
    older = np.array([[1000.0, 1000.0, 1000.0, 1000.0, 1000.0]])
    newer = np.array([[1020.0, 990.0, 1005.0, 1000.0, 1200.0]])
    seen = Revised((ASSAULT,), older, newer, np.array([5, 6, 7, 4, 0]), 180)
    limits = RevisionLimits([seen], 0.2, Frequency.MONTH)
    rise, fall = limits.of(ASSAULT, np.array([6, 0, 9]), 300)
    assert rise == pytest.approx([0.04, 0.4, 0.2])
    assert fall == pytest.approx([FLOOR, 0.2, 0.2])
    assert limits.of(ASSAULT, np.array([6]), 400)[0] == pytest.approx([0.2])
    assert limits.of(Series("theft", False, ()), np.array([6]), 300)[0] == pytest.approx([0.2])
    assert RevisionLimits([seen], 0.035, Frequency.MONTH).of(ASSAULT, np.array([6]), 300)[0] == pytest.approx([0.035])


@pytest.mark.parametrize(
    ("frequency", "rises"),
    [
        (Frequency.MONTH, {0: 0.4, 1: 0.4, 2: 0.2}),
        (Frequency.WEEK, {1: 1.0, 2: 0.4, 7: 0.4, 8: 0.2}),
        (Frequency.DAY, {13: 1.0, 14: 0.4, 55: 0.4, 56: 0.2}),
        (Frequency.SHIFT, {41: 1.0, 42: 0.4, 167: 0.4, 168: 0.2}),
    ],
)
def test_late_records_have_two_months_whatever_the_period(frequency: Frequency, rises: dict[int, float]) -> None:
    rise, fall = RevisionLimits([], 0.2, frequency).most(np.array(list(rises)))
    assert rise == pytest.approx(list(rises.values()))
    assert fall == pytest.approx([0.2] * len(rises))


def test_a_store_of_small_revisions_refuses_one_of_a_tenth(city: Any, published: Published) -> None:
    """Months of 4,000 crimes that never moved may move by 3%, not by 10%; without that history they may."""
    tenth = {"assault": dict.fromkeys(range(12), 900)}
    city.take(published(EARLY, "2022-07", 18, level=1000))
    assert (
        changed_totals(
            family_of(published(LATE, "2022-07", 18, tenth, level=1000), city.store.list()), city.settings, DISTRICTS
        )
        == []
    )
    city.take(published(LATE, "2022-07", 18, level=1000))
    refused = city.refusal(published(LATER, "2022-07", 18, tenth, level=1000))
    assert "a change of 10% in 12 of 18 months, more than 3.0%" in refused.message
