"""Training on a real MLflow: what a run holds, what the registry says, and what a killed training leaves."""

from __future__ import annotations

import ast
import hashlib
import json
import os
import pickle
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date
from functools import partial
from html import unescape
from pathlib import Path

import cloudpickle
import mlflow
import numpy as np
import pandas as pd
import pytest
import yaml
from matplotlib.pyplot import imread

from contracts import BadInput, MissingThing, Workspace, code_version
from contracts.run_files import CHALLENGER, CHAMPION, REPORT_SHA256_TAG
from contracts.run_sheets import REPORT_DOCUMENT, REPORT_FOLDER, REPORT_PAGE, SHEET_FILE, read_sheet, sheet_paths
from contracts.trained import BEING_ENTERED
from models import load_saved_model, registry
from monitoring import GATES
from monitoring.records.file_names import MODEL_CARD_FILE
from service.board.decisions import approve, propose, withdraw
from service.board.life_cycle import life_cycle_of
from service.board.people import person_named
from service.board.recorded_gates import recorded_gates
from service.board.trained import enter_trained, life_of, recorded
from service.ledger.ledger import open_ledger
from training import Trained, train
from training.oversight.report import report_of_training
from training.runs.runs import list_runs, past_run

TARGET = "robbery"
TODAY = date(2025, 1, 10)
KILLS = int(os.environ.get("WARDCAST_KILLS", "3"))
"""How often a training is killed; each costs the start of a Python process."""

MOST_ROUNDS = 3
"""A machine that grows faster meanwhile ends trainings before their kill: those are tried again."""

PROGRAM = """
import sys
from datetime import date
from pathlib import Path
from contracts import Workspace
from training import train
train(Workspace(Path(sys.argv[1])), "robbery", today=date(2025, 1, 10), progress=False)
"""


