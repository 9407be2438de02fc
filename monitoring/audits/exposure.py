"""Whom the flags expose: residents of flagged areas by group, alone and against an independent measure of need."""

from __future__ import annotations

import numpy as np
from fairlearn.metrics import selection_rate

from contracts.arrays import Floats
from monitoring.audits.contrasts import Audit, Contrast, Rates, by_group, ratio_or_none
from monitoring.audits.groups import Groups
from monitoring.audits.material import Material
from monitoring.audits.result import Description

EXPOSURE = Description(
    audit="exposure",
    question="how many of the group live in flagged areas, as a multiple of all others? Not adjusted for need.",
    formula="RR = (Σ s·N·f / Σ s·N) / (Σ (1−s)·N·f / Σ (1−s)·N)",
    unit="ratio to other residents",
    fairlearn="MetricFrame(metrics={'exposure': selection_rate}, sample_params={'exposure': {'sample_weight': s·N}})",
    source="Brantingham, Valasek & Mohler 2018 on exposure to patrols",
)
NEED_ADJUSTED = Description(
    audit="need-adjusted exposure",
    question="is the group flagged more than it is in need? Flags gather where need is highest, so 1 is no target.",
    formula="RR / (V_g / V_rest), V = Σ s·v / Σ s·N; v an independent measure of need, else the recorded outcome",
    unit="ratio to other residents, over that of need",
    fairlearn=EXPOSURE.fairlearn,
    source="Akpinar, De-Arteaga & Chouldechova 2021 on measures that do not come from the police",
)
AGAINST_NEED = Description(
    audit="exposure against need",
    question="is the group flagged more than if as many areas were flagged by need itself?",
    formula="RR / (F_g / F_rest), F = Σ s·N·f_v / Σ s·N with f_v the flags of the areas with the most need v",
    unit="ratio to other residents, over that of flags by need",
    fairlearn=EXPOSURE.fairlearn,
    source=NEED_ADJUSTED.source,
)


_RATE_UNITS = {
    EXPOSURE.audit: "flagged residents per 1,000",
    NEED_ADJUSTED.audit: "flagged residents per 1,000 cases of need",
    AGAINST_NEED.audit: "flagged residents per 1,000 flagged by need",
}


def exposure(material: Material, groups: Groups) -> Audit:
    """Flagged residents of each group against all other residents."""
    people = material.people(groups)
    others = material.population[:, None] - people
    return _audit(
        material,
        groups,
        EXPOSURE,
        exposure_contrast(material, groups),
        lambda: _rates(people, others, material.flags),
        exposure_residuals(material),
    )


def exposure_contrast(material: Material, groups: Groups) -> Contrast:
    """Flagged share of the group's residents over that of all others."""
    people = material.people(groups)
    others = material.population[:, None] - people
    flagged = material.flags.mean(axis=0)[:, None]
    return Contrast("ratio", people * flagged, people, others * flagged, others)


def exposure_residuals(material: Material) -> Floats:
    """Flagged residents of each area beyond the city's share; they add up to 0."""
    exposed = material.population * material.flags.mean(axis=0)
    return np.asarray(exposed - material.population * exposed.sum() / material.population.sum())


def need_adjusted_exposure(material: Material, groups: Groups) -> Audit:
    """Exposure of each group over its need per resident, against the same of all others.

    A rule that flags the areas in most need flags more than half more residents of a group with half more need, without
    being unfair to anyone: ``exposure_against_need`` takes that into account.
    """
    need, shares = material.known_need, groups.shares
    return _over(material, groups, NEED_ADJUSTED, shares * need[:, None], (1.0 - shares) * need[:, None])


def exposure_against_need(material: Material, groups: Groups) -> Audit:
    """Exposure of each group over the exposure that flags by need would give, against the same of all others."""
    people = material.people(groups)
    needed = material.flags_by(material.known_need[None, :])[0][:, None]
    return _over(material, groups, AGAINST_NEED, people * needed, (material.population[:, None] - people) * needed)


def _over(material: Material, groups: Groups, description: Description, due: Floats, due_others: Floats) -> Audit:
    """Flagged residents of each group over what is due to it, (A, G), against the same of all others."""
    people = material.people(groups)
    others = material.population[:, None] - people
    flagged = material.flags.mean(axis=0)
    exposed, all_due = material.population * flagged, (due + due_others)[:, 0]

    def rates() -> tuple[Floats, Floats]:
        found, reference = _rates(people, others, material.flags)
        due_to_one = ratio_or_none(due.sum(axis=0), people.sum(axis=0))
        due_to_others = ratio_or_none(due_others.sum(axis=0), others.sum(axis=0))
        return ratio_or_none(found, due_to_one), ratio_or_none(reference, due_to_others)

    return _audit(
        material,
        groups,
        description,
        Contrast("ratio", people * flagged[:, None], due, others * flagged[:, None], due_others),
        rates,
        _beyond(exposed, all_due),
    )


def _beyond(exposed: Floats, due: Floats) -> Floats:
    """Each area's share of what is exposed less its share of what is due; zeros where nothing is."""
    if not exposed.sum() > 0 or not due.sum() > 0:
        return np.zeros_like(exposed)
    return np.asarray(exposed / exposed.sum() - due / due.sum())


def _rates(people: Floats, others: Floats, flags: Floats) -> tuple[Floats, Floats]:
    """Flagged residents per 1,000 of each group and of all others, by Fairlearn."""
    flagged = flags.mean(axis=0)[:, None]
    both = np.hstack([people, others])
    weights = np.vstack([both * flagged, both * (1.0 - flagged)])
    predicted = np.repeat([1.0, 0.0], len(both))
    table = by_group({"exposure": selection_rate}, weights, np.zeros(len(weights)), predicted)
    rates = 1000.0 * table["exposure"].to_numpy(np.float64)
    return rates[: people.shape[1]], rates[people.shape[1] :]


def _audit(
    material: Material,
    groups: Groups,
    description: Description,
    contrast: Contrast,
    rates: Rates,
    residuals: Floats,
) -> Audit:
    return Audit(
        name=description.audit,
        groups=groups,
        contrast=contrast,
        rates=rates,
        rate_unit=_RATE_UNITS[description.audit],
        unit=description.unit,
        margin=material.margins.ratio_margin,
        red=material.margins.ratio_red,
        events=groups.shares.T @ material.happened,
        areas=groups.areas,
        residuals=residuals,
    )
