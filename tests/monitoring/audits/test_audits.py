"""The audits of a city in which two groups live: planted harm is found, sound forecasts are not accused."""

import json
from dataclasses import replace

import duckdb
import numpy as np
import pandas as pd
import pytest

from contracts import AuditSettings, CountDistribution, FlagSettings
from monitoring import Flags
from monitoring.audits.audit import DESCRIPTIONS, audit, findings_of
from monitoring.audits.contrasts import by_group
from monitoring.audits.flag_errors import false_discovery_rate, missed_contrast, missed_rate
from monitoring.audits.frontier import capped_flags
from monitoring.audits.groups import Groups, deprivation_groups, labelled_groups, shares_of_residents
from monitoring.audits.hidden_subgroup import hidden_subgroup
from monitoring.audits.material import Material, Signal
from monitoring.audits.result import CAVEAT, colour_of, verdict_of
from monitoring.audits.sensitivity import by_district
from monitoring.audits.shortfall import expected_shortfall

SIDE, PERIODS = 18, 12
AREAS = SIDE * SIDE
POSITIONS = np.array([(east, north) for east in range(SIDE) for north in range(SIDE)], dtype=float)
MARGINS = AuditSettings(replicates=1000)


def flag_rule(share: float, areas: int = AREAS) -> Flags:
    """Flags by count over areas with codes in their order."""
    return Flags(FlagSettings(share=share), tuple(f"{number:05d}" for number in range(areas)))


