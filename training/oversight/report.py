"""The oversight report of tracked runs: read from their artefacts, made, and put into a folder whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from contracts import BadInput, RecordedRun, RefusedAction, Workspace
from contracts.files import recover_folder, replaced_folder, write_files
from contracts.run_sheets import REPORT_DOCUMENT, REPORT_PAGE
from monitoring.report import (
    ReportInput,
    Subject,
    earlier_findings,
    pdf_of,
    public_document,
    report_page,
)
from training.oversight.records import RECORDS, record_facts, record_texts
from training.oversight.report_subject import Earlier, findings_if_kept, findings_of_run, subject_of_run
from training.runs import PastRun, past_run

PDF = "report.pdf"
RECORDS_FOLDER = "records"
MOST_TARGETS = 4
"""More do not fit on two plain pages."""


@dataclass(frozen=True)
class WrittenReport:
    """A report in its folder: the SHA-256 of each file, and of each target's audit, which an approval records."""

    folder: Path
    sha256: dict[str, str]
    audits: dict[str, str]
    runs: dict[str, str]
    checks: tuple[dict[str, Any], ...]

    def to_dict(self) -> dict[str, Any]:
        """The document that ``wardcast audit --json`` prints."""
        return {
            "folder": str(self.folder),
            "files": self.sha256,
            "audits": self.audits,
            "runs": self.runs,
            "checks": list(self.checks),
        }

    def as_text(self) -> str:
        """For a terminal."""
        lines = [
            f"{row['target']}: {row['checks']} checks, {row['inside']} inside their limit, {row['outside']} outside, "
            f"{row['not_enough']} without enough evidence."
            for row in self.checks
        ]
        written = ", ".join(str(self.folder / name) for name in self.sha256)
        return "\n".join([*lines, f"Wrote {written}. --json lists the SHA-256 of each."])


def write_report(
    workspace: Workspace,
    runs: Sequence[str],
    out: Path,
    *,
    today: date,
    recorded: Mapping[str, RecordedRun],
    previous: Path | None = None,
    champions: Mapping[str, str] | None = None,
    stops: Sequence[Path] = (),
) -> WrittenReport:
    """Make the report of one run a target and put ``report.html``, ``.pdf``, ``.json`` and the records into ``out``.

    It is compared with the report.json ``previous``, else with an older report in ``out``, else with the runs of
    ``champions`` (target → run); ``recorded`` is what the ledger says of runs, and they must be that. ``stops`` are
    files of stop and search for the enforcement signature. Raises ``RefusedAction`` where ``out`` holds anything but an
    older report, ``BadInput`` and ``MissingThing`` for runs that cannot be reported.
    """
    recover_folder(out)
    refuse_other_files(out)
    older = out / REPORT_DOCUMENT
    compared = previous or (older if older.is_file() else None)
    document = None if compared is None else _document(compared)
    past = [past_run(workspace, run) for run in runs]
    targets = [one.summary.target for one in past]
    if len(set(targets)) < len(targets) or not 1 <= len(targets) <= MOST_TARGETS:
        raise BadInput(
            f"A report holds a run of each of 1 to {MOST_TARGETS} targets, not of {', '.join(targets) or 'none'}.",
            remedy="Name one run a target.",
        )
    subjects = []
    for one in past:
        earlier = _earlier(workspace, one.summary.target, one.summary.run_id, document, compared, champions or {})
        known = recorded.get(one.summary.run_id)
        subjects.append(subject_of_run(workspace, one, recorded=known, stops=stops, earlier=earlier))
    return _written(_report_input(workspace, subjects, today), subjects, _records(workspace, past, recorded), out)


def report_of_training(
    workspace: Workspace, run_id: str, *, today: date, champion: str | None = None
) -> dict[str, bytes]:
    """Path → content of the report of a training that is about to be entered into the ledger, without a PDF.

    It is compared with the run of the ``champion``, where there is one.
    """
    past = past_run(workspace, run_id)
    earlier = None if champion is None else findings_if_kept(workspace, champion)
    subject = subject_of_run(workspace, past, recorded=None, earlier=earlier, is_being_entered=True)
    files, _ = _report_files(_report_input(workspace, [subject], today))
    return files | _records(workspace, [past], {}, is_being_entered=True)


