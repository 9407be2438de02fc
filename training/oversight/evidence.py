"""The artefacts of a run that are kept beside its records as evidence."""

from __future__ import annotations

from contracts.run_files import (
    AUDIT_FILE,
    COVERAGE_FILE,
    ENVIRONMENT_FILE,
    GATES_FILE,
    LEADERBOARD_FILE,
    NOISE_FLOOR_FILE,
    PUBLICATIONS_FILE,
)
from monitoring.records import file_names
from monitoring.records.facts import EvidenceFile
from training.runs import PastRun

ARTEFACTS = {
    LEADERBOARD_FILE: EvidenceFile("leaderboard", file_names.LEADERBOARD),
    NOISE_FLOOR_FILE: EvidenceFile("noise floor", file_names.NOISE_FLOOR),
    COVERAGE_FILE: EvidenceFile("coverage by group", file_names.COVERAGE),
    AUDIT_FILE: EvidenceFile("audit", file_names.AUDIT),
    GATES_FILE: EvidenceFile("gates", file_names.GATES),
    PUBLICATIONS_FILE: EvidenceFile("publications", file_names.PUBLICATIONS),
    ENVIRONMENT_FILE: EvidenceFile("libraries", file_names.ENVIRONMENT),
}
"""Artefact of a run → the file it becomes. The settings are not among them: they name people."""


def evidence_of(run: PastRun) -> tuple[EvidenceFile, ...]:
    """The files that this run has."""
    return tuple(file for artefact, file in ARTEFACTS.items() if run.holds(artefact))


def evidence_bytes(run: PastRun) -> dict[str, bytes]:
    """Path from the records → the bytes of the artefact, as the run holds them."""
    return {file.path: run.file(artefact).read_bytes() for artefact, file in ARTEFACTS.items() if run.holds(artefact)}
