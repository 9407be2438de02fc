import json

import duckdb
import numpy as np
import pandas as pd
import pytest

from contracts import CountDistribution
from monitoring import CAVEAT, audit, deprivation_fifths, flagged_areas
from monitoring.fairness_result import judge, verdict_of

AREAS, PERIODS = 300, 12


class City:
    """A city of 300 areas where two groups live, one of them mostly in the first hundred areas."""

    def __init__(self, seed: int = 4) -> None:
        generator = np.random.default_rng(seed)
        self.deprivation = generator.normal(size=AREAS)
        self.residents = generator.integers(5_000, 15_000, AREAS).astype(float)
        share = np.where(np.arange(AREAS) < 100, 0.9, 0.1)
        self.shares = pd.DataFrame({"north": share, "south": 1.0 - share})
        self.mean = np.broadcast_to(generator.gamma(8.0, 1.0, AREAS), (PERIODS, AREAS))
        self.outcomes = CountDistribution(self.mean, np.array(0.05)).sample(1, seed)[0].astype(float)

    def audit(self, mean=None, **changes):
        given = {
            "residents": self.residents,
            "group_shares": self.shares,
            "deprivation": self.deprivation,
            "flagged_share": 0.1,
            "seed": 1,
        }
        return audit(self.mean if mean is None else mean, self.outcomes, **{**given, **changes})


@pytest.fixture(scope="module")
def city():
    return City()


def found(result, name, group):
    (one,) = [finding for finding in result.findings if finding.audit == name and finding.group == group]
    return one


def test_a_sound_model_is_inside_for_every_group(city):
    frame = city.audit().to_frame()
    calibration = frame[frame["audit"] == "calibration"]
    assert len(calibration) == 7
    assert set(calibration["verdict"]) == {"inside"}
    assert set(calibration["colour"]) == {"green"}


def test_a_group_forecast_a_fifth_too_low_is_found(city):
    planted = city.mean * np.where(np.arange(AREAS) < 100, 0.8, 1.0)
    result = city.audit(planted)
    north, south = found(result, "calibration", "north"), found(result, "calibration", "south")
    assert north.verdict == "outside"
    assert north.high < 0.9
    assert north.value < 1 < south.value


def test_a_deprived_fifth_forecast_a_quarter_too_high_is_found(city):
    fifths = deprivation_fifths(city.deprivation)
    result = city.audit(city.mean * np.where(fifths == 1, 1.35, 1.0))
    worst = found(result, "calibration", "1 (most deprived)")
    assert (worst.verdict, worst.colour) == ("outside", "red")
    assert worst.low > 1.11


def test_a_whole_city_forecast_too_low_is_no_groups_harm(city):
    plain, low = city.audit(), city.audit(0.7 * city.mean)
    assert low.city_calibration == pytest.approx(0.7 * plain.city_calibration)
    for one, other in zip(plain.findings, low.findings, strict=True):
        assert (other.value, other.low, other.high) == pytest.approx((one.value, one.low, one.high))


def test_exposure_of_a_group_whose_areas_are_all_flagged(city):
    planted = city.mean + 1000.0 * (np.arange(AREAS) < 30)
    result = city.audit(planted)
    north = found(result, "exposure", "north")
    people, flagged = city.residents, np.arange(AREAS) < 30
    share = city.shares["north"].to_numpy()
    exposed = (share * people)[flagged].sum() / (share * people).sum()
    others = ((1 - share) * people)[flagged].sum() / ((1 - share) * people).sum()
    assert north.rate == pytest.approx(1000 * exposed)
    assert north.value == pytest.approx(exposed / others)
    assert (north.verdict, north.colour) == ("outside", "red")


def test_figures_equal_a_direct_computation_in_sql(city):
    result = city.audit()
    flags = flagged_areas(city.mean, 0.1, [f"{number:05d}" for number in range(AREAS)])
    area = np.indices(flags.shape)[1]
    cells = pd.DataFrame(
        {
            "fifth": deprivation_fifths(city.deprivation)[area.ravel()],
            "s": city.shares["north"].to_numpy()[area.ravel()],
            "n": city.residents[area.ravel()],
            "mu": city.mean.ravel(),
            "y": city.outcomes.ravel(),
            "f": flags.ravel(),
        }
    )
    with duckdb.connect() as connection:
        connection.register("cells", cells)
        shares = connection.execute(
            "select sum(s * mu) / sum(s * y), sum(mu) / sum(y), sum(s * n * f) / sum(s * n), "
            "sum((1 - s) * n * f) / sum((1 - s) * n), sum(s * y) from cells"
        ).fetchone()
        fifths = connection.execute(
            "select sum(mu) / sum(y), sum(n * f) / sum(n) from cells where fifth = 2"
        ).fetchone()
    assert shares is not None
    assert fifths is not None
    north, exposed = found(result, "calibration", "north"), found(result, "exposure", "north")
    assert (north.rate, north.value, north.events) == pytest.approx((shares[0], shares[0] / shares[1], shares[4]))
    assert (exposed.rate, exposed.value) == pytest.approx((1000 * shares[2], shares[2] / shares[3]))
    assert found(result, "calibration", "2").rate == pytest.approx(fifths[0])
    assert found(result, "exposure", "2").rate == pytest.approx(1000 * fifths[1])


