"""The one rule of flags: hand-worked sets under each rule, and ties."""

import numpy as np
import pytest
from pydantic import ValidationError

from contracts import FlagSettings, MissingThing
from monitoring import Flags, flags_of

CODES = ("a", "b", "c", "d", "e")
EXPECTED = np.array([10.0, 9.0, 8.0, 2.0, 1.0])
RESIDENTS = np.array([1000.0, 1000.0, 100.0, 10.0, 0.0])  # per resident: .01, .009, .08, .2, unknown
LAND = np.array([10.0, 1.0, 4.0, 2.0, 0.1])  # per km²: 1, 9, 2, 1, 10
HARM = np.array([1.0, 1.0, 2.0, 7.0, 30.0])  # harm: 10, 9, 16, 14, 30


@pytest.mark.parametrize(
    ("rule", "flagged"),
    [("count", ("a", "b")), ("rate", ("c", "d")), ("density", ("b", "e")), ("harm", ("c", "e"))],
)
def test_each_rule_flags_the_areas_that_it_names(rule, flagged):
    settings = FlagSettings(rule=rule, number=2)
    flags = flags_of(settings, CODES, residents=RESIDENTS, area_km2=LAND, harm_per_crime=HARM)
    assert flags.codes(EXPECTED) == flagged


@pytest.mark.parametrize("rule", ["rate", "density", "harm"])
def test_a_rule_whose_measure_is_not_known_is_refused_with_the_setting(rule):
    with pytest.raises(MissingThing, match=rf"flags\.rule is '{rule}'") as refused:
        flags_of(FlagSettings(rule=rule), CODES)
    assert "[flags]" in refused.value.remedy


def test_a_share_is_one_of_the_areas_rounded_down_and_at_least_one():
    expected = np.arange(5.0)[None, :]
    assert Flags(FlagSettings(share=0.59), CODES).of(expected).tolist() == [[0.0, 0.0, 0.0, 1.0, 1.0]]
    assert Flags(FlagSettings(share=0.01), CODES).of(expected).tolist() == [[0.0, 0.0, 0.0, 0.0, 1.0]]
    assert Flags(FlagSettings(share=0.3), tuple("abcdefghij")).of(np.ones((1, 10))).sum() == 3
    assert Flags(FlagSettings(number=9), CODES).of(expected).sum() == 5


def test_ties_go_to_the_first_code_wherever_it_stands():
    assert Flags(FlagSettings(share=0.4), ("c", "a", "b")).of(np.ones((1, 3))).tolist() == [[0.0, 1.0, 0.0]]


def test_an_area_without_residents_is_flagged_last():
    flags = flags_of(FlagSettings(rule="rate", number=4), CODES, residents=RESIDENTS)
    assert flags.codes(EXPECTED) == ("a", "b", "c", "d")


def test_joined_areas_are_flagged_by_the_same_rule():
    """West has a, b; east c, d; e lies in none. Per km² 19/11 and 10/6; harm per crime 19/19 and 30/10."""
    groups = np.array([0, 0, 1, 1, -1])
    known = {"residents": RESIDENTS, "area_km2": LAND, "harm_per_crime": HARM}
    found = {}
    for rule in ("count", "rate", "density", "harm"):
        flags = flags_of(FlagSettings(rule=rule), CODES, **known).joined(["west", "east"], groups, EXPECTED)
        found[rule] = flags.codes(np.array([19.0, 10.0]))
    assert found == {"count": ("west",), "rate": ("east",), "density": ("west",), "harm": ("east",)}


def test_a_number_of_areas_becomes_as_large_a_part_of_joined_ones():
    flags = Flags(FlagSettings(number=3), CODES).joined(["west", "east"], np.array([0, 0, 1, 1, 1]), EXPECTED)
    assert flags.codes(np.array([19.0, 11.0])) == ("west",)


@pytest.mark.parametrize("given", [{"share": 1.0}, {"share": 0.0}, {"number": 0}, {"rule": "risk"}, {"k": 5}])
def test_settings_that_flag_nothing_or_everything_are_refused(given):
    with pytest.raises(ValidationError):
        FlagSettings(**given)
