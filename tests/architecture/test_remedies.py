"""A remedy can be followed: the commands, options, sections and settings that it names are there."""

from __future__ import annotations

import pytest

from tests.architecture.remedies import BLANK, every_remedy, faults_in

REMEDIES = every_remedy()


def test_the_remedies_of_the_source_are_found() -> None:
    assert len(REMEDIES) > 200
    assert sum(remedy.text == BLANK for remedy in REMEDIES) < len(REMEDIES) / 20
    assert {remedy.place.split("/")[0] for remedy in REMEDIES} >= {"contracts", "features", "models", "service"}


def test_what_every_remedy_names_exists() -> None:
    faults = {remedy.place: faults_in(remedy.text) for remedy in REMEDIES}
    assert {place: found for place, found in faults.items() if found} == {}
    assert [remedy.place for remedy in REMEDIES if not remedy.text.strip()] == []


@pytest.mark.parametrize(
    ("planted", "fault"),
    [
        ("Train one with: wardcast trian", "there is no command wardcast trian"),
        ("Run 'wardcast ledger mend' first.", "there is no command wardcast ledger mend"),
        ("Try again with: wardcast train --goal NAME", "wardcast train has no option --goal"),
        ("Use the file of the year, or raise [ingest] unknown_share.", "[ingest] has no unknown_share"),
        ("Name it under [geography.NAME].", "the settings have no [geography.NAME]"),
        ("Lower periods_before of [forecast].", "[forecast] has no periods_before"),
        ("Set timezone_name in wardcast.toml.", "the settings have no timezone_name"),
        ("Set replays = true in wardcast.toml.", "the settings have no replays"),
        ("Leave --tuning out.", "no command has the option --tuning"),
    ],
)
def test_a_remedy_that_names_what_is_not_there_is_found(planted: str, fault: str) -> None:
    assert fault in faults_in(planted)


@pytest.mark.parametrize(
    "sound",
    [
        "Train one with 'wardcast train --target NAME', then 'wardcast approve --by NAME --reason TEXT'.",
        "Use the geography of the file's year, or raise [ingest] unknown_area_share.",
        f"Ingest a publication that carries it, or change borrows_from of [targets.{BLANK}].",
        "Set replay = true under [forecast] where the data are of the past.",
        "Ingest a longer history, or leave --tune out.",
    ],
)
def test_a_sound_remedy_is_taken(sound: str) -> None:
    assert faults_in(sound) == []
