"""Nothing is written but through ``contracts.files.whole_files``, into a folder that it gave, or for a moment."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGES = ("contracts", "features", "models", "monitoring", "training", "service")
THE_WRITERS = {"contracts.files.whole_files", "contracts.files.unfinished"}
METHODS = {
    *("write_text", "write_bytes", "touch", "mkdir", "rmdir", "unlink", "chmod", "symlink_to", "hardlink_to"),
    *("to_parquet", "to_csv", "to_json", "to_feather", "to_pickle", "to_excel", "write_table", "write_csv", "savefig"),
    *("save", "savez", "savez_compressed", "savetxt", "tofile", "dump", "save_model", "to_file", "write_dataframe"),
    *(
        "mkdtemp",
        "mkstemp",
        "TemporaryDirectory",
        "NamedTemporaryFile",
        "rmtree",
        "copytree",
        "copyfile",
        "copy2",
        "move",
    ),
    *(
        "makedirs",
        "removedirs",
        "renames",
        "remove",
        "link",
        "symlink",
        "truncate",
        "fdopen",
        "ParquetWriter",
        "log_artifacts",
    ),
}
IN_A_GIVEN_FOLDER = "fills a folder that whole_files gave"
FOR_A_MOMENT = "in a temporary folder, from which a library reads or takes a copy, or nothing is kept"
IN_MEMORY = "writes into memory"
REASONS = {
    "features.store.publications._write_tables": IN_A_GIVEN_FOLDER,
    "features.sources.incident_points.IncidentPoints.write": IN_A_GIVEN_FOLDER,
    "features.geographies.folder.write_folder": IN_A_GIVEN_FOLDER,
    "service.ledger.seal.Seal._make": IN_A_GIVEN_FOLDER,
    "features.simulation.files.write_city": IN_A_GIVEN_FOLDER,
    "features.simulation.files._write_truth": IN_A_GIVEN_FOLDER,
    "service.workspaces.setup.make_simulated_workspace": IN_A_GIVEN_FOLDER,
    "training.backtests.forecast_files.write_table": "writes into the file that whole_files gave",
    "service.proof.zip_files.write_zip": "writes into the file that whole_files gave",
    "contracts.files.locks._acquired": "the folder of the locks, which hold nothing",
    "service.forecasts.issued.parquet_bytes": IN_MEMORY,
    "service.web.answers.tables.as_csv": IN_MEMORY,
    "service.web.answers.tables.as_parquet": IN_MEMORY,
    "service.web.answers.tables.as_arrow": IN_MEMORY,
    "models.saved.place_mending._fetch": IN_A_GIVEN_FOLDER,
    "features.geographies.proposed.Proposal.accept": "the folder of the geographies, which holds nothing yet",
    "features.geographies.proposed.proposal": FOR_A_MOMENT,
    "features.geographies.geographic_files._read_by_gdal": FOR_A_MOMENT,
    "models.saved.saved_model.save_model": FOR_A_MOMENT,
    "training.candidates.train.train": FOR_A_MOMENT,
    "training.backtests.figures._save": FOR_A_MOMENT,
    "training.feedback.figure.write_figure": FOR_A_MOMENT,
    "training.runs.tracking.Run.folder": FOR_A_MOMENT,
    "training.backtests.experiment.log_experiment": FOR_A_MOMENT,
    "service.proof.rebuilding.rebuild": FOR_A_MOMENT,
    "service.proof.rebuilding._unpack": FOR_A_MOMENT,
}


def writing_functions(root: Path) -> dict[str, int]:
    """Module and function → line of its first call that writes, of every package below ``root``."""
    found: dict[str, int] = {}
    for package in PACKAGES:
        for path in sorted((root / package).rglob("*.py")):
            module = ".".join(path.relative_to(root).with_suffix("").parts)
            if module not in THE_WRITERS:
                for function, line in _writing(ast.parse(path.read_text(encoding="utf-8")), ""):
                    found.setdefault(f"{module}.{function}", line)
    return found


def _writing(tree: ast.AST, within: str) -> Iterator[tuple[str, int]]:
    for node in ast.iter_child_nodes(tree):
        name = within
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            name = f"{within}.{node.name}" if within else node.name
        if isinstance(node, ast.Call) and _writes(node):
            yield within, node.lineno
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] not in (*PACKAGES, "", "dataclasses"):
            yield from ((within, node.lineno) for alias in node.names if alias.name in METHODS | {"rename", "replace"})
        yield from _writing(node, name)


def _writes(call: ast.Call) -> bool:
    name = getattr(call.func, "attr", getattr(call.func, "id", ""))
    owner = getattr(getattr(call.func, "value", None), "id", "")
    if name in ("rename", "replace"):
        # ``str.replace`` takes two, ``DataFrame.rename`` and ``dataclasses.replace`` take names.
        return owner in ("os", "shutil") or (
            isinstance(call.func, ast.Attribute) and len(call.args) == 1 and not call.keywords
        )
    if name in ("open", "ZipFile", "GzipFile", "FileIO"):
        return any(_opens_to_write(one) for one in (*call.args, *(keyword.value for keyword in call.keywords)))
    if name == "to_json" and not call.args and not call.keywords:
        return False
    return isinstance(call.func, ast.Attribute) and name in METHODS


def _opens_to_write(node: ast.expr) -> bool:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return len(node.value) <= 3 and bool(set(node.value) & set("wax+")) and set(node.value) <= set("rwaxbt+")
    return any(
        isinstance(one, ast.Attribute) and one.attr in ("O_WRONLY", "O_RDWR", "O_CREAT") for one in ast.walk(node)
    )


def test_only_whole_files_writes_but_for_named_reasons(repository: Path) -> None:
    found = writing_functions(repository)
    assert {f"{name}:{line}" for name, line in found.items() if name not in REASONS} == set()
    assert REASONS.keys() - found.keys() == set(), "a reason for what no longer writes"


@pytest.mark.parametrize(
    "line",
    [
        "path.write_text('a')",
        "path.write_bytes(b'a')",
        "open(path, 'w')",
        "path.open('xb')",
        "path.open(mode='a')",
        "os.open(path, os.O_WRONLY | os.O_CREAT)",
        "os.replace(one, path)",
        "one.rename(path)",
        "one.replace(path)",
        "shutil.move(one, path)",
        "table.to_parquet(path)",
        "pq.write_table(table, path)",
        "zipfile.ZipFile(path, 'w')",
        "tempfile.mkdtemp()",
        "from os import replace",
        "from pyarrow.parquet import write_table",
    ],
)
def test_a_planted_writer_is_found(tmp_path: Path, line: str) -> None:
    _plant(tmp_path, line)
    assert writing_functions(tmp_path).keys() == {"service.planted.write"}


@pytest.mark.parametrize(
    "line",
    [
        "text.replace('a', 'b')",
        "table.rename(columns=names)",
        "dataclasses.replace(one, name='a')",
        "path.open('rb')",
        "open(path, encoding='utf-8')",
        "report.to_json()",
        "zipfile.ZipFile(path)",
    ],
)
def test_what_reads_or_changes_a_value_is_no_writer(tmp_path: Path, line: str) -> None:
    _plant(tmp_path, line)
    assert writing_functions(tmp_path) == {}


def _plant(root: Path, line: str) -> None:
    (root / "service").mkdir()
    (root / "service" / "planted.py").write_text(f"def write(path):\n    {line}\n", encoding="utf-8")
