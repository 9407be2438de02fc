"""The gate of the city: intervals too narrow, too wide or off the level fail where there is evidence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import stats

from contracts import CountDistribution, GateLimits
from monitoring import Verification, city_gate, group_totals, pit_limits
from monitoring.gates.city import effective_periods, spread_of
from monitoring.scores.calibration import coverage

LIMITS = GateLimits()
MEAN, LOG_SD = 20_000.0, 0.03


@pytest.fixture
def make() -> Callable[..., Verification]:
    """Makes a verification of the city over so many periods whose errors are ``wider`` than was said."""

    def made(periods: int, *, wider: float = 1.0, level: float = 1.0, horizon: int = 1, seed: int = 3) -> Verification:
        generator = np.random.default_rng(seed)
        places = (np.arange(periods) + 0.5) / periods
        errors = generator.permutation(stats.norm.ppf(places)) * LOG_SD * wider
        outcomes = np.rint(MEAN * (1.0 + errors))[:, None]
        forecast = CountDistribution(np.full((periods, 1), MEAN * level), np.array(LOG_SD**2 - 1.0 / MEAN))
        return Verification("m", "violence", horizon, ("city",), np.arange(periods), forecast, outcomes)

    return made


def parts(verification: Verification, limits: GateLimits = LIMITS) -> dict[str, str]:
    return {one.part: one.verdict for one in city_gate([verification], [], limits=limits, seed=7).findings}


def test_a_city_whose_80_percent_interval_covers_58_percent_fails_over_many_origins(make: Any) -> None:
    narrow = make(48, wider=1.59)
    assert coverage(pit_limits(narrow.outcomes, narrow.forecast), 0.8) == pytest.approx(0.58, abs=0.03)
    result = city_gate([narrow], [], limits=LIMITS, seed=7)
    assert result.verdict == "fail"
    assert parts(narrow)["spread, horizon 1"] == "fail"
    assert "spread, horizon 1" in result.as_text()
    assert parts(make(24, wider=1.59))["spread, horizon 1"] == "fail"


def test_by_one_horizon_of_four_the_gate_fails_and_names_it(make: Any) -> None:
    city = [make(48, horizon=horizon, wider=1.9 if horizon == 3 else 1.0, seed=horizon) for horizon in (1, 2, 3, 4)]
    result = city_gate(city, [], limits=LIMITS, seed=7)
    assert [one.part for one in result.findings if one.verdict == "fail"] == ["spread, horizon 3"]
    assert result.verdict == "fail"


def test_a_calibrated_city_passes_and_few_origins_are_not_enough_evidence(make: Any) -> None:
    assert city_gate([make(48)], [], limits=LIMITS, seed=7).verdict == "pass"
    few = parts(make(6))
    assert (few["spread, horizon 1"], few["level, horizon 1"]) == ("not enough evidence", "not enough evidence")
    assert parts(make(12, horizon=4))["spread, horizon 4"] == "not enough evidence", (
        "twelve that overlap are worth four"
    )


def test_a_city_whose_intervals_are_far_too_wide_fails_too(make: Any) -> None:
    assert parts(make(48, wider=0.4))["spread, horizon 1"] == "fail"


def test_a_city_forecast_too_high_fails_by_its_level(make: Any) -> None:
    assert parts(make(48, level=1.25))["level, horizon 1"] == "fail"
    assert parts(make(48))["level, horizon 1"] == "pass"


def test_coverage_fails_or_is_shown_and_never_decides_a_pass(make: Any) -> None:
    names = [f"{level:.0%} interval, horizon 1" for level in LIMITS.coverage_levels]
    assert {parts(make(48))[name] for name in names} == {"shown"}
    broken = make(240, wider=2.5)
    assert parts(broken)["80% interval, horizon 1"] == "fail"


def test_no_known_outcome_is_not_enough_evidence(make: Any) -> None:
    one = make(12)
    unknown = Verification("m", "violence", 1, ("city",), one.periods, one.forecast, np.full((12, 1), np.nan))
    assert city_gate([unknown], [], limits=LIMITS, seed=7).verdict == "not enough evidence"


def test_one_month_that_nobody_could_foresee_decides_nothing(make: Any) -> None:
    one = make(48)
    outcomes = one.outcomes.copy()
    outcomes[20] = 0.4 * MEAN
    shocked = Verification("m", "violence", 1, ("city",), one.periods, one.forecast, outcomes)
    assert parts(shocked)["spread, horizon 1"] == "pass"


def test_districts_are_looked_at_where_there_are_enough() -> None:
    truth = CountDistribution(np.tile(np.random.default_rng(1).gamma(20.0, 5.0, 60), (24, 1)), np.array(0.05))
    outcomes = truth.sample(1, seed=5)[0].astype(float)
    areas = tuple(f"E{number}" for number in range(60))
    narrow = CountDistribution(truth.mean, np.array(1e-6))
    of = np.arange(60) % 12

    def result(forecast: CountDistribution, names: int) -> dict[str, str]:
        one = Verification("m", "violence", 1, areas, np.arange(24), forecast, outcomes)
        groups = of if names == 12 else np.arange(60) % names
        districts = group_totals(one, groups, [f"D{number}" for number in range(names)])
        city = group_totals(one, np.zeros(60, dtype=np.int64), ("city",))
        found = city_gate([city], [districts], limits=LIMITS, seed=7).findings
        return {part.part: part.verdict for part in found if part.part.startswith("districts'")}

    assert result(narrow, 12)["districts' 80% interval, horizon 1"] == "fail"
    assert set(result(truth, 12).values()) <= {"pass", "shown"}
    assert result(narrow, 3) == {}, "three districts are too few"


def test_overlapping_periods_count_in_part() -> None:
    assert effective_periods(48, 3) == pytest.approx(48 / (1 + 2 * (4 / 9 + 1 / 9)))
    assert effective_periods(1, 4) == 1.0


def test_the_interval_of_the_spread_holds_what_it_says() -> None:
    """Hand-worked against χ²: 20 values with mean square 1 have ends √(20 / 34.17) and √(20 / 9.591)."""
    z = np.tile([1.0, -1.0], 10)
    value, low, high = spread_of(stats.norm.cdf(z), 1)
    assert (value, low, high) == pytest.approx((1.0, (20 / 34.1696) ** 0.5, (20 / 9.5908) ** 0.5), abs=1e-4)


def test_false_alarms_and_finds_over_many_cities() -> None:
    """Of calibrated cities hardly any fails; of those whose 80% interval covers 58% nearly all do."""
    generator = np.random.default_rng(11)
    failed = {}
    for wider in (1.0, 1.59):
        z = generator.normal(size=(200, 48)) * wider
        lows = [spread_of(stats.norm.cdf(one), 1, 1.0 - 0.05 / 4)[1] for one in z]
        failed[wider] = float(np.mean(np.array(lows) > LIMITS.city_spread_ratio))
    assert failed[1.0] <= 0.01
    assert failed[1.59] >= 0.80


def test_a_level_that_is_off_at_one_horizon_only_fails_there(make: Any) -> None:
    """Over all horizons together 1.25 at one of four would be 1.06, which the gate ``calibration`` lets pass."""
    city = [make(48, horizon=horizon, level=1.25 if horizon == 4 else 1.0, seed=horizon) for horizon in (1, 2, 3, 4)]
    failed = {one.part for one in city_gate(city, [], limits=LIMITS, seed=7).findings if one.verdict == "fail"}
    assert "level, horizon 4" in failed
    assert {part.rsplit(" ", 1)[1] for part in failed} == {"4"}
