"""Whole or not at all: every writer killed, and let down by the disk, at every step that changes something on it.

A step is a call that makes, opens to write, flushes, renames, exchanges, locks or removes. The writer runs in a process
of its own, which is killed before its n-th step, for every n; then the older or the newer must be there whole, and the
next run must go through and leave nothing behind.
"""

from __future__ import annotations

import ast
import errno
import json
import shutil
import signal
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from datetime import date
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import shapely

from benchmarks.disk_steps import FINISHED, TOLD, kill, let_down_by, run
from contracts import Frequency, Period, Settings, WardcastError, Workspace
from contracts.files import unfinished
from contracts.files.whole_files import recover_folder
from contracts.run_sheets import RunSheet, write_sheet
from features.geographies.boundaries import Boundaries
from features.geographies.geography import drawn_geography, load_geography
from features.geographies.proposed import proposal
from features.sources.source_counts import CodedCounts, Cover, Provenance, SourceCounts
from features.store.ingesting import take_in
from features.store.publications import PublicationStore
from models.saved import place_mending
from service.forecasts.issued import clear_remains, write_folder
from service.ledger.ledger import open_ledger
from service.ledger.seal import NEXT_KEY_FILE, PRIVATE_KEY_FILE, Seal
from service.ledger.signed_head import read_head, write_head
from service.ledger.signing_key import SigningKey
from service.proof.whole_record import export_head, verify_record
from service.proof.zip_files import write_zip
from service.workspaces.removing import remove_geography
from service.workspaces.setup import make_workspace
from training.backtests.forecast_files import write_table
from training.oversight import records as record_facts
from training.oversight.report import put_whole

SETTINGS = Settings.model_validate(
    {
        "city": "Two",
        "geography": "two_1",
        "frequency": "month",
        "offences": {"mps": {"robbery": ["Robbery"]}},
        "targets": {"robbery": {"title": "Robbery", "offences": {"mps": ["robbery"]}}},
    }
)
FAULTS = (errno.ENOSPC, errno.EIO, errno.EROFS, errno.EMFILE, errno.EACCES)
MONTHS = tuple(
    range(Period.parse("2024-01", Frequency.MONTH).ordinal, Period.parse("2024-07", Frequency.MONTH).ordinal)
)


@dataclass(frozen=True)
class Writer:
    """``write`` works in a folder that ``prepare`` filled; ``look`` says what stands: by default each visible file.

    ``of`` names the functions that it tests. ``refuses`` where what is there already is refused by the next run.
    ``recovered`` is a folder that the next run puts back first.
    """

    of: tuple[str, ...]
    write: Callable[[Path], object]
    prepare: Callable[[Path], object] = lambda _: None
    look: Callable[[Path], object] = lambda folder: visible(folder)
    refuses: bool = False
    recovered: str | None = None


def visible(folder: Path) -> dict[str, Any]:
    """Path → rights and bytes of all that is not hidden; locks are not looked at."""
    found: dict[str, Any] = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if not any(part.startswith(".") or part == "locks" for part in name.split("/")):
            found[name] = (stat.S_IMODE(path.stat().st_mode), path.read_bytes() if path.is_file() else None)
    return {
        name: one for name, one in found.items() if one[1] is not None or any(n.startswith(f"{name}/") for n in found)
    }


def _publication(folder: Path) -> None:
    PublicationStore(folder).write(_publication_counts())


def _drop_publication(folder: Path) -> None:
    PublicationStore(folder).drop("mps-ward-2024-07-10-55555555")


def _stored_publications(folder: Path) -> object:
    return [(one.id, one.crimes, visible(one.folder)) for one in PublicationStore(folder).list()]


def _geography(folder: Path) -> None:
    _drawn(Workspace(folder))


def _stored_geography(folder: Path) -> object:
    workspace = Workspace(folder)
    there = (workspace.geographies / "two_1").exists()
    return (load_geography(workspace, "two_1").codes, visible(workspace.geographies)) if there else None