@pytest.fixture(scope="module")
def workspace(small_workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    root = tmp_path_factory.mktemp("training") / "workspace"
    shutil.copytree(small_workspace.root, root)
    return Workspace(root)


@pytest.fixture(scope="module")
def trained(workspace: Workspace) -> Trained:
    ledger = open_ledger(workspace)
    return train(workspace, TARGET, today=TODAY, progress=False, enter=partial(enter_trained, ledger))


def test_a_run_holds_what_went_in_and_what_came_out(workspace: Workspace, trained: Trained) -> None:
    client = mlflow.MlflowClient(tracking_uri=workspace.tracking_url)
    run = client.get_run(trained.model.run_id)
    assert run.data.params["target"] == TARGET
    assert run.data.tags["simulated"] == "true"
    assert "wardcast.version" in run.data.tags
    assert 0.0 < float(run.data.tags["settled_share"]) < 1.0
    assert run.data.metrics["wardcast.area.h1.mean_poisson_deviance"] > 0
    root = Path(mlflow.artifacts.download_artifacts(run_id=trained.model.run_id))
    held = {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}
    assert {
        "inputs/settings.json",
        "inputs/publications.json",
        "leaderboard.json",
        "leaderboard.txt",
        "noise_floor.json",
        "audit/fairness.json",
        "calibration/coverage.json",
        "calibration/coverage.txt",
        "calibration/pit.json",
        "level_shifts.json",
        "gates/gates.json",
        "gates/gates.txt",
        "forecasts/forecasts.parquet",
        "figures/reliability.png",
        "figures/error_map.png",
        "figures/city_total.png",
    } <= held
    publications = json.loads((root / "inputs" / "publications.json").read_text())
    assert all(len(publication["content_sha256"]) == 64 for publication in publications)
    groupings = {row["grouping"] for row in json.loads((root / "calibration" / "coverage.json").read_text())}
    assert groupings == {"all areas", "district", "deprivation tenth", "city total"}
    for histogram in json.loads((root / "calibration" / "pit.json").read_text()):
        assert sum(part["share"] for part in histogram["bins"]) == pytest.approx(1.0)


def test_the_challenger_is_what_was_trained(workspace: Workspace, trained: Trained) -> None:
    challenger = registry.registered(workspace, TARGET, CHALLENGER)
    assert challenger is not None
    assert challenger == trained.model
    assert registry.registered(workspace, TARGET, CHAMPION) is None
    assert load_saved_model(challenger.folder, challenger.sha256).target == TARGET
    assert len(challenger.tags[REPORT_SHA256_TAG]) == 64
    with pytest.raises(MissingThing, match="no version 99"):
        registry.version(workspace, TARGET, 99)
    registry.set_champion(workspace, challenger)
    assert registry.registered(workspace, TARGET, CHAMPION) == challenger
    registry.clear_champion(workspace, TARGET)
    assert registry.registered(workspace, TARGET, CHAMPION) is None


def test_the_gates_are_kept_with_the_run_and_their_limits_from_before_it_had_results(
    workspace: Workspace, trained: Trained
) -> None:
    model = trained.model
    assert tuple(trained.gates.verdicts) == GATES
    assert trained.gates.verdicts["reproducibility"] == "pass"
    assert trained.gates.verdicts["freshness"] == "pass"
    record = recorded(life_of(life_cycle_of(open_ledger(workspace).entries()), model))
    assert record is not None
    assert record.gates == trained.gates.verdicts
    assert recorded_gates(workspace, registry, record) == trained.gates
    client = mlflow.MlflowClient(tracking_uri=workspace.tracking_url)
    assert client.get_run(model.run_id).data.params["settings_sha256"] == trained.gates.settings_sha256
    inputs = registry.run_text(workspace, model.run_id, "inputs/settings.json")
    assert inputs is not None
    limits = json.loads(inputs)["gates"]
    assert limits == workspace.settings.gates.model_dump(mode="json")
    assert registry.run_text(workspace, model.run_id, "gates/nothing.json") is None
    assert registry.finished_run(workspace, model.run_id) == ("train", model.target)
    assert registry.finished_run(workspace, "0" * 32) is None


def test_a_draft_becomes_the_champion_and_a_withdrawn_one_loses_its_alias(
    workspace: Workspace, trained: Trained
) -> None:
    ledger = open_ledger(workspace)
    ann, ben = (person_named(workspace.settings, name) for name in ("Ann", "Ben"))
    (proposal,) = propose(workspace, ledger, registry, by=ann, reason="Audit is in order.", target=TARGET)
    assert proposal.gates == trained.gates.verdicts
    failed = [gate for gate, verdict in proposal.gates.items() if verdict == "fail"]
    approve(
        workspace,
        ledger,
        registry,
        by=ben,
        reason="Agreed.",
        target=TARGET,
        overrides=failed,
        inconclusive="A short run.",
    )
    assert registry.registered(workspace, TARGET, CHAMPION) == trained.model
    withdraw(workspace, ledger, registry, by=ben, reason="Only a test.", target=TARGET)
    assert registry.registered(workspace, TARGET, CHAMPION) is None
    ledger.close()


def test_mlflow_loads_the_model_without_a_pickle(trained: Trained) -> None:
    """The model that MLflow loads from code gives the shares of the saved one; none of its files is a pickle."""
    assert os.environ["MLFLOW_ALLOW_PICKLE_DESERIALIZATION"] == "false"
    model_folder = trained.model.folder.parent.parent
    assert not [path for path in model_folder.rglob("*") if path.suffix in {".pkl", ".pickle", ".joblib"}]
    model = mlflow.pyfunc.load_model(str(model_folder))
    example = model.input_example
    forecast = model.predict(example)
    assert forecast["mean"].sum() == pytest.approx(example["city_total"].iloc[0])
    assert np.isfinite(forecast.to_numpy()).all()
    assert (forecast["dispersion"] > 0).all()


def test_a_model_that_was_registered_before_the_rooms_still_loads(trained: Trained, tmp_path: Path) -> None:
    """Its copy of the entry imports two names from where they were then."""
    older = tmp_path / "older"
    shutil.copytree(trained.model.folder.parent.parent, older)
    (entry,) = older.rglob("pyfunc_entry.py")
    text = entry.read_text()
    for now, before in (("models.recipe", "models.area_share"), ("models.saved.saved_model", "models.saved_model")):
        assert f"from {now} import" in text
        text = text.replace(f"from {now} import", f"from {before} import")
    entry.write_text(text)
    model = mlflow.pyfunc.load_model(str(older))
    example = model.input_example
    assert model.predict(example)["mean"].sum() == pytest.approx(example["city_total"].iloc[0])


def _forbidden(*_: object, **__: object) -> None:
    raise AssertionError("something was unpickled")


def test_every_artefact_of_a_run_is_loaded_with_pickle_disabled(
    trained: Trained, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (pickle, cloudpickle):
        monkeypatch.setattr(module, "load", _forbidden)
        monkeypatch.setattr(module, "loads", _forbidden)
    monkeypatch.setattr(pickle, "Unpickler", _forbidden)
    with pytest.raises(AssertionError, match="unpickled"):
        pickle.loads(b"")  # noqa: S301 - the guard itself is tried
    loaders: dict[str, Callable[[Path], object]] = {
        ".json": lambda path: json.loads(path.read_text()),
        ".txt": Path.read_text,
        ".py": lambda path: ast.parse(path.read_text()),
        ".parquet": pd.read_parquet,
        ".png": imread,
        ".yaml": lambda path: yaml.safe_load(path.read_text()),
        ".yml": lambda path: yaml.safe_load(path.read_text()),
        "": lambda path: yaml.safe_load(path.read_text()),
    }
    model_folder = trained.model.folder.parent.parent
    held = [*registry.run_folder(workspace, trained.model.run_id, "").rglob("*"), *model_folder.rglob("*")]
    files = [path for path in held if path.is_file()]
    assert len(files) > 15
    for path in files:
        loaders[path.suffix](path)
    assert load_saved_model(trained.model.folder, trained.model.sha256).target == TARGET
    assert mlflow.pyfunc.load_model(str(model_folder)) is not None


def test_a_pickle_planted_beside_a_registered_model_is_refused(trained: Trained, workspace: Workspace) -> None:
    planted = trained.model.folder.parent.parent / "python_model.pkl"
    planted.write_bytes(pickle.dumps("harm"))
    try:
        with pytest.raises(BadInput, match=r"python_model\.pkl is a pickle"):
            registry.version(workspace, TARGET, trained.model.version)
    finally:
        planted.unlink()


def test_runs_nest_and_hold_data_groups_origins_and_software(workspace: Workspace, trained: Trained) -> None:
    client = mlflow.MlflowClient(tracking_uri=workspace.tracking_url)
    run = client.get_run(trained.model.run_id)
    above = client.get_run(run.data.tags["mlflow.parentRunId"])
    assert (above.data.tags["level"], run.data.tags["level"]) == ("experiment", "target")
    assert above.info.status == run.info.status == "FINISHED"
    publications = json.loads(
        (registry.run_folder(workspace, run.info.run_id, "inputs") / "publications.json").read_text()
    )
    held = {(one.dataset.name, one.dataset.digest) for one in run.inputs.dataset_inputs}
    assert held == {(one["id"], one["content_sha256"][:36]) for one in publications}
    assert all(one["sha256"] in run.inputs.dataset_inputs[0].dataset.source for one in publications[:1])
    assert len(run.data.metrics) <= 13, "a dozen figures stand alone, and the series of the origins"
    steps = client.get_metric_history(run.info.run_id, "wardcast.area.h1.deviance_by_origin")
    assert [one.step for one in steps] == list(range(12))
    mean = np.mean([one.value for one in steps])
    assert run.data.metrics["wardcast.area.h1.mean_poisson_deviance"] == pytest.approx(mean)
    assert run.data.params["first"] == "2024-01"
    assert {name: run.data.tags[name] for name in code_version().tags()} == code_version().tags()


def test_a_sheet_says_what_the_run_came_to_and_the_ledger_holds_its_hash(
    workspace: Workspace, trained: Trained
) -> None:
    (path,) = [path for path in sheet_paths(workspace) if path.parent.name == trained.model.run_id]
    sheet, sha256 = read_sheet(path)
    (entry,) = [one for one in open_ledger(workspace).entries("trained") if one.content["run_id"] == sheet.run_id]
    assert entry.content["sheet_sha256"] == sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert sheet.leaderboard == json.loads(json.dumps(trained.scores.rows))
    assert {one["gate"]: one["verdict"] for one in sheet.gates} == trained.gates.verdicts
    assert (sheet.kind, sheet.target, sheet.model) == ("train", TARGET, "wardcast")
    row = sheet.row()
    assert row is not None
    expected, came = map(sum, zip(*sheet.errors.values(), strict=True))
    assert expected / came == pytest.approx(1.0, abs=0.2)
    run = mlflow.MlflowClient(tracking_uri=workspace.tracking_url).get_run(sheet.run_id)
    described = run.data.tags["mlflow.note.content"]
    assert f"{row['mean_poisson_deviance']:.3f}" in described
    assert f"/bench/{sheet.run_id}" in described


def test_a_report_is_written_for_the_board_and_the_ledger_vouches_for_it(
    workspace: Workspace, trained: Trained
) -> None:
    folder = workspace.runs / trained.model.run_id
    sheet, sha256 = read_sheet(folder / SHEET_FILE)
    assert trained.record.sheet_sha256 == sha256
    report = folder / REPORT_FOLDER
    hashes = {
        path.relative_to(report).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in report.rglob("*")
        if path.is_file()
    }
    assert sheet.report == hashes
    assert {REPORT_PAGE, REPORT_DOCUMENT, f"records/{TARGET}/{MODEL_CARD_FILE}"} <= set(hashes)
    (subject,) = json.loads((report / REPORT_DOCUMENT).read_text())["subjects"]
    assert (subject["version"], subject["audit_sha256"]) == (trained.model.version, trained.record.report_sha256)
    assert subject["standing"] == BEING_ENTERED
    for name in (REPORT_PAGE, f"records/{TARGET}/{MODEL_CARD_FILE}"):
        assert BEING_ENTERED in unescape(" ".join((report / name).read_text().split()))


@pytest.mark.parametrize(
    ("champion", "words"),
    [
        (None, "This is the first report."),
        ("", "It is compared with the model in use"),
        ("nosuchrun", "It could not be compared with the model in use (run nosuchrun), because: "),
    ],
)
def test_the_report_is_compared_with_the_model_in_use(
    workspace: Workspace, trained: Trained, champion: str | None, words: str
) -> None:
    in_use = trained.model.run_id if champion == "" else champion
    report = report_of_training(workspace, trained.model.run_id, today=TODAY, champion=in_use)
    sections = json.loads(report[REPORT_DOCUMENT])["summary"]["sections"]
    changed = next(one for one in sections if one["id"] == "changed")
    assert words in " ".join(words for part in changed["parts"] for words in part["sentences"])


def test_runs_are_listed_with_their_main_scores(workspace: Workspace, trained: Trained) -> None:
    (one,) = [run for run in list_runs(workspace, target=TARGET) if run.run_id == trained.model.run_id]
    row = next(row for row in trained.scores.areas.rows if (row["model"], row["horizon"]) == ("wardcast", 1))
    assert (one.model, one.horizon, one.kind, one.first, one.last) == ("wardcast", 1, "train", "2024-01", "2024-12")
    assert one.scores["vs_ewma"] == pytest.approx(row["vs_ewma"])
    assert list_runs(workspace, target="arson") == ()
    with pytest.raises(MissingThing, match="no run 'nowhere'"):
        past_run(workspace, "nowhere")


def test_what_cannot_be_trained_is_told(workspace: Workspace) -> None:
    with pytest.raises(MissingThing, match="no target 'arson'"):
        train(workspace, "arson", today=TODAY, progress=False)
    companion = next(name for name, target in workspace.settings.targets.items() if not target.forecast)
    with pytest.raises(BadInput, match="companion"):
        train(workspace, companion, today=TODAY, progress=False)


@pytest.mark.slow
def test_a_killed_training_leaves_versions_whole_or_absent(small_workspace: Workspace, tmp_path: Path) -> None:
    """SIGKILLs, spread over the time that a whole training takes."""
    workspace = Workspace(tmp_path / "workspace")
    shutil.copytree(small_workspace.root, workspace.root)
    began = time.monotonic()
    subprocess.run([sys.executable, "-c", PROGRAM, str(workspace.root)], check=True, capture_output=True)
    whole = time.monotonic() - began
    killed = 0
    for share in np.tile(np.linspace(0.25, 1.0, KILLS, endpoint=False), MOST_ROUNDS):
        took = _train_and_kill(workspace, share * whole)
        whole, killed = (whole, killed + 1) if took is None else (min(whole, took), killed)
        if killed == KILLS:
            break
    assert killed == KILLS
    newest = registry.registered(workspace, TARGET, CHALLENGER)
    assert newest is not None
    for number in range(1, newest.version + 1):
        model = registry.version(workspace, TARGET, number)
        assert load_saved_model(model.folder, model.sha256).target == TARGET
    after = train(workspace, TARGET, today=TODAY, progress=False)
    assert after.model.version > newest.version


def _train_and_kill(workspace: Workspace, wait: float) -> float | None:
    """None where the training was still running when it was killed, or else how long it took."""
    began = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(workspace.root)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        process.wait(timeout=wait)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
    return None if process.wait() == -signal.SIGKILL else time.monotonic() - began
