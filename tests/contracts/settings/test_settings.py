"""Settings: both examples are read, every mistake is told by file and field, and nothing unknown passes."""

from __future__ import annotations

from pathlib import Path

import pytest

from contracts import (
    BadInput,
    Frequency,
    MissingThing,
    Settings,
    Workspace,
    read_settings,
    settings_bytes,
    settings_of,
)

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


def _read(folder: Path, text: str) -> Settings:
    path = folder / "wardcast.toml"
    path.write_text(text, encoding="utf-8")
    return read_settings(path)


@pytest.mark.parametrize("example", ["london", "simulated"])
def test_an_example_is_read_and_says_whether_it_is_simulated(repository: Path, example: str) -> None:
    settings = read_settings(repository / "contracts" / "examples" / f"{example}.toml")
    assert settings.simulated == (example == "simulated")
    assert settings.forecast.replay
    assert {"demand", "violence", "robbery"} <= set(settings.forecast_targets())


def test_london_carries_the_targets_that_a_planner_asks_for(repository: Path) -> None:
    settings = read_settings(repository / "contracts" / "examples" / "london.toml")
    assert {"demand", "violence", "serious_violence", "robbery", "knife"} <= set(settings.targets)
    assert "homicide" in settings.target("serious_violence").offences["mps"]
    assert "stalking" in "".join(settings.offences["mps"]["violence_without_injury"]).casefold()


def test_what_is_left_out_has_a_default(tmp_path: Path) -> None:
    settings = _read(tmp_path, SMALL)
    assert settings.frequency is Frequency.MONTH
    assert settings.forecast.periods_ahead == 3
    assert not settings.forecast.replay
    assert settings.ledger_url == ""


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (SMALL.replace('city = "Testham"', ""), r"city: Field required"),
        (SMALL + "[forcast]\nreplay = true\n", r"forcast: Extra inputs"),
        (SMALL + "[forecast]\nperiods_ahead = 0\n", r"forecast\.periods_ahead: .*greater than or equal to 1"),
        (SMALL + "[forecast]\nhotspot_share = 5\n", r"forecast\.hotspot_share: .*less than or equal to 1"),
        (SMALL + "[ingest]\nlost_share = -0.1\n", r"ingest\.lost_share: .*greater than or equal to 0"),
        (SMALL + "[ingest.sources.police]\nlost_share = 0.1\n", r"names 'police'; the sources are mps-ward, mps-lsoa"),
        (
            SMALL + '[ingest.sources.mps-ward.columns]\nkind = ["Kind"]\n',
            r"names 'kind'; its columns are area, offence, borough",
        ),
        (
            SMALL.replace("geography", 'frequency = "year"\ngeography'),
            r"frequency: .*'month', 'week', 'day' or 'shift'",
        ),
        (SMALL.replace('["assault"]', "[]"), r"the target 'violence' names no offence"),
        (SMALL.replace('{ police = ["assault"] }', "{}"), r"the target 'violence' names no offence"),
        (SMALL.replace('["assault"]', '["asault"]'), r"names the offence 'asault'.*correct the name or add"),
        (SMALL.replace("police = [", "polis = ["), r"names the taxonomy 'polis'.*it has police"),
        (SMALL.replace('["Robbery"]', '["ASSAULT "]'), r"the wording 'ASSAULT ' stands under two offences"),
        (SMALL + "[targets.violence.offences]\n", r"is not valid TOML"),
        ("city = ", r"is not valid TOML"),
    ],
)
def test_a_mistake_is_told_by_file_and_field_in_one_line(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(BadInput, match=told) as caught:
        _read(tmp_path, text)
    assert str(tmp_path / "wardcast.toml") in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "Correct" in caught.value.remedy


def test_a_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    path = tmp_path / "wardcast.toml"
    path.write_bytes(b'city = "Testh\xe4m"\n')
    with pytest.raises(BadInput, match="is not valid TOML"):
        read_settings(path)


def test_a_folder_that_is_no_workspace_is_told_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(MissingThing, match=r"There is no workspace at .*wardcast init"):
        _ = Workspace(tmp_path / "nowhere").settings


def test_an_unknown_target_is_told_with_those_there_are(tmp_path: Path) -> None:
    settings = _read(tmp_path, SMALL)
    with pytest.raises(MissingThing, match=r"no target 'homicide'.*Use one of violence"):
        settings.target("homicide")


def test_settings_cannot_be_changed_once_they_are_read(tmp_path: Path) -> None:
    settings = _read(tmp_path, SMALL)
    with pytest.raises(ValueError, match="frozen"):
        settings.seed = 8  # type: ignore[misc]


def test_databases_are_in_the_workspace_unless_settings_name_others(tmp_path: Path) -> None:
    _read(tmp_path, SMALL)
    assert Workspace(tmp_path).ledger_url == f"sqlite:///{tmp_path / 'ledger.db'}"
    assert Workspace(tmp_path).tracking_url == f"sqlite:///{tmp_path / 'mlflow.db'}"
    _read(tmp_path, 'ledger_url = "postgresql://wardcast@127.0.0.1/wardcast"\n' + SMALL)
    assert Workspace(tmp_path).ledger_url == "postgresql://wardcast@127.0.0.1/wardcast"
    _read(tmp_path, 'tracking_url = "postgresql://wardcast@127.0.0.1/mlflow"\n' + SMALL)
    assert Workspace(tmp_path).tracking_url == "postgresql+psycopg://wardcast@127.0.0.1/mlflow"
    _read(tmp_path, 'tracking_url = "http://127.0.0.1:5000"\n' + SMALL)
    assert Workspace(tmp_path).tracking_url == "http://127.0.0.1:5000"


def test_everything_of_a_workspace_lies_in_its_folder(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    for folder in ("publications", "geographies", "artefacts", "forecasts", "locks"):
        assert getattr(workspace, folder) == tmp_path / folder


def test_a_setting_of_an_earlier_version_is_passed_over_and_told(tmp_path, caplog):
    path = tmp_path / "wardcast.toml"
    path.write_text(SMALL + "[ingest]\nstub_share = 0.4\nlost_share = 0.1\n", encoding="utf-8")
    assert read_settings(path).ingest.lost_share == 0.1
    assert "[ingest] stub_share is no setting any more" in caplog.text
    recorded = settings_bytes(read_settings(path)).replace(b'"lost_share"', b'"stub_share": 0.4, "lost_share"', 1)
    assert settings_of(recorded).ingest.lost_share == 0.1
