"""Whom the flags expose: residents of flagged areas by group, alone and against an independent measure of need."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from fairlearn.metrics import selection_rate

from monitoring.audits.contrasts import Audit, Contrast, by_group
from monitoring.audits.groups import Groups
from monitoring.audits.material import Material
from monitoring.audits.result import Description

Floats = npt.NDArray[np.float64]

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
    question="is the group flagged more than if as many areas were flagged by an independent measure of need?",
    formula="RR / (V / V_rest), V = Σ s·N·f_v / Σ s·N with f_v the flags of the areas with the most need v",
    unit="ratio to other residents, over that of need",
    fairlearn=EXPOSURE.fairlearn,
    source="Akpinar, De-Arteaga & Chouldechova 2021 on measures that do not come from the police",
)


def exposure(material: Material, groups: Groups) -> Audit:
    """Flagged residents of each group against all other residents."""
    people = material.people(groups)
    rates = _rates(people, material.population[:, None] - people, material.flags)
    return _audit(material, groups, EXPOSURE, exposure_contrast(material, groups), rates, exposure_residuals(material))


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
    """Exposure of each group over its need, against the same of all others; raises ``ValueError`` without need.

    Need stands as the flags it would give: a rule that flags the highest areas of a group with half more need flags far
    more than half more of its residents, without being unfair to anyone.
    """
    if material.need is None:
        raise ValueError("no independent measure of need is given")
    residents, people = material.population, material.people(groups)
    others = residents[:, None] - people
    needed = material.flags_by(material.need[None, :])
    rates, references = _rates(people, others, material.flags)
    of_need, of_need_rest = _rates(people, others, needed)
    flagged = material.flags.mean(axis=0)
    exposed, due = residents * flagged, residents * needed[0]
    return _audit(
        material,
        groups,
        NEED_ADJUSTED,
        Contrast(
            "ratio",
            people * flagged[:, None],
            people * needed[0][:, None],
            others * flagged[:, None],
            others * needed[0][:, None],
        ),
        (1000.0 * rates / of_need, 1000.0 * references / of_need_rest),
        exposed / exposed.sum() - due / due.sum(),
    )


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
    rates: tuple[Floats, Floats],
    residuals: Floats,
) -> Audit:
    adjusted = description is NEED_ADJUSTED
    return Audit(
        name=description.audit,
        groups=groups,
        contrast=contrast,
        rates=rates[0],
        references=rates[1],
        rate_unit=f"flagged residents per 1,000{' flagged by need' if adjusted else ''}",
        unit=description.unit,
        margin=material.margins.ratio_margin,
        red=material.margins.ratio_red,
        events=groups.shares.T @ material.happened,
        areas=groups.areas,
        residuals=residuals,
    )
