"""Small odd panels through everything a run does: the short form of ``benchmarks.odd_panels``."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.odd_cities import LEVELS, ODD, odd_city
from benchmarks.odd_panels import COUNTING, tried
from contracts import Frequency
from contracts.run_files import BASELINE, RECIPE
from tests.architecture.remedies import faults_in

PANELS, IN_ONE_TEST = 50, 10
OTHERS = tuple(name for name in COUNTING if name not in (BASELINE, RECIPE))


@pytest.mark.parametrize("first", range(0, PANELS, IN_ONE_TEST))
def test_an_odd_panel_is_forecast_or_refused_in_one_line(first: int, tmp_path: Path) -> None:
    """Each with the recipe, the baseline and two of the other forecasters in turn; warnings are faults."""
    refused = 0
    for number in range(first, first + IN_ONE_TEST):
        others = (OTHERS[number % len(OTHERS)], OTHERS[(number + 5) % len(OTHERS)])
        outcome = tried(tmp_path, number, models=(BASELINE, RECIPE, *others))
        assert outcome.fault is None, f"{outcome.words}\n{outcome.fault}"
        if outcome.error is not None:
            refused += 1
            assert faults_in(outcome.error.remedy) == [], outcome.words
    assert refused <= IN_ONE_TEST * 0.8


@pytest.mark.slow
def test_an_odd_city_is_issued_by_the_commands_that_a_user_types(tmp_path: Path) -> None:
    """Panel 13: two areas, thirteen months, one crime in all of them, two companions."""
    outcome = tried(tmp_path, 13, models=(BASELINE, RECIPE), issued=True)
    assert (outcome.fault, outcome.error) == (None, None), outcome


def test_the_odd_panels_are_of_every_kind_and_the_same_each_time(tmp_path: Path) -> None:
    cities = [odd_city(tmp_path, number) for number in range(PANELS)]
    shapes = {city.panel.counts.shape[1:] for city in cities}
    assert {areas for areas, _ in shapes} == set(range(1, 13))
    assert (min(periods for _, periods in shapes), max(periods for _, periods in shapes)) == (3, 30)
    assert {city.panel.frequency for city in cities} == set(Frequency)
    assert all(any(f", {odd}," in city.words for city in cities) for odd in ODD)
    assert any(np.isnan(city.panel.counts).any() for city in cities)
    again = odd_city(tmp_path, 3)
    np.testing.assert_array_equal(again.panel.counts, cities[3].panel.counts)
    assert len(LEVELS) == 4
