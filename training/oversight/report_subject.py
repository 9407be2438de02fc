"""One target's run as the subject of an oversight report, from the artefacts that it keeps."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from contracts import BadInput, GeographyMeaning, MissingThing, RecordedRun, Settings, Workspace, settings_of
from contracts.run_files import AUDIT_FILE, GATES_FILE, LEADERBOARD_FILE, PUBLICATIONS_FILE, SETTINGS_FILE
from contracts.trained import standing_words
from features.geographies.geography import Geography, load_geography
from features.indicators import read_stops
from features.views import ViewMode, load_door
from models import registry
from monitoring import (
    BASELINE,
    GateReport,
    Verification,
    checks_of,
    from_forecast_table,
    gate_report,
    limits_sentence,
)
from monitoring.audits.enforcement import ENFORCEMENT, enforcement_signature
from monitoring.audits.groups import DISTRICT
from monitoring.audits.material import Material
from monitoring.audits.result import AuditResult
from monitoring.gates import gate_limits
from monitoring.report import Areas, Forecasts, Subject, alternatives, city_level, public_findings
from training.backtests import flag_rule_of, material_of, newest_day, outer_rings
from training.oversight.vouching import refuse_other_than_recorded
from training.runs import PastRun, past_run

Row = dict[str, Any]
_IN_USE = "the model in use"
MOST_STOP_PERIODS = 24
"""Periods of stop and search that are set against recorded crime: the newest that both have."""


@dataclass(frozen=True)
class Earlier:
    """What a report is compared with: public findings, the margins of the time, and what it is called.

    Findings and margins are None where they cannot be read any more, and the name says why.
    """

    findings: tuple[Row, ...] | None
    margins: Mapping[str, Any] | None
    name: str


def subject_of_run(
    workspace: Workspace,
    run: PastRun,
    *,
    recorded: RecordedRun | None,
    stops: Sequence[Path] = (),
    earlier: Earlier | None = None,
    is_being_entered: bool = False,
) -> Subject:
    """Read a run back, which may be about to be entered into the ledger.

    What it did not keep (an older version made it) raises ``MissingThing``; an audit or gates that are not those that
    the ledger recorded, ``BadInput``.
    """
    summary, settings = run.summary, settings_of(run.file(SETTINGS_FILE).read_bytes())
    audit, audit_sha256 = _audit(run)
    geography = load_geography(workspace, summary.geography)
    audit = _with_district_names(audit, geography)
    verification, baseline = _verifications(run, settings)
    local = geography.only(verification.areas)
    mode, day = ViewMode(summary.view or ViewMode.AS_OF), newest_day(run.forecasts)
    flags = flag_rule_of(workspace, settings, local, summary.target, day, mode, audit.flag_rule)
    material = material_of(settings, local, verification, baseline, flags=flags, seed=audit.seed)
    if stops:
        audit = _with_enforcement(workspace, run, settings, local, material, audit, stops)
    leaderboard = run.document(LEADERBOARD_FILE)
    refuse_other_than_recorded(run, recorded)
    model = registry.version_of_run(workspace, summary.target, summary.run_id)
    return Subject(
        target=summary.target,
        title=settings.targets[summary.target].title,
        run_id=summary.run_id,
        model=verification.model,
        horizon=verification.horizon,
        first=summary.first,
        last=summary.last,
        frequency=str(settings.frequency),
        audit=audit,
        audit_sha256=audit_sha256,
        areas=areas_of(local, settings.geographies.get(local.name, GeographyMeaning())),
        forecasts=_forecasts(material),
        city_level=city_level(material),
        version=None if model is None else model.version,
        scores=tuple(
            row for level in ("areas", "city") for row in leaderboard[level] if row["horizon"] == verification.horizon
        ),
        statement=leaderboard.get("statement"),
        alternatives=alternatives(material),
        publications=tuple(run.document(PUBLICATIONS_FILE)),
        gates=_gates(run),
        checks=tuple(one.to_dict() for one in checks_of(audit, _gate_report(run))),
        limits=_limits(run, audit),
        standing=standing_words(recorded, is_being_entered=is_being_entered),
        code={} if summary.code is None else summary.code.tags(),
        settings_sha256=run.parameters.get("settings_sha256"),
        earlier=None if earlier is None else earlier.findings,
        earlier_margins=None if earlier is None else earlier.margins,
        earlier_name="" if earlier is None else earlier.name,
    )


def findings_of_run(workspace: Workspace, run_id: str) -> Earlier:
    """The public findings of a run, to compare another one with."""
    run = past_run(workspace, run_id)
    audit = _with_district_names(_audit(run)[0], load_geography(workspace, run.summary.geography))
    findings = public_findings(audit.findings, workspace.settings.disclosure)
    margins = audit.margins.model_dump(mode="json")
    return Earlier(tuple(findings), margins, f"{_IN_USE} (run {run.summary.run_id[:12]})")


def findings_if_kept(workspace: Workspace, run_id: str) -> Earlier:
    """As ``findings_of_run``, or why they cannot be read: a training does not depend on what an older one kept."""
    try:
        return findings_of_run(workspace, run_id)
    except (MissingThing, BadInput) as error:
        return Earlier(None, None, f"{_IN_USE} (run {run_id[:12]}), because: {error.message}")


def areas_of(geography: Geography, meaning: GeographyMeaning) -> Areas:
    """The areas of a geography with their outlines, and the districts by name where names are known."""
    features = json.loads(geography.boundaries.read_text(encoding="utf-8"))["features"]
    rings = {one["properties"]["code"]: tuple(outer_rings(one["geometry"])) for one in features}
    names = geography.parent_names
    parents = [None if parent is None else str(parent) for parent in geography.areas["parent"]]
    return Areas(
        codes=geography.codes,
        names=tuple(str(name) for name in geography.areas["name"]),
        districts=tuple(None if parent is None else names.get(parent, parent) for parent in parents),
        outlines=tuple(rings[code] for code in geography.codes),
        residents=geography.attribute(meaning.residents) if meaning.residents else None,
    )


def _audit(run: PastRun) -> tuple[AuditResult, str]:
    content = run.file(AUDIT_FILE).read_bytes()
    try:
        return AuditResult.from_json(content.decode("utf-8")), hashlib.sha256(content).hexdigest()
    except (KeyError, TypeError, ValueError) as error:
        raise BadInput(
            f"The audit of run {run.summary.run_id} cannot be read by this version.",
            remedy="Run it again; see: wardcast runs",
        ) from error


def _with_district_names(audit: AuditResult, geography: Geography) -> AuditResult:
    """The audit with districts by name where names are known, at every horizon."""
    names = geography.parent_names
    return replace(
        audit,
        others=tuple(_with_district_names(one, geography) for one in audit.others),
        findings=tuple(
            replace(one, group=names.get(one.group, one.group)) if one.attribute == DISTRICT else one
            for one in audit.findings
        ),
    )


def _verifications(run: PastRun, settings: Settings) -> tuple[Verification, Verification | None]:
    """The audited forecasts and the simple count's, at the audited horizon."""
    summary = run.summary
    if summary.model is None or summary.horizon is None:
        raise MissingThing(
            f"The run {summary.run_id} does not say what was audited: it failed, or an older version made it.",
            remedy="Run it again; see: wardcast runs",
        )
    table = run.forecasts
    chosen = table[table["model"].isin([summary.model, BASELINE]) & (table["horizon"] == summary.horizon)]
    found = {one.model: one for one in from_forecast_table(chosen, run.outcomes, settings.frequency)}
    baseline = found.get(BASELINE) if summary.model != BASELINE else None
    return found[summary.model], baseline


