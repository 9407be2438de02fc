"""The offences behind a target come through the same as-of door as the target."""

from datetime import date

import numpy as np
import pytest

from contracts import MissingThing
from features.views.as_of import load_door
from features.views.offence_mix import offence_panel
from models.sums.harm import load_harm_mix


@pytest.fixture
def city(tiny_city):
    """One target that sums both offences; the later publication doubles every count."""
    tiny_city.configure(
        lambda text: (
            text.replace('offences = { mps = ["assault"] }', 'offences = { mps = ["assault", "robbery"] }')
            + "[ingest]\nrevision_share = 1.0\n"
        )
    )
    tiny_city.ingest(tiny_city.file(tiny_city.rows()), date(2024, 1, 10))
    tiny_city.ingest(tiny_city.file(tiny_city.rows(level=2), "later.csv"), date(2024, 3, 10))
    return tiny_city


def test_the_offences_sum_to_the_target(city):
    taxonomy, offences = offence_panel(city.workspace, "violence", date(2024, 1, 20))
    target = load_door(city.workspace).view(date(2024, 1, 20))
    assert (taxonomy, offences.targets) == ("mps", ("assault", "robbery"))
    assert offences.areas == target.areas
    assert np.array_equal(offences.counts.sum(axis=0), target.of("violence"))
    assert offences.of("robbery")[0, 0] == 2.0


def test_what_was_published_later_is_not_seen(city):
    before = offence_panel(city.workspace, "violence", date(2024, 1, 20))[1]
    after = offence_panel(city.workspace, "violence", date(2024, 3, 20))[1]
    assert (before.of("assault")[0, 0], after.of("assault")[0, 0]) == (5.0, 10.0)


def test_a_target_that_nobody_publishes_is_told(city):
    with pytest.raises(MissingThing, match="knife"):
        offence_panel(city.workspace, "knife", date(2024, 1, 20))


def test_the_harm_of_a_crime_follows_the_mix_known_that_day(city):
    """Five assaults of 10 days and two robberies of 45 days: 140 days in seven crimes."""
    with pytest.raises(MissingThing, match=r"\[harm.mps\]"):
        load_harm_mix(city.workspace, "violence", date(2024, 1, 20), ["W003", "W001"])
    city.configure(
        lambda text: (
            text + '[harm.mps]\nsource = "Tiny list"\nunit = "days"\nweights = { assault = 10, robbery = 45 }\n'
        )
    )
    mix = load_harm_mix(city.workspace, "violence", date(2024, 1, 20), ["W003", "W001"])
    assert mix.harm_per_crime == pytest.approx([20.0, 20.0])
    assert (mix.source, mix.unit, mix.offences) == ("Tiny list", "days", ("assault", "robbery"))
