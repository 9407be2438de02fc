"""How good the forecast is where a group lives: skill against a simple count, and coverage of its interval."""

from __future__ import annotations

import numpy as np
from fairlearn.metrics import mean_prediction

from contracts.arrays import Floats
from monitoring.audits.contrasts import Audit, Contrast, by_group, weighted_ratio
from monitoring.audits.groups import Groups
from monitoring.audits.material import Material
from monitoring.audits.result import Description
from monitoring.scores.accuracy import poisson_deviance_loss
from monitoring.scores.calibration import pit_limits, share_inside

NOMINAL = 0.90
SKILL = Description(
    audit="skill",
    question="how much smaller are the errors in the group's areas than those of a simple count? Below 0 is worse.",
    formula="1 − Σ s·D(y, μ) / Σ s·D(y, baseline), D the Poisson deviance",
    unit="%",
    fairlearn="MetricFrame(metrics={'skill': weighted_ratio}, sample_params={'skill': {'sample_weight': s}})",
    source="Gneiting & Raftery 2007 on skill scores",
)
COVERAGE = Description(
    audit="coverage",
    question="how often did the 90% interval hold the outcome in the group's areas, less 90%?",
    formula="Σ s·P(randomised PIT within 0.05…0.95) / Σ s, less 90%",
    unit="percentage points",
    fairlearn="MetricFrame(metrics={'coverage': mean_prediction}, sample_params={'coverage': {'sample_weight': s}})",
    source="Czado, Gneiting & Held 2009",
)


def skill(material: Material, groups: Groups) -> Audit:
    """Loss of the baseline that the forecast saves in each group's areas; raises ``ValueError`` without a baseline."""
    if material.baseline is None:
        raise ValueError("no baseline is given")
    loss = np.nan_to_num(poisson_deviance_loss(material.outcomes, material.forecast.mean)).sum(axis=0)
    of_baseline = np.nan_to_num(poisson_deviance_loss(material.outcomes, material.baseline)).sum(axis=0)

    def rates() -> tuple[Floats, Floats]:
        table = by_group({"skill": weighted_ratio}, groups.shares, of_baseline, loss)
        return 100.0 * (1.0 - table["skill"].to_numpy(np.float64)), np.zeros(len(groups.names))

    one = np.ones_like(groups.shares)
    lost, lost_by_baseline = groups.shares * loss[:, None], groups.shares * of_baseline[:, None]
    return Audit(
        name=SKILL.audit,
        groups=groups,
        contrast=Contrast("gap", lost_by_baseline - lost, lost_by_baseline, 0.0 * one, one, scale=100.0),
        rates=rates,
        rate_unit=SKILL.unit,
        unit=SKILL.unit,
        margin=(material.margins.skill_at_least, None),
        red=(material.margins.skill_at_least, None),
        events=groups.shares.T @ material.happened,
        areas=groups.areas,
    )


def coverage(material: Material, groups: Groups) -> Audit:
    """Coverage of the 90% interval of each group's areas, less 90%."""
    inside = np.nan_to_num(share_inside(pit_limits(material.outcomes, material.forecast), NOMINAL))
    total, scored = inside.sum(axis=0), material.known.sum(axis=0).astype(np.float64)
    share = total / np.maximum(scored, 1.0)

    def rates() -> tuple[Floats, Floats]:
        table = by_group({"coverage": mean_prediction}, groups.shares * scored[:, None], scored, share)
        return 100.0 * table["coverage"].to_numpy(np.float64), np.full(len(groups.names), 100.0 * NOMINAL)

    one = np.ones_like(groups.shares)
    margins = material.margins
    residual = total - scored * total.sum() / max(float(scored.sum()), 1.0)
    return Audit(
        name=COVERAGE.audit,
        groups=groups,
        contrast=Contrast(
            "gap",
            groups.shares * total[:, None],
            groups.shares * scored[:, None],
            NOMINAL * one,
            one,
            scale=100.0,
        ),
        rates=rates,
        rate_unit="%",
        unit=COVERAGE.unit,
        margin=(-margins.coverage_margin, margins.coverage_margin),
        red=(-margins.coverage_red, margins.coverage_red),
        events=groups.shares.T @ material.happened,
        areas=groups.areas,
        residuals=residual - residual.mean(),
    )
