"""Gates: each is failed by a planted defect, passed without it, and says where there is not enough evidence."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import get_args

import numpy as np
import pandas as pd
import pytest

from contracts import AuditSettings, CountDistribution, FlagSettings, Frequency, GateLimits, GatingAudit, Period
from monitoring import (
    Flags,
    GateReport,
    GateResult,
    Verification,
    audit_gate,
    calibration_gate,
    coverage_gate,
    freshness_gate,
    gate_report,
    group_skill_gate,
    reproducibility_gate,
    skill_gate,
)
from monitoring.audits.audit import DESCRIPTIONS, audit
from monitoring.audits.groups import DISTRICT, labelled_groups, shares_of_residents
from monitoring.audits.material import Material
from monitoring.audits.result import AuditResult

PERIODS, AREAS = 24, 120
LIMITS = GateLimits()
WIDE = GateLimits(calibration_ratio=1.25)
NAMES = tuple(f"E{number:03d}" for number in range(AREAS))
GROUPS = {area: ("North", "South", "East")[position % 3] for position, area in enumerate(NAMES)}
SOUTH = np.array([GROUPS[area] == "South" for area in NAMES])


@pytest.fixture
def truth() -> CountDistribution:
    level = np.random.default_rng(3).gamma(4.0, 3.0, AREAS)
    season = 1.0 + 0.1 * np.sin(np.arange(PERIODS))
    return CountDistribution(season[:, None] * level[None, :], np.array(0.1))


@pytest.fixture
def make(truth: CountDistribution) -> Callable[..., list[Verification]]:
    """Makes verifications of two horizons, whose forecasts are the truth times a factor, (N, A) or a number."""
    outcomes = truth.sample(1, seed=5)[0].astype(float)

    def verifications(factor: object = 1.0, dispersion: float = 0.1, known: object = True) -> list[Verification]:
        forecast = CountDistribution(truth.mean * np.asarray(factor), np.array(dispersion))
        seen = np.where(known, outcomes, np.nan)
        periods = np.arange(600, 600 + PERIODS)
        return [Verification("m", "violence", horizon, NAMES, periods, forecast, seen) for horizon in (1, 2)]

    return verifications


def noisy(size: float, where: np.ndarray | bool = True) -> np.ndarray:
    """Factors that make a forecast worse: random ones around 1, in some areas."""
    random = np.exp(np.random.default_rng(9).normal(0.0, size, (PERIODS, AREAS)))
    return np.where(where, random, 1.0)


def verdict_of(result: GateResult, part: str) -> str:
    (found,) = [one.verdict for one in result.findings if one.part == part]
    return found


def test_a_model_better_than_the_count_passes_and_a_worse_one_fails(make: Callable[..., list[Verification]]) -> None:
    better, worse = make(), make(noisy(0.5))
    assert skill_gate(better, worse, limits=LIMITS, seed=7).verdict == "pass"
    assert skill_gate(worse, better, limits=LIMITS, seed=7).verdict == "fail"
    assert skill_gate(better, better, limits=LIMITS, seed=7).verdict == "pass", "a ratio of 1 is the limit itself"


def test_a_model_that_is_worse_in_one_borough_fails_there_though_it_is_better_in_the_city(
    make: Callable[..., list[Verification]],
) -> None:
    defect = make(noisy(0.4, SOUTH))
    baseline = make(noisy(0.5, ~SOUTH))
    assert skill_gate(defect, baseline, limits=LIMITS, seed=7).verdict == "pass"
    result = group_skill_gate(defect, baseline, GROUPS, limits=LIMITS, seed=7)
    of_first = [verdict_of(result, f"{name}, horizon 1") for name in ("East", "North", "South")]
    assert of_first == ["pass", "pass", "fail"]
    assert result.verdict == "fail"
    assert "South" in result.as_text()
    assert "East" not in result.as_text()
    assert "East" in result.as_text(every_part=True)


def test_a_borough_without_outcomes_is_not_enough_evidence_and_so_is_a_city_without_boroughs(
    make: Callable[..., list[Verification]],
) -> None:
    better, worse = make(known=~SOUTH), make(noisy(0.5), known=~SOUTH)
    result = group_skill_gate(better, worse, GROUPS, limits=LIMITS, seed=7)
    assert [verdict_of(result, f"{name}, horizon 1") for name in ("East", "North", "South")] == [
        "pass",
        "pass",
        "not enough evidence",
    ]
    assert result.verdict == "not enough evidence"
    assert group_skill_gate(better, worse, {}, limits=LIMITS, seed=7).verdict == "not enough evidence"


def test_a_borough_of_few_areas_or_few_crimes_is_not_enough_evidence(make: Callable[..., list[Verification]]) -> None:
    better, worse = make(), make(noisy(0.5))
    small = dict.fromkeys(NAMES[4:], "Large") | dict.fromkeys(NAMES[:4], "Small")
    result = group_skill_gate(better, worse, small, limits=LIMITS, seed=7)
    assert verdict_of(result, "Small, horizon 2") == "not enough evidence"
    assert verdict_of(result, "Large, horizon 2") == "pass"
    demanding = GateLimits(fewest_crimes=1_000_000)
    assert skill_gate(better, worse, limits=demanding, seed=7).verdict == "not enough evidence"


def test_models_scored_on_other_rows_are_not_compared(make: Callable[..., list[Verification]]) -> None:
    with pytest.raises(ValueError, match="same rows"):
        skill_gate(make(), make(known=~SOUTH), limits=LIMITS, seed=7)


def test_a_forecast_that_is_too_high_everywhere_fails_calibration(make: Callable[..., list[Verification]]) -> None:
    assert calibration_gate(make(), limits=WIDE, seed=7).verdict == "pass"
    assert calibration_gate(make(1.4), limits=WIDE, seed=7).verdict == "fail"
    assert calibration_gate(make(0.6), limits=WIDE, seed=7).verdict == "fail"
    assert calibration_gate(make(known=False), limits=WIDE, seed=7).verdict == "not enough evidence"


def test_a_forecast_that_is_too_low_only_where_most_is_expected_fails_there(
    make: Callable[..., list[Verification]], truth: CountDistribution
) -> None:
    flattened = (truth.mean / np.median(truth.mean)) ** -0.5
    result = calibration_gate(make(flattened), limits=WIDE, seed=7)
    assert verdict_of(result, "highest fifth, horizon 1") == "fail"
    assert verdict_of(result, "the city, horizon 1") == "pass"
    assert result.verdict == "fail"


def test_intervals_that_are_too_narrow_or_too_wide_fail_coverage(make: Callable[..., list[Verification]]) -> None:
    assert coverage_gate(make(), limits=LIMITS, seed=7).verdict == "pass"
    assert coverage_gate(make(dispersion=0.0), limits=LIMITS, seed=7).verdict == "fail"
    assert coverage_gate(make(dispersion=0.6), limits=LIMITS, seed=7).verdict == "fail"
    unknown = coverage_gate(make(known=False), limits=LIMITS, seed=7)
    assert {one.verdict for one in unknown.findings} == {"not enough evidence"}
    assert len(unknown.findings) == 2 * len(LIMITS.coverage_levels)


def _failed(result: GateResult) -> set[str]:
    return {one.part for one in result.findings if one.verdict == "fail"}


def test_a_harm_at_one_horizon_only_fails_every_gate_of_scores_there_and_nowhere_else(
    make: Callable[..., list[Verification]], truth: CountDistribution
) -> None:
    sound, baseline = make(), make(noisy(0.2))
    worse_in_south = [sound[0], make(noisy(0.5, SOUTH))[1]]
    assert _failed(group_skill_gate(worse_in_south, baseline, GROUPS, limits=LIMITS, seed=7)) == {"South, horizon 2"}
    assert _failed(skill_gate([sound[0], make(noisy(0.5))[1]], baseline, limits=LIMITS, seed=7)) == {"horizon 2"}
    flattened = (truth.mean / np.median(truth.mean)) ** -0.5
    cut = _failed(calibration_gate([sound[0], make(flattened)[1]], limits=WIDE, seed=7))
    assert "highest fifth, horizon 2" in cut
    assert all(part.endswith("horizon 2") for part in cut)
    narrow = [sound[0], make(dispersion=0.0)[1]]
    found = _failed(coverage_gate(narrow, limits=LIMITS, seed=7))
    assert found
    assert all(part.endswith("horizon 2") for part in found)


@pytest.fixture
def audited(make: Callable[..., list[Verification]]) -> Callable[..., AuditResult]:
    """An audit of forecasts that are the truth times a factor; by default Group A lives mostly in the South."""

    def run(factor: object = 1.0, group_shares: pd.DataFrame | None = None) -> AuditResult:
        one = make(factor)[0]
        in_south = np.where(SOUTH, 0.95, 0.05)
        shares = pd.DataFrame({"Group A": in_south, "Group B": 1.0 - in_south})
        return audit(
            Material(
                forecast=one.forecast,
                outcomes=one.outcomes,
                positions=np.column_stack([np.arange(AREAS) % 12, np.arange(AREAS) // 12]).astype(float),
                groups=(
                    shares_of_residents("ethnic group", shares if group_shares is None else group_shares),
                    labelled_groups(DISTRICT, [number // 12 for number in range(AREAS)]),
                ),
                residents=np.full(AREAS, 1000.0),
                flag_rule=Flags(FlagSettings(share=0.1), NAMES),
                seed=7,
                margins=AuditSettings(replicates=1000),
            )
        )

    return run


def test_a_group_that_is_forecast_too_low_fails_the_audit(audited: Callable[..., AuditResult]) -> None:
    assert audit_gate(audited(), limits=LIMITS).verdict == "pass"
    result = audit_gate(audited(np.where(SOUTH, 0.6, 1.0)), limits=LIMITS)
    assert result.verdict == "fail"
    assert verdict_of(result, "calibration, ethnic group: Group A") == "fail"


def test_districts_that_are_too_small_for_a_verdict_are_shown(audited: Callable[..., AuditResult]) -> None:
    result = audit_gate(audited(), limits=LIMITS)
    assert {one.verdict for one in result.findings if one.part.startswith("calibration, district")} == {"shown"}


def test_a_group_that_lives_in_few_areas_is_not_enough_evidence(audited: Callable[..., AuditResult]) -> None:
    few = np.where(np.arange(AREAS) < 9, 0.9, 0.0)
    result = audit_gate(audited(group_shares=pd.DataFrame({"Few": few, "Others": 1.0 - few})), limits=LIMITS)
    assert verdict_of(result, "calibration, ethnic group: Few") == "not enough evidence"
    assert result.verdict == "not enough evidence"


def test_an_audit_of_no_group_is_not_enough_evidence(audited: Callable[..., AuditResult]) -> None:
    nothing = replace(audited(), findings=())
    assert audit_gate(nothing, limits=LIMITS).verdict == "not enough evidence"


def test_a_group_that_is_left_out_or_a_label_fails_the_audit(audited: Callable[..., AuditResult]) -> None:
    left_out = audited(group_shares=pd.DataFrame({"Group A": np.where(SOUTH, 0.9, 0.1)}))
    labelled = audited(group_shares=pd.DataFrame({"Group A": SOUTH.astype(float), "Group B": (~SOUTH).astype(float)}))
    for result in (left_out, labelled):
        assert verdict_of(audit_gate(result, limits=LIMITS), "completeness of groups, ethnic group") == "fail"
        assert audit_gate(result, limits=GateLimits(audits=())).verdict != "fail"


def test_an_audit_counts_only_where_the_limits_name_it(audited: Callable[..., AuditResult]) -> None:
    too_high = audited(np.where(SOUTH, 1.6, 1.0))
    part = "over-prediction, ethnic group: Group A"
    assert verdict_of(audit_gate(too_high, limits=LIMITS), part) == "outside but not counted"
    assert part not in {one.part for one in audit_gate(too_high, limits=LIMITS).counted}
    named = audit_gate(too_high, limits=GateLimits(audits=("over-prediction", "skill")))
    assert verdict_of(named, part) == "fail"
    assert verdict_of(named, "skill") == "not enough evidence", "no simple count was given"


def test_every_audit_that_a_gate_may_name_exists() -> None:
    named = set(get_args(GatingAudit))
    assert named <= {one.audit for one in DESCRIPTIONS}
    assert {"calibration", "exposure"} & named == set(), "the one always counts, the other has a limit of its own"


def test_exposure_is_shown_and_judged_only_where_a_limit_is_set(audited: Callable[..., AuditResult]) -> None:
    concentrated = audited(np.where(SOUTH, 2.5, 1.0))
    shown = audit_gate(concentrated, limits=LIMITS)
    part = "exposure, ethnic group: Group A"
    assert verdict_of(shown, part) == "outside but not counted"
    assert "exposure, ethnic group: Group A" not in {one.part for one in shown.counted}
    assert "shown" in {one.verdict for one in audit_gate(audited(), limits=LIMITS).findings if "exposure" in one.part}
    assert verdict_of(audit_gate(concentrated, limits=GateLimits(exposure_ratio=1.5)), part) == "fail"


def test_a_model_trained_on_old_counts_fails_freshness() -> None:
    march = Period.parse("2025-03", Frequency.MONTH)
    assert freshness_gate(march, date(2025, 6, 30), limits=LIMITS).verdict == "pass"
    assert freshness_gate(march, date(2025, 7, 1), limits=LIMITS).verdict == "fail"


def test_a_second_fit_of_other_bytes_fails_reproducibility() -> None:
    assert reproducibility_gate("a" * 64, "a" * 64).verdict == "pass"
    assert reproducibility_gate("a" * 64, "b" * 64).verdict == "fail"
    assert reproducibility_gate("a" * 64, None).verdict == "not enough evidence"


def test_a_report_is_the_same_after_it_was_written_and_read(make: Callable[..., list[Verification]]) -> None:
    results = (
        skill_gate(make(), make(noisy(0.5)), limits=LIMITS, seed=7),
        coverage_gate(make(dispersion=0.0), limits=LIMITS, seed=7),
        reproducibility_gate("a" * 64, None),
    )
    report = GateReport(results, LIMITS, "f" * 64)
    assert report.verdicts == {"skill": "pass", "coverage": "fail", "reproducibility": "not enough evidence"}
    assert gate_report(json.loads(report.to_json())) == report


def test_the_order_of_areas_changes_no_verdict(make: Callable[..., list[Verification]]) -> None:
    order = np.random.default_rng(1).permutation(AREAS)

    def shuffled(one: Verification) -> Verification:
        return replace(
            one,
            areas=tuple(one.areas[position] for position in order),
            forecast=CountDistribution(one.forecast.mean[:, order], one.forecast.dispersion),
            outcomes=one.outcomes[:, order],
        )

    model, baseline = make(noisy(0.4, SOUTH)), make(noisy(0.5, ~SOUTH))
    before = group_skill_gate(model, baseline, GROUPS, limits=LIMITS, seed=7)
    after = group_skill_gate(
        [shuffled(one) for one in model], [shuffled(one) for one in baseline], GROUPS, limits=LIMITS, seed=7
    )
    assert [one.verdict for one in after.findings] == [one.verdict for one in before.findings]
    assert [one.value for one in after.findings] == pytest.approx([one.value for one in before.findings])
