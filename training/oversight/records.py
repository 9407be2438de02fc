"""The facts of one run, from its artefacts, the registry, the store and the settings, and the records made of them."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from contracts import BadInput, RecordedRun, RefusedAction, Role, Settings, Workspace, settings_of
from contracts.files import new_folder, write_files
from contracts.run_files import (
    AUDIT_FILE,
    ENVIRONMENT_FILE,
    GATES_FILE,
    LEADERBOARD_FILE,
    LEVEL_SHIFTS_FILE,
    NOISE_FLOOR_FILE,
    PUBLICATIONS_FILE,
    RECIPE,
    SETTINGS_FILE,
)
from contracts.trained import standing_words
from models import registry
from monitoring import GateReport, GateResult, checks_of, gate_report, limits_sentence
from monitoring.audits.result import AuditResult
from monitoring.gates import gate_limits
from monitoring.records import file_names
from monitoring.records.checklist import checklist_record
from monitoring.records.datasheet import datasheet_record
from monitoring.records.equality import equality_record
from monitoring.records.facts import AuditFacts, AuditFigure, FloorFacts, GateFacts, ModelFacts, RecordFacts, ScoreFacts
from monitoring.records.model_card import model_card_record
from monitoring.records.transparency import transparency_json_record, transparency_record
from training.oversight.characteristics import protected_characteristics
from training.oversight.evidence import evidence_bytes, evidence_of
from training.oversight.publications import publication_facts
from training.oversight.vouching import refuse_other_than_recorded
from training.runs import PastRun, past_run

ARCHITECTURE = (
    "The city's total of each period is forecast from its own past. Each area's share of it is a mixture of memories "
    "of the area and of its surroundings, moved by gradient-boosted trees (LightGBM) that learn from recent counts of "
    "this and other offences, neighbours and the season. The product is the mean of a negative binomial distribution "
    "of the area's count, whose spread was learned on counts that the trees had not seen."
)

KINDS = ("train", "backtest")
"""Runs that hold a leaderboard and an audit."""

RECORDS = (
    ("Algorithmic transparency record", file_names.TRANSPARENCY_FILE, transparency_record),
    ("Algorithmic transparency record as JSON", file_names.TRANSPARENCY_JSON_FILE, transparency_json_record),
    ("Model card", file_names.MODEL_CARD_FILE, model_card_record),
    ("Equality duty", file_names.EQUALITY_FILE, equality_record),
    ("Datasheet of the publications", file_names.DATASHEET_FILE, datasheet_record),
    ("Checklist", file_names.CHECKLIST_FILE, checklist_record),
)
"""Title, file name and the function that makes it."""


def record_facts(
    workspace: Workspace,
    run: PastRun,
    *,
    recorded: RecordedRun | None,
    report: str | None = None,
    is_being_entered: bool = False,
) -> RecordFacts:
    """Of a training or a backtest; ``report`` is the way to the public report that records are made with.

    ``recorded`` is what the ledger says of the run, which may be about to be entered. What people said comes from the
    workspace's settings as they stand; everything else from what the run recorded. Raises ``BadInput`` for a run of
    another kind, one that is not what the ledger recorded, or a publication that was changed, ``MissingThing`` where an
    artefact or a publication that it knew is gone.
    """
    one, parameters = run.summary, run.parameters
    if one.kind not in KINDS:
        raise BadInput(
            f"The run {one.run_id} is of another kind ({one.kind}): there are no records of it.",
            remedy="Name a training or a backtest; see: wardcast runs",
        )
    settings = settings_of(json.dumps(run.document(SETTINGS_FILE)).encode())
    refuse_other_than_recorded(run, recorded)
    audit = _audit(run.document(AUDIT_FILE))
    environment = run.document(ENVIRONMENT_FILE)
    return RecordFacts(
        run_id=one.run_id,
        kind=one.kind,
        started_on=one.started_at[:10],
        target=one.target,
        target_title=settings.target(one.target).title,
        first=one.first,
        last=one.last,
        view=one.view,
        geography=one.geography,
        areas=audit.areas,
        main_horizon=one.horizon or 1,
        horizons=parameters["horizons"],
        model=_model(workspace, run),
        settings=settings,
        given=workspace.settings.records,
        roles=_roles(settings),
        publications=publication_facts(workspace, settings, one.target, run.document(PUBLICATIONS_FILE)),
        scores=_scores(run.document(LEADERBOARD_FILE)),
        floors=tuple(_floor(floor) for floor in run.document(NOISE_FLOOR_FILE)),
        audit=audit,
        protected=protected_characteristics(audit.attributes, one.geography),
        gates=_gates(_gate_report(run)),
        limits=_limits(run, settings),
        standing=standing_words(recorded, is_being_entered=is_being_entered),
        checks=checks_of(AuditResult.from_json(run.file(AUDIT_FILE).read_text(encoding="utf-8")), _gate_report(run)),
        level_shifts=tuple(run.document(LEVEL_SHIFTS_FILE)),
        code=one.code,
        libraries=environment["libraries"],
        platform=environment["platform"],
        evidence=() if report else evidence_of(run),
        report=report,
    )


def _model(workspace: Workspace, run: PastRun) -> ModelFacts:
    one = run.summary
    name = one.model or RECIPE
    architecture = ARCHITECTURE if name == RECIPE else f"The forecaster '{name}' of Wardcast's backtests."
    made = registry.version_of_run(workspace, one.target, one.run_id)
    if made is None:
        return ModelFacts(name, architecture, None, None, None, None)
    return ModelFacts(name, architecture, made.version, made.sha256, run.parameters["as_of"], made.tags["last_known"])


def _roles(settings: Settings) -> dict[Role, int]:
    return dict(Counter(role for roles in settings.people.values() for role in roles))


def _scores(document: Mapping[str, list[Mapping[str, Any]]]) -> tuple[ScoreFacts, ...]:
    return tuple(
        ScoreFacts(row["model"], row["level"], int(row["horizon"]), _figures(row))
        for level in ("areas", "city")
        for row in document[level]
    )


def _floor(floor: Mapping[str, Any]) -> FloorFacts:
    return FloorFacts(floor["level"], int(floor["horizon"]), _figures(floor["negative_binomial"]))


def _figures(row: Mapping[str, Any]) -> dict[str, float | None]:
    """The numbers of a row; a figure that is not finite is none."""
    return {
        name: float(value) if value is not None and math.isfinite(value) else None
        for name, value in row.items()
        if name != "horizon" and not isinstance(value, (str, bool))
    }


def _audit(document: Mapping[str, Any]) -> AuditFacts:
    """The figures of the whole city; those of its parts stay with the run."""
    return AuditFacts(
        figures=tuple(
            AuditFigure(
                audit=one["audit"],
                attribute=one["attribute"],
                group=one["group"],
                unit=one["unit"],
                value=one["value"],
                low=one["low"],
                high=one["high"],
                margin=(one["margin"][0], one["margin"][1]),
                verdict=one["verdict"],
            )
            for one in document["findings"]
            if one["stratum"] is None
        ),
        notes=tuple(document["notes"]),
        meaning=document["records"],
        caveat=document["caveat"],
        areas=int(document["areas"]),
        periods=int(document["periods"]),
        flagged_share=float(document["flagged_share"]),
        city_calibration=document["city_calibration"],
    )


def _gates(report: GateReport | None) -> tuple[GateFacts, ...]:
    if report is None:
        return ()
    limits = gate_limits(report.limits)
    return tuple(_gate(result, limits[result.gate]) for result in report.results)


def _limits(run: PastRun, settings: Settings) -> str:
    report = _gate_report(run)
    return limits_sentence(None if report is None else report.limits, settings.audit)


def _gate_report(run: PastRun) -> GateReport | None:
    return gate_report(run.document(GATES_FILE)) if run.holds(GATES_FILE) else None


def _gate(result: GateResult, limit: str) -> GateFacts:
    counts = Counter(one.verdict for one in result.findings)
    return GateFacts(result.gate, result.verdict, limit, counts["pass"], counts["fail"], counts["not enough evidence"])


def write_records(
    workspace: Workspace, run: str, folder: Path, *, recorded: Mapping[str, RecordedRun]
) -> list[tuple[str, str]]:
    """Write every record of a run into ``folder``, which is made, and return their titles and file names.

    ``run`` is an id or the start of one, ``recorded`` what the ledger says of runs. The folder appears whole
    or not at all. Raises ``RefusedAction`` where something already is, ``NotWritten`` where it cannot be made, and what
    ``record_facts`` raises.
    """
    _refuse_used(folder)
    past = past_run(workspace, run)
    facts = record_facts(workspace, past, recorded=recorded.get(past.summary.run_id))
    files = {**record_texts(facts), **evidence_bytes(past)}
    with new_folder(folder) as made:
        write_files(made, files)
    return [(title, name) for title, name, _ in RECORDS]


def record_texts(facts: RecordFacts) -> dict[str, bytes]:
    """File name → every record, encoded."""
    return {name: record(facts).encode("utf-8") for _, name, record in RECORDS}


def _refuse_used(folder: Path) -> None:
    if folder.is_dir() and any(folder.iterdir()):
        raise RefusedAction(f"{folder} is not empty; nothing was written.", remedy="Name a new folder.")
    if folder.exists() and not folder.is_dir():
        raise BadInput(f"{folder} is a file.", remedy="Name a new folder.")
    if not folder.resolve().parent.is_dir():
        raise BadInput(f"There is no folder {folder.parent}.", remedy="Make it, or name another one.")