def city(seed: int = 4, factor: np.ndarray | float = 1.0, **changes) -> Material:
    """A city whose north-western areas belong mostly to one group, with a sound forecast times a factor."""
    generator = np.random.default_rng(seed)
    share = 0.1 + 0.8 * ((POSITIONS // 3).sum(axis=1) % 2)
    shares = pd.DataFrame({"north": share, "south": 1.0 - share})
    deprivation = generator.normal(size=AREAS)
    truth = np.tile(generator.gamma(8.0, 1.0, AREAS), (PERIODS, 1))
    outcomes = CountDistribution(truth, np.array(0.05)).sample(1, seed)[0].astype(float)
    given = {
        "forecast": CountDistribution(truth * factor, np.full(truth.shape, 0.05)),
        "outcomes": outcomes,
        "positions": POSITIONS,
        "groups": (shares_of_residents("ethnic group", shares), deprivation_groups(deprivation)),
        "flag_rule": flag_rule(0.1),
        "seed": 1,
        "residents": generator.integers(5_000, 15_000, AREAS).astype(float),
        "baseline": truth * generator.lognormal(0.0, 0.3, AREAS),
        "deprivation": deprivation,
        "margins": MARGINS,
    }
    return Material(**{**given, **changes})


NORTH = city().groups[0].shares[:, 0] > 0.5


@pytest.fixture(scope="module")
def sound():
    return audit(city())


def found(result, name, group, stratum=None):
    (one,) = [
        finding
        for finding in result.findings
        if (finding.audit, finding.group, finding.stratum) == (name, group, stratum)
    ]
    return one


def test_a_sound_model_is_accused_of_nothing(sound):
    assert [one for one in sound.findings if one.verdict == "outside"] == []
    calibration = sound.to_frame().query("audit == 'calibration'")
    assert set(calibration["verdict"]) == {"inside"}
    assert set(calibration["colour"]) == {"green"}
    assert not any(test.differs for test in sound.tests)


def test_a_group_forecast_a_third_too_low_is_found():
    result = audit(city(factor=np.where(NORTH, 0.65, 1.0)))
    north, south = found(result, "calibration", "north"), found(result, "calibration", "south")
    assert north.verdict == "outside"
    assert north.high < 0.9
    assert north.value < 1 < south.value
    assert found(result, "under-prediction", "north").verdict == "outside"


def test_fifths_that_differ_are_told_by_the_test_of_all_of_them():
    first = city().groups[1].shares[:, 0] > 0
    result = audit(city(factor=np.where(first, 0.7, 1.0)))
    (test,) = [one for one in result.tests if (one.audit, one.attribute) == ("calibration", "deprivation fifth")]
    assert test.differs
    assert test.p_adjusted < 0.01


def test_a_whole_city_forecast_too_low_is_no_groups_harm(sound):
    low = audit(city(factor=0.7))
    assert low.city_calibration == pytest.approx(0.7 * sound.city_calibration)
    for group in ("north", "south", "2"):
        one, other = found(sound, "calibration", group), found(low, "calibration", group)
        assert (other.value, other.low, other.high) == pytest.approx((one.value, one.low, one.high))


def test_figures_equal_a_direct_computation_in_sql(sound):
    material = city()
    flags = flag_rule(0.1).of(material.forecast.mean)
    area = np.indices(flags.shape)[1].ravel()
    cells = pd.DataFrame(
        {
            "s": material.groups[0].shares[area, 0],
            "n": material.residents[area],
            "mu": material.forecast.mean.ravel(),
            "y": material.outcomes.ravel(),
            "f": flags.ravel(),
        }
    )
    with duckdb.connect() as connection:
        connection.register("cells", cells)
        row = connection.execute(
            "select sum(s * mu) / sum(s * y), sum(mu) / sum(y), sum(s * n * f) / sum(s * n), "
            "sum((1 - s) * n * f) / sum((1 - s) * n), sum(s * y) from cells"
        ).fetchone()
    assert row is not None
    north, exposed = found(sound, "calibration", "north"), found(sound, "exposure", "north")
    assert (north.rate, north.value, north.events) == pytest.approx((row[0], row[0] / row[1], row[4]))
    assert (exposed.rate, exposed.reference, exposed.value) == pytest.approx(
        (1000 * row[2], 1000 * row[3], row[2] / row[3])
    )


def test_every_value_is_made_of_fairlearns_rates(sound):
    for one in sound.findings:
        if one.value is None:
            continue
        ratio = one.audit == "calibration" or "exposure" in one.audit
        made = one.rate / one.reference if ratio else one.rate - one.reference
        assert one.value == pytest.approx(made, abs=1e-9), one


def test_missed_and_needless_flags_by_hand():
    weights = np.array([3.0, 1.0, 9.0, 2.0])
    tops, flags = np.array([1.0, 1.0, 0.0, 0.0]), np.array([1.0, 0.0, 0.0, 1.0])
    assert missed_rate(tops, flags, sample_weight=weights) == pytest.approx(1 / 4)
    assert false_discovery_rate(tops, flags, sample_weight=weights) == pytest.approx(2 / 5)
    assert np.isnan(missed_rate(np.zeros(4), flags, sample_weight=weights))


def test_a_group_whose_top_areas_are_never_flagged_is_found():
    truth = city().forecast.mean
    hidden = np.where(NORTH & (truth[0] > np.quantile(truth[0], 0.8)), 0.5, 1.0)
    result = audit(city(factor=hidden, flag_rule=flag_rule(0.2)))
    north = found(result, "missed flags", "north")
    assert north.verdict == "outside"
    assert north.low > 10.0
    assert [one.value for one in result.findings if one.stratum == "demand fifth 1 (most crimes)"]


def test_within_a_fifth_only_its_areas_are_compared():
    material = city()
    inside = material.demand_fifth == 1
    part = missed_contrast(material, material.groups[0]).within(inside)
    flags, tops = material.flags_and_tops
    people = material.people(material.groups[0])[inside]
    missed = (tops * (1 - flags)).sum(axis=0)[inside]
    assert part.rates()[0] == pytest.approx((people.T @ missed) / (people.T @ tops.sum(axis=0)[inside]))


def test_shares_are_weights_and_never_labels():
    even = pd.DataFrame({"north": np.full(AREAS, 0.51), "south": np.full(AREAS, 0.49)})
    result = audit(city(groups=(shares_of_residents("ethnic group", even),), deprivation=None))
    values = [one.value for one in result.findings if one.audit in ("calibration", "exposure")]
    assert values == pytest.approx(np.ones(4))


def test_intervals_too_narrow_in_one_district_are_found():
    labels = np.where(POSITIONS[:, 0] < 9, "west", "east")
    generator = np.random.default_rng(9)
    truth = city().forecast.mean
    noise = np.where(labels == "west", generator.lognormal(-0.18, 0.6, truth.shape), 1.0)
    result = audit(city(outcomes=np.round(truth * noise), groups=(labelled_groups("district", labels),)))
    assert found(result, "coverage", "west").verdict == "outside"
    assert {one.audit for one in result.findings if one.attribute == "district"} >= {"calibration", "coverage"}


def test_need_adjusted_exposure_is_the_ratio_of_exposure_over_that_of_need():
    need = np.random.default_rng(12).gamma(2.0, 30.0, AREAS) * np.where(NORTH, 1.5, 1.0)
    material = city(need=need)
    result, share = audit(material), material.groups[0].shares[:, 0]
    people, others = share * material.residents, (1 - share) * material.residents
    flagged = material.flags.mean(axis=0)
    exposure = (people @ flagged / people.sum()) / (others @ flagged / others.sum())
    of_need = (share @ need / people.sum()) / ((1 - share) @ need / others.sum())
    assert found(result, "exposure", "north").value == pytest.approx(exposure)
    assert found(result, "need-adjusted exposure", "north").value == pytest.approx(exposure / of_need)
    assert not any("independent measure of need" in note for note in result.notes)


def test_without_a_measure_of_need_the_records_stand_for_it_and_that_is_said(sound):
    by_records = audit(city(need=city().happened))
    for name in ("need-adjusted exposure", "exposure against need"):
        assert found(by_records, name, "north").value == found(sound, name, "north").value
    assert any("no independent measure of need is given" in note for note in sound.notes)


def test_flags_that_are_those_of_need_are_even_against_need():
    material = city()
    need = material.forecast.mean.sum(axis=0)
    even = found(audit(city(need=need)), "exposure against need", "north")
    assert even.value == pytest.approx(1.0)
    assert even.verdict == "inside"


def test_verdicts_need_no_rates(sound):
    findings, _ = findings_of(city(), ("calibration", "skill"), rated=False)
    assert {one.audit for one in findings} == {"calibration", "skill"}
    for one in findings:
        full = found(sound, one.audit, one.group)
        assert (one.rate, one.verdict, one.low) == (None, full.verdict, full.low)


def test_few_areas_or_few_events_are_not_enough_evidence():
    limits = {"fewest_areas": 30, "fewest_events": 50}
    assert verdict_of(0.5, 0.6, (0.9, 1.11), areas=29.9, events=1000, **limits) == "not enough evidence"
    assert verdict_of(0.5, 0.6, (0.9, 1.11), areas=300, events=49, **limits) == "not enough evidence"
    assert verdict_of(float("nan"), 0.6, (0.9, 1.11), areas=300, events=99, **limits) == "not enough evidence"
    few = pd.DataFrame({"few": (np.arange(AREAS) < 20).astype(float)})
    one = found(audit(city(groups=(shares_of_residents("ethnic group", few),))), "calibration", "few")
    assert (one.value, one.verdict) == (None, "not enough evidence")


def test_no_value_stands_without_interval_margin_and_caveat(sound):
    told = json.loads(sound.to_json())
    for one in told["findings"]:
        assert one["caveat"] == CAVEAT
        assert one["margin"] != [None, None]
        assert (one["value"] is None) == (one["low"] is None) == (one["high"] is None)
    for rows in told["tables"].values():
        assert all(row["caveat"] == CAVEAT for row in rows)
    assert sound.as_text().endswith(CAVEAT)
    assert {one["audit"] for one in told["findings"]} <= {description.audit for description in DESCRIPTIONS}


def test_the_same_city_gives_the_same_bytes(sound):
    assert audit(city()).to_json() == sound.to_json()


def test_a_group_that_was_left_out_is_said():
    half = pd.DataFrame({"north": city().groups[0].shares[:, 0]})
    result = audit(city(groups=(shares_of_residents("ethnic group", half),)))
    assert any(note.startswith("A group is left out: ") for note in result.notes)
    assert [row["verdict"] for row in result.tables["completeness of groups"]] == ["outside"]


def test_labels_in_the_place_of_shares_are_found(sound):
    labels = pd.DataFrame({"north": NORTH.astype(float), "south": 1.0 - NORTH})
    result = audit(city(groups=(shares_of_residents("ethnic group", labels),)))
    assert [(row["labelled"], row["verdict"]) for row in result.tables["completeness of groups"]] == [(True, "outside")]
    assert {row["verdict"] for row in sound.tables["completeness of groups"]} == {"inside"}


def test_what_is_not_given_is_said():
    result = audit(city(residents=None, baseline=None, groups=(), deprivation=None))
    assert result.findings == ()
    assert any("residents are not given" in note for note in result.notes)
    assert any("No group was audited" in note for note in result.notes)
    assert CAVEAT in result.as_text()


def test_unknown_outcomes_are_not_scored():
    gaps = city().outcomes.copy()
    gaps[3, :150] = np.nan
    silly = np.where(np.isnan(gaps), 1e-3, city().forecast.mean)
    forecast = CountDistribution(silly, np.full(silly.shape, 0.05))
    one, other = audit(city(outcomes=gaps, forecast=forecast)), audit(city(outcomes=gaps))
    assert found(one, "calibration", "north") == found(other, "calibration", "north")


def test_a_hidden_subgroup_where_two_attributes_meet_is_found():
    material = city()
    deprived = material.deprivation > np.quantile(material.deprivation, 2 / 3)
    worst = hidden_subgroup(city(factor=np.where(NORTH & deprived, 0.75, 1.0)))[0]
    assert (worst["direction"], worst["verdict"]) == ("forecast too low", "outside")
    assert "deprivation in the highest third" in worst["subgroup"]
    assert [row["verdict"] for row in hidden_subgroup(material)] == ["inside", "inside"]


def test_the_noise_floor_is_what_draws_from_the_forecast_give():
    forecast = CountDistribution(np.array([0.3, 4.0, 25.5]), np.array([0.0, 0.1, 0.3]))
    drawn = np.maximum(forecast.sample(400_000, 3) - forecast.mean, 0.0).mean(axis=0)
    assert expected_shortfall(forecast) == pytest.approx(drawn, rel=0.02)


def test_a_feature_that_is_a_groups_share_is_found():
    generator = np.random.default_rng(2)
    share = city().groups[0].shares[:, 0]
    noise = pd.DataFrame(generator.normal(size=(AREAS, 3)), columns=["a", "b", "c"])
    leaked = audit(city(features=noise.assign(d=share + generator.normal(0.0, 0.05, AREAS))))
    rows = leaked.tables["proxy leakage"]
    assert {(row["leading_feature"], row["verdict"]) for row in rows} == {("d", "outside")}
    assert {row["verdict"] for row in audit(city(features=noise)).tables["proxy leakage"]} == {"inside"}


def test_flags_without_the_leading_feature_are_those_of_the_model_fitted_without_it():
    material = city()
    share = material.groups[0].shares[:, 0]
    asked = []

    def means_without(names):
        asked.append(list(names))
        return share if "d" not in names else 1.0 - share

    told = audit(replace(material, features=pd.DataFrame({"d": share}), means_without=means_without))
    assert asked == [[], ["d"]]
    assert {row["flags_kept"] for row in told.tables["proxy leakage"]} == {0.0}
    blind = audit(replace(material, features=pd.DataFrame({"d": share})))
    assert {row["flags_kept"] for row in blind.tables["proxy leakage"]} == {None}


def test_a_signal_that_officers_make_shows_whom_it_exposes():
    material = city()
    true = material.outcomes.mean(axis=0)
    looked_for = np.where(NORTH, 8.0, 1.0) * true
    signals = {"all": Signal(300.0, true), "reported": Signal(200.0, true), "found": Signal(100.0, looked_for)}
    rows = {
        (row["signal"], row["group"]): row for row in audit(replace(material, signals=signals)).tables["signal swap"]
    }
    assert [rows[name, "north"]["share_of_counts"] for name in signals] == pytest.approx([1.0, 2 / 3, 1 / 3])
    assert rows["reported", "north"]["flags_kept"] == 1.0
    assert rows["found", "north"]["flags_kept"] < 0.7
    assert rows["found", "north"]["verdict"] == "outside"
    assert rows["found", "north"]["low"] > rows["all", "north"]["high"]


def test_a_label_a_district_and_a_working_day_may_flip_a_verdict():
    material = city(factor=np.where(NORTH, 0.7, 1.0))
    districts = tuple(f"{east // 2} {north // 2}" for east, north in POSITIONS.astype(int))
    moved = np.where(material.flags.mean(axis=0) * NORTH > 0, 50.0, 1.0) * material.residents
    rows = audit(replace(material, districts=districts, workday=moved)).tables["sensitivity to attachment"]
    told = {(row["attached_by"], row["audit"], row["group"]): row for row in rows}
    ways = dict.fromkeys(way for way, _, _ in told)
    assert next(iter(ways)) == "share"
    assert len(ways) == 5
    headline = told["share", "calibration", "north"]
    assert headline["flips"] is False
    assert told["majority", "calibration", "north"]["value"] < headline["value"]
    mixed = told["share, by district", "calibration", "north"]
    assert headline["verdict"] == "outside"
    assert headline["value"] < mixed["value"] < 1.0
    assert mixed["flips"] is (mixed["verdict"] != "outside")
    working = told["share, of who is there on a working day", "exposure", "north"]
    assert working["value"] > 2 * told["share", "exposure", "north"]["value"]
    assert {row["unit"] for row in rows if row["audit"] == "missed flags"} == {"percentage points"}


def test_districts_have_the_sums_of_their_areas():
    material = city()
    districts = (None, *("west" if east < SIDE // 2 else "east" for east, _ in POSITIONS[1:]))
    joined, groups = by_district(replace(material, districts=districts), material.groups[0])
    west = np.array([label == "west" for label in districts])
    assert joined.outcomes[:, 0].tolist() == material.outcomes[:, west].sum(axis=1).tolist()
    assert joined.forecast.mean[:, 0] == pytest.approx(material.forecast.mean[:, west].sum(axis=1))
    assert joined.positions[0] == pytest.approx(POSITIONS[west].mean(axis=0))
    people = material.residents[west]
    assert groups.shares[0, 0] == pytest.approx(people @ material.groups[0].shares[west, 0] / people.sum())


def test_enforcement_that_follows_crime_faster_in_deprived_areas_is_found():
    material = city()
    crimes = np.exp(np.random.default_rng(8).normal(4.0, 0.6, AREAS))
    fifth = material.groups[1].shares.argmax(axis=1)
    stops = np.round(np.where(fifth == 0, crimes**1.6, crimes * 10))
    rows = audit(replace(material, recorded=crimes[None, :], enforcement=stops[None, :])).tables
    verdicts = [row["verdict"] for row in rows["enforcement signature"]]
    assert verdicts[0] == "outside"


def test_capped_flags_by_hand():
    expected, residents = np.array([9.0, 8.0, 2.0, 1.0]), np.ones(4)
    shares = np.array([[1.0], [1.0], [0.0], [0.0]])
    free = capped_flags(expected, residents, shares, 2, float("inf"))
    fair = capped_flags(expected, residents, shares, 2, 1.0)
    assert free.tolist() == [1, 1, 0, 0]
    assert fair == pytest.approx([1, 0, 1, 0])


def test_the_frontier_never_gains_from_a_cap(sound):
    rows = [row for row in sound.tables["efficiency against equity"] if row["attribute"] == "ethnic group"]
    assert [row["cap"] for row in rows] == [1.0, 1.1, 1.25, None]
    assert rows[-1]["kept"] == pytest.approx(100.0)
    assert all(row["low"] <= row["captured"] <= row["high"] for row in rows)


def test_the_nine_protected_characteristics_are_told(sound):
    rows = sound.tables["protected characteristics"]
    assert len(rows) == 9
    told = {row["characteristic"]: (row["status"], row["by"]) for row in rows}
    assert told["race"] == ("measured", "ethnic group")
    assert told["disability"] == ("proxied", "deprivation fifth")
    assert told["religion or belief"] == ("not measurable here", None)


def test_margins_have_ends_or_none():
    assert colour_of(-30.0, (None, 10.0), (None, 20.0)) == "green"
    assert colour_of(25.0, (None, 10.0), (None, 20.0)) == "red"
    limits = {"areas": 99, "events": 99, "fewest_areas": 30, "fewest_events": 50}
    assert verdict_of(-3.0, -1.0, (0.0, None), **limits) == "outside"


def test_fairlearns_zero_for_an_empty_group_becomes_nothing():
    table = by_group({"missed": missed_rate}, np.array([[1.0, 0.0], [1.0, 0.0]]), np.ones(2), np.zeros(2))
    assert table["missed"].isna().tolist() == [False, True]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"residents": np.ones(3)}, "residents has 3 areas"),
        ({"residents": np.full(AREAS, np.nan)}, "residents are negative or unknown"),
        ({"forecast": CountDistribution(np.ones((2, 2)), np.ones((2, 2)))}, "do not fit"),
        ({"flag_rule": Flags(FlagSettings(), ("a", "b"))}, "the rule of flags has 2 areas"),
    ],
)
def test_misuse_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        city(**changes)


