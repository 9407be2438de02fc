"""Settings that were taken on trust: each fault is told by file, field, value and remedy; its sound twin is read."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from contracts import BadInput, Settings, read_settings
from contracts.settings.file import DEEPEST_KEY, MOST_BYTES

SMALL = """
city = "Testham"
geography = "wards"
[offences.police]
assault = ["Assault"]
robbery = ["Robbery"]
[targets.violence]
title = "Violence"
offences = { police = ["assault"] }
"""
SECOND = '[targets.{name}]\ntitle = "Second"\noffences = {{ police = ["robbery"] }}\n'


def read(folder: Path, text: str) -> Settings:
    path = folder / "wardcast.toml"
    path.write_text(text, encoding="utf-8")
    return read_settings(path)


def refused(folder: Path, text: str, field: str, told: str) -> None:
    with pytest.raises(BadInput) as caught:
        read(folder, text)
    line = str(caught.value)
    assert line.startswith(f"{folder / 'wardcast.toml'}: {field}")
    assert told in line
    assert "\n" not in line
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("wrong", "right", "field", "told"),
    [
        ("seed = -1", "seed = 0", "seed", "not -1"),
        ("seed = 2147483648", "seed = 2147483647", "seed", "less than 2147483648"),
        ("seed = true", "seed = 1", "seed", "True is not a number"),
        ('seed = "3"', "seed = 3", "seed", "'3' is text and not a number"),
        ("seed = 3.5", "seed = 3.0", "seed", "not 3.5"),
        ('simulated = "yes"', "simulated = true", "simulated", "'yes' is not true or false"),
        ('holidays = "XX"', 'holidays = "US"', "holidays", "no country 'XX'"),
        ('holidays = "GB-LON"', 'holidays = "GB-ENG"', "holidays", "subdivisions are ENG, NIR, SCT, WLS"),
        ('holidays = "GB-"', 'holidays = "GB"', "holidays", "no subdivision ''"),
        ('tracking_url = "localhost:5000"', 'tracking_url = "http://localhost:5000"', "tracking_url", "no address"),
        ("sed = 4", "seed = 4", "sed", "the nearest setting is 'seed'"),
        ("publication_lag_days = -1", "publication_lag_days = 0", "publication_lag_days", "not -1"),
        ("publication_lag_days = 9999999", "publication_lag_days = 3650", "publication_lag_days", "not 9999999"),
    ],
)
def test_a_value_that_was_taken_on_trust(tmp_path: Path, wrong: str, right: str, field: str, told: str) -> None:
    refused(tmp_path, f"{wrong}\n{SMALL}", field, told)
    read(tmp_path, f"{right}\n{SMALL}")


@pytest.mark.parametrize(
    ("wrong", "right", "field", "told"),
    [
        (SECOND.format(name='"my target"'), SECOND.format(name="my_target"), "targets", "'my target'"),
        (SECOND.format(name='"../up"'), SECOND.format(name="up"), "targets", "'../up'"),
        (SECOND.format(name="Violence"), SECOND.format(name="violence_2"), "targets", "'violence' and 'Violence'"),
        (
            "[forecast]\nlevels = ['city', 'parents']",
            "[forecast]\nlevels = ['parents', 'city']",
            "forecast.levels",
            "last",
        ),
        ("[forecast]\nlevels = ['city', 'city']", "[forecast]\nlevels = ['city']", "forecast.levels", "more than once"),
        ("[forecast]\nlevels = ['wards']", "[forecast]\nlevels = ['boroughs']", "forecast.levels", "no larger area"),
        ("[forecast]\nhotspot_share = 0", "[forecast]\nhotspot_share = 0.01", "forecast.hotspot_share", "not 0"),
        ("[forecast]\nreplay = 1", "[forecast]\nreplay = true", "forecast.replay", "not true or false"),
        ("[forecast]\nperiods_ahed = 2", "[forecast]\nperiods_ahead = 2", "forecast.periods_ahed", "'periods_ahead'"),
        ("[audit]\ngap_red = inf", "[audit]\ngap_red = 30.0", "audit.gap_red", "finite"),
        ("[audit]\nskill_at_least = nan", "[audit]\nskill_at_least = 1.0", "audit.skill_at_least", "finite"),
        ("[audit]\nratio_red = [-1.0, 1.5]", "[audit]\nratio_red = [0.5, 1.5]", "audit.ratio_red.0", "not -1.0"),
        ("[people]\nAda = ['boss']", "[people]\nAda = ['approver']", "people.Ada.0", "not 'boss'"),
        ("[people]\n' ' = ['approver']", "[people]\nAda = ['approver']", "people", "is blank"),
        ("[gates]\ncoverage_levels = []", "[gates]\ncoverage_levels = [0.9]", "gates.coverage_levels", "empty"),
        ("[gates]\ncoverage_levels = [0.9, 0.9]", "[gates]\ncoverage_levels = [0.9]", "gates.coverage_levels", "once"),
        (
            "[geographies.wards]\nresidents = 'a'\ndeprivation = 'a'",
            "[geographies.wards]\nresidents = 'a'\ndeprivation = 'b'",
            "geographies.wards",
            "residents and deprivation name one column, 'a'",
        ),
        (
            "[geographies.wards.groups]\nBlack = 'x'\nAsian = 'x'",
            "[geographies.wards.groups]\nBlack = 'x'\nAsian = 'y'",
            "geographies.wards.groups",
            "Black and Asian name one column, 'x'",
        ),
        (
            "[police_forces.met]\nparents = ['a']\nall_but_parents = ['b']",
            "[police_forces.met]\nparents = ['a']",
            "police_forces.met",
            "both given",
        ),
        (
            "[harm.police]\nsource = ' '\nweights = { assault = 1.0 }",
            "[harm.police]\nsource = 'a list'\nweights = { assault = 1.0 }",
            "harm.police.source",
            "is blank",
        ),
        (
            "[harm.police]\nsource = 'a list'\nweights = {}",
            "[harm.police]\nsource = 'a list'\nweights = { assault = 0.0 }",
            "harm.police.weights",
            "is empty",
        ),
        (
            "[records]\nwebsite = 'javascript:alert(1)'",
            "[records]\nwebsite = 'https://www.example.org/forecast'",
            "records.website",
            "no address of a page",
        ),
    ],
)
def test_a_table_that_was_taken_on_trust(tmp_path: Path, wrong: str, right: str, field: str, told: str) -> None:
    refused(tmp_path, f"{SMALL}{wrong}\n", field, told)
    read(tmp_path, f"{SMALL}{right}\n")


@pytest.mark.parametrize(
    ("before", "wrong", "right", "field", "told"),
    [
        ('"Testham"', '" "', '"T"', "city", "is blank"),
        ('"Testham"', '"Test\\nham"', '"Test ham"', "city", "control character"),
        ('"wards"', '"my wards"', '"wards_2022"', "geography", "'my wards' cannot be the name"),
        ('"Violence"', '""', '"V"', "targets.violence.title", "is blank"),
        ('["assault"] }', '["assault", "assault"] }', '["assault", "robbery"] }', "targets.violence.offences", "once"),
        ('["Robbery"]', '["Robbery", "ASSAULT"]', '["Robbery", "Mugging"]', "settings", "two offences"),
        ('["Assault"]', '["Robbery!"]', '["Wounding"]', "settings", "two offences"),
        ('["Robbery"]', '["Mugging", "--"]', '["Mugging"]', "offences.police.robbery", "holds no letter"),
    ],
)
def test_names_and_wordings(tmp_path: Path, before: str, wrong: str, right: str, field: str, told: str) -> None:
    refused(tmp_path, SMALL.replace(before, wrong), field, told)
    read(tmp_path, SMALL.replace(before, right))


def test_an_offences_own_name_is_no_wording_of_another(tmp_path: Path) -> None:
    wounding = SMALL.replace('["Assault"]', '["Wounding"]')
    refused(
        tmp_path,
        wounding.replace('["Robbery"]', '["Robbery", "assault"]'),
        "offences.police.robbery",
        "the name of another offence, 'assault'",
    )
    assert read(tmp_path, wounding).offences["police"]["assault"] == ("Wounding",)


@pytest.mark.parametrize(
    "bomb",
    [
        ".".join(["a"] * 100_000) + " = 1",
        "a = " + "[" * 100_000,
        "a = " + "{ a = " * 100_000,
        'city = "' + "a" * MOST_BYTES + '"',
    ],
    ids=["dotted key", "lists", "tables", "text"],
)
def test_a_bomb_is_one_line_and_soon(tmp_path: Path, bomb: str) -> None:
    began = time.process_time()
    with pytest.raises(BadInput, match=r"nested too deep|is larger than") as caught:
        read(tmp_path, f"{bomb}\n{SMALL}")
    assert "\n" not in str(caught.value)
    assert time.process_time() - began < 10


def test_a_key_as_deep_as_settings_can_be_is_parsed(tmp_path: Path) -> None:
    key = ".".join(["a"] * DEEPEST_KEY)
    refused(tmp_path, f"{key} = 1\n{SMALL}", "a", "Extra inputs")
    sentence = "One. Two. " * 40
    read(tmp_path, f'{SMALL}[records]\npurpose = "{sentence}"\n')


def test_a_folder_in_place_of_the_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "wardcast.toml").mkdir()
    with pytest.raises(BadInput, match="cannot be read: Is a directory"):
        read_settings(tmp_path / "wardcast.toml")