def test_shares_are_weights_and_never_labels():
    city = City()
    even = pd.DataFrame({"north": np.full(AREAS, 0.51), "south": np.full(AREAS, 0.49)})
    result = city.audit(group_shares=even, deprivation=None)
    assert [finding.value for finding in result.findings] == pytest.approx(np.ones(4))


def test_intervals_hold_the_truth_about_as_often_as_they_say():
    inside = []
    for seed in range(60):
        city = City(seed)
        drift = np.exp(np.random.default_rng(1000 + seed).normal(-0.02, 0.2, AREAS))
        city.outcomes = CountDistribution(city.mean * drift, np.array(0.05)).sample(1, seed)[0].astype(float)
        one = found(city.audit(deprivation=None, residents=None, replicates=1000), "calibration", "north")
        inside.append(one.low <= 1.0 <= one.high)
    assert np.mean(inside) >= 0.85


def test_few_areas_or_few_events_are_not_enough_evidence(city):
    assert verdict_of(0.5, 0.6, areas=29.9, events=1000) == "not enough evidence"
    assert verdict_of(0.5, 0.6, areas=300, events=49) == "not enough evidence"
    assert verdict_of(0.85, 0.95, areas=300, events=1000) == "not enough evidence"
    small = np.where(np.arange(AREAS) < 20, 1.0, 0.0)
    result = city.audit(city.mean * (1 - 0.5 * small), group_shares=pd.DataFrame({"few": small}))
    one = found(result, "calibration", "few")
    assert (one.verdict, one.colour) == ("not enough evidence", "red")
    assert one.areas == pytest.approx(20.0)


def test_an_empty_group_has_no_figure_rather_than_a_zero(city):
    result = city.audit(group_shares=city.shares.assign(nobody=0.0))
    for name in ("calibration", "exposure"):
        one = found(result, name, "nobody")
        assert (one.rate, one.value, one.low, one.high, one.colour) == (None, None, None, None, None)
        assert one.verdict == "not enough evidence"
    json.loads(result.to_json())


def test_what_is_not_given_is_said(city):
    result = city.audit(residents=None, group_shares=None)
    assert {finding.audit for finding in result.findings} == {"calibration"}
    assert result.notes == (
        "Exposure was not audited: residents are not given.",
        "Ethnic groups were not audited: shares of residents are not given.",
    )
    gaps = city.deprivation.copy()
    gaps[:7] = np.nan
    assert "7 areas have no known deprivation" in city.audit(deprivation=gaps).notes[0]
    nothing = city.audit(residents=None, group_shares=None, deprivation=None)
    assert nothing.to_frame().empty
    assert CAVEAT in nothing.as_text()


def test_unknown_outcomes_are_not_scored(city):
    gaps = City()
    gaps.outcomes[3, :150] = np.nan
    silly = np.where(np.isnan(gaps.outcomes), 1e-3, gaps.mean)
    assert found(gaps.audit(silly), "calibration", "north") == found(gaps.audit(), "calibration", "north")


def test_the_result_is_told_with_its_caveat(city):
    result = city.audit()
    told = json.loads(result.to_json())
    assert told["caveat"] == CAVEAT
    assert told["findings"][0]["group"] == "1 (most deprived)"
    assert told["margins"]["green"] == [0.9, 1.11]
    assert result.as_text().endswith(CAVEAT)
    assert result == city.audit()


def test_judging_turns_what_is_not_finite_into_nothing():
    nothing = float("nan")
    one = judge("exposure", "ethnic group", "north", nothing, nothing, nothing, nothing, nothing, 0.0)
    assert (one.value, one.areas, one.verdict) == (None, 0.0, "not enough evidence")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"residents": np.ones(3)}, "residents has 3 areas"),
        ({"residents": np.full(AREAS, np.nan)}, "residents are negative or unknown"),
        ({"group_shares": pd.DataFrame({"north": np.full(AREAS, 1.2)})}, "outside 0…1"),
        ({"mean": np.ones((2, 2))}, "do not fit"),
        ({"replicates": 100}, "at least 1,000"),
    ],
)
def test_misuse_is_refused(city, changes, message):
    with pytest.raises(ValueError, match=message):
        city.audit(**changes)


def test_equal_deprivation_stays_together():
    assert deprivation_fifths(np.array([9.0, 1.0, 1.0, 1.0, 0.0])).tolist() == [1, 3, 3, 3, 5]
