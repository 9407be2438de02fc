"""Targets and wordings: a target keeps its meaning whatever a publication calls its categories."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts import Settings, offence_by_wording, read_settings, wording_key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Violence with Injury", "VIOLENCE WITH INJURY"),
        ("Burglary - Residential", "BURGLARY RESIDENTIAL"),
        (" Theft from the person", "Theft from the Person"),
        ("Other offences (state)", "OTHER OFFENCES, STATE"),
    ],
)
def test_capitals_spaces_and_punctuation_do_not_matter(one: str, other: str) -> None:
    assert wording_key(one) == wording_key(other)


def test_different_words_stay_different() -> None:
    assert wording_key("Violence with Injury") != wording_key("Violence without Injury")
    assert wording_key("Theft of vehicle") != wording_key("Theft from vehicle")


@given(st.text())
def test_a_key_is_its_own_key_and_has_letters_and_digits_only(wording: str) -> None:
    key = wording_key(wording)
    assert wording_key(f" {wording}. ") == key
    assert all(character.isalnum() for character in key)


def test_an_offence_is_found_by_its_name_and_by_each_wording() -> None:
    found = offence_by_wording({"residential_burglary": ("Burglary in a Dwelling", "Domestic Burglary"), "arson": ()})
    assert found == {
        "residentialburglary": "residential_burglary",
        "burglaryinadwelling": "residential_burglary",
        "domesticburglary": "residential_burglary",
        "arson": "arson",
    }


@pytest.fixture(scope="module")
def london(repository: Path) -> Settings:
    return read_settings(repository / "contracts" / "examples" / "london.toml")


def test_no_wording_of_london_stands_for_two_offences(london: Settings) -> None:
    for taxonomy, offences in london.offences.items():
        keys = [wording_key(wording) for wordings in offences.values() for wording in wordings]
        owners = offence_by_wording(offences)
        assert len(set(keys)) <= len(owners), taxonomy
        for offence, wordings in offences.items():
            assert {owners[wording_key(wording)] for wording in (*wordings, offence)} == {offence}


def test_all_stands_for_every_offence_of_the_taxonomy(london: Settings) -> None:
    incidents = london.target("incidents")
    assert incidents.offences == {"incidents": tuple(london.offences["incidents"])}


def test_demand_leaves_nothing_out_that_violence_sums(london: Settings) -> None:
    demand = london.target("demand").offences["mps"]
    for name in ("violence", "serious_violence", "robbery"):
        assert set(london.target(name).offences["mps"]) <= set(demand)


def test_companions_are_not_forecast(london: Settings) -> None:
    forecast = london.forecast_targets()
    assert "burglary" not in forecast
    assert [target.name for target in london.all_targets()] == list(london.targets)
    assert set(forecast) < set(london.targets)
