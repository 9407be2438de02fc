"""A workspace is one folder: moved, copied, linked to or mounted anywhere, it works and writes nowhere else."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from click.testing import CliRunner

from contracts import BadInput, MissingThing, Workspace, sqlite_url
from features.store.publication_counts import load_target_counts
from features.store.publications import PublicationStore
from models.artefact_places import SCHEME, workspace_artefacts
from models.saved import place_mending
from models.saved.place_mending import PLACES, mend_places
from models.saved.registry import open_tracking, run_text
from service.cli import wardcast

ODD_NAMES = ("two words", "why?", "50%", "a%20b", "Köln–Süd #3", "crime [2025]*", 'it\'s "here"; a=b&c')


def run(*arguments: str, workspace: Path, fails: bool = False) -> Any:
    result = CliRunner().invoke(wardcast, [*arguments, "--workspace", str(workspace)])
    assert (result.exit_code != 0) == fails, (result.output, result.exception)
    return result


def forecast_of(root: Path) -> str:
    return next(path.name for path in (root / "forecasts").iterdir() if not path.name.startswith("."))


def tree_hash(root: Path) -> str:
    """Of every file's name and content, but for empty lock files."""
    digest = hashlib.sha256()
    for path in sorted(path for path in root.rglob("*") if path.is_file() and not path.name.endswith("lock")):
        digest.update(f"{path.relative_to(root)}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def use_everything(root: Path, out: Path) -> None:
    """Every command that reads what an earlier one wrote."""
    forecast = forecast_of(root)
    assert "is identical: 14 files" in run("rebuild", forecast, workspace=root).stdout
    assert "Already the newest forecast" in run("issue", workspace=root).output
    run("audit", "--latest", "--out", str(out / "report"), workspace=root)
    run("explain", forecast, workspace=root)
    run("export", forecast, "--out", str(out / "bundle.zip"), workspace=root)
    assert "every hash, link, signature and forecast file" in run("ledger", "verify", workspace=root).stdout
    assert "violence" in run("runs", workspace=root).stdout


def test_no_file_of_a_workspace_says_where_it_lies(trained: Path, tmp_path: Path) -> None:
    use_everything(trained, tmp_path)
    names = {str(trained), quote(str(trained)), str(Path.cwd() / "mlruns")}
    said = [
        path for path in trained.rglob("*") if path.is_file() for name in names if name.encode() in path.read_bytes()
    ]
    assert said == []


def test_a_moved_workspace_works_and_is_written_nowhere_else(trained: Path, tmp_path: Path) -> None:
    first = tmp_path / "first" / "workspace"
    shutil.copytree(trained, first)
    moved = tmp_path / "somewhere" / "much" / "deeper" / "city"
    moved.parent.mkdir(parents=True)
    first.rename(moved)
    use_everything(moved, tmp_path)
    found = run("train", "--target", "violence", workspace=moved)
    assert "violence version 2" in found.output
    assert {path.name for path in tmp_path.iterdir()} == {"first", "somewhere", "report", "bundle.zip"}
    assert list((tmp_path / "first").iterdir()) == []
    assert [path.name for path in moved.parent.iterdir()] == ["city"]


def test_a_copy_trains_into_itself_and_the_original_stays_as_it_was(trained: Path, tmp_path: Path) -> None:
    original, copied = tmp_path / "original", tmp_path / "copy"
    shutil.copytree(trained, original)
    run("runs", workspace=original)
    shutil.copytree(original, copied)
    before, runs_before = tree_hash(original), set((copied / "artefacts" / "train").iterdir())
    run("train", "--target", "violence", workspace=copied)
    by = ("--by", "C. Member", "--reason", "Another look.")
    run("withdraw", "--target", "violence", *by, workspace=copied)
    run("issue", workspace=copied, fails=True)
    assert tree_hash(original) == before
    assert len(set((copied / "artefacts" / "train").iterdir()) - runs_before) == 1
    assert "every hash, link" in run("ledger", "verify", workspace=copied).stdout


@pytest.mark.parametrize("name", ODD_NAMES)
def test_any_name_of_a_folder_will_do(name: str, trained: Path, tmp_path: Path) -> None:
    root = tmp_path / name / "workspace"
    shutil.copytree(trained, root)
    forecast = forecast_of(root)
    assert "is identical" in run("rebuild", forecast, workspace=root).stdout
    assert "3 entries" in run("ledger", "verify", workspace=root).stdout
    assert "violence" in run("runs", workspace=root).stdout
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert [path.name for path in root.parent.iterdir()] == ["workspace"]


def test_a_workspace_is_not_taken_for_another_whose_name_it_could_stand_for(trained: Path, tmp_path: Path) -> None:
    """A star and a question mark are patterns to DuckDB, and a percent sign is a code in an address."""
    for name in ("a*b", "axb", "a?b", "a%78b"):
        shutil.copytree(trained, tmp_path / name)
    entries = json.loads(run("ledger", "list", "--json", workspace=tmp_path / "a%78b").stdout)
    run("ledger", "rotate-key", "--by", "D. Admin", "--reason", "A test.", workspace=tmp_path / "a%78b")
    assert json.loads(run("ledger", "list", "--json", workspace=tmp_path / "axb").stdout) == entries
    totals = {_crimes(tmp_path / name) for name in ("a*b", "axb", "a?b")}
    assert len(totals) == 1


def _crimes(root: Path) -> float:
    workspace = Workspace(root)
    publication = PublicationStore(workspace.publications).list()[0]
    return float(load_target_counts(publication, workspace.settings).counts.sum())


def test_a_link_a_roundabout_path_and_the_environment_name_it_as_well(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "workspace"
    shutil.copytree(trained, root)
    (tmp_path / "link").symlink_to(root)
    (tmp_path / "beside").mkdir()
    monkeypatch.chdir(tmp_path / "beside")
    forecast = forecast_of(root)
    for name in (Path("../link"), Path("../beside/../workspace"), tmp_path / "link"):
        assert "is identical" in run("rebuild", forecast, workspace=name).stdout
    monkeypatch.setenv("WARDCAST_WORKSPACE", "../link")
    found = CliRunner().invoke(wardcast, ["rebuild", forecast])
    assert "is identical" in found.output
    assert list((tmp_path / "beside").iterdir()) == []


# ---- workspaces of before


def make_absolute(root: Path, elsewhere: Path) -> None:
    """Put back what an older version wrote: every place absolute, MLflow's own experiment in the caller's folder."""
    old = elsewhere.as_uri()
    with closing(sqlite3.connect(root / "mlflow.db")) as connection, connection:
        for table, column in PLACES:
            connection.execute(f"UPDATE {table} SET {column} = replace({column}, '{SCHEME}:', ?)", (old,))
        connection.execute("UPDATE experiments SET artifact_location = '/home/ada/mlruns/0' WHERE experiment_id = 0")
    for path in root.rglob("MLmodel"):
        path.write_text(path.read_text().replace(f"{SCHEME}:", old))


def _places(root: Path) -> Iterator[str]:
    with closing(sqlite3.connect(root / "mlflow.db")) as connection:
        for table, column in PLACES:
            yield from (str(place) for (place,) in connection.execute(f"SELECT {column} FROM {table}"))


def test_an_older_workspace_is_mended_once_when_it_is_opened(trained: Path, tmp_path: Path) -> None:
    root = tmp_path / "moved workspace"
    shutil.copytree(trained, root)
    wanted = tree_hash(root)
    make_absolute(root, tmp_path / "where it was")
    assert sum("where%20it%20was" in place for place in _places(root)) == 5
    assert "is identical" in run("rebuild", forecast_of(root), workspace=root).stdout
    assert {place.partition(":")[0] for place in _places(root)} == {SCHEME, "models"}
    assert [path.read_text().count(f"artifact_path: {SCHEME}:/artefacts") for path in root.rglob("MLmodel")] == [1]
    mended = tree_hash(root)
    run("runs", workspace=root)
    assert tree_hash(root) == mended
    assert len(wanted) == len(mended)


def test_what_a_copy_once_wrote_into_its_original_is_fetched(trained: Path, tmp_path: Path) -> None:
    original, copied = tmp_path / "original", tmp_path / "copy"
    for root in (original, copied):
        shutil.copytree(trained, root)
        make_absolute(root, original)
    shutil.rmtree(copied / "artefacts")
    assert "is identical" in run("rebuild", forecast_of(copied), workspace=copied).stdout
    shutil.rmtree(original)
    run("audit", "--latest", "--out", str(tmp_path / "report"), workspace=copied)


def test_a_mending_that_is_cut_short_leaves_every_place_as_it_was(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "workspace"
    shutil.copytree(trained, root)
    make_absolute(root, tmp_path / "before")
    before = list(_places(root))

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(place_mending, "_mend_model_file", killed)
    with pytest.raises(KeyboardInterrupt):
        mend_places(Workspace(root))
    assert list(_places(root)) == before
    monkeypatch.undo()
    mend_places(Workspace(root))
    assert not any(place.startswith(("file:", "/")) for place in _places(root))


def test_a_store_by_address_is_left_alone(trained: Path, tmp_path: Path) -> None:
    root = tmp_path / "workspace"
    shutil.copytree(trained, root)
    make_absolute(root, tmp_path / "before")
    with (root / "wardcast.toml").open("r+") as file:
        text = file.read()
        file.seek(0)
        file.write(f'tracking_url = "sqlite:///{root}/mlflow.db"\n{text}')
    before = list(_places(root))
    open_tracking(Workspace(root))
    assert list(_places(root)) == before


def test_one_process_tells_a_workspace_from_its_copy(trained: Path, tmp_path: Path) -> None:
    copied = tmp_path / "copy"
    shutil.copytree(trained, copied)
    found = next((copied / "artefacts").rglob("leaderboard.txt"))
    run_id = found.parent.parent.name
    assert run_text(Workspace(trained), run_id, "leaderboard.txt") == found.read_text()
    found.write_text("Only in the copy.")
    assert run_text(Workspace(copied), run_id, "leaderboard.txt") == "Only in the copy."
    found.unlink()
    assert run_text(Workspace(copied), run_id, "leaderboard.txt") is None


def test_a_place_outside_and_a_store_in_no_workspace_are_refused(trained: Path, tmp_path: Path) -> None:
    store = sqlite_url(trained / "mlflow.db")
    assert workspace_artefacts(f"{SCHEME}:/artefacts", store).artifact_dir == str(trained / "artefacts")
    with pytest.raises(BadInput, match="outside of the workspace"):
        workspace_artefacts(f"{SCHEME}:/artefacts/../../other", store)
    for other in (sqlite_url(tmp_path / "mlflow.db"), "http://127.0.0.1:5000", "postgresql://ada:secret@host/mlflow"):
        with pytest.raises(MissingThing, match="lies in no workspace") as refused:
            workspace_artefacts(f"{SCHEME}:/artefacts", other)
        assert "secret" not in str(refused.value)


# ---- a mount that is only read

READ_ONLY = """
mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" || exit 77
if touch "$1/x" 2>/dev/null; then exit 77; fi
"$2" - "$1" <<'PROGRAM'
{program}
PROGRAM
"""
SERVE = """
import sys
from pathlib import Path
import urllib.request, threading, json
from contracts import Workspace
from service.web.app import create_app
from service.ledger.ledger import open_ledger
from service.web.serving import address_of, bind_loopback, serve
root = Path(sys.argv[1])
listener = bind_loopback("127.0.0.1", 0)
threading.Thread(target=serve, args=(Workspace(root), listener), kwargs={"tell": print}, daemon=True).start()
for path in ("readyz", "v1/areas"):
    with urllib.request.urlopen(address_of(listener) + path, timeout=30) as answer:
        print(answer.read().decode())
"""
COMMANDS = """
import sys
from click.testing import CliRunner
from service.cli import wardcast
import os
names = [["ledger", "verify"], ["runs"], ["publications"], ["geography", "list"]]
names += [["rebuild", sys.argv[1] and next(n for n in os.listdir(sys.argv[1] + "/forecasts") if n[0] != ".")]]
for command in names:
    result = CliRunner().invoke(wardcast, [*command, "--workspace", sys.argv[1]])
    print(command[0], result.exit_code, result.exception)
sys.argv[1:] = ["issue", "--workspace", sys.argv[1]]
from service.cli import main
main()
"""


def _read_only(program: str, root: Path) -> subprocess.CompletedProcess[str]:
    unshare = shutil.which("unshare")
    if unshare is None:
        pytest.skip("unshare is not installed")
    script = READ_ONLY.format(program=program)
    flags = ["-m"] if os.getuid() == 0 else ["-r", "-m"]
    done = subprocess.run(
        [unshare, *flags, "sh", "-c", script, "sh", str(root), sys.executable],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    if done.returncode == 77 or "unshare:" in done.stderr:
        pytest.skip(f"nothing can be mounted here: {done.stderr.strip()[:100]}")
    return done


def test_a_mount_that_is_only_read_is_served(trained: Path, tmp_path: Path) -> None:
    root = tmp_path / "workspace"
    shutil.copytree(trained, root)
    before = tree_hash(root)
    done = _read_only(SERVE, root)
    assert done.returncode == 0, done.stderr
    assert forecast_of(root) in done.stdout
    assert '"A07"' in done.stdout
    assert tree_hash(root) == before


def test_commands_read_from_such_a_mount_and_say_what_they_cannot_write(trained: Path, tmp_path: Path) -> None:
    root = tmp_path / "workspace"
    shutil.copytree(trained, root)
    before = tree_hash(root)
    done = _read_only(COMMANDS, root)
    for command in ("ledger", "runs", "publications", "geography", "rebuild"):
        assert f"{command} 0 None" in done.stdout
    assert done.returncode == 3
    assert "Traceback" not in done.stderr
    assert "Read-only file system" in done.stderr.splitlines()[-1]
    assert tree_hash(root) == before


def test_a_served_mount_sees_what_is_written_elsewhere(trained: Path, tmp_path: Path) -> None:
    """The ledger is read beside a writer whose log is not yet in the file, and after it."""
    from service.ledger.database import open_database

    root = tmp_path / "workspace"
    shutil.copytree(trained, root)
    url = Workspace(root).ledger_url
    writer = open_database(url)
    with writer.connect() as connection:
        connection.exec_driver_sql("SELECT 1")
        assert (root / "ledger.db-wal").exists()
        program = (
            "import sys\nfrom pathlib import Path\nfrom contracts import Workspace\n"
            "from service.ledger.ledger import open_ledger\n"
            "print(len(open_ledger(Workspace(Path(sys.argv[1]))).entries()))"
        )
        done = _read_only(program, root)
    writer.dispose()
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) >= 2
