"""Missed and needless flags: whose areas were among the highest and not flagged, and whose flagged without being so."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial

import numpy as np
from fairlearn.metrics import false_negative_rate

from contracts.arrays import Floats
from monitoring.audits.contrasts import Audit, Contrast, Rates, areas_behind, by_group
from monitoring.audits.groups import Groups
from monitoring.audits.material import Material
from monitoring.audits.result import Description

MISSED = Description(
    audit="missed flags",
    question="of the areas with the most crimes, how many more were not flagged where the group lives than elsewhere?",
    formula="FNR = Σ s·N·t·(1−f) / Σ s·N·t, less that of all other residents; t the realised top areas over 4–12 weeks",
    unit="percentage points",
    fairlearn="MetricFrame(metrics={'missed': false_negative_rate}, sample_params={'missed': {'sample_weight': s·N}}, "
    "control_features=demand fifth)",
    source="Hardt, Price & Srebro 2016 on equal opportunity",
)
NEEDLESS = Description(
    audit="needless flags",
    question="of the flagged areas, how many more were not among those with the most crimes than elsewhere?",
    formula="FDR = Σ s·N·f·(1−t) / Σ s·N·f, less that of all other residents",
    unit="percentage points",
    fairlearn="MetricFrame(metrics={'needless': false_discovery_rate}, "
    "sample_params={'needless': {'sample_weight': s·N}}, control_features=demand fifth)",
    source="Chouldechova 2017 on predictive parity",
)


def false_discovery_rate(tops: Floats, flags: Floats, *, sample_weight: Floats) -> float:
    """Weighted share of the flagged that was not on top, a custom metric for Fairlearn; NaN where none was flagged.

    >>> tops, flags = np.array([1.0, 0.0, 0.0]), np.array([1.0, 1.0, 0.0])
    >>> false_discovery_rate(tops, flags, sample_weight=np.array([3.0, 1.0, 9.0]))
    0.25
    """
    flagged = float(np.dot(sample_weight, flags))
    return float(np.dot(sample_weight, flags * (1.0 - tops))) / flagged if flagged > 0 else float("nan")


def missed_rate(tops: Floats, flags: Floats, *, sample_weight: Floats) -> float:
    """Fairlearn's weighted false negative rate, NaN where nothing was on top (Fairlearn gives 0 there in silence).

    >>> missed_rate(np.array([1.0, 1.0, 0.0]), np.array([1.0, 0.0, 0.0]), sample_weight=np.array([3.0, 1.0, 9.0]))
    0.25
    """
    if not np.dot(sample_weight, tops) > 0:
        return float("nan")
    return float(false_negative_rate(tops, flags, pos_label=1, sample_weight=sample_weight))


def flag_errors(material: Material, groups: Groups) -> list[Audit]:
    """Missed and needless flags of each group: in the whole city, and within each fifth of areas by crimes.

    Within a fifth only the areas of that fifth are compared, so that groups are set against others of equal demand.
    """
    audits = _of_city_and_fifths(material, groups, MISSED, missed_contrast(material, groups))
    return audits + _of_city_and_fifths(material, groups, NEEDLESS, needless_contrast(material, groups))


def missed_contrast(material: Material, groups: Groups) -> Contrast:
    """Residents of realised top areas that were not flagged, over residents of top areas; group less others."""
    flags, tops = material.flags_and_tops
    return _contrast(material, groups, (tops * (1.0 - flags)).sum(axis=0), tops.sum(axis=0))


def needless_contrast(material: Material, groups: Groups) -> Contrast:
    """Residents of flagged areas that were not on top, over residents of flagged areas; group less others."""
    flags, tops = material.flags_and_tops
    return _contrast(material, groups, (flags * (1.0 - tops)).sum(axis=0), flags.sum(axis=0))


def flag_residuals(contrast: Contrast) -> Floats:
    """Residents of wrongly (not) flagged areas beyond the city's rate; they add up to 0 over the areas."""
    wrong = (contrast.above + contrast.reference_above)[:, 0]
    of = (contrast.below + contrast.reference_below)[:, 0]
    return np.asarray(wrong - of * wrong.sum() / of.sum()) if of.sum() > 0 else np.zeros_like(of)


def _contrast(material: Material, groups: Groups, wrong: Floats, of: Floats) -> Contrast:
    people, others = _people(material, groups)
    wrong, of = wrong[:, None], of[:, None]
    return Contrast("gap", people * wrong, people * of, others * wrong, others * of, scale=100.0)


def _people(material: Material, groups: Groups) -> tuple[Floats, Floats]:
    """Residents of each group and all others, or where residents are not given their shares."""
    if material.residents is None:
        return groups.shares, 1.0 - groups.shares
    people = material.people(groups)
    return people, material.residents[:, None] - people


def _of_city_and_fifths(
    material: Material, groups: Groups, description: Description, contrast: Contrast
) -> list[Audit]:
    key = description.audit.split()[0]
    rates = cache(partial(_rates, material, groups, key))
    audits = [_audit(material, groups, description, contrast, partial(_rates_of, rates, 0), None)]
    for fifth in range(1, 6):
        inside = material.demand_fifth == fifth
        part = contrast.within(inside)
        if (part.below > 0).any():
            name = f"demand fifth {fifth}" + (" (most crimes)" if fifth == 1 else "")
            audits.append(_audit(material, groups, description, part, partial(_rates_of, rates, fifth), name))
    return audits


def _rates_of(rates: Callable[[], list[tuple[Floats, Floats]]], part: int) -> tuple[Floats, Floats]:
    return rates()[part]


def _rates(material: Material, groups: Groups, key: str) -> list[tuple[Floats, Floats]]:
    """Fairlearn's rates in percent, of groups and of all others, both (G,): of the city and of fifths 1…5."""
    flags, tops = material.flags_and_tops
    metric = {"missed": missed_rate, "needless": false_discovery_rate}[key]
    people, others = _people(material, groups)
    weights = np.tile(np.hstack([people, others]), (len(flags), 1))
    some = (tops if key == "missed" else flags).ravel() > 0
    fifth = np.tile(material.demand_fifth, len(flags))
    chosen = (weights[some], tops.ravel()[some], flags.ravel()[some])
    city = by_group({key: metric}, *chosen)
    parts = by_group({key: metric}, *chosen, control=fifth[some])
    fifths = parts[key].to_numpy(np.float64).reshape(5, -1)
    count = len(groups.names)
    return [(row[:count], row[count:]) for row in 100.0 * np.vstack([city[key].to_numpy(np.float64), fifths])]


def _audit(
    material: Material,
    groups: Groups,
    description: Description,
    contrast: Contrast,
    rates: Rates,
    stratum: str | None,
) -> Audit:
    residents = np.ones(len(groups.shares)) if material.residents is None else material.residents
    number = contrast.below / np.where(residents > 0, residents, 1.0)[:, None]
    margins = material.margins
    return Audit(
        name=description.audit,
        groups=groups,
        contrast=contrast,
        rates=rates,
        rate_unit="%",
        unit=description.unit,
        margin=(None, margins.gap_margin),
        red=(None, margins.gap_red),
        events=number.sum(axis=0),
        areas=areas_behind(groups, contrast.below),
        residuals=flag_residuals(contrast),
        stratum=stratum,
    )
