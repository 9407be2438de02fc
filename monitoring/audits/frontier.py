"""Efficiency against equity: how much crime the flags can cover when no group may be exposed more than so many times.

For each cap c on the exposure ratio the flags of the most expected crime are sought: max Σ μ·f subject to RR_g ≤ c for
every group and as many flags as before. With 0 ≤ f ≤ 1 it is a linear programme, because RR_g ≤ c is linear in f; it is
solved by HiGHS, and the few areas that are flagged in part count in part. Source: Wheeler 2020, Allocating police
resources while limiting racial inequality.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import linprog

from contracts.arrays import Floats
from monitoring.audits.groups import Groups
from monitoring.audits.material import Material
from monitoring.audits.result import CAVEAT, Description, figure

FRONTIER = Description(
    audit="efficiency against equity",
    question="what share of the crimes would flags cover if no group could be exposed more than so many times?",
    formula="max Σ μ·f subject to RR_g ≤ c for every group, c ∈ {1, 1.1, 1.25, ∞}",
    unit="% of crimes",
    fairlearn="none: ThresholdOptimizer would draw flags by lot",
    source="Wheeler 2020",
)
CAPS = (1.0, 1.1, 1.25, float("inf"))


def frontier(material: Material, groups: Groups) -> list[dict[str, object]]:
    """One row a cap: share of the crimes that happened in what would have been flagged, its 95% interval, and what of
    the capture without a cap is kept. The flags are those of the mean forecast over the periods."""
    expected, residents = material.means.sum(axis=0), material.population
    number = material.flag_rule.settings.count_of(len(expected))
    rows: list[dict[str, object]] = []
    free = capped_flags(expected, residents, groups.shares, number, float("inf"))
    for cap in CAPS:
        flags = free if np.isinf(cap) else capped_flags(expected, residents, groups.shares, number, cap)
        rows.append(
            {"attribute": groups.attribute, "cap": None if np.isinf(cap) else cap, **_told(material, flags, free)}
        )
    return rows


def capped_flags(expected: Floats, residents: Floats, shares: Floats, number: int, cap: float) -> Floats | None:
    """Flags 0…1 (A,) of ``number`` areas with the most expected crimes under RR_g ≤ cap for all groups, or None.

    RR_g ≤ c is Σ f·N·[s/S − c·(1−s)/S'] ≤ 0 with S the residents of the group and S' all others.
    """
    limits = None
    if np.isfinite(cap):
        people = shares * residents[:, None]
        others = residents[:, None] - people
        some = (people.sum(axis=0) > 0) & (others.sum(axis=0) > 0)
        people, others = people[:, some], others[:, some]
        limits = (people / people.sum(axis=0) - cap * others / others.sum(axis=0)).T
    solved = linprog(
        -expected,
        A_ub=limits,
        b_ub=None if limits is None else np.zeros(len(limits)),
        A_eq=np.ones((1, len(expected))),
        b_eq=[float(number)],
        bounds=(0.0, 1.0),
        method="highs",
    )
    return np.asarray(solved.x) if solved.success else None


def _told(material: Material, flags: Floats | None, free: Floats | None) -> dict[str, object]:
    if flags is None or free is None:
        return {"captured": None, "low": None, "high": None, "kept": None, "caveat": CAVEAT}
    happened, weights = material.happened, material.resampling.large.weights
    captured = 100.0 * float(flags @ happened) / max(float(happened.sum()), 1.0)
    of_free = float(flags @ happened) / max(float(free @ happened), 1e-9)
    total = weights @ happened
    drawn = 100.0 * (weights @ (flags * happened)) / np.where(total > 0, total, np.nan)
    low, high = material.resampling.tails(drawn)
    return {
        "captured": figure(captured),
        "low": figure(low),
        "high": figure(high),
        "kept": figure(100.0 * of_free),
        "caveat": CAVEAT,
    }
