"""Which package may import which: read from the source of every module, with no exemption and no cycle."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

MAY_IMPORT = {
    "contracts": set(),
    "features": {"contracts"},
    "models": {"contracts", "features"},
    "monitoring": {"contracts"},
    "training": {"contracts", "features", "models", "monitoring"},
    "service": {"contracts", "features", "models", "monitoring", "training"},
}
"""The table of the design: folder → the folders of ours that it may import besides itself."""

COMMAND_LINE = "service.commands"
NEVER_IN_THE_WEB_PROCESS = {"training", "mlflow", "lightgbm", "statsforecast"}
DYNAMIC = {"import_module", "__import__"}


@dataclass(frozen=True)
class Import:
    """One import statement: which module it is in, what it names, and whether it ever runs."""

    module: str
    imported: str
    line: int
    runs: bool

    def __str__(self) -> str:
        return f"{self.module}:{self.line} imports {self.imported}"


def modules_of(root: Path) -> dict[str, Path]:
    """Module name → file, of every package of the table that lies under ``root``."""
    found = {}
    for package in MAY_IMPORT:
        for path in sorted((root / package).rglob("*.py")):
            parts = path.relative_to(root).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports_of(modules: Mapping[str, Path]) -> list[Import]:
    """Every import of every module, those inside functions and ``if TYPE_CHECKING`` included."""
    return [
        Import(module, imported, node.lineno, runs)
        for module, path in modules.items()
        for node, runs in _import_nodes(ast.parse(path.read_text(encoding="utf-8")), runs=True)
        for imported in _named(node, module, path.name == "__init__.py", modules)
    ]


def _import_nodes(node: ast.AST, *, runs: bool) -> Iterator[tuple[ast.Import | ast.ImportFrom, bool]]:
    if isinstance(node, ast.Import | ast.ImportFrom):
        yield node, runs
        return
    if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
        for child in node.body:
            yield from _import_nodes(child, runs=False)
        for child in node.orelse:
            yield from _import_nodes(child, runs=runs)
        return
    for child in ast.iter_child_nodes(node):
        yield from _import_nodes(child, runs=runs)


def _named(
    node: ast.Import | ast.ImportFrom, module: str, is_package: bool, modules: Mapping[str, Path]
) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
        return
    base = node.module or ""
    if node.level:
        parents = module.split(".")
        kept = parents[: len(parents) - node.level + (1 if is_package else 0)]
        base = ".".join([*kept, *([node.module] if node.module else [])])
    for alias in node.names:
        submodule = f"{base}.{alias.name}"
        yield submodule if submodule in modules else base


def layer_breaks(imports: list[Import]) -> list[str]:
    """Imports that the table forbids."""
    return [str(one) for one in imports if not _allowed(one)]


def _allowed(one: Import) -> bool:
    ours, theirs = one.module.split(".")[0], one.imported.split(".")[0]
    if theirs not in MAY_IMPORT or ours == theirs:
        return not (one.imported.startswith(COMMAND_LINE) and not one.module.startswith(COMMAND_LINE))
    if ours == "service" and theirs == "training":
        return one.module.startswith(f"{COMMAND_LINE}.")
    return theirs in MAY_IMPORT[ours]


def cycles(edges: Mapping[str, set[str]]) -> list[list[str]]:
    """Groups of names that reach one another, of two names or more, and names that reach themselves directly."""
    reached = {name: _reachable(edges, name) for name in edges}
    groups = {frozenset({other for other in reached[name] if name in reached.get(other, set())}) for name in edges}
    return sorted(sorted(group) for group in groups if group)


def _reachable(edges: Mapping[str, set[str]], start: str) -> set[str]:
    found: set[str] = set()
    waiting = list(edges.get(start, ()))
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(edges.get(name, ()))
    return found


def graph(imports: list[Import], modules: Mapping[str, Path]) -> dict[str, set[str]]:
    """Module → the modules of ours that it names."""
    edges: dict[str, set[str]] = {module: set() for module in modules}
    for one in imports:
        if one.imported in modules:
            edges[one.module].add(one.imported)
    return edges


def reached_in(start: str, imports: list[Import], modules: Mapping[str, Path]) -> set[str]:
    """Everything, libraries included, that a process can come to import that begins with the module ``start``.

    Importing a module runs the packages it lies in.
    """
    edges: dict[str, set[str]] = {module: set() for module in modules}
    for one in imports:
        if one.runs:
            edges[one.module] |= {one.imported, *_packages_of(one.imported)}
    return _reachable(edges, start)


def _packages_of(name: str) -> set[str]:
    parts = name.split(".")
    return {".".join(parts[:length]) for length in range(1, len(parts))}


@pytest.fixture(scope="module")
def modules(repository: Path) -> dict[str, Path]:
    return modules_of(repository)


@pytest.fixture(scope="module")
def imports(modules: dict[str, Path]) -> list[Import]:
    return imports_of(modules)


def test_every_package_is_read(modules: dict[str, Path], imports: list[Import]) -> None:
    assert {name.split(".")[0] for name in modules} == set(MAY_IMPORT)
    assert len(imports) > len(modules)


def test_no_module_imports_a_layer_above_its_own(imports: list[Import]) -> None:
    assert layer_breaks(imports) == []


def test_no_cycle_between_packages(imports: list[Import]) -> None:
    edges: dict[str, set[str]] = {package: set() for package in MAY_IMPORT}
    for one in imports:
        ours, theirs = one.module.split(".")[0], one.imported.split(".")[0]
        if theirs in MAY_IMPORT and ours != theirs:
            edges[ours].add(theirs)
    assert cycles(edges) == []


def test_no_cycle_between_modules(imports: list[Import], modules: dict[str, Path]) -> None:
    assert cycles(graph(imports, modules)) == []


def test_the_web_process_never_trains_and_loads_no_model(imports: list[Import], modules: dict[str, Path]) -> None:
    reached = {name.split(".")[0] for name in reached_in("service.web.app", imports, modules)}
    assert reached & NEVER_IN_THE_WEB_PROCESS == set()
    assert "models" not in reached


def test_the_web_process_as_python_imports_it() -> None:
    program = "import json, sys, service.web.app, service.web.serving; print(json.dumps(sorted(sys.modules)))"
    printed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    loaded = {name.split(".")[0] for name in json.loads(printed)}
    assert loaded & (NEVER_IN_THE_WEB_PROCESS | {"models"}) == set()


def test_only_the_command_line_imports_by_a_name_made_at_run_time(modules: dict[str, Path]) -> None:
    """What is imported by a string is hidden from the tests above; the command line names its own commands only."""
    dynamic = {
        module
        for module, path in modules.items()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", None)) in DYNAMIC
    }
    from service.cli import COMMANDS

    assert dynamic == {"service.cli"}
    assert {name.rpartition(".")[0] for name, _ in COMMANDS.values()} == {COMMAND_LINE}
    assert {name for name, _ in COMMANDS.values()} <= set(modules)


def test_every_folder_of_modules_is_named_in_pyproject(repository: Path, modules: dict[str, Path]) -> None:
    project = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))
    folders = {".".join(path.relative_to(repository).parent.parts) for path in modules.values()}
    assert folders == set(project["tool"]["setuptools"]["packages"])


WEB = "service.web"
MOST_NAMES, MOST_MODULES = 18, 16
LISTS_OF_LIKE_THINGS = {
    "features.sources": "a source adapter, or a part of one, a module",
    "monitoring.audits": "an audit a module",
    "monitoring.records": "a published record a module",
    "service.commands": "a command a module",
}
"""Rooms that may have more modules, and no face but these: what each module is."""


def room_of(module: str, modules: Mapping[str, Path]) -> str:
    """The folder of a storey, or of the web inside of one, that a module lies in; a face lies in its own room."""
    folder = module if modules[module].name == "__init__.py" else module.rpartition(".")[0]
    return ".".join(folder.split(".")[: 3 if folder.startswith(f"{WEB}.") else 2])


def faces_of(modules: Mapping[str, Path]) -> dict[str, list[str]]:
    """Room → the names of its face, of the rooms that have one."""
    faces = {}
    for module, path in modules.items():
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if (
                path.name == "__init__.py"
                and isinstance(node, ast.Assign)
                and ast.unparse(node.targets[0]) == "__all__"
            ):
                faces[module] = ast.literal_eval(node.value)
    return faces


def past_a_face(imports: list[Import], modules: Mapping[str, Path]) -> list[str]:
    """Imports of what lies behind the face of another room; the storeys' own faces hold nobody to them."""
    faces = {room: names for room, names in faces_of(modules).items() if "." in room}
    return [
        str(one)
        for one in imports
        if one.imported in modules
        and (theirs := room_of(one.imported, modules)) in faces
        and one.imported != theirs
        and one.imported.removeprefix(f"{theirs}.") not in faces[theirs]
        and room_of(one.module, modules) != theirs
        and "." in one.module
    ]