def _publication_counts() -> SourceCounts:
    origin = Provenance("mps-ward", "mps", "two_1", Frequency.MONTH, date(2024, 7, 10), "six.csv", "5" * 64)
    counts = CodedCounts.summed(
        areas=("A", "B"),
        offences=("Robbery",),
        area=np.repeat([0, 1], 6),
        offence=np.zeros(12, dtype=np.int64),
        period=np.tile(MONTHS, 2),
        count=np.arange(1, 13),
    )
    cover = Cover("all", ("A", "B"), MONTHS)
    return SourceCounts.by_wording(origin, counts, {"Robbery": "robbery"}, covers=(cover,), set_aside=(), rows_read=12)


def _drawn(workspace: Workspace) -> None:
    squares = np.array([shapely.box(x, 51.5, x + 0.01, 51.51) for x in (0.0, 0.01)], dtype=object)
    drawn_geography(workspace, "two_1", Boundaries(("A", "B"), ("a", "b"), (None, None), squares), {"kind": "drawn"})


def _ingest_with_its_geography(folder: Path) -> None:
    workspace = Workspace(folder, SETTINGS)
    with proposal(workspace) as made:
        if not (workspace.geographies / "two_1").exists():
            _drawn(made.scratch)
        take_in(workspace, _publication_counts(), made=made)


def _ingested(folder: Path) -> object:
    """Publications alone: a geography to which nothing refers is none's loss, and the next run takes it."""
    return _stored_publications(folder / "publications")


def _remove_geography(folder: Path) -> None:
    remove_geography(Workspace(folder, SETTINGS.model_copy(update={"geography": "another"})), "two_1", (), ())


def _replace(name: str, content: bytes) -> Callable[[Path], None]:
    def prepare(folder: Path) -> None:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
        (folder / name).chmod(0o640)

    return prepare


def _folders_without_entry(folder: Path) -> None:
    for name in ("2025-08-aaaaaaaa", ".without-entry-2025-08-aaaaaaaa"):
        _replace(f"forecasts/{name}/issue.json", name.encode())(folder)


def _set_aside(folder: Path) -> object:
    forecasts = folder / "forecasts"
    aside = forecasts / ".without-entry-2025-08-aaaaaaaa" / "issue.json"
    if (forecasts / "2025-08-aaaaaaaa").exists():
        return (forecasts / "2025-08-aaaaaaaa" / "issue.json").read_bytes()
    return "aside", aside.read_bytes()


def _seal(folder: Path) -> Seal:
    return Seal(folder / "seal", folder / "locks" / "seal.lock")


def _sealed(folder: Path) -> object:
    """Whether the seal is absent, or whole: keys differ from run to run."""
    seal = _seal(folder)
    if not seal.exists():
        return None
    private = seal.folder / PRIVATE_KEY_FILE
    head = seal.head()
    fits = head.is_genuine() and head.signed_by == seal.first_key() == SigningKey.read(private).public
    return fits, stat.S_IMODE(private.stat().st_mode), sorted(path.name for path in seal.folder.glob("[!.]*"))


def _next_key(folder: Path) -> object:
    found = _sealed(folder)
    waiting = folder / "seal" / NEXT_KEY_FILE
    return found, waiting.exists() and (len(SigningKey.read(waiting).public), stat.S_IMODE(waiting.stat().st_mode))


def _head(folder: Path, number: int) -> None:
    key = json.loads((folder / "signed.json").read_text())[number]
    write_head(folder / "head.json", type(read_head(folder / "head.json"))(**key))


def _two_heads(folder: Path) -> None:
    from dataclasses import asdict

    from service.ledger.signed_head import sign_head

    heads = [sign_head(SigningKey.new(), number=number, entry_hash="a" * 64, signed_from=1) for number in (1, 2)]
    (folder / "signed.json").write_text(json.dumps([asdict(head) for head in heads]))
    write_head(folder / "head.json", heads[0])


