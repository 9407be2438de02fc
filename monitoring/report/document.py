"""The report as data: what ``report.json`` holds, and all that the page is made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from contracts import BadInput, DisclosureSettings
from monitoring.audits.result import CAVEAT, RECORDS
from monitoring.report.changes import changed_margins, changes
from monitoring.report.horizons import public_horizons
from monitoring.report.maps import public_areas, public_districts
from monitoring.report.plain import judged, summary
from monitoring.report.public import (
    hidden_groups,
    public_alternatives,
    public_audits,
    public_findings,
    public_scores,
    public_tables,
    rounded,
)
from monitoring.report.subject import ReportInput, Subject

Row = dict[str, Any]
FORMAT = 1
"""Raised when what ``report.json`` holds changes its meaning."""


def public_document(report: ReportInput) -> Row:
    """Everything that the report says, after small counts are hidden; plain values only."""
    subjects = [_public_subject(subject, report.disclosure) for subject in report.subjects]
    return {
        "format": FORMAT,
        "city": report.city,
        "simulated": report.simulated,
        "made_on": report.made_on.isoformat(),
        "caveat": CAVEAT,
        "records_caveat": RECORDS,
        "disclosure": report.disclosure.model_dump(mode="json"),
        "summary": summary(subjects),
        "subjects": subjects,
        "publications": _publications(report.subjects),
        "records": [{"name": name, "file": file} for name, file in report.records],
    }


def earlier_findings(document: Mapping[str, Any], target: str) -> tuple[tuple[Row, ...], Row] | None:
    """The findings and the margins of a target in an earlier ``report.json``, None where it has none of that target.

    Raises ``BadInput`` for a document that is no report.
    """
    if document.get("format") != FORMAT or "subjects" not in document:
        raise BadInput("The earlier report cannot be read.", remedy="Give the report.json of 'wardcast audit --out'.")
    for subject in document["subjects"]:
        if subject["target"] == target:
            return tuple(judged(subject)), subject["margins"]
    return None


def _public_subject(subject: Subject, disclosure: DisclosureSettings) -> Row:
    audit = subject.audit
    findings = public_findings(audit.findings, disclosure)
    margins = audit.margins.model_dump(mode="json")
    scores = public_scores(subject.scores)
    return {
        "target": subject.target,
        "title": subject.title,
        "run_id": subject.run_id,
        "audit_sha256": subject.audit_sha256,
        "version": subject.version,
        "model": subject.model,
        "horizon": subject.horizon,
        "other_horizons": public_horizons(audit, disclosure),
        "first": subject.first,
        "last": subject.last,
        "periods": audit.periods,
        "frequency": subject.frequency,
        "areas_number": audit.areas,
        "flagged_share": audit.flagged_share,
        "flags": {
            **audit.flag_rule.model_dump(mode="json"),
            "words": audit.flag_rule.words,
            "period": subject.last,
            "areas": list(audit.flagged),
        },
        "city_level": rounded(dict(subject.city_level)),
        "margins": margins,
        "audits": public_audits(audit.descriptions, findings, [asdict(one) for one in audit.tests]),
        "tables": public_tables(audit.tables, findings, disclosure),
        "descriptions": {one.audit: asdict(one) for one in audit.descriptions},
        "notes": list(audit.notes),
        "alternatives": public_alternatives(subject.alternatives, hidden_groups(findings)),
        "against_count": _against_count(scores, subject.model),
        "scores": scores,
        "statement": subject.statement,
        "limits": subject.limits,
        "standing": subject.standing,
        "checks": list(subject.checks),
        "gates": [{**row, "caveat": CAVEAT} for row in subject.gates],
        "districts": public_districts(subject, disclosure),
        "areas": public_areas(subject, disclosure),
        "changes": None if subject.earlier is None else changes(findings, subject.earlier),
        "changed_margins": changed_margins(margins, subject.earlier_margins),
        "earlier": subject.earlier_name,
        "code": dict(subject.code),
        "settings_sha256": subject.settings_sha256,
        "seed": audit.seed,
        "caveat": CAVEAT,
    }


def _against_count(scores: Sequence[Row], model: str) -> Row | None:
    found = [row["vs_ewma"] for row in scores if row["model"] == model and row["level"] == "area"]
    return found[0] if found and found[0]["low"] is not None else None


def _publications(subjects: Sequence[Subject]) -> list[Row]:
    """Every publication that any run knew, once, with the targets that were learned from it."""
    found: dict[str, Row] = {}
    for subject in subjects:
        for one in subject.publications:
            row = found.setdefault(str(one["id"]), {**one, "targets": []})
            row["targets"].append(subject.target)
    return list(found.values())