def room_edges(imports: list[Import], modules: Mapping[str, Path]) -> dict[str, set[str]]:
    """Room → the rooms that it imports from; what lies loose in a storey or in the web is in no room."""
    edges: dict[str, set[str]] = {}
    for one in imports:
        if one.imported in modules:
            ours, theirs = room_of(one.module, modules), room_of(one.imported, modules)
            if ours != theirs and WEB not in (ours, theirs) and "." in ours and "." in theirs:
                edges.setdefault(ours, set()).add(theirs)
    return edges


def test_no_room_is_imported_past_its_face(imports: list[Import], modules: dict[str, Path]) -> None:
    assert past_a_face(imports, modules) == []


def test_faces_and_rooms_are_small(modules: dict[str, Path]) -> None:
    wide = {room: len(names) for room, names in faces_of(modules).items() if "." in room and len(names) > MOST_NAMES}
    assert wide == {}
    inside = [room_of(module, modules) for module, path in modules.items() if path.name != "__init__.py"]
    full = {room for room in inside if inside.count(room) > MOST_MODULES}
    assert full <= set(LISTS_OF_LIKE_THINGS)


def test_no_cycle_between_rooms(imports: list[Import], modules: dict[str, Path]) -> None:
    assert cycles(room_edges(imports, modules)) == []


