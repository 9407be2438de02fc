"""The gate ``city``: whether the intervals of the city's total, and of districts, hold what they say, by horizon.

A city has one total a period, so a share of totals inside an interval says little for years. More is in where each
total fell: the randomised PIT of a right forecast is uniform, and its normal quantile z has mean square 1. The square
root of the mean of z² is by how much the errors are wider than was said: 1 is right; at 1.59 an 80% interval holds 58%.
An error beyond three deviations counts as three, so that no single month decides. Forecasts h periods ahead overlap:
neighbouring errors are sums that share part of their shocks, with a correlation of at most (h − j) / h at distance j,
and the correlation of their squares, as of whether they are inside a central interval, is at most the square of that.
So N periods count as N / (1 + 2 Σ ((h − j) / h)²), and z² is held against a χ² of so many degrees of freedom.
Sources: Czado, Gneiting & Held (2009) for the PIT of counts; Berkowitz (2001), Testing density forecasts, for z.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy import stats

from contracts import GateLimits
from contracts.arrays import Floats
from monitoring.gates.gates import coverage_gate
from monitoring.gates.result import GateFinding, GateResult, PartVerdict, finding
from monitoring.scores.calibration import pit_limits, randomised_pit, row_uniforms, share_inside
from monitoring.scores.skill import REPLICATES, block_length, resampling
from monitoring.scores.verification import Verification

LARGEST_DEVIATIONS = 3.0
_LEVEL = 0.95
_NO_EVIDENCE: PartVerdict = "not enough evidence"


def city_gate(
    city: Sequence[Verification], districts: Sequence[Verification], *, limits: GateLimits, seed: int
) -> GateResult:
    """Spread, level and coverage of the city's total at each horizon, and coverage of the districts' totals.

    ``city`` holds verifications of one area, ``districts`` of one area a district, none where there are too few.
    Spread fails where its whole interval is beyond ``city_spread_ratio``; it passes where the figure itself is within
    ``city_spread_widest`` and rests on ``city_origins`` effective periods. Coverage fails where its interval is wholly
    outside the margin, and is shown otherwise: it would take centuries to pass.
    """
    findings: list[GateFinding] = []
    for one in city:
        findings += [_spread(one, limits, seed, len(city)), _level(one, limits, seed, len(city))]
        findings += [_coverage(one, level, limits, len(city)) for level in limits.coverage_levels]
    if districts and len(districts[0].areas) >= limits.fewest_areas:
        parts = coverage_gate(districts, limits=limits, seed=seed).findings
        findings += [_shown_unless_judged(replace(part, part=f"districts' {part.part}")) for part in parts]
    return GateResult("city", tuple(findings))


def effective_periods(periods: int, horizon: int) -> float:
    """So many independent periods are worth as much as ``periods`` whose errors overlap, see the module.

    >>> effective_periods(24, 1), effective_periods(24, 2)
    (24.0, 16.0)
    """
    overlaps = (np.arange(1, min(horizon, periods)) / horizon) ** 2
    return float(periods / (1.0 + 2.0 * overlaps.sum()))


def spread_of(pit: Floats, horizon: int, level: float = _LEVEL) -> tuple[float, float, float]:
    """√ mean z² of randomised PITs (N,), with its interval; NaN for none.

    Hand-worked: u = Φ(±2) has z = ±2, so the spread is 2.

    >>> round(spread_of(stats.norm.cdf(np.array([2.0, -2.0, 2.0])), 1)[0], 6)
    2.0
    """
    if not pit.size:
        return float("nan"), float("nan"), float("nan")
    z = np.clip(stats.norm.ppf(pit), -LARGEST_DEVIATIONS, LARGEST_DEVIATIONS)
    mean, degrees = float((z**2).mean()), effective_periods(pit.size, horizon)
    tail = (1.0 - level) / 2.0
    ends = [float(np.sqrt(mean * degrees / stats.chi2.ppf(share, degrees))) for share in (1.0 - tail, tail)]
    return float(np.sqrt(mean)), ends[0], ends[1]


def _spread(one: Verification, limits: GateLimits, seed: int, parts: int) -> GateFinding:
    known = one.known.ravel()
    pit = randomised_pit(one.outcomes, one.forecast, row_uniforms(one.areas, one.periods, seed)).ravel()[known]
    name, measure = f"spread, horizon {one.horizon}", "errors of the city's total over what was said"
    if not pit.size:
        return finding(name, None, measure)
    value, low, high = spread_of(pit, one.horizon, 1.0 - (1.0 - _LEVEL) / parts)
    narrow, wide = limits.city_spread_ratio, limits.city_spread_widest
    told = finding(name, (value, low, high), measure, 1.0 / narrow, narrow)
    if told.verdict == "fail":
        return told
    enough = effective_periods(pit.size, one.horizon) >= limits.city_origins
    verdict: PartVerdict = "pass" if enough and 1.0 / wide <= value <= wide else _NO_EVIDENCE
    return replace(told, verdict=verdict)


def _level(one: Verification, limits: GateLimits, seed: int, parts: int) -> GateFinding:
    """Forecast over outcome of the known periods, with an interval that resamples blocks of them."""
    known = one.known.ravel()
    name, measure, highest = f"level, horizon {one.horizon}", "forecast over outcome", limits.calibration_ratio
    outcomes, means = one.outcomes[known], one.forecast.mean[known]
    if effective_periods(len(outcomes), one.horizon) < limits.city_origins or outcomes.sum() < limits.fewest_crimes:
        return finding(name, None, measure)
    block = block_length(len(outcomes), one.horizon)
    draws = resampling(periods=len(outcomes), areas=1, block=block, seed=seed, replicates=REPLICATES)
    above, under = draws.totals(means), draws.totals(outcomes)
    tail = (1.0 - _LEVEL) / 2.0 / parts
    low, high = np.quantile(above[under > 0] / under[under > 0], (tail, 1.0 - tail))
    return finding(
        name, (float(means.sum() / outcomes.sum()), float(low), float(high)), measure, 1.0 / highest, highest
    )


def _coverage(one: Verification, level: float, limits: GateLimits, parts: int) -> GateFinding:
    """Share inside with the exact binomial interval (Clopper & Pearson 1934) of so many effective periods."""
    inside = share_inside(pit_limits(one.outcomes, one.forecast), level)[one.known]
    name, measure = f"{level:.0%} interval, horizon {one.horizon}", "share of the city's totals inside"
    if not inside.size:
        return replace(finding(name, None, measure), verdict="shown")
    number = effective_periods(inside.size, one.horizon)
    held = float(inside.mean()) * number
    tail = (1.0 - _LEVEL) / 2.0 / (parts * len(limits.coverage_levels))
    low = float(stats.beta.ppf(tail, held, number - held + 1.0)) if held > 0 else 0.0
    high = float(stats.beta.ppf(1.0 - tail, held + 1.0, number - held)) if held < number else 1.0
    margin = limits.coverage_margin
    told = finding(name, (float(inside.mean()), low, high), measure, level - margin, level + margin)
    return _shown_unless_judged(told)


def _shown_unless_judged(part: GateFinding) -> GateFinding:
    return replace(part, verdict="shown") if part.verdict == _NO_EVIDENCE else part