def _workspace(folder: Path) -> object:
    workspace = Workspace(folder / "london")
    return (workspace.settings.city, _sealed(workspace.root)) if workspace.root.exists() else None


def _ledger(folder: Path) -> None:
    ledger = open_ledger(make_workspace(folder / "city", "london"))
    ledger.append("issue", "Ada", {"forecast_id": "f1", "files": {}})
    ledger.close()


def _rotated(folder: Path) -> None:
    ledger = open_ledger(Workspace(folder / "city"))
    ledger.rotate_key("Ada", "yearly")
    ledger.close()


def _sound(folder: Path) -> object:
    ledger = open_ledger(Workspace(folder / "city"))
    findings = verify_record(Workspace(folder / "city"), ledger).findings
    ledger.close()
    return findings


def _exported_head(folder: Path) -> None:
    ledger = open_ledger(Workspace(folder / "city"))
    try:
        export_head(Workspace(folder / "city"), ledger, folder / "noted.json")
    finally:
        ledger.close()


def _noted(folder: Path) -> object:
    path = folder / "noted.json"
    return read_head(path) if path.exists() else None


def _report(folder: Path, content: bytes = b"newer") -> None:
    put_whole({"report.html": content, "report.json": content, "records/v/card.md": content}, folder / "report")


def _table(folder: Path) -> None:
    write_table(pd.DataFrame({"mean": np.arange(1000.0)}), folder / "forecasts.parquet")


def _sheet(title: str) -> RunSheet:
    texts = {one.name: title for one in fields(RunSheet) if one.type == "str"}
    lists = {one.name: [] for one in fields(RunSheet) if str(one.type).startswith("list")}
    numbers = {"seed": 7, "horizon": 1, "statement": None, "errors": {}, "settings": {}, "code": {}}
    return RunSheet(**{**texts, **lists, **numbers, "run_id": "run"})


REPORT = Writer(
    ("training.oversight.report.put_whole",), _report, lambda folder: _report(folder, b"older"), recovered="report"
)
WRITERS = {
    "publication": Writer(
        ("features.store.publications.PublicationStore.write",), _publication, look=_stored_publications, refuses=True
    ),
    "geography": Writer(("features.geographies.folder.write_folder",), _geography, look=_stored_geography),
    "dropped publication": Writer(
        ("features.store.publications.PublicationStore.drop",),
        _drop_publication,
        _publication,
        _stored_publications,
        refuses=True,
    ),
    "removed geography": Writer(
        ("service.workspaces.removing.remove_geography",),
        _remove_geography,
        _geography,
        _stored_geography,
        refuses=True,
    ),
    "ingest with a geography of its own": Writer(
        ("features.store.ingesting.take_in", "features.geographies.proposed.Proposal.accept"),
        _ingest_with_its_geography,
        look=_ingested,
        refuses=True,
    ),
    "sheet of a run": Writer(
        ("contracts.run_sheets.write_sheet",),
        lambda folder: write_sheet(Workspace(folder), _sheet("newer")),
        lambda folder: write_sheet(Workspace(folder), _sheet("older")),
        recovered="runs/run",
    ),
    "fetched artefacts": Writer(
        ("models.saved.place_mending._fetch",),
        lambda folder: place_mending._fetch(folder / "there", folder / "here"),
        _replace("there/run/a.json", b"{}"),
    ),
    "mended place": Writer(
        ("models.saved.place_mending._mend_model_file",),
        lambda folder: place_mending._mend_model_file(folder / "MLmodel", "/old", "new:/place"),
        _replace("MLmodel", b"artifact_path: /old\nflavors: {}\n"),
    ),
    "issued forecast": Writer(
        ("service.forecasts.issued.write_folder",),
        lambda folder: write_folder(Workspace(folder), "f", {"a": b"1", "b": b"2"}),
    ),
    "mended forecast": Writer(
        ("service.forecasts.issued.write_folder",),
        lambda folder: write_folder(Workspace(folder), "f", {"a": b"1", "b": b"2"}),
        _replace("forecasts/f/a", b"damaged"),
        recovered="forecasts/f",
    ),
    "forecast set aside": Writer(
        ("service.forecasts.issued._set_aside",),
        lambda folder: clear_remains(Workspace(folder), ()),
        _folders_without_entry,
        _set_aside,
    ),
    "bundle": Writer(
        ("service.proof.zip_files.write_zip",),
        lambda folder: write_zip({"a": b"1" * 5000, "b/c": b"2"}, folder / "bundle.zip"),
        _replace("bundle.zip", b"older"),
    ),
    "signed head": Writer(("service.ledger.signed_head.write_head",), lambda folder: _head(folder, 1), _two_heads),
    "seal": Writer(("service.ledger.seal.Seal._make",), lambda folder: _seal(folder).make(None), look=_sealed),
    "next key": Writer(
        ("service.ledger.signing_key.SigningKey.write",),
        lambda folder: _seal(folder).prepare_next_key(),
        lambda folder: _seal(folder).make(None),
        _next_key,
    ),
    "rotated key": Writer(("service.ledger.seal.Seal._take_up",), _rotated, _ledger, _sound),
    "noted head": Writer(("service.proof.whole_record.export_head",), _exported_head, _ledger, _noted, refuses=True),
    "workspace": Writer(
        ("service.workspaces.setup._new_workspace",),
        lambda folder: make_workspace(folder / "london", "london"),
        look=_workspace,
        refuses=True,
    ),
    "oversight report": REPORT,
    "records": Writer(
        ("training.oversight.records.write_records",),
        lambda folder: record_facts.write_records(Workspace(folder), "run", folder / "records", recorded={}),
        refuses=True,
    ),
    "forecasts table": Writer(
        ("training.backtests.forecast_files.write_table",), _table, _replace("forecasts.parquet", b"older")
    ),
}


