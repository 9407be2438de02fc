"""Records of a real run: its own figures, what the registry and the store hold, written whole or not at all."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from contracts import (
    SETTINGS_FILE,
    BadInput,
    Frequency,
    MissingThing,
    Period,
    RecordsSettings,
    RefusedAction,
    Workspace,
)
from contracts.run_files import AUDIT_FILE, GATES_FILE, LEADERBOARD_FILE
from features.store.publications import PublicationStore
from features.views.as_of import ViewMode
from monitoring import GATES
from monitoring.gates.limits import gate_limits
from monitoring.records import file_names
from monitoring.records.facts import RecordFacts
from monitoring.records.transparency import transparency_json_record
from service.cli import wardcast
from training import Plan, Trained, run_experiment, train
from training.oversight.records import record_facts, write_records
from training.runs.runs import past_run

TARGET = "robbery"
PLAN = Plan(
    target=TARGET,
    first=Period.parse("2022-01", Frequency.MONTH),
    last=Period.parse("2022-06", Frequency.MONTH),
    horizons=(1,),
    models=("mean_12", "ewma"),
    view=ViewMode.SETTLED,
    seed=7,
)
PEOPLE = '\n[people]\n"Ada Approver" = ["approver", "administrator"]\n"Pat Proposer" = ["proposer"]\n'
LINK = re.compile(r"(?<!\\)\]\(([^)\s]+)\)")


@pytest.fixture(scope="module")
def workspace(small_workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    root = tmp_path_factory.mktemp("records") / "workspace"
    shutil.copytree(small_workspace.root, root)
    settings = root / SETTINGS_FILE
    settings.write_text(settings.read_text() + PEOPLE)
    return Workspace(root)


@pytest.fixture(scope="module")
def trained(workspace: Workspace) -> Trained:
    return train(workspace, TARGET, today=date(2025, 1, 10), by="Pat Proposer", progress=False)


@pytest.fixture(scope="module")
def backtested(workspace: Workspace) -> str:
    return run_experiment(workspace, PLAN, progress=False).run_id


@pytest.fixture(scope="module")
def facts(workspace: Workspace, trained: Trained) -> RecordFacts:
    return record_facts(workspace, past_run(workspace, trained.model.run_id), recorded=None)


@pytest.fixture
def settings_file(workspace: Workspace) -> Iterator[Path]:
    """The file of settings, put back as it was afterwards."""
    path = workspace.root / SETTINGS_FILE
    before = path.read_text()
    yield path
    path.write_text(before)


def _artefact(workspace: Workspace, run_id: str, name: str) -> Path:
    return past_run(workspace, run_id).file(name)


def test_the_facts_are_those_of_the_run(facts: RecordFacts, trained: Trained) -> None:
    own = facts.score("area", 1)
    row = next(row for row in trained.scores.areas.rows if (row["model"], row["horizon"]) == ("wardcast", 1))
    assert own is not None
    assert {name: row[name] for name in own.figures} == own.figures
    assert set(own.figures) == {name for name, value in row.items() if not isinstance(value, (str, bool))} - {"horizon"}
    assert len(facts.scores) == len(trained.scores.rows)
    assert [(one.group, one.value, one.low, one.verdict) for one in facts.audit.figures] == [
        (one.group, one.value, one.low, one.verdict) for one in trained.fairness.findings if one.stratum is None
    ]
    assert {one.gate: one.verdict for one in facts.gates} == trained.gates.verdicts
    assert (facts.model.version, facts.model.sha256) == (trained.model.version, trained.model.sha256)
    assert (facts.model.as_of, facts.model.last_known) == (str(trained.as_of), str(trained.last_known))
    assert facts.simulated
    assert facts.roles == {"approver": 1, "administrator": 1, "proposer": 1}


def test_the_publications_are_those_of_the_store(facts: RecordFacts, workspace: Workspace) -> None:
    (told,) = facts.publications
    stored = PublicationStore(workspace.publications).get(told.id)
    assert (told.sha256, told.content_sha256) == (stored.provenance.sha256, stored.content_sha256)
    assert (told.rows_read, told.rows_kept, told.rows_set_aside) == (
        stored.rows_read,
        stored.rows_kept,
        stored.rows_set_aside,
    )
    assert (told.periods, told.span, told.areas, told.geography_areas) == (60, 60, 60, 60)
    assert [one.offence for one in told.wordings] == ["robbery"]
    assert sum(one.rows for one in told.set_aside) == told.rows_set_aside


def test_a_backtest_has_no_model_and_no_gates_and_both_publications_with_their_revisions(
    workspace: Workspace, backtested: str
) -> None:
    facts = record_facts(workspace, past_run(workspace, backtested), recorded=None)
    assert facts.model.name == "mean_12"
    assert facts.model.version is None
    assert facts.gates == ()
    older, newer = facts.publications
    assert older.revisions == ()
    (revision,) = newer.revisions
    assert (revision.older, revision.periods) == (older.id, 54)
    assert 0 <= revision.share_of_areas <= 1
    assert (revision.greatest_change is None) == (revision.greatest_period is None)


def test_every_protected_characteristic_is_looked_at(facts: RecordFacts) -> None:
    status = {one.characteristic: one.status for one in facts.protected}
    assert len(status) == 9
    assert status["race"] == "measured"
    assert status["disability"] == "proxied"
    assert {name for name, one in status.items() if one == "not measurable here"} == {
        *("age", "sex", "gender reassignment", "marriage and civil partnership", "pregnancy and maternity"),
        *("religion or belief", "sexual orientation"),
    }
    assert all(one.done for one in facts.protected)


def test_every_gate_has_its_limit_in_words(workspace: Workspace) -> None:
    assert set(gate_limits(workspace.settings.gates)) == set(GATES)
    assert gate_limits(workspace.settings.gates)["calibration"] == (
        "forecast over outcome 0.87 to 1.15, in the city and in fifths of areas, at each horizon"
    )


def test_all_records_are_written_and_every_link_leads_to_a_file(
    workspace: Workspace, trained: Trained, tmp_path: Path
) -> None:
    folder = tmp_path / "records"
    written = write_records(workspace, trained.model.run_id[:8], folder, recorded={})
    names = [name for _, name in written]
    assert len(set(names)) == len(names) == 6
    assert {path.name for path in folder.iterdir()} == {*names, file_names.EVIDENCE_FOLDER}
    assert list(tmp_path.iterdir()) == [folder]
    links = {link for name in names for link in LINK.findall((folder / name).read_text("utf-8"))}
    assert len(links) >= 8
    assert [link for link in links if not (folder / link).is_file()] == []
    for name in names:
        text = (folder / name).read_text("utf-8")
        assert "Ada Approver" not in text
        assert "Pat Proposer" not in text
    json.loads((folder / file_names.TRANSPARENCY_JSON_FILE).read_text("utf-8"))
    card = (folder / file_names.MODEL_CARD_FILE).read_text("utf-8")
    front = yaml.safe_load(card.split("---\n", 2)[1])
    own = next(row for row in trained.scores.areas.rows if (row["model"], row["horizon"]) == ("wardcast", 1))
    metrics = {one["type"]: one["value"] for one in front["model-index"][0]["results"][0]["metrics"]}
    assert metrics["mean_poisson_deviance"] == own["mean_poisson_deviance"]


def test_the_same_run_gives_the_same_bytes(workspace: Workspace, trained: Trained, tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_records(workspace, trained.model.run_id, tmp_path / name, recorded={})
    files = [sorted(path for path in (tmp_path / name).rglob("*") if path.is_file()) for name in ("one", "two")]
    assert [path.read_bytes() for path in files[0]] == [path.read_bytes() for path in files[1]]


def test_a_score_changed_in_the_run_changes_in_the_records(
    workspace: Workspace, backtested: str, tmp_path: Path
) -> None:
    leaderboard, audit = (_artefact(workspace, backtested, name) for name in (LEADERBOARD_FILE, AUDIT_FILE))
    before = [path.read_text() for path in (leaderboard, audit)]
    board, found = map(json.loads, before)
    board["areas"][0]["mean_poisson_deviance"] = 77.4375
    found["findings"][0] |= {"value": 55.1875, "low": 44.25, "high": 66.75}
    try:
        leaderboard.write_text(json.dumps(board))
        audit.write_text(json.dumps(found))
        write_records(workspace, backtested, tmp_path / "records", recorded={})
    finally:
        for path, text in zip((leaderboard, audit), before, strict=True):
            path.write_text(text)
    told = {path.name: path.read_text("utf-8") for path in (tmp_path / "records").iterdir() if path.is_file()}
    assert "77.4375" in told[file_names.TRANSPARENCY_JSON_FILE]
    for name in (file_names.TRANSPARENCY_FILE, file_names.MODEL_CARD_FILE):
        assert "77.438" in told[name]
    for name in (file_names.TRANSPARENCY_FILE, file_names.MODEL_CARD_FILE, file_names.EQUALITY_FILE):
        assert re.search(r"55\.188 \| 44\.250 \| 66\.750", told[name])
    clean_facts = record_facts(workspace, past_run(workspace, backtested), recorded=None)
    assert "77.4375" not in transparency_json_record(clean_facts)


def test_what_people_say_may_be_given_after_the_run_and_is_not_recorded_with_it(
    workspace: Workspace, trained: Trained, settings_file: Path
) -> None:
    settings_file.write_text(settings_file.read_text() + '\n[records]\norganisation = "Test Police"\n')
    run = past_run(workspace, trained.model.run_id)
    facts = record_facts(Workspace(workspace.root), run, recorded=None)
    assert facts.given == RecordsSettings(organisation="Test Police")
    assert "records" not in run.document("inputs/settings.json")


def test_a_folder_that_is_used_or_cannot_be_made_is_left_as_it_is(
    workspace: Workspace, backtested: str, tmp_path: Path
) -> None:
    used = tmp_path / "used"
    used.mkdir()
    (used / "mine.txt").write_text("mine")
    with pytest.raises(RefusedAction, match="not empty"):
        write_records(workspace, backtested, used, recorded={})
    with pytest.raises(BadInput, match="is a file"):
        write_records(workspace, backtested, used / "mine.txt", recorded={})
    with pytest.raises(BadInput, match="no folder"):
        write_records(workspace, backtested, tmp_path / "nowhere" / "records", recorded={})
    assert [path.relative_to(tmp_path).as_posix() for path in sorted(tmp_path.rglob("*"))] == ["used", "used/mine.txt"]
    (tmp_path / "empty").mkdir()
    write_records(workspace, backtested, tmp_path / "empty", recorded={})
    assert (tmp_path / "empty" / file_names.CHECKLIST_FILE).is_file()


def test_a_failure_half_way_leaves_nothing(
    workspace: Workspace, backtested: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writing = Path.write_bytes

    def full_disk(path: Path, content: bytes) -> int:
        if path.name == file_names.DATASHEET_FILE:
            raise OSError(28, "No space left on device")
        return writing(path, content)

    monkeypatch.setattr(Path, "write_bytes", full_disk)
    with pytest.raises(BadInput, match="No space left"):
        write_records(workspace, backtested, tmp_path / "records", recorded={})
    assert list(tmp_path.iterdir()) == []


def test_a_run_or_a_publication_that_is_gone_or_changed_is_told(
    workspace: Workspace, backtested: str, tmp_path: Path
) -> None:
    with pytest.raises(MissingThing, match="no run 'nowhere'"):
        write_records(workspace, "nowhere", tmp_path / "records", recorded={})
    gates = past_run(workspace, backtested)
    with pytest.raises(MissingThing, match=GATES_FILE):
        gates.file(GATES_FILE)
    feedback = replace(gates, summary=replace(gates.summary, kind="feedback"))
    with pytest.raises(BadInput, match="of another kind"):
        record_facts(workspace, feedback, recorded=None)
    publication = PublicationStore(workspace.publications).list()[0].folder
    record = publication / "publication.json"
    before = record.read_text()
    try:
        record.write_text(json.dumps(json.loads(before) | {"content_sha256": "0" * 64}))
        with pytest.raises(BadInput, match="not the one that the run recorded"):
            write_records(workspace, backtested, tmp_path / "records", recorded={})
        publication.rename(tmp_path / "moved")
        with pytest.raises(MissingThing, match="no publication"):
            write_records(workspace, backtested, tmp_path / "records", recorded={})
    finally:
        (tmp_path / "moved").rename(publication)
        record.write_text(before)
    assert not (tmp_path / "records").exists()


def test_the_command_tells_what_it_wrote_and_what_is_missing(
    workspace: Workspace, backtested: str, tmp_path: Path, settings_file: Path
) -> None:
    settings_file.write_text(settings_file.read_text() + '\n[records]\nteam = "Analysis"\n')
    words = ["records", backtested, "--workspace", str(workspace.root), "--out"]
    done = CliRunner().invoke(wardcast, [*words, str(tmp_path / "one"), "--json"], catch_exceptions=False)
    told = json.loads(done.stdout)
    assert told["folder"] == str(tmp_path / "one")
    assert all((tmp_path / "one" / one["file"]).is_file() for one in told["files"])
    assert set(told["missing"]) == set(RecordsSettings.model_fields) - {"team"}
    done = CliRunner().invoke(wardcast, [*words, str(tmp_path / "two")], catch_exceptions=False)
    assert done.stdout.count("\n") >= 6
    assert "organisation" in done.stdout
    assert "team" not in done.stdout.rpartition("Missing")[2]
