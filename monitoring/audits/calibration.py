"""Whether a group's areas are forecast too low or too high: calibration, and errors per 1,000 beyond chance."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from contracts import CountDistribution
from monitoring.audits.contrasts import Audit, Contrast, by_group, weighted_ratio
from monitoring.audits.groups import Groups
from monitoring.audits.material import Material
from monitoring.audits.result import Description

Floats = npt.NDArray[np.float64]

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
    table = by_group({"calibration": weighted_ratio}, groups.shares, happened, expected)
    city = weighted_ratio(happened, expected, sample_weight=np.ones_like(happened))
    return Audit(
        name=CALIBRATION.audit,
        groups=groups,
        contrast=calibration_contrast(material, groups),
        rates=table["calibration"].to_numpy(np.float64),
        references=np.full(len(groups.names), city),
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


def prediction_errors(material: Material, groups: Groups) -> tuple[Audit, Audit]:
    """Under- and over-prediction of each group per 1,000 residents, less chance and less that of all others."""
    expected = expected_shortfall(material.forecast)
    error = np.where(material.known, material.outcomes - material.forecast.mean, 0.0)
    floor = np.where(material.known, expected, 0.0)
    return (
        _errors(material, groups, UNDER, np.maximum(error, 0.0) - floor),
        _errors(material, groups, OVER, np.maximum(-error, 0.0) - floor),
    )


def expected_shortfall(forecast: CountDistribution) -> Floats:
    """E(Y − μ)₊ of counts from the forecast, in crimes, same shape; E(μ − Y)₊ is the same, because E(Y) = μ.

    E(Y − μ)₊ = E(Y; Y > k) − μ·P(Y > k) with k the whole part of μ, the first from the size-biased distribution.
    Hand-worked: Poisson with mean ½ lacks (½)·P(Y = 0) = e^−½ / 2.

    >>> expected_shortfall(CountDistribution(np.array([0.5]), np.array([0.0]))).round(4)
    array([0.3033])
    """
    mean, dispersion = forecast.mean, forecast.dispersion
    whole = np.floor(mean)
    biased = CountDistribution(mean * (1.0 + dispersion), dispersion / (1.0 + dispersion))
    beyond = mean * (1.0 - biased.cdf(whole - 1.0))
    return np.asarray(beyond - mean * (1.0 - forecast.cdf(whole)))


def _errors(material: Material, groups: Groups, description: Description, excess: Floats) -> Audit:
    people, residents = material.people(groups), material.population
    shares, others = groups.shares, 1.0 - groups.shares
    total = excess.sum(axis=0)
    key = description.audit.split("-")[0]
    table = by_group({key: weighted_ratio}, np.hstack([shares, others]), residents, total)
    rates = 1000.0 * table[key].to_numpy(np.float64)
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
        rates=rates[: len(groups.names)],
        references=rates[len(groups.names) :],
        rate_unit=description.unit,
        unit=description.unit,
        margin=(None, float(narrow)),
        red=(None, float(wide)),
        events=shares.T @ material.happened,
        areas=groups.areas,
        residuals=residual,
    )