def _report_input(workspace: Workspace, subjects: Sequence[Subject], today: date) -> ReportInput:
    return ReportInput(
        city=workspace.settings.city,
        simulated=workspace.settings.simulated,
        made_on=today,
        subjects=tuple(subjects),
        disclosure=workspace.settings.disclosure,
        records=tuple(
            (f"{title}: {subject.title}", f"{RECORDS_FOLDER}/{subject.target}/{name}")
            for subject in subjects
            for title, name, _ in RECORDS
        ),
    )


def _records(
    workspace: Workspace,
    past: Sequence[PastRun],
    recorded: Mapping[str, RecordedRun],
    *,
    is_being_entered: bool = False,
) -> dict[str, bytes]:
    """Path within the report → the records of every run."""
    texts: dict[str, bytes] = {}
    for one in past:
        facts = record_facts(
            workspace,
            one,
            recorded=recorded.get(one.summary.run_id),
            report=f"../../{REPORT_PAGE}",
            is_being_entered=is_being_entered,
        )
        texts |= {f"{RECORDS_FOLDER}/{one.summary.target}/{name}": text for name, text in record_texts(facts).items()}
    return texts


def refuse_other_files(out: Path) -> None:
    """Raise ``RefusedAction`` unless ``out`` is absent, empty, or holds an older report and nothing else."""
    if out.exists() and not out.is_dir():
        raise RefusedAction(f"{out} is a file.", remedy="Name a folder with --out.")
    there = {path.relative_to(out).as_posix() for path in out.rglob("*") if not path.is_dir()}
    if not there:
        return
    ours = {REPORT_PAGE, PDF, REPORT_DOCUMENT}
    if REPORT_DOCUMENT in there:
        ours |= {str(one["file"]) for one in _document(out / REPORT_DOCUMENT).get("records", ())}
    if REPORT_DOCUMENT not in there or there - ours:
        other = sorted(there - ours) or sorted(there)
        raise RefusedAction(
            f"{out} holds {other[0]}, which is no older report.", remedy="Name a new or an empty folder with --out."
        )


def _written(
    report: ReportInput, subjects: Sequence[Subject], records: Mapping[str, bytes], out: Path
) -> WrittenReport:
    files, document = _report_files(report)
    page = files[REPORT_PAGE].decode("utf-8")
    files = {REPORT_PAGE: files[REPORT_PAGE], PDF: pdf_of(page), REPORT_DOCUMENT: files[REPORT_DOCUMENT], **records}
    put_whole(files, out)
    return WrittenReport(
        folder=out,
        sha256={name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
        audits={subject.target: subject.audit_sha256 for subject in subjects},
        runs={subject.target: subject.run_id for subject in subjects},
        checks=tuple(document["summary"]["glance"]),
    )


def _report_files(report: ReportInput) -> tuple[dict[str, bytes], dict[str, Any]]:
    """The page and the document of a report as files, and the document."""
    document = public_document(report)
    told = json.dumps(document, ensure_ascii=False, allow_nan=False, indent=2) + "\n"
    return {REPORT_PAGE: report_page(document, report).encode("utf-8"), REPORT_DOCUMENT: told.encode("utf-8")}, document


def put_whole(files: Mapping[str, bytes], out: Path) -> None:
    """Put files in the place of ``out`` and all that it holds: never a part of them; raises ``NotWritten``."""
    with replaced_folder(out) as made:
        write_files(made, files)


def _document(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise BadInput(f"There is no earlier report {path}.", remedy="Give the report.json of an earlier report.")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} is no report: {error}.", remedy="Give the report.json of an earlier report.") from error
    if not isinstance(content, dict):
        raise BadInput(f"{path} is no report.", remedy="Give the report.json of an earlier report.")
    return content


def _earlier(
    workspace: Workspace,
    target: str,
    run_id: str,
    document: dict[str, Any] | None,
    path: Path | None,
    champions: Mapping[str, str],
) -> Earlier | None:
    if document is not None:
        found = earlier_findings(document, target)
        made_on = document.get("made_on", os.fspath(path or ""))
        return None if found is None else Earlier(*found, f"the report of {made_on}")
    champion = champions.get(target)
    if champion is None or champion == run_id:
        return None
    return findings_of_run(workspace, champion)