def leftovers(folder: Path) -> list[str]:
    """Hidden files and folders that are no lock and not what was set aside on purpose."""
    kept = (".lock", ".gitignore", ".without-entry-2025-08-aaaaaaaa")
    return [path.name for path in folder.rglob(".*") if path.name not in kept]


def _take_it(writer: Writer, folder: Path, newer: object) -> None:
    """The next run goes through, or says that it is done already; then the newer is there and nothing else."""
    if writer.refuses and writer.look(folder) == newer:
        with pytest.raises(WardcastError):
            writer.write(folder)
    else:
        writer.write(folder)
    assert writer.look(folder) == newer


def _every_step(writer: Writer, tmp_path: Path) -> Iterator[tuple[int, Path, object, object]]:
    """Each step: its number, a fresh folder, what is there before the writer and what after it."""
    start, whole = tmp_path / "start", tmp_path / "whole"
    start.mkdir()
    writer.prepare(start)
    older = writer.look(start)
    shutil.copytree(start, whole)
    code, last, told = run(partial(writer.write, whole), -1, kill)
    assert (code, told) == (FINISHED, "")
    newer = writer.look(whole)
    assert leftovers(whole) == []
    for number in range(1, last + 1):
        folder = tmp_path / str(number)
        shutil.copytree(start, folder)
        yield number, folder, older, newer
        shutil.rmtree(folder)
    assert last > 4


