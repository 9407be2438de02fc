"""Explain, export and rebuild: an issued forecast made again by its owner and by others."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner

from contracts import SETTINGS_FILE, BadInput, MissingThing, RefusedAction, Workspace, settings_bytes, settings_of
from contracts.run_files import CHAMPION, GATES_SHA256_TAG, REPORT_SHA256_TAG, RUN_ID_TAG, TRAINED_BY_TAG
from models import registry
from service.board.decisions import approve
from service.board.life_cycle import life_cycle_of
from service.board.people import person_named
from service.board.trained import enter_trained, recorded, refuse_other_than_recorded
from service.cli import wardcast
from service.forecasts.issued import FORECASTS_FILE, RECORD_FILE, parquet_bytes
from service.issuing.baselines import BASELINES_FILE
from service.issuing.contents import Occasion, open_sources
from service.issuing.issuing import issue
from service.ledger.ledger import open_ledger
from service.proof.bundle import LEDGER_FILE, LIST_FILE, WITHHELD, Bundle, read_bundle, refuse_changed
from service.proof.differences import differences
from service.proof.exporting import collect, export
from service.proof.provenance import as_text, provenance
from service.proof.rebuilding import rebuild, refuse_difference, software_notes
from service.proof.zip_files import read_zip, write_zip
from training import train

TODAY = date(2025, 1, 10)
TARGET = "robbery"


@dataclass(frozen=True)
class Office:
    """A workspace that issued one forecast, and the bundle of it."""

    workspace: Workspace
    forecast_id: str
    bundle: Path

    def copy(self, folder: Path) -> Office:
        """The same in another folder, to write to."""
        shutil.copytree(self.workspace.root, folder, ignore=shutil.ignore_patterns("mlflow.db*", "artefacts"))
        return replace(self, workspace=Workspace(folder))


@pytest.fixture(scope="module")
def office(small_workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Office:
    root = tmp_path_factory.mktemp("office") / "workspace"
    shutil.copytree(small_workspace.root, root)
    workspace = Workspace(root)
    module = sys.modules[train.__module__]
    with pytest.MonkeyPatch.context() as quick:
        quick.setattr(module, "BACKTEST_MODELS", ("ewma", "wardcast"))
        quick.setattr(module, "BACKTEST_PERIODS", 2)
        quick.setattr(module, "HORIZONS_BEYOND", 1)
        ledger = open_ledger(workspace)
        train(workspace, TARGET, today=TODAY, progress=False, enter=partial(enter_trained, ledger))
    approve(
        workspace,
        ledger,
        registry,
        by=person_named(workspace.settings, "A. Member"),
        reason="Audit read",
        inconclusive="Short run",
    )
    issued = issue(workspace, ledger, open_sources(workspace), today=TODAY, tell=lambda _: None)
    bundle = root.parent / "bundle.zip"
    export(workspace, ledger, registry, forecast_id=issued.forecast_id, out=bundle)
    return Office(workspace, issued.forecast_id, bundle)


def _collected(office: Office) -> Bundle:
    return collect(office.workspace, open_ledger(office.workspace), registry, office.forecast_id)


def _wardcast(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, "-c", "from service.cli import main; main()", *arguments]
    return subprocess.run(program, capture_output=True, text=True, check=False, cwd=folder)


def test_the_ledger_alone_tells_what_is_behind_a_forecast(office: Office) -> None:
    told = provenance(open_ledger(office.workspace).entries(), office.forecast_id)
    model = registry.registered(office.workspace, TARGET, CHAMPION)
    assert model is not None
    about = told.targets[0]
    assert (about["run_id"], about["sha256"], about["report_sha256"]) == (
        model.run_id,
        model.sha256,
        model.tags[REPORT_SHA256_TAG],
    )
    assert (about["approved_by"], about["approval_reason"], about["approval_entry"]) == ("A. Member", "Audit read", 2)
    copy = office.workspace.forecasts / office.forecast_id / "settings.json"
    assert told.settings_sha256 == hashlib.sha256(copy.read_bytes()).hexdigest()
    assert [one["published_on"] for one in told.publications] == ["2024-07-10", "2025-01-10"]
    assert all(len(one["sha256"]) == 64 for one in told.publications)
    assert [one["number"] for one in told.entries] == [1, 2, 3]
    assert told.code is not None
    assert about["trained_with"] == told.code
    text = as_text(told)
    for part in (model.run_id, model.sha256, "A. Member", "Audit read", told.settings_sha256, told.code["version"]):
        assert part in text
    with pytest.raises(MissingThing, match=f"No forecast 'x' was issued; the newest is {office.forecast_id}"):
        provenance(open_ledger(office.workspace).entries(), "x")


@pytest.mark.parametrize(
    ("words", "succeeds"),
    [
        (("export", "FORECAST", "--out", "OUT"), True),
        (("export", "nothing", "--out", "OUT"), False),
        (("export", "FORECAST", "--out", "/proc/bundle.zip"), False),
        (("rebuild", "FORECAST"), True),
        (("explain", "FORECAST"), True),
        (("history", TARGET), True),
        (("ledger", "verify"), True),
        (("runs",), True),
        (("records", "RUN", "--out", "OUT"), True),
        (("propose", "--by", "Ann", "--reason", "Again.", "--target", TARGET), False),
        (("publications",), True),
    ],
)
def test_no_command_leaves_anything_behind(
    office: Office, words: tuple[str, ...], succeeds: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither among the temporary files, nor beside the workspace, nor SQLite's own files beside its databases."""
    out, temporary = tmp_path / "out", tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    monkeypatch.setenv("TMPDIR", str(temporary))
    run = open_ledger(office.workspace).entries("trained")[0].content["run_id"]
    given = {"FORECAST": office.forecast_id, "OUT": str(out), "RUN": run}
    before = sorted(office.workspace.root.parent.iterdir())
    arguments = [given.get(word, word) for word in words]
    done = CliRunner().invoke(wardcast, [*arguments, "--workspace", str(office.workspace.root)])
    assert (done.exception is None) == succeeds, done.exception
    assert list(temporary.iterdir()) == []
    assert sorted(office.workspace.root.parent.iterdir()) == before
    assert {path.name for path in tmp_path.iterdir()} <= {"out", "temporary"}
    assert [path.name for path in office.workspace.root.glob("*.db-*")] == []


