"""Whether a group's areas are forecast too low or too high: calibration, and errors per 1,000 beyond chance."""

from __future__ import annotations

import numpy as np

from contracts.arrays import Floats
from monitoring.audits.contrasts import Audit, Contrast, by_group, weighted_ratio
from monitoring.audits.groups import Groups
from monitoring.audits.material import Material
from monitoring.audits.result import Description

CALIBRATION = Description(
    audit="calibration",
    question="is the forecast for the group's areas, over what happened there, that of the city? Under 1 is too low.",
    formula="C = (Σ s·μ / Σ s·y) / (Σ μ / Σ y)",
    unit="ratio to the city",
    fairlearn="MetricFrame(metrics={'calibration': weighted_ratio}, "
    "sample_params={'calibration': {'sample_weight': s}})",
    source="Kleinberg, Mullainathan & Raghavan 2016 on calibration within groups",
)
UNDER = Description(
    audit="under-prediction",
    question="how many crimes per 1,000 residents were forecast too few, beyond chance and beyond that of the others?",
    formula="U = 1000·Σ s·[(y−μ)₊ − E(Y−μ)₊] / Σ s·N, less the same of all other residents; Y from the forecast",
    unit="crimes per 1,000 residents",
    fairlearn="MetricFrame(metrics={'under': weighted_ratio}, sample_params={'under': {'sample_weight': s}})",
    source="Gneiting & Raftery 2007 for the expectation under the forecast",
)
OVER = Description(
    audit="over-prediction",
    question="how many crimes per 1,000 residents were forecast too many, beyond chance and beyond that of the others?",
    formula="O = 1000·Σ s·[(μ−y)₊ − E(μ−Y)₊] / Σ s·N, less the same of all other residents; Y from the forecast",
    unit="crimes per 1,000 residents",
    fairlearn="MetricFrame(metrics={'over': weighted_ratio}, sample_params={'over': {'sample_weight': s}})",
    source=UNDER.source,
)


def calibration(material: Material, groups: Groups) -> Audit:
    """Forecast over outcome of each group, relative to the city's."""
    expected, happened = material.means.sum(axis=0), material.happened

    def rates() -> tuple[Floats, Floats]:
        table = by_group({"calibration": weighted_ratio}, groups.shares, happened, expected)
        city = weighted_ratio(happened, expected, sample_weight=np.ones_like(happened))
        return table["calibration"].to_numpy(np.float64), np.full(len(groups.names), city)

    return Audit(
        name=CALIBRATION.audit,
        groups=groups,
        contrast=calibration_contrast(material, groups),
        rates=rates,
        rate_unit="forecast over outcome",
        unit=CALIBRATION.unit,
        margin=material.margins.ratio_margin,
        red=material.margins.ratio_red,
        events=groups.shares.T @ happened,
        areas=groups.areas,
        residuals=calibration_residuals(material),
    )


def calibration_contrast(material: Material, groups: Groups) -> Contrast:
    """Σ s·μ / Σ s·y over Σ μ / Σ y."""
    expected, happened = material.means.sum(axis=0)[:, None], material.happened[:, None]
    one = np.ones_like(groups.shares)
    return Contrast("ratio", groups.shares * expected, groups.shares * happened, one * expected, one * happened)


def calibration_residuals(material: Material) -> Floats:
    """Errors of the areas beyond the city's, in standard deviations of Poisson counts; they add up to 0."""
    expected, happened = material.means.sum(axis=0), material.happened
    total = happened.sum()
    relative = expected - happened * (expected.sum() / total if total > 0 else 0.0)
    standard = relative / np.sqrt(np.maximum(expected, 1e-9))
    return np.asarray(standard - standard.mean())


def under_prediction(material: Material, groups: Groups) -> Audit:
    """Crimes forecast too few for each group per 1,000 residents, less chance and less those of all others."""
    return _errors(material, groups, UNDER, 1.0)


def over_prediction(material: Material, groups: Groups) -> Audit:
    """Crimes forecast too many, likewise."""
    return _errors(material, groups, OVER, -1.0)


def _errors(material: Material, groups: Groups, description: Description, sign: float) -> Audit:
    error = sign * (material.outcomes - material.forecast.mean)
    excess = np.where(material.known, np.maximum(error, 0.0) - material.shortfall, 0.0)
    people, residents = material.people(groups), material.population
    shares, others = groups.shares, 1.0 - groups.shares
    total = excess.sum(axis=0)
    key = description.audit.split("-")[0]

    def rates() -> tuple[Floats, Floats]:
        table = by_group({key: weighted_ratio}, np.hstack([shares, others]), residents, total)
        both = 1000.0 * table[key].to_numpy(np.float64)
        return both[: len(groups.names)], both[len(groups.names) :]

    city_rate = 1000.0 * material.happened.sum() / residents.sum()
    narrow, wide = material.margins.error_margin * city_rate, material.margins.error_red * city_rate
    residual = total - residents * total.sum() / residents.sum()
    return Audit(
        name=description.audit,
        groups=groups,
        contrast=Contrast(
            "gap",
            shares * total[:, None],
            people,
            others * total[:, None],
            residents[:, None] - people,
            scale=1000.0,
        ),
        rates=rates,
        rate_unit=description.unit,
        unit=description.unit,
        margin=(None, float(narrow)),
        red=(None, float(wide)),
        events=shares.T @ material.happened,
        areas=groups.areas,
        residuals=residual,
    )
