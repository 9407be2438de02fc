"""All audits of one forecaster in one call."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from monitoring.audits.accuracy_by_group import COVERAGE, SKILL, coverage, skill
from monitoring.audits.calibration import CALIBRATION, OVER, UNDER, calibration, prediction_errors
from monitoring.audits.completeness import COMPLETENESS, MOST_LEFT_OUT, completeness
from monitoring.audits.contrasts import Audit, judged
from monitoring.audits.enforcement import ENFORCEMENT, enforcement_signature
from monitoring.audits.exposure import EXPOSURE, NEED_ADJUSTED, exposure, need_adjusted_exposure
from monitoring.audits.flag_errors import MISSED, NEEDLESS, flag_errors
from monitoring.audits.frontier import FRONTIER, frontier
from monitoring.audits.groups import DEPRIVATION, DISTRICT, Groups
from monitoring.audits.hidden_subgroup import HIDDEN_SUBGROUP, hidden_subgroup
from monitoring.audits.material import Material
from monitoring.audits.protected import protected_characteristics
from monitoring.audits.proxy_leakage import PROXY_LEAKAGE, proxy_leakage
from monitoring.audits.result import AuditResult, Description, Finding, GroupTest
from monitoring.audits.sensitivity import ATTACHMENT, REPORTING, attachment, reporting

Row = dict[str, object]
PROTECTED = "protected characteristics"
DESCRIPTIONS: tuple[Description, ...] = (
    CALIBRATION,
    UNDER,
    OVER,
    SKILL,
    COVERAGE,
    EXPOSURE,
    NEED_ADJUSTED,
    MISSED,
    NEEDLESS,
    HIDDEN_SUBGROUP,
    COMPLETENESS,
    ATTACHMENT,
    REPORTING,
    PROXY_LEAKAGE,
    ENFORCEMENT,
    FRONTIER,
)


def audit(material: Material) -> AuditResult:
    """Every audit that the material allows, with its interval, margin and verdict; what it does not allow is told."""
    findings, tests = findings_of(material)
    total = material.happened.sum()
    return AuditResult(
        findings=tuple(findings),
        tests=tuple(tests),
        tables=_tables(material),
        descriptions=DESCRIPTIONS,
        notes=_notes(material),
        margins=material.margins,
        flagged_share=material.flagged_share,
        areas=material.outcomes.shape[1],
        periods=int(material.known.any(axis=1).sum()),
        city_calibration=float(material.means.sum() / total) if total > 0 else None,
        seed=material.seed,
    )


def findings_of(material: Material) -> tuple[list[Finding], list[GroupTest]]:
    """The audits by group alone."""
    families = [
        [calibration(material, groups) for groups in material.groups],
        [flag for groups in _compared(material) for flag in flag_errors(material, groups)],
        [coverage(material, groups) for groups in material.groups],
        *_families_by_residents(material),
    ]
    if material.baseline is not None:
        families.append([skill(material, groups) for groups in material.groups])
    findings: list[Finding] = []
    tests: list[GroupTest] = []
    for family in families:
        found, tested = judged(material, family)
        findings += found
        tests += tested
    return findings, tests


def judged_tables(material: Material) -> dict[str, list[Row]]:
    """The audits that are not by group and have a verdict."""
    gates = {
        COMPLETENESS.audit: [completeness(material, groups) for groups in material.groups],
        HIDDEN_SUBGROUP.audit: hidden_subgroup(material),
    }
    if material.features is not None:
        gates[PROXY_LEAKAGE.audit] = _each(proxy_leakage, material, _of_residents(material))
    if material.enforcement is not None and material.recorded is not None and material.deprivation is not None:
        gates[ENFORCEMENT.audit] = enforcement_signature(material)
    return gates


def _compared(material: Material) -> tuple[Groups, ...]:
    """The attributes without districts, which are judged by calibration and coverage alone."""
    return tuple(groups for groups in material.groups if groups.attribute != DISTRICT)


def _families_by_residents(material: Material) -> list[list[Audit]]:
    if material.residents is None:
        return []
    compared = _compared(material)
    pairs = [prediction_errors(material, groups) for groups in compared]
    families = [
        [exposure(material, groups) for groups in compared],
        [pair[0] for pair in pairs],
        [pair[1] for pair in pairs],
    ]
    if material.need is not None:
        families.append([need_adjusted_exposure(material, groups) for groups in compared])
    return families


def _of_residents(material: Material) -> list[Groups]:
    """The attributes whose groups share areas."""
    return [groups for groups in _compared(material) if groups.attribute != DEPRIVATION]


def _tables(material: Material) -> dict[str, list[Row]]:
    tables = judged_tables(material)
    tables[PROTECTED] = protected_characteristics([groups.attribute for groups in material.groups])
    shared = _of_residents(material)
    if material.residents is not None:
        tables[FRONTIER.audit] = _each(frontier, material, list(_compared(material)))
        tables[ATTACHMENT.audit] = _each(attachment, material, shared)
        if material.deprivation is not None:
            tables[REPORTING.audit] = _each(reporting, material, shared)
    return tables


def _each(made: Callable[[Material, Groups], list[Row]], material: Material, attributes: list[Groups]) -> list[Row]:
    return [row for groups in attributes for row in made(material, groups)]


def _notes(material: Material) -> tuple[str, ...]:
    missing: Mapping[str, object] = {
        "Exposure and errors per 1,000 were not audited: residents are not given.": material.residents,
        "Skill was not audited: no simple count is given.": material.baseline,
        "Exposure was not adjusted for need: no independent measure of need is given.": material.need,
        "Proxy leakage was not audited: the features are not given.": material.features,
        "The enforcement signature was not audited: stop and search is not given.": material.enforcement,
    }
    notes = [note for note, given in missing.items() if given is None]
    if not material.groups:
        notes.append("No group was audited: neither shares of residents nor deprivation are given.")
    for groups in material.groups:
        if groups.unknown:
            notes.append(f"{groups.unknown} areas have no known {groups.attribute} and do not count for it.")
        if (left := groups.left_out(material.residents)) > MOST_LEFT_OUT:
            notes.append(f"A group is left out: {left:.0%} of the residents are in no group by {groups.attribute}.")
    if np.isnan(material.outcomes).all():
        notes.append("No outcome is known: nothing could be compared.")
    return tuple(notes)