def test_shares_beyond_one_are_refused():
    with pytest.raises(ValueError, match="outside 0…1"):
        Groups("ethnic group", ("north",), np.full((3, 1), 1.2))


@pytest.mark.parametrize("areas", [1, 2, 6, 7])
@pytest.mark.parametrize("crimes", [0.0, 1.0])
def test_a_few_areas_are_audited_without_claims(areas, crimes):
    """Six areas in thirds are two each, and no subgroup of one or two thirds holds the five that are asked for."""
    whole = city()
    few = Material(
        forecast=whole.forecast[:, :areas],
        outcomes=whole.outcomes[:, :areas] * crimes,
        positions=whole.positions[:areas],
        groups=(
            shares_of_residents("ethnic group", pd.DataFrame({"all": np.ones(areas), "none": np.zeros(areas)})),
            deprivation_groups(whole.deprivation[:areas]),
        ),
        flag_rule=flag_rule(0.1, areas),
        seed=1,
        residents=whole.residents[:areas],
        baseline=whole.baseline[:, :areas],
        deprivation=whole.deprivation[:areas],
        margins=MARGINS,
    )
    result = audit(few)
    assert "outside" not in {finding.verdict for finding in result.findings}
    assert "NaN" not in result.to_json()
    if areas < 7:
        assert hidden_subgroup(few) == []
