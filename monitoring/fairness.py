"""A first audit of whom a forecast serves: calibration and exposure by deprivation fifth and by ethnic group.

Groups are never labels of areas: each area counts for a group with the group's share of its residents. With share
*s*, outcome *y*, forecast mean *μ*, residents *N* and the flag *f* of the areas with the highest forecasts:

- **calibration**: C = Σ s·μ / Σ s·y, divided by the city's own Σ μ / Σ y. Under 1 the group's areas are forecast too
  low, and could be under-protected; over 1 too high, and could be over-policed.
- **exposure**: E = Σ s·N·f / Σ s·N, divided by the same of all other residents. It is not adjusted for need.

Point figures are Fairlearn's ``MetricFrame`` by group (its ``ratio()`` is a minimum over a maximum, biased, and not
used); 95% intervals resample whole areas, because rows of one area resemble one another.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from fairlearn.metrics import MetricFrame, selection_rate

from monitoring.fairness_result import Audit, FairnessAudit, Finding, judge
from monitoring.hotspots import flagged_areas
from monitoring.skill import resampling

Floats = npt.NDArray[np.float64]

REPLICATES = 2000
FIFTHS = ("1 (most deprived)", "2", "3", "4", "5 (least deprived)")


@dataclass(frozen=True)
class _Groups:
    """One attribute of residents: names of its groups and each area's share of them, shape (A, G)."""

    attribute: str
    names: tuple[str, ...]
    shares: Floats


def deprivation_fifths(score: Floats) -> npt.NDArray[np.int64]:
    """Fifth of each area by number of areas, 1 the most deprived, 0 where the score is NaN; ties stay together.

    >>> deprivation_fifths(np.array([5.0, 40.0, 10.0, 30.0, 20.0, np.nan]))
    array([5, 1, 4, 2, 3, 0])
    """
    return _equal_parts(score, 5)


def deprivation_tenths(score: Floats) -> npt.NDArray[np.int64]:
    """The same in tenths.

    >>> deprivation_tenths(np.arange(20.0))
    array([10, 10,  9,  9,  8,  8,  7,  7,  6,  6,  5,  5,  4,  4,  3,  3,  2,
            2,  1,  1])
    """
    return _equal_parts(score, 10)


def _equal_parts(score: Floats, parts: int) -> npt.NDArray[np.int64]:
    rank = pd.Series(-score).rank(method="average").to_numpy(np.float64)
    known = ~np.isnan(score)
    part = np.ceil(parts * np.where(known, rank, 0.0) / max(int(known.sum()), 1))
    return np.asarray(part, dtype=np.int64)


def calibration_ratio(outcomes: Floats, expected: Floats, *, sample_weight: Floats) -> float:
    """Σ weight·expected / Σ weight·outcomes, a custom metric for Fairlearn; NaN where the weighted outcomes are 0.

    >>> calibration_ratio(np.array([10.0, 10.0]), np.array([8.0, 12.0]), sample_weight=np.array([1.0, 0.5]))
    0.9333333333333333
    """
    happened = float(np.dot(sample_weight, outcomes))
    return float(np.dot(sample_weight, expected)) / happened if happened > 0 else float("nan")


def audit(
    forecast_mean: Floats,
    outcomes: Floats,
    *,
    residents: Floats | None,
    group_shares: pd.DataFrame | None,
    deprivation: Floats | None,
    flagged_share: float,
    seed: int,
    replicates: int = REPLICATES,
) -> FairnessAudit:
    """Audit forecasts (N, A) against outcomes (N, A), areas in the order of their codes.

    ``residents`` (A,) people; ``group_shares`` A rows, one column a group, each 0…1, NaN unknown; ``deprivation`` (A,)
    a score, higher is more deprived, NaN unknown; ``flagged_share`` of the areas are flagged in each period. What is
    None is not audited, and the result says so. Raises ``ValueError`` for shapes that do not fit or shares outside 0…1.
    """
    areas = outcomes.shape[1]
    _check_shapes(forecast_mean, outcomes, residents, group_shares, deprivation)
    if replicates < 1000:
        raise ValueError("a 95% interval needs at least 1,000 replicates")
    known = ~np.isnan(outcomes)
    happened = np.where(known, outcomes, 0.0).sum(axis=0)
    expected = np.where(known, forecast_mean, 0.0).sum(axis=0)
    flags = flagged_areas(forecast_mean, flagged_share, [f"{position:09d}" for position in range(areas)])
    draws = resampling(periods=1, areas=areas, block=1, seed=seed, replicates=replicates).areas
    findings: list[Finding] = []
    for groups in _attributes(group_shares, deprivation):
        findings += _calibration(groups, happened, expected, draws)
        if residents is not None:
            findings += _exposure(groups, residents, flags, happened, draws)
    return FairnessAudit(
        findings=tuple(findings),
        notes=_notes(residents, group_shares, deprivation),
        flagged_share=flagged_share,
        areas=areas,
        periods=int(known.any(axis=1).sum()),
        city_calibration=float(expected.sum() / happened.sum()) if happened.sum() > 0 else None,
        replicates=replicates,
        seed=seed,
    )