def test_what_training_entered_is_what_the_real_registry_holds_and_a_rewritten_tag_differs(office: Office) -> None:
    from mlflow import MlflowClient

    life = life_cycle_of(open_ledger(office.workspace).entries()).champions[TARGET]
    record = recorded(life)
    assert record is not None
    model = registry.version(office.workspace, TARGET, 1)
    refuse_other_than_recorded(record, model)
    client = MlflowClient(office.workspace.tracking_url, office.workspace.tracking_url)
    for tag in (REPORT_SHA256_TAG, GATES_SHA256_TAG, RUN_ID_TAG, TRAINED_BY_TAG):
        client.set_model_version_tag(f"wardcast-{TARGET}", "1", tag, "e" * 64)
        with pytest.raises(RefusedAction, match=f"the tag {tag} differs"):
            refuse_other_than_recorded(record, registry.version(office.workspace, TARGET, 1))
        if tag in model.tags:
            client.set_model_version_tag(f"wardcast-{TARGET}", "1", tag, model.tags[tag])
        else:
            client.delete_model_version_tag(f"wardcast-{TARGET}", "1", tag)


def test_the_owner_makes_the_same_bytes_again(office: Office) -> None:
    rebuilt = rebuild(_collected(office), lambda _: None)
    assert rebuilt.identical
    assert rebuilt.differences == ()
    assert {FORECASTS_FILE, RECORD_FILE} <= set(rebuilt.files)
    assert not [sentence for sentence in rebuilt.software if " is " in sentence]


