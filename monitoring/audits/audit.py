"""All audits of one forecaster in one call."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace

import numpy as np

from monitoring.audits.accuracy_by_group import COVERAGE, SKILL, coverage, skill
from monitoring.audits.calibration import CALIBRATION, OVER, UNDER, calibration, over_prediction, under_prediction
from monitoring.audits.completeness import COMPLETENESS, MOST_LEFT_OUT, completeness
from monitoring.audits.contrasts import Audit, judged
from monitoring.audits.enforcement import ENFORCEMENT, enforcement_signature
from monitoring.audits.exposure import (
    AGAINST_NEED,
    EXPOSURE,
    NEED_ADJUSTED,
    exposure,
    exposure_against_need,
    need_adjusted_exposure,
)
from monitoring.audits.flag_errors import MISSED, NEEDLESS, flag_errors
from monitoring.audits.frontier import FRONTIER, frontier
from monitoring.audits.groups import DEPRIVATION, DISTRICT, Groups
from monitoring.audits.hidden_subgroup import HIDDEN_SUBGROUP, hidden_subgroup
from monitoring.audits.material import Material
from monitoring.audits.protected import protected_characteristics
from monitoring.audits.proxy_leakage import PROXY_LEAKAGE, proxy_leakage
from monitoring.audits.result import AuditResult, Description, Finding, GroupTest
from monitoring.audits.sensitivity import ATTACHMENT, REPORTING, attachment, reporting
from monitoring.audits.signal_swap import SIGNAL_SWAP, signal_swap

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
    AGAINST_NEED,
    MISSED,
    NEEDLESS,
    HIDDEN_SUBGROUP,
    COMPLETENESS,
    ATTACHMENT,
    REPORTING,
    SIGNAL_SWAP,
    PROXY_LEAKAGE,
    ENFORCEMENT,
    FRONTIER,
)


def audit(material: Material, horizon: int = 1) -> AuditResult:
    """Every audit that the material allows, with its interval, margin and verdict; what it does not allow is told."""
    found = _result(material, *findings_of(material), _tables(material), horizon)
    return replace(found, descriptions=DESCRIPTIONS, notes=_notes(material))


def audit_again(material: Material, horizon: int) -> AuditResult:
    """The audits of the same forecaster at another horizon: every one with a verdict that can differ there.

    Which residents are in no group, what the features give away, and stop and search are the same at every horizon.
    Rates, which no verdict needs, are left out.
    """
    tables = judged_tables(material, (HIDDEN_SUBGROUP.audit,))
    return _result(material, *findings_of(material, rated=False), tables, horizon)


def _result(
    material: Material, findings: list[Finding], tests: list[GroupTest], tables: dict[str, list[Row]], horizon: int
) -> AuditResult:
    total = material.happened.sum()
    return AuditResult(
        findings=tuple(findings),
        tests=tuple(tests),
        tables=tables,
        descriptions=(),
        notes=(),
        margins=material.margins,
        flagged_share=material.flagged_share,
        areas=material.outcomes.shape[1],
        periods=int(material.known.any(axis=1).sum()),
        city_calibration=float(material.means.sum() / total) if total > 0 else None,
        seed=material.seed,
        flags=material.flag_rule.settings,
        flagged=material.newest_flagged,
        horizon=horizon,
    )


def findings_of(
    material: Material, audits: Collection[str] | None = None, *, rated: bool = True
) -> tuple[list[Finding], list[GroupTest]]:
    """The audits by group alone, all of them or the named; ``rated`` False leaves out rates, which Fairlearn makes."""
    findings: list[Finding] = []
    tests: list[GroupTest] = []
    for names, made in _families(material).items():
        if audits is None or not set(names).isdisjoint(audits):
            found, tested = judged(material, made(), rated=rated)
            findings += found
            tests += tested
    return findings, tests


def judged_tables(material: Material, audits: Collection[str] | None = None) -> dict[str, list[Row]]:
    """The audits that are not by group and have a verdict, all of them or the named."""
    tables: dict[str, Callable[[], list[Row]]] = {
        COMPLETENESS.audit: lambda: [completeness(material, groups) for groups in material.groups],
        HIDDEN_SUBGROUP.audit: lambda: hidden_subgroup(material),
    }
    if material.features is not None:
        tables[PROXY_LEAKAGE.audit] = lambda: _each(proxy_leakage, material, _of_residents(material))
    if material.enforcement is not None and material.recorded is not None and material.deprivation is not None:
        tables[ENFORCEMENT.audit] = lambda: enforcement_signature(material)
    return {name: made() for name, made in tables.items() if audits is None or name in audits}


def _compared(material: Material) -> tuple[Groups, ...]:
    """The attributes without districts, which are judged by calibration and coverage alone."""
    return tuple(groups for groups in material.groups if groups.attribute != DISTRICT)


def _families(material: Material) -> dict[tuple[str, ...], Callable[[], list[Audit]]]:
    """Audits whose p-values are adjusted together, by their names."""
    compared = _compared(material)

    def of(make: Callable[[Material, Groups], Audit], attributes: tuple[Groups, ...]) -> Callable[[], list[Audit]]:
        return lambda: [make(material, groups) for groups in attributes]

    families: dict[tuple[str, ...], Callable[[], list[Audit]]] = {
        (CALIBRATION.audit,): of(calibration, material.groups),
        (MISSED.audit, NEEDLESS.audit): lambda: [one for groups in compared for one in flag_errors(material, groups)],
        (COVERAGE.audit,): of(coverage, material.groups),
    }
    if material.residents is not None:
        families |= {
            (EXPOSURE.audit,): of(exposure, compared),
            (NEED_ADJUSTED.audit,): of(need_adjusted_exposure, compared),
            (AGAINST_NEED.audit,): of(exposure_against_need, compared),
            (UNDER.audit,): of(under_prediction, compared),
            (OVER.audit,): of(over_prediction, compared),
        }
    if material.baseline is not None:
        families[SKILL.audit,] = of(skill, material.groups)
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
        if material.signals is not None:
            tables[SIGNAL_SWAP.audit] = _each(signal_swap, material, shared)
        if material.deprivation is not None:
            tables[REPORTING.audit] = _each(reporting, material, shared)
    return tables


def _each(made: Callable[[Material, Groups], list[Row]], material: Material, attributes: list[Groups]) -> list[Row]:
    return [row for groups in attributes for row in made(material, groups)]


def _notes(material: Material) -> tuple[str, ...]:
    missing: Mapping[str, object] = {
        "Exposure and errors per 1,000 were not audited: residents are not given.": material.residents,
        "Skill was not audited: no simple count is given.": material.baseline,
        "Exposure is set against the crimes that were recorded: no independent measure of need is given. It certifies "
        "the records and not the need.": material.need,
        "Proxy leakage was not audited: the features are not given.": material.features,
        "The swap of the signal was not audited: it is not given which of the crimes officers find.": material.signals,
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