def _check_shapes(
    forecast_mean: Floats,
    outcomes: Floats,
    residents: Floats | None,
    group_shares: pd.DataFrame | None,
    deprivation: Floats | None,
) -> None:
    areas = outcomes.shape[1]
    if forecast_mean.shape != outcomes.shape:
        raise ValueError(f"forecasts {forecast_mean.shape} do not fit outcomes {outcomes.shape}")
    for name, values in (("residents", residents), ("group_shares", group_shares), ("deprivation", deprivation)):
        if values is not None and len(values) != areas:
            raise ValueError(f"{name} has {len(values)} areas, the outcomes {areas}")
    if residents is not None and not (residents >= 0).all():
        raise ValueError("residents are negative or unknown in some area")
    if group_shares is not None and ((group_shares < 0) | (group_shares > 1)).to_numpy().any():
        raise ValueError("a group's share of residents is outside 0…1")


def _attributes(group_shares: pd.DataFrame | None, deprivation: Floats | None) -> list[_Groups]:
    found = []
    if deprivation is not None:
        member = deprivation_fifths(deprivation)[:, None] == np.arange(1, 6)
        found.append(_Groups("deprivation fifth", FIFTHS, member.astype(np.float64)))
    if group_shares is not None:
        shares = np.nan_to_num(group_shares.to_numpy(np.float64))
        found.append(_Groups("ethnic group", tuple(str(name) for name in group_shares.columns), shares))
    return found


def _notes(residents: Floats | None, group_shares: pd.DataFrame | None, deprivation: Floats | None) -> tuple[str, ...]:
    notes = []
    if residents is None:
        notes.append("Exposure was not audited: residents are not given.")
    if group_shares is None:
        notes.append("Ethnic groups were not audited: shares of residents are not given.")
    elif missing := int(group_shares.isna().any(axis=1).sum()):
        notes.append(f"{missing} areas have no known shares of residents for some group and do not count for it.")
    if deprivation is None:
        notes.append("Deprivation fifths were not audited: deprivation is not given.")
    elif missing := int(np.isnan(deprivation).sum()):
        notes.append(f"{missing} areas have no known deprivation and belong to no fifth.")
    return tuple(notes)


def _calibration(groups: _Groups, happened: Floats, expected: Floats, draws: Floats) -> list[Finding]:
    by_group = _by_group(calibration_ratio, groups.names, groups.shares, happened, expected)
    city = calibration_ratio(happened, expected, sample_weight=np.ones_like(happened))
    above, under = draws @ (groups.shares * expected[:, None]), draws @ (groups.shares * happened[:, None])
    city_draws = _quotient(draws @ expected, draws @ happened)[:, None]
    drawn = _quotient(_quotient(above, under), city_draws)
    values = by_group / city
    return _findings("calibration", groups, by_group, values, drawn, happened)


def _exposure(groups: _Groups, residents: Floats, flags: Floats, happened: Floats, draws: Floats) -> list[Finding]:
    people = groups.shares * residents[:, None]
    periods = flags.shape[0]
    by_group = _by_group(
        selection_rate, groups.names, np.tile(people, (periods, 1)), np.zeros(flags.size), flags.ravel()
    )
    exposed = people * flags.mean(axis=0)[:, None]
    others = residents[:, None] - people
    exposed_others = others * flags.mean(axis=0)[:, None]
    values = by_group / _quotient(exposed_others.sum(axis=0), others.sum(axis=0))
    drawn = _quotient(_quotient(draws @ exposed, draws @ people), _quotient(draws @ exposed_others, draws @ others))
    return _findings("exposure", groups, 1000.0 * by_group, values, drawn, happened)


def _by_group(
    metric: Callable[..., float], names: tuple[str, ...], weights: Floats, outcomes: Floats, predicted: Floats
) -> Floats:
    """The metric of each group by Fairlearn, shape (G,); weights (rows, G). A group without weight is NaN.

    Fairlearn gives groups without rows or positives a 0 in silence for some metrics: rows without weight are
    therefore left out before and such groups are NaN after.
    """
    weighted = weights > 0
    row, group = np.nonzero(weighted)
    if row.size == 0:
        return np.full(len(names), np.nan)
    frame = MetricFrame(
        metrics=metric,
        y_true=outcomes[row],
        y_pred=predicted[row],
        sensitive_features=pd.Series(group, name="group"),
        sample_params={"sample_weight": weights[weighted]},
    )
    return np.asarray(frame.by_group.reindex(range(len(names))).to_numpy(np.float64))


def _quotient(above: Floats, under: Floats) -> Floats:
    return np.asarray(np.divide(above, under, out=np.full(np.shape(above), np.nan), where=under > 0))


def _findings(
    name: Audit, groups: _Groups, rates: Floats, values: Floats, drawn: Floats, happened: Floats
) -> list[Finding]:
    with warnings.catch_warnings():
        # A group that no replicate holds has no interval: its quantiles are NaN, which is what is meant.
        warnings.filterwarnings("ignore", "All-NaN slice", RuntimeWarning)
        low, high = np.nanquantile(drawn, (0.025, 0.975), axis=0)
    squares = (groups.shares**2).sum(axis=0)
    areas = _quotient(groups.shares.sum(axis=0) ** 2, squares)
    events = groups.shares.T @ happened
    return [
        judge(name, groups.attribute, group, rates[at], values[at], low[at], high[at], areas[at], events[at])
        for at, group in enumerate(groups.names)
    ]