def test_a_planted_way_past_a_face_and_a_planted_circle_of_rooms_are_found(tmp_path: Path) -> None:
    planted = _plant(
        tmp_path,
        {
            "features/store/__init__": "from features.store.counts import read\n__all__ = ['read']",
            "features/store/counts": "def read():\n    from features.views.panel import Panel",
            "features/views/__init__": "",
            "features/views/panel": "from features.store.counts import read",
            "features/views/raster": "from features.store import read",
        },
    )
    modules = modules_of(tmp_path)
    assert past_a_face(planted, modules) == ["features.views.panel:1 imports features.store.counts"]
    assert cycles(room_edges(planted, modules)) == [["features.store", "features.views"]]


def _plant(root: Path, files: Mapping[str, str]) -> list[Import]:
    for package in MAY_IMPORT:
        (root / package).mkdir(parents=True, exist_ok=True)
        (root / package / "__init__.py").touch()
    for name, text in files.items():
        path = root / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return imports_of(modules_of(root))


@pytest.mark.parametrize(
    ("place", "text"),
    [
        ("contracts/periods", "import features.panel"),
        ("features/lags", "def late():\n    from models import registry"),
        ("models/baselines", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from monitoring import mae"),
        ("monitoring/accuracy", "try:\n    from features import panel\nexcept ImportError:\n    raise"),
        ("training/train", "from service.ledger import Ledger"),
        ("service/web/app", "from training.train import train"),
        ("service/web/routes/pages", "def answer():\n    import training"),
        ("service/issuing", "from service.commands.train import command"),
    ],
)
def test_a_planted_break_is_found(tmp_path: Path, place: str, text: str) -> None:
    assert len(layer_breaks(_plant(tmp_path, {place: text}))) == 1


def test_a_command_may_import_training(tmp_path: Path) -> None:
    assert layer_breaks(_plant(tmp_path, {"service/commands/train": "from training.train import train"})) == []


def test_a_planted_cycle_is_found(tmp_path: Path) -> None:
    planted = _plant(
        tmp_path,
        {
            "features/panel": "from features import lags",
            "features/lags": "def late():\n    from .neighbours import matrix",
            "features/neighbours": "import features.panel",
        },
    )
    found = cycles(graph(planted, modules_of(tmp_path)))
    assert found == [["features.lags", "features.neighbours", "features.panel"]]


def test_a_module_that_imports_its_own_package_is_a_cycle(tmp_path: Path) -> None:
    planted = _plant(
        tmp_path, {"models/__init__": "from models.champion import fit", "models/champion": "import models"}
    )
    assert cycles(graph(planted, modules_of(tmp_path))) == [["models", "models.champion"]]


def test_what_the_web_process_reaches_counts_functions_and_packages_but_not_types(tmp_path: Path) -> None:
    planted = _plant(
        tmp_path,
        {
            "service/web/app": "from service.web.watcher import look",
            "service/web/watcher": "def look():\n    from models.risk import score",
            "models/__init__": "import lightgbm",
            "models/risk": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import mlflow",
        },
    )
    reached = reached_in("service.web.app", planted, modules_of(tmp_path))
    assert "lightgbm" in reached
    assert "mlflow" not in reached
