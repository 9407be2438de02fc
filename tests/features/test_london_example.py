"""The example's settings hold every wording of every publication, and its targets keep their meaning."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from contracts import offence_by_wording, read_settings, wording_key


def test_the_example_says_what_the_walk_through_needs(repository: Path) -> None:
    settings = read_settings(repository / "contracts" / "examples" / "london.toml")
    assert {"demand", "violence", "serious_violence", "robbery", "knife"} <= set(settings.forecast_targets())
    assert settings.forecast.replay
    assert (settings.geography, settings.holidays) == ("ward_2022", "GB-ENG")
    used = set().union(
        *(target.offences.get("mps", ()) for target in settings.all_targets() if target.name != "demand")
    )
    assert set(settings.offences["mps"]) - used == {"unlawful_driving", "fraud", "miscellaneous"}


@pytest.mark.real_data
@pytest.mark.parametrize(("pattern", "column"), [("mps_ward/*.csv", "MinorText"), ("mps_lsoa/*.csv", "Minor Category")])
def test_every_wording_of_every_table_is_known(real_data: Path, repository: Path, pattern: str, column: str) -> None:
    settings = read_settings(repository / "contracts" / "examples" / "london.toml")
    known = offence_by_wording(settings.offences["mps"])
    for path in sorted((real_data / "london").glob(pattern)):
        wordings = pd.read_csv(path, usecols=[column])[column].unique()
        assert [wording for wording in wordings if wording_key(wording) not in known] == []