@pytest.fixture(params=[pytest.param(one, id=name) for name, one in WRITERS.items()])
def writer(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Writer:
    """One of the table; the records' facts come from no run, as it is their writer that is tested."""
    past = SimpleNamespace(summary=SimpleNamespace(run_id="run"))
    monkeypatch.setattr(record_facts, "past_run", lambda workspace, run: past)
    monkeypatch.setattr(record_facts, "record_facts", lambda workspace, run, recorded: None)
    monkeypatch.setattr(record_facts, "record_texts", lambda facts: {"card.md": b"# Card"})
    monkeypatch.setattr(record_facts, "evidence_bytes", lambda run: {"evidence/audit.json": b"{}"})
    one: Writer = request.param
    return one


def _killed_everywhere(writer: Writer, tmp_path: Path) -> None:
    for number, folder, older, newer in _every_step(writer, tmp_path):
        assert run(partial(writer.write, folder), number, kill)[0] == -signal.SIGKILL
        if writer.recovered is not None:
            recover_folder(folder / writer.recovered)
        assert writer.look(folder) in (older, newer), f"killed before step {number}"
        _take_it(writer, folder, newer)
        if not writer.refuses:
            assert leftovers(folder) == [], f"killed before step {number}"


def test_a_writer_that_is_killed_leaves_the_older_or_the_newer(writer: Writer, tmp_path: Path) -> None:
    _killed_everywhere(writer, tmp_path)


def test_where_folders_cannot_be_exchanged_in_one_step_the_older_is_put_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unfinished, "_renameat2", lambda source, target, flag: False)
    _killed_everywhere(REPORT, tmp_path)


def test_a_disk_that_lets_a_writer_down_is_told_in_a_line(writer: Writer, tmp_path: Path) -> None:
    for number, folder, older, newer in _every_step(writer, tmp_path):
        code, _, told = run(partial(writer.write, folder), number, let_down_by(FAULTS[number % len(FAULTS)]))
        assert code in (FINISHED, TOLD), f"step {number}: {told}"
        assert "\n" not in told
        assert code == FINISHED or str(folder) in told
        assert writer.look(folder) in ((newer,) if code == FINISHED else (older, newer)), f"step {number}"
        _take_it(writer, folder, newer)


@pytest.mark.parametrize(
    "spelling",
    [
        lambda path: path.write_bytes(b"newer" * 1000),
        lambda path: (path.unlink(), path.write_bytes(b"newer"), path.chmod(0o640)),
        lambda path: (path.rename(path.with_name("old")), path.write_bytes(b"newer")),
    ],
)
def test_a_writer_that_is_not_whole_is_found(spelling: Callable[[Path], object], tmp_path: Path) -> None:
    planted = Writer((), lambda folder: spelling(folder / "file"), _replace("file", b"older"))
    found = 0
    for number, folder, older, newer in _every_step_of_any(planted, tmp_path):
        run(partial(planted.write, folder), number, kill)
        found += planted.look(folder) not in (older, newer)
    assert found > 0


def _every_step_of_any(writer: Writer, tmp_path: Path) -> list[tuple[int, Path, object, object]]:
    start, whole = tmp_path / "start", tmp_path / "whole"
    start.mkdir()
    writer.prepare(start)
    shutil.copytree(start, whole)
    last = run(partial(writer.write, whole), -1, kill)[1]
    folders = [tmp_path / str(number) for number in range(1, last + 1)]
    for folder in folders:
        shutil.copytree(start, folder)
    return [(number, folder, writer.look(start), writer.look(whole)) for number, folder in enumerate(folders, 1)]


def test_every_function_that_writes_whole_is_in_the_table(repository: Path) -> None:
    whole = {"new_file", "write_file", "new_folder", "replaced_folder", "move_whole", "remove_folder"}
    found = set()
    for package in ("contracts", "features", "models", "monitoring", "training", "service"):
        for path in (repository / package).rglob("*.py"):
            module = ".".join(path.relative_to(repository).with_suffix("").parts)
            if module not in ("contracts.files.whole_files", "contracts.files.unfinished"):
                found |= {f"{module}.{name}" for name in _callers(ast.parse(path.read_text(encoding="utf-8")), whole)}
    assert found == {function for writer in WRITERS.values() for function in writer.of}


def _callers(tree: ast.AST, of: set[str], within: str = "") -> set[str]:
    found = set()
    for node in ast.iter_child_nodes(tree):
        name = within
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            name = f"{within}.{node.name}" if within else node.name
        if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", None)) in of:
            found.add(within)
        found |= _callers(node, of, name)
    return found