def _forecasts(material: Material) -> Forecasts:
    variance = np.where(material.known, material.forecast.variance, 0.0)
    return Forecasts(
        mean=np.asarray(material.means.sum(axis=0)),
        deviation=np.sqrt(variance.sum(axis=0)),
        outcomes=material.happened,
        flagged=np.asarray(material.flags.mean(axis=0)),
    )


def _with_enforcement(
    workspace: Workspace,
    run: PastRun,
    settings: Settings,
    geography: Geography,
    material: Material,
    audit: AuditResult,
    stops: Sequence[Path],
) -> AuditResult:
    """The audit with the enforcement signature of the newest periods that stops and recorded crime share."""
    if material.deprivation is None:
        raise BadInput(
            "The enforcement signature compares deprivation fifths, and no deprivation is given.",
            remedy=f"Name its column under [geographies.{geography.name}], or leave out --stops.",
        )
    counted = read_stops(stops, geography, settings.frequency)
    door = load_door(workspace, geography=geography.name, frequency=settings.frequency, source=settings.source or None)
    panel = door.outcomes().only(geography.codes).for_target(run.summary.target)
    crimes = panel.of(run.summary.target).T
    known = panel.periods[~np.isnan(crimes).all(axis=1)]
    both = np.intersect1d(counted.periods, known)[-MOST_STOP_PERIODS:]
    if not len(both):
        raise BadInput("No period of the stops has recorded crimes.", remedy="Give stops of periods in the store.")
    rows = enforcement_signature(
        material.changed(
            enforcement=counted.counts[np.isin(counted.periods, both)],
            recorded=crimes[np.isin(panel.periods, both)],
        )
    )
    notes = tuple(note for note in audit.notes if ENFORCEMENT.audit not in note)
    return replace(audit, tables={**audit.tables, ENFORCEMENT.audit: rows}, notes=(*notes, counted.as_text()))


def _limits(run: PastRun, audit: AuditResult) -> str:
    report = _gate_report(run)
    return limits_sentence(None if report is None else report.limits, audit.margins)


def _gate_report(run: PastRun) -> GateReport | None:
    """What the gates of a training found; None for a run that was held to none."""
    return gate_report(run.document(GATES_FILE)) if run.holds(GATES_FILE) else None


def _gates(run: PastRun) -> tuple[Row, ...]:
    """What the gates of a training run found, each with its limits."""
    report = _gate_report(run)
    if report is None:
        return ()
    words = gate_limits(report.limits)
    return tuple(
        {
            "gate": one.gate,
            "verdict": one.verdict,
            "margin": words[one.gate],
            "passed": sum(part.verdict == "pass" for part in one.findings),
            "parts": len(one.counted),
        }
        for one in report.results
    )
