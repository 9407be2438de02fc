"""Gates: what a model's scores are held against before it is proposed, each as a pure function from scores to findings.

A gate is made of findings, one a part (a horizon, a borough, a level of intervals). A finding passes where its interval
lies wholly inside the limits, fails where it lies wholly outside, and is not enough evidence otherwise. Intervals
resample whole areas and blocks of periods, as for skill; those of a gate's parts hold together with a probability of
95% (Bonferroni): of 24 boroughs one would else be outside by chance.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from contracts import GateLimits, Period, next_period
from contracts.arrays import Floats
from monitoring.gates.result import GateFinding, GateResult, finding
from monitoring.scores.accuracy import poisson_deviance_loss
from monitoring.scores.calibration import pit_limits, share_inside
from monitoring.scores.skill import REPLICATES, block_length, resampling
from monitoring.scores.verification import Verification

Mask = npt.NDArray[np.bool_]

REPLICATES_OF_FEW_AREAS = 10_000
FEW_AREAS = 200
"""Groups are small and their intervals wide apart from the middle: more replicates cost little and reach the tails."""

FIFTHS = ("lowest fifth", "second fifth", "third fifth", "fourth fifth", "highest fifth")


@dataclass(frozen=True)
class _Sums:
    """What is summed and divided over areas and periods, both (N, A) and zero where the outcome is unknown."""

    above: Floats
    under: Floats
    crimes: Floats
    horizon: int
    seed: int

    def quotient(self, chosen: Mask, limits: GateLimits, parts: int) -> tuple[float, float, float] | None:
        """Σ above / Σ under over the chosen areas with its interval, one of so many; None where too little is known."""
        above, under = self.above[:, chosen], self.under[:, chosen]
        known = int((under != 0).any(axis=0).sum())
        if known < limits.fewest_areas or self.crimes[:, chosen].sum() < limits.fewest_crimes or under.sum() <= 0:
            return None
        periods, areas = above.shape
        block = block_length(periods, self.horizon)
        replicates = REPLICATES_OF_FEW_AREAS if areas <= FEW_AREAS else REPLICATES
        draws = resampling(periods=periods, areas=areas, block=block, seed=self.seed, replicates=replicates)
        tops, bottoms = draws.totals(above), draws.totals(under)
        drawn, tail = bottoms > 0, 0.025 / parts
        low, high = np.quantile(tops[drawn] / bottoms[drawn], (tail, 1.0 - tail))
        return float(above.sum() / under.sum()), float(low), float(high)


def skill_gate(
    model: Sequence[Verification], baseline: Sequence[Verification], *, limits: GateLimits, seed: int
) -> GateResult:
    """Whether the mean Poisson deviance is under that of the baseline in the whole city, a finding a horizon.

    ``model`` and ``baseline`` hold the same horizons on the same rows; raises ``ValueError`` otherwise.
    """
    everywhere = np.ones(len(model[0].areas), dtype=bool)
    findings = [
        _skill(_deviances(one, other, seed), everywhere, f"horizon {one.horizon}", limits, len(model))
        for one, other in zip(model, baseline, strict=True)
    ]
    return GateResult("skill", tuple(findings))


def group_skill_gate(
    model: Sequence[Verification],
    baseline: Sequence[Verification],
    groups: Mapping[str, str],
    *,
    limits: GateLimits,
    seed: int,
) -> GateResult:
    """The same in every group of areas, a finding a group and horizon; ``groups`` maps an area to its group's name.

    Without groups there is one finding, which says that there is no evidence.
    """
    if not groups:
        return GateResult("skill-by-group", (finding("all groups", None, "the areas have no groups"),))
    of = np.array([groups.get(area, "") for area in model[0].areas])
    names = sorted(set(groups.values()))
    findings = [
        _skill(
            _deviances(one, other, seed), of == name, f"{name}, horizon {one.horizon}", limits, len(names) * len(model)
        )
        for one, other in zip(model, baseline, strict=True)
        for name in names
    ]
    return GateResult("skill-by-group", tuple(findings))


def calibration_gate(model: Sequence[Verification], *, limits: GateLimits, seed: int) -> GateResult:
    """Whether what was forecast came about: forecast over outcome in the city and in fifths of areas by forecast.

    There is a finding a part and horizon: what is off at one horizon is not made good by the others.
    """
    findings = []
    highest = limits.calibration_ratio
    for one in model:
        sums = _expected(one, seed)
        everywhere = np.ones(len(one.areas), dtype=bool)
        for name, chosen in (("the city", everywhere), *zip(FIFTHS, _fifths(sums.above), strict=True)):
            found = sums.quotient(chosen, limits, (1 + len(FIFTHS)) * len(model))
            part = f"{name}, horizon {one.horizon}"
            findings.append(finding(part, found, "forecast over outcome", 1.0 / highest, highest))
    return GateResult("calibration", tuple(findings))


def coverage_gate(model: Sequence[Verification], *, limits: GateLimits, seed: int) -> GateResult:
    """Whether intervals hold as many outcomes as they say, by the randomised PIT, a finding a level and horizon."""
    findings = []
    parts = len(model) * len(limits.coverage_levels)
    for one in model:
        ends = pit_limits(one.outcomes, one.forecast)
        known = one.known.astype(np.float64)
        crimes = np.where(one.known, one.outcomes, 0.0)
        for level in limits.coverage_levels:
            inside = np.where(one.known, share_inside(ends, level), 0.0)
            sums = _Sums(inside, known, crimes, one.horizon, seed)
            found = sums.quotient(np.ones(len(one.areas), dtype=bool), limits, parts)
            name = f"{level:.0%} interval, horizon {one.horizon}"
            low, high = level - limits.coverage_margin, level + limits.coverage_margin
            findings.append(finding(name, found, "share of outcomes inside", low, high))
    return GateResult("coverage", tuple(findings))


def freshness_gate(last_known: Period, as_of: date, *, limits: GateLimits) -> GateResult:
    """Whether the counts that the model learned from were new enough on the day it was trained.

    >>> from contracts import Frequency
    >>> june = Period.parse("2025-06", Frequency.MONTH)
    >>> freshness_gate(june, date(2025, 7, 10), limits=GateLimits(oldest_periods=2)).verdict
    'pass'
    >>> freshness_gate(june, date(2025, 8, 10), limits=GateLimits(oldest_periods=2)).verdict
    'fail'
    """
    ahead = float(next_period(as_of, last_known.frequency) - last_known)
    found = finding(
        f"counts to {last_known}, trained on {as_of}",
        (ahead, ahead, ahead),
        "periods from the last known one to the next one",
        None,
        float(limits.oldest_periods),
    )
    return GateResult("freshness", (found,))


def reproducibility_gate(first_sha256: str, second_sha256: str | None) -> GateResult:
    """Whether a second fit with the same seed gave the same bytes; None where there was no second fit.

    >>> reproducibility_gate("a" * 64, "a" * 64).verdict
    'pass'
    >>> reproducibility_gate("a" * 64, "b" * 64).verdict
    'fail'
    >>> reproducibility_gate("a" * 64, None).verdict
    'not enough evidence'
    """
    if second_sha256 is None:
        return GateResult("reproducibility", (finding("a second fit", None, "the model was fitted once"),))
    same = first_sha256 == second_sha256
    words = "the same bytes" if same else f"other bytes: {first_sha256[:12]}…, then {second_sha256[:12]}…"
    found = GateFinding("a second fit with the same seed", "pass" if same else "fail", words, None, None, None)
    return GateResult("reproducibility", (found,))


def _skill(sums: _Sums, chosen: Mask, name: str, limits: GateLimits, parts: int) -> GateFinding:
    return finding(name, sums.quotient(chosen, limits, parts), "deviance over that of ewma", None, limits.skill_ratio)


def _deviances(model: Verification, baseline: Verification, seed: int) -> _Sums:
    above, under = (poisson_deviance_loss(one.outcomes, one.forecast.mean) for one in (model, baseline))
    if above.shape != under.shape or not np.array_equal(np.isnan(above), np.isnan(under)):
        raise ValueError("the model and the baseline are not scored on the same rows")
    return _sums(above, under, model, seed)


def _expected(model: Verification, seed: int) -> _Sums:
    return _sums(np.where(model.known, model.forecast.mean, np.nan), model.outcomes, model, seed)


def _sums(above: Floats, under: Floats, model: Verification, seed: int) -> _Sums:
    crimes = np.where(model.known, model.outcomes, 0.0)
    return _Sums(np.nan_to_num(above), np.nan_to_num(under), crimes, model.horizon, seed)


def _fifths(forecast: Floats) -> list[Mask]:
    """The areas of each fifth by their summed forecast, the lowest first."""
    order = np.argsort(forecast.sum(axis=0), kind="stable")
    masks = []
    for part in np.array_split(order, len(FIFTHS)):
        mask = np.zeros(order.size, dtype=bool)
        mask[part] = True
        masks.append(mask)
    return masks