def test_an_outsider_makes_the_same_bytes_in_an_empty_folder_and_another_process(
    office: Office, tmp_path: Path
) -> None:
    done = _wardcast("rebuild", office.forecast_id, "--bundle", str(office.bundle), "--json", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert (answer["identical"], answer["entry"]) == (True, 3)
    assert list(tmp_path.iterdir()) == []


def test_what_was_changed_or_added_since_does_not_change_the_rebuild(office: Office, tmp_path: Path) -> None:
    """Settings, a later publication of the store and a later forecast: none of them is looked at."""
    later = office.copy(tmp_path / "later")
    settings = later.workspace.root / SETTINGS_FILE
    settings.write_text(settings.read_text().replace("seed = 7", "seed = 8").replace("Robbery", "Renamed"))
    assert Workspace(later.workspace.root).settings.targets[TARGET].title == "Renamed"
    newest = sorted(later.workspace.publications.iterdir())[-1]
    added = newest.with_name(newest.name.replace("2025-01-10", "2025-01-09"))
    shutil.copytree(newest, added)
    record = json.loads((added / "publication.json").read_text())
    record |= {"id": added.name, "published_on": "2025-01-09"}
    (added / "publication.json").write_text(json.dumps(record))
    bundle = collect(Workspace(later.workspace.root), open_ledger(later.workspace), _only(office), office.forecast_id)
    assert added.name not in bundle.names("publications")
    assert rebuild(bundle, lambda _: None).identical


def test_a_forecast_from_before_flags_is_made_again_without_them(office: Office) -> None:
    bundle = _collected(office)
    files = {name: content for name, content in bundle.files.items() if not name.startswith("forecast/flags.")}
    assert len(bundle.files) - len(files) == 2
    settings = json.loads(files["forecast/settings.json"])
    del settings["flags"]
    files["forecast/settings.json"] = (json.dumps(settings, indent=2, ensure_ascii=False) + "\n").encode()
    assert rebuild(replace(bundle, files=files), lambda _: None).identical


@dataclass(frozen=True)
class _Borrowed:
    """The registry of one workspace, asked for another that has none."""

    office: Office

    def version(self, workspace: Workspace, target: str, number: int) -> registry.RegisteredModel:
        return registry.version(self.office.workspace, target, number)


def _only(office: Office) -> _Borrowed:
    return _Borrowed(office)


@pytest.mark.parametrize("place", ["publications", "geographies"])
def test_an_input_that_was_changed_since_is_refused(office: Office, tmp_path: Path, place: str) -> None:
    changed = office.copy(tmp_path / "changed")
    file = sorted((changed.workspace.root / place).rglob("*.parquet"))[0]
    file.write_bytes(file.read_bytes() + b"\0")
    with pytest.raises(BadInput, match=rf"{place}/\S+ is missing, was changed"):
        collect(changed.workspace, open_ledger(changed.workspace), _only(office), office.forecast_id)


def test_a_forecast_from_before_inputs_were_recorded_is_explained_and_not_rebuilt(
    office: Office, tmp_path: Path
) -> None:
    old = office.copy(tmp_path / "old")
    ledger = open_ledger(old.workspace)
    content = {key: value for key, value in ledger.entries("issue")[0].content.items() if key != "inputs"}
    ledger.append("issue", "A. Member", {**content, "forecast_id": "2024-01-00000000"})
    assert "not recorded" in as_text(provenance(ledger.entries(), "2024-01-00000000"))
    with pytest.raises(RefusedAction, match="before settings and code were recorded"):
        collect(old.workspace, ledger, _only(office), "2024-01-00000000")


@pytest.mark.parametrize(
    "claim", [{"approved_by": "B. Member"}, {"approval_entry": 1}, {"approval_entry": 3}, {"approval_entry": 9}]
)
def test_an_approval_that_the_chain_does_not_hold_is_refused(
    office: Office, tmp_path: Path, claim: dict[str, object]
) -> None:
    forged = office.copy(tmp_path / "forged")
    ledger = open_ledger(forged.workspace)
    content = ledger.entries("issue")[0].content
    ledger.append("issue", "A. Member", {**content, "targets": [{**content["targets"][0], **claim}]})
    with pytest.raises(BadInput, match="the approval of 'robbery' in entry"):
        collect(forged.workspace, ledger, _only(office), office.forecast_id)


def test_the_first_value_that_differs_is_named(office: Office) -> None:
    bundle = read_bundle(office.bundle, office.forecast_id)
    path = f"forecast/{FORECASTS_FILE}"
    table = pd.read_parquet(io.BytesIO(bundle.files[path]))
    table.loc[7, "mean"] += 0.5
    rebuilt = rebuild(replace(bundle, files={**bundle.files, path: parquet_bytes(table)}), lambda _: None)
    area, period = table["area"].iloc[7], table["period"].iloc[7]
    assert [one.file for one in rebuilt.differences] == [FORECASTS_FILE]
    assert table["horizon"].iloc[7] == 1, "an issue begins with the period in progress"
    with pytest.raises(BadInput, match=rf"1 of \d+ files; .* is mean in row 8 \({area}, {TARGET}, {period}, 1\)"):
        refuse_difference(rebuilt)


def test_other_libraries_are_told(office: Office) -> None:
    bundle = read_bundle(office.bundle, office.forecast_id)
    content = bundle.issued().content
    content["inputs"]["libraries"]["pyarrow"] = "1.0"
    assert any("pyarrow" in note and "was 1.0 then" in note for note in software_notes(content["inputs"]))


def test_the_same_forecast_gives_the_same_bundle_and_an_interrupted_export_none(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    again = tmp_path / "again.zip"
    ledger = open_ledger(office.workspace)
    export(office.workspace, ledger, registry, forecast_id=office.forecast_id, out=again)
    assert again.read_bytes() == office.bundle.read_bytes()
    again.write_bytes(b"kept")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(BadInput, match="No space left"):
        export(office.workspace, ledger, registry, forecast_id=office.forecast_id, out=again)
    assert again.read_bytes() == b"kept"
    assert [path.name for path in tmp_path.iterdir()] == ["again.zip"]


def test_a_bundle_holds_what_an_outsider_needs_and_no_address(office: Office, tmp_path: Path) -> None:
    files = read_zip(office.bundle)
    parts = {name.split("/")[0] for name in files}
    folders = {"forecast", "publications", "geographies", "models", "reports"}
    assert parts == folders | {"README.txt", LEDGER_FILE, LIST_FILE}
    told = office.workspace.settings.model_copy(update={"ledger_url": "postgresql://u:secret@h/d"})
    assert b"secret" not in settings_bytes(told)
    assert settings_of(settings_bytes(told)) == office.workspace.settings
    assert office.forecast_id.encode() in files["README.txt"]
    assert str(office.workspace.root).encode() not in b"".join(files.values())


def test_entries_about_other_forecasts_are_withheld_and_the_chain_still_proven(office: Office, tmp_path: Path) -> None:
    busy = office.copy(tmp_path / "busy")
    ledger = open_ledger(busy.workspace)
    other = {"target": "violence", "version": 9, "reason": "A secret reason"}
    ledger.append("approval", "B. Member", other)
    bundle = collect(busy.workspace, ledger, _only(office), office.forecast_id)
    chain = bundle.entries()
    assert [entry.payload == WITHHELD for entry in chain] == [False, False, False, True]
    assert chain[-1].hash == ledger.place().hash
    assert b"A secret reason" not in bundle.files[LEDGER_FILE]


Change = Callable[[dict[str, bytes]], None]


def _flip(name: str) -> Change:
    def change(files: dict[str, bytes]) -> None:
        path = next(path for path in sorted(files) if path.startswith(name))
        files[path] = files[path][:-1] + bytes([files[path][-1] ^ 1])

    return change


def _drop(name: str) -> Change:
    def change(files: dict[str, bytes]) -> None:
        del files[next(path for path in sorted(files) if path.startswith(name))]

    return change


def _add(name: str) -> Change:
    return lambda files: files.__setitem__(name, b"planted")


def _reword(old: bytes, new: bytes) -> Change:
    def change(files: dict[str, bytes]) -> None:
        assert old in files[LEDGER_FILE]
        files[LEDGER_FILE] = files[LEDGER_FILE].replace(old, new)

    return change


CHANGES = {
    "a changed model": _flip("models/"),
    "a changed publication": _flip("publications/"),
    "a changed area": _flip("geographies/"),
    "a changed forecast": _flip("forecast/"),
    "a changed report": _flip("reports/robbery/fairness.json"),
    "a lost model": _drop("models/"),
    "a lost publication": _drop("publications/"),
    "a lost settings file": _drop("forecast/settings.json"),
    "a lost ledger": _drop(LEDGER_FILE),
    "an added publication": _add("publications/later/counts.parquet"),
    "an added model file": _add("models/robbery/planted.pkl"),
    "an added geography": _add("geographies/other/areas.parquet"),
    "another approver": _reword(b"A. Member", b"B. Member"),
    "another reason": _reword(b"Audit read", b"Audit lost"),
}


@pytest.mark.parametrize("relisted", [False, True])
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_a_bundle_that_is_not_as_it_was_exported_is_refused_in_one_line(
    office: Office, tmp_path: Path, change: Change, relisted: bool
) -> None:
    """With its own list left as it was, and with one that was made to fit: then the ledger's entry tells."""
    files = read_zip(office.bundle)
    listed = json.loads(files.pop(LIST_FILE))
    change(files)
    if relisted:
        listed["files"] = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    planted = tmp_path / "planted.zip"
    write_zip({**files, LIST_FILE: json.dumps(listed).encode()}, planted)
    with pytest.raises(BadInput) as refused:
        read_bundle(planted, office.forecast_id)
    assert "\n" not in str(refused.value)


def test_another_forecasts_bundle_is_refused(office: Office) -> None:
    with pytest.raises(BadInput, match=f"holds {office.forecast_id} in format 1, not 2020-01-00000000"):
        read_bundle(office.bundle, "2020-01-00000000")


@pytest.mark.parametrize("size", [0, 10, 5000, -1])
def test_a_bundle_cut_short_is_refused(office: Office, tmp_path: Path, size: int) -> None:
    cut = tmp_path / "cut.zip"
    cut.write_bytes(office.bundle.read_bytes()[:size])
    with pytest.raises(BadInput, match="is not a whole zip"):
        read_bundle(cut, office.forecast_id)
    with pytest.raises(MissingThing, match="no file"):
        read_bundle(tmp_path / "nowhere.zip", office.forecast_id)


@pytest.mark.parametrize(
    "name",
    ["../outside.txt", "/etc/outside", "a/../../outside", "folder/", "a//b", "C:\\outside", "a\\..\\b", "./a", "a\nb"],
)
def test_a_name_that_leads_out_of_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    planted = tmp_path / "planted.zip"
    with zipfile.ZipFile(planted, "w") as archive:
        archive.writestr(zipfile.ZipInfo(name), b"x")
    with pytest.raises(BadInput, match="is refused: its member"):
        read_zip(planted)
    with pytest.raises(BadInput, match="cannot go into a bundle"):
        write_zip({name: b"x"}, tmp_path / "out.zip")


def test_a_link_and_a_name_that_comes_twice_are_refused(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("link")
    link.external_attr = 0o120777 << 16
    planted = tmp_path / "planted.zip"
    with zipfile.ZipFile(planted, "w") as archive:
        archive.writestr(link, b"/etc/passwd")
    with pytest.raises(BadInput, match="is not a plain file"):
        read_zip(planted)
    with zipfile.ZipFile(planted, "w") as archive:
        archive.writestr(zipfile.ZipInfo("Twice"), b"1")
        archive.writestr(zipfile.ZipInfo("twice"), b"2")
    with pytest.raises(BadInput, match="comes twice"):
        read_zip(planted)


def test_a_zip_that_unpacks_to_far_more_than_it_is_is_refused_unread(tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.zip"
    with (
        zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("zeros", "w", force_zip64=True) as member,
    ):
        for _ in range(3 * 2**10):
            member.write(bytes(2**20))
    assert bomb.stat().st_size < 4 * 2**20
    with pytest.raises(BadInput, match="would unpack to 3,221,225,472 bytes"):
        read_zip(bomb)
    with zipfile.ZipFile(bomb, "w") as archive:
        for number in range(10_001):
            archive.writestr(zipfile.ZipInfo(str(number)), b"")
    with pytest.raises(BadInput, match="holds 10,001 files"):
        read_zip(bomb)
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", bytes(2**20))
    assert read_zip(bomb) == {"zeros": bytes(2**20)}


@pytest.mark.parametrize("name", [LIST_FILE, LEDGER_FILE])
def test_a_list_that_is_nested_without_end_is_one_line(office: Office, tmp_path: Path, name: str) -> None:
    planted = tmp_path / "deep.zip"
    files = read_zip(office.bundle)
    deep = b'{"files": ' + b"[" * 100_000
    files[name] = deep
    if name != LIST_FILE:
        listed = json.loads(files[LIST_FILE])
        listed["files"][name] = hashlib.sha256(deep).hexdigest()
        files[LIST_FILE] = json.dumps(listed).encode()
    write_zip(files, planted)
    with pytest.raises(BadInput) as caught:
        read_bundle(planted, office.forecast_id)
    assert "\n" not in str(caught.value)


def test_the_commands_print_one_document_or_one_line(
    office: Office, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = ["--workspace", str(office.workspace.root)]
    out = tmp_path / "bundle.zip"
    wardcast.main(["export", office.forecast_id, "--out", str(out), "--json", *place], standalone_mode=False)
    exported = json.loads(capsys.readouterr().out)
    assert (exported["bytes"], exported["head"]) == (
        out.stat().st_size,
        open_ledger(office.workspace).place().hash,
    )
    wardcast.main(["explain", office.forecast_id, "--json", *place], standalone_mode=False)
    assert json.loads(capsys.readouterr().out)["targets"][0]["approval_reason"] == "Audit read"
    wardcast.main(["rebuild", office.forecast_id, *place], standalone_mode=False)
    assert f"{office.forecast_id} is identical" in capsys.readouterr().out


def test_values_that_are_the_same_in_other_bytes_are_told_apart(office: Office) -> None:
    bundle = read_bundle(office.bundle, office.forecast_id)
    path = f"forecast/{FORECASTS_FILE}"
    buffer = io.BytesIO()
    pd.read_parquet(io.BytesIO(bundle.files[path])).to_parquet(buffer, index=False, compression="gzip")
    (found,) = differences(bundle.part("forecast"), {**bundle.part("forecast"), FORECASTS_FILE: buffer.getvalue()})
    assert found.same_values
    (found,) = differences({"a.json": b'{"x": [1, {"y": 2}]}'}, {"a.json": b'{"x": [1, {"y": 3}]}'})
    assert str(found) == "a.json: the first value that differs is x 2.y: 3, not 2"
    (found,) = differences({"a.geojson": b"abc"}, {"a.geojson": b"abd"})
    assert str(found) == "a.geojson: the first byte that differs is number 3 of 3, where 3 are recorded"
    (found,) = differences({}, {"new.parquet": b""})
    assert str(found) == "new.parquet: it was made now, and was not recorded"


@pytest.fixture(scope="module")
def later_office(office: Office, tmp_path_factory: pytest.TempPathFactory) -> Office:
    """The same after a second model was approved: the first is superseded, and forecast with for comparison."""
    root = tmp_path_factory.mktemp("later") / "workspace"
    shutil.copytree(office.workspace.root, root)
    workspace = Workspace(root)
    module = sys.modules[train.__module__]
    with pytest.MonkeyPatch.context() as quick:
        quick.setattr(module, "BACKTEST_MODELS", ("ewma", "wardcast"))
        quick.setattr(module, "BACKTEST_PERIODS", 2)
        ledger = open_ledger(workspace)
        train(workspace, TARGET, today=TODAY, progress=False, enter=partial(enter_trained, ledger))
    approve(
        workspace,
        ledger,
        registry,
        by=person_named(workspace.settings, "B. Member"),
        reason="Audit read",
        inconclusive="Short run",
    )
    issued = issue(workspace, ledger, open_sources(workspace), today=TODAY, tell=lambda _: None)
    bundle = root.parent / "bundle.zip"
    export(workspace, ledger, registry, forecast_id=issued.forecast_id, out=bundle)
    return Office(workspace, issued.forecast_id, bundle)


def test_the_baselines_are_made_again_byte_for_byte_by_whoever_has_the_bundle(later_office: Office) -> None:
    bundle = read_bundle(later_office.bundle, later_office.forecast_id)
    recorded = bundle.files[f"forecast/{BASELINES_FILE}"]
    assert set(pd.read_parquet(io.BytesIO(recorded))["model"]) == {"ewma", "superseded"}
    assert bundle.names("superseded") == {TARGET}
    rebuilt = rebuild(bundle, lambda _: None)
    assert rebuilt.identical
    assert BASELINES_FILE in rebuilt.files


def test_a_changed_model_before_the_champion_is_refused_in_a_bundle(later_office: Office) -> None:
    bundle = read_bundle(later_office.bundle, later_office.forecast_id)
    path = next(name for name in bundle.files if name.startswith(f"superseded/{TARGET}/booster"))
    changed = replace(bundle, files={**bundle.files, path: bundle.files[path] + b"\n"})
    with pytest.raises(BadInput, match=rf"superseded/{TARGET} is missing, was changed"):
        refuse_changed(changed)


def test_a_real_model_names_its_judged_horizons_from_training_to_the_ledger(later_office: Office) -> None:
    told = provenance(open_ledger(later_office.workspace).entries(), later_office.forecast_id)
    assert told.targets[0]["judged_horizons"] == [1, 2, 3, 4]
    assert told.targets[0]["superseded"]["version"] == 1
    text = as_text(told)
    assert "judged      horizons 1–4; issued 1–4, served from 2" in text
    assert "beside      ewma and superseded, for comparison and never served" in text


def test_a_forecast_of_the_older_form_and_of_older_settings_is_made_again_as_it_was(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "older"
    shutil.copytree(office.workspace.root, root)
    workspace = Workspace(root)

    def older_settings(settings: Any) -> bytes:
        kept = json.loads(settings_bytes(settings))
        kept["gates"] = {name: value for name, value in kept["gates"].items() if not name.startswith("city_")}
        return (json.dumps(kept, indent=2, ensure_ascii=False) + "\n").encode()

    older = Occasion(TODAY, replay=False, issue_format=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("service.issuing.issuing.occasion_of", lambda *_, **__: older)
        patch.setattr("service.issuing.contents.settings_bytes", older_settings)
        ledger = open_ledger(workspace)
        issued = issue(workspace, ledger, open_sources(workspace), today=TODAY, tell=lambda _: None)
    bundle = collect(workspace, ledger, registry, issued.forecast_id)
    assert f"forecast/{BASELINES_FILE}" not in bundle.files
    assert rebuild(bundle, lambda _: None).identical


def test_counts_that_stood_in_are_told_as_such(office: Office, tmp_path: Path) -> None:
    """As of 15 September 2024, July and August are known from the publication of January 2025 alone: it stood in."""
    root = tmp_path / "replayed"
    shutil.copytree(office.workspace.root, root)
    workspace = Workspace(root)
    ledger = open_ledger(workspace)
    issued = issue(workspace, ledger, open_sources(workspace), today=TODAY, on=date(2024, 9, 15), tell=lambda _: None)
    told = provenance(ledger.entries(), issued.forecast_id)
    marks = {one["published_on"]: (one["used"], one["settled"]) for one in told.publications}
    assert marks == {"2024-07-10": (True, False), "2025-01-10": (True, True)}
    about = told.targets[0]["settled"]
    assert about == {"periods": 2, "of": 56, "first": "2024-07", "last": "2024-08"}
    text = as_text(told)
    assert "settled counts that were published later, where no publication of the time is in the store" in text
    assert "published 2025-01-10, after 2024-09-15: settled counts that stood in" in text
    assert "settled     counts of 2 of 56 periods, 2024-07 to 2024-08" in text
    assert "stood in" not in as_text(provenance(open_ledger(office.workspace).entries(), office.forecast_id))
