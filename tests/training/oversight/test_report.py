"""The oversight report of real runs: read back from MLflow, made, and put into a folder whole or not at all."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from datetime import date
from pathlib import Path

import pytest
from mlflow import MlflowClient

from contracts import BadInput, MissingThing, RecordedRun, RefusedAction, Workspace
from contracts.run_files import GATES_SHA256_TAG, REPORT_SHA256_TAG
from contracts.run_sheets import REPORT_DOCUMENT, REPORT_PAGE
from contracts.trained import UNRECORDED_RUN
from monitoring.audits.result import AuditResult
from monitoring.records.file_names import MODEL_CARD_FILE
from training import Trained, train
from training.oversight.records import write_records
from training.oversight.report import PDF, RECORDS_FOLDER, put_whole, refuse_other_files, write_report
from training.oversight.report_subject import findings_of_run
from training.runs.runs import past_run

TODAY = date(2025, 1, 10)


@pytest.fixture(scope="module")
def workspace(small_workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    root = tmp_path_factory.mktemp("oversight") / "workspace"
    shutil.copytree(small_workspace.root, root)
    return Workspace(root)


@pytest.fixture(scope="module")
def trained(workspace: Workspace) -> Trained:
    return train(workspace, "robbery", today=TODAY, progress=False)


@pytest.fixture(scope="module")
def folder(workspace: Workspace, trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("reports") / "first"
    write_report(workspace, [trained.model.run_id], out, today=TODAY, recorded={})
    return out


def test_the_folder_holds_the_page_the_pdf_and_the_figures(folder: Path) -> None:
    assert sorted(path.name for path in folder.iterdir()) == sorted([REPORT_PAGE, PDF, REPORT_DOCUMENT, RECORDS_FOLDER])
    assert (folder / PDF).read_bytes().startswith(b"%PDF-")
    page = (folder / REPORT_PAGE).read_text(encoding="utf-8")
    assert "Who is under-protected?" in page
    assert "Simulated city." in page
    assert [path.name for path in folder.parent.iterdir()] == ["first"]


def test_the_records_lie_beside_the_report_and_lead_to_it(folder: Path) -> None:
    named = json.loads((folder / REPORT_DOCUMENT).read_text(encoding="utf-8"))["records"]
    written = {path.relative_to(folder).as_posix() for path in (folder / RECORDS_FOLDER).rglob("*.*")}
    assert {one["file"] for one in named} == written
    assert {one["name"] for one in named} >= {"Model card: Robbery", "Equality duty: Robbery"}
    page = (folder / REPORT_PAGE).read_text(encoding="utf-8")
    for path in written:
        assert f'href="{path}"' in page
        text = (folder / path).read_text(encoding="utf-8")
        for link in re.findall(r"\]\(([^):]+)\)", text):
            assert ((folder / path).parent / link).resolve().is_file(), f"{path} leads to {link}"
    checklist = (folder / RECORDS_FOLDER / "robbery" / "checklist.md").read_text(encoding="utf-8")
    assert "[report](../../report.html)" in checklist


def test_the_report_shows_the_audit_that_an_approval_records(folder: Path, trained: Trained) -> None:
    (subject,) = json.loads((folder / REPORT_DOCUMENT).read_text(encoding="utf-8"))["subjects"]
    assert subject["run_id"] == trained.model.run_id
    assert subject["version"] == trained.model.version
    assert subject["audit_sha256"] == trained.model.tags["report_sha256"]
    assert subject["audit_sha256"] in (folder / REPORT_PAGE).read_text(encoding="utf-8")
    assert subject["statement"] == trained.scores.areas.statement
    assert {row["gate"] for row in subject["gates"]} == set(trained.gates.verdicts)


def test_the_audit_is_read_back_as_it_was_made(workspace: Workspace, trained: Trained) -> None:
    text = past_run(workspace, trained.model.run_id).file("audit/fairness.json").read_text(encoding="utf-8")
    assert AuditResult.from_json(text).to_json() == trained.fairness.to_json()


def test_the_forecast_among_the_alternatives_is_the_one_that_was_audited(folder: Path) -> None:
    """Material that is read back gives, to the last bit, what was audited when the run was made."""
    (subject,) = json.loads((folder / REPORT_DOCUMENT).read_text(encoding="utf-8"))["subjects"]
    audited = {
        (one["audit"], one["attribute"], one["group"]): (one["value"], one["low"], one["high"])
        for made in subject["audits"]
        for part in made["attributes"]
        for one in part["findings"]
    }
    rule = subject["alternatives"][0]
    assert rule["rule"] == "this forecast"
    assert rule["findings"]
    for one in rule["findings"]:
        assert (one["value"], one["low"], one["high"]) == audited[one["audit"], one["attribute"], one["group"]]


def test_an_older_report_is_replaced_and_compared_with(workspace: Workspace, trained: Trained, folder: Path) -> None:
    before = json.loads((folder / REPORT_DOCUMENT).read_text(encoding="utf-8"))
    written = write_report(workspace, [trained.model.run_id[:8]], folder, today=date(2025, 2, 10), recorded={})
    after = json.loads((folder / REPORT_DOCUMENT).read_text(encoding="utf-8"))
    assert (before["made_on"], after["made_on"]) == ("2025-01-10", "2025-02-10")
    assert after["subjects"][0]["changes"] == []
    assert after["subjects"][0]["earlier"] == "the report of 2025-01-10"
    for name, digest in written.sha256.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest


def test_without_an_older_report_the_model_in_use_is_compared_with(workspace: Workspace, trained: Trained) -> None:
    earlier = findings_of_run(workspace, trained.model.run_id)
    assert earlier.name == f"the model in use (run {trained.model.run_id[:12]})"
    assert len(earlier.findings) == len(trained.fairness.findings)


def test_a_folder_with_anything_else_is_left_alone(workspace: Workspace, trained: Trained, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(RefusedAction, match=r"thesis\.txt, which is no older report"):
        write_report(workspace, [trained.model.run_id], tmp_path, today=TODAY, recorded={})
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]
    with pytest.raises(RefusedAction, match="is a file"):
        refuse_other_files(tmp_path / "thesis.txt")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / REPORT_PAGE).write_text("somebody's own")
    with pytest.raises(RefusedAction, match=r"report\.html"):
        refuse_other_files(tmp_path / "other")


def test_records_of_an_older_report_may_be_replaced(tmp_path: Path) -> None:
    (tmp_path / "records").mkdir()
    (tmp_path / "records" / "card.md").write_text("ours")
    (tmp_path / REPORT_DOCUMENT).write_text(
        json.dumps({"records": [{"name": "Model card", "file": "records/card.md"}]})
    )
    refuse_other_files(tmp_path)
    (tmp_path / "records" / "thesis.md").write_text("mine")
    with pytest.raises(RefusedAction, match=r"records/thesis\.md"):
        refuse_other_files(tmp_path)


def test_what_fails_half_way_leaves_the_older_report(tmp_path: Path) -> None:
    out = tmp_path / "report"
    put_whole({REPORT_DOCUMENT: b"{}"}, out)
    with pytest.raises(TypeError):
        put_whole({REPORT_PAGE: b"new", REPORT_DOCUMENT: None}, out)  # type: ignore[dict-item]
    assert [path.name for path in tmp_path.iterdir()] == ["report"]
    assert [path.name for path in out.iterdir()] == [REPORT_DOCUMENT]


def test_what_cannot_be_reported_is_told(workspace: Workspace, trained: Trained, tmp_path: Path) -> None:
    run = trained.model.run_id
    with pytest.raises(MissingThing, match="no run"):
        write_report(workspace, ["0" * 32], tmp_path / "a", today=TODAY, recorded={})
    with pytest.raises(BadInput, match="a run of each of 1 to 4 targets"):
        write_report(workspace, [run, run], tmp_path / "a", today=TODAY, recorded={})
    with pytest.raises(BadInput, match="no earlier report"):
        write_report(workspace, [run], tmp_path / "a", today=TODAY, recorded={}, previous=tmp_path / "nothing.json")
    assert list(tmp_path.iterdir()) == []


def _recorded(trained: Trained, *decided: str) -> dict[str, RecordedRun]:
    said = trained.record
    return {said.run_id: RecordedRun(4, said.version, said.report_sha256, said.gates_sha256, decided)}


@pytest.mark.parametrize(
    ("path", "what", "tag"),
    [("audit/fairness.json", "audit", REPORT_SHA256_TAG), ("gates/gates.json", "gates", GATES_SHA256_TAG)],
)
def test_what_the_ledger_did_not_record_is_refused(
    path: str, what: str, tag: str, workspace: Workspace, trained: Trained, tmp_path: Path
) -> None:
    run, recorded = trained.model.run_id, _recorded(trained)
    file = past_run(workspace, run).file(path)
    text = file.read_text(encoding="utf-8")
    file.write_text(text + " ", encoding="utf-8")
    # Whoever can write to MLflow can bring its tags in line with the file.
    forged = hashlib.sha256(file.read_bytes()).hexdigest()
    MlflowClient(workspace.tracking_url).set_model_version_tag("wardcast-robbery", "1", tag, forged)
    told = rf"The {what} of run {run} \({path}\) (is|are) not what the ledger recorded of version 1 \(entry 4\)"
    try:
        with pytest.raises(BadInput, match=told):
            write_report(workspace, [run], tmp_path / "a", today=TODAY, recorded=recorded)
        with pytest.raises(BadInput, match=told):
            write_records(workspace, run, tmp_path / "b", recorded=recorded)
    finally:
        file.write_text(text, encoding="utf-8")
    assert list(tmp_path.iterdir()) == []


def test_report_and_records_say_what_the_ledger_says_of_the_run(
    workspace: Workspace, trained: Trained, folder: Path, tmp_path: Path
) -> None:
    decided = "Approved and put into use on 2025-01-11 (entry 5): Read. Not enough evidence for city; approved: few."
    recorded = _recorded(trained, decided)
    write_report(workspace, [trained.model.run_id], tmp_path / "a", today=TODAY, recorded=recorded)
    told = recorded[trained.model.run_id].words
    assert told.startswith("Entry 4 of the signed ledger names this run and holds the SHA-256 of this audit and of its")
    assert told.endswith(decided)
    for name in (REPORT_PAGE, f"{RECORDS_FOLDER}/robbery/{MODEL_CARD_FILE}"):
        assert told in " ".join((tmp_path / "a" / name).read_text(encoding="utf-8").split())
        assert UNRECORDED_RUN in " ".join((folder / name).read_text(encoding="utf-8").split())


def test_stops_give_the_enforcement_signature(workspace: Workspace, trained: Trained, tmp_path: Path) -> None:
    from features.geographies.geography import load_geography

    areas = load_geography(workspace, workspace.settings.geography).areas
    rows = [
        f"2024-{month:02d}-05T10:00:00+00:00,{latitude},{longitude}"
        for month in range(1, 13)
        for at, (latitude, longitude) in enumerate(zip(areas["latitude"], areas["longitude"], strict=True))
        for _ in range(2 + at % 5)
    ]
    stops = tmp_path / "stops.csv"
    stops.write_text("\n".join(["Date,Latitude,Longitude", *rows]) + "\n", encoding="utf-8")
    write_report(workspace, [trained.model.run_id], tmp_path / "with", today=TODAY, recorded={}, stops=[stops])
    (subject,) = json.loads((tmp_path / "with" / REPORT_DOCUMENT).read_text(encoding="utf-8"))["subjects"]
    assert len(subject["tables"]["enforcement signature"]) == 5
    assert any(note.startswith("Stop and search: ") for note in subject["notes"])
    assert not any("enforcement signature was not audited" in note for note in subject["notes"])
