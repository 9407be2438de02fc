"""The self-test of the audits: a sample of the planted harms on one city; the command runs them all."""

import json

import pytest
from click.testing import CliRunner

from service.cli import wardcast
from training.self_test.sabotage import HARMS
from training.self_test.self_test import FIRST_SEED, self_test

SAMPLE = tuple(harm for harm in HARMS if harm.name in ("a group left out", "40% less reported in two fifths"))


def test_there_are_at_least_twenty_harms_and_no_two_alike():
    assert len({harm.name for harm in HARMS}) == len(HARMS) >= 20
    assert len({harm.plant for harm in HARMS}) == len(HARMS)


def test_planted_harms_are_found_and_a_sound_forecast_is_not_accused():
    result = self_test([FIRST_SEED], SAMPLE)
    assert (result.found, result.false_alarms) == (1.0, 0.0)
    told = json.loads(json.dumps(result.to_dict()))
    assert [row["found"] for row in told["harms"]] == [1, 1]
    assert "Found: 100.0%" in result.as_text()


def test_a_harm_that_is_none_is_not_found():
    nothing = HARMS[0].__class__("nothing", lambda material, _: material, ("calibration",))
    assert self_test([FIRST_SEED], [nothing]).found == 0.0


def test_the_command_asks_for_the_self_test():
    with pytest.raises(Exception, match="nothing to report"):
        CliRunner().invoke(wardcast, ["audit"], catch_exceptions=False, standalone_mode=False)
