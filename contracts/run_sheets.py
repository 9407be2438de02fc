"""A run's sheet: what the pages show of a backtest or training, written beside it when it is made, with its report.

Who shows it needs neither MLflow nor a model. The ledger's entry of a training holds the sheet's SHA-256; a backtest
has no entry, and its sheet says what whoever made it wrote.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from contracts.errors import BadInput
from contracts.files import replaced_folder, write_files
from contracts.workspace import Workspace

Json = dict[str, Any]
SHEET_FILE = "sheet.json"
REPORT_FOLDER, REPORT_PAGE, REPORT_DOCUMENT = "report", "report.html", "report.json"
"""Beside the sheet of a training: the oversight report that its board reads."""
NO_REPORT: Mapping[str, bytes] = MappingProxyType({})


@dataclass(frozen=True)
class RunSheet:
    """What a run came to.

    ``leaderboard`` and ``noise_floor`` hold the rows of ``monitoring.Leaderboard`` at both levels, ``coverage`` those
    of ``monitoring.group_coverage``, ``pit`` ten bins of each horizon, ``gates`` the gates with their findings,
    ``checks`` the audits' figures of the whole city at the first horizon. ``errors`` maps areas to the sums of what
    the main model expected and of what came, at its horizon, over the periods that are known. ``revisions`` are those
    between the publications in the store, where anything changed. ``settings`` are those of the workspace then.
    ``report`` maps the path of each file of the oversight report, in ``REPORT_FOLDER``, to its SHA-256.
    """

    run_id: str
    kind: str
    made_at: str
    target: str
    title: str
    first: str
    last: str
    view: str
    geography: str
    seed: int
    model: str
    horizon: int
    horizons: list[int]
    statement: str | None
    remarks: list[str]
    level_shifts: list[str]
    leaderboard: list[Json]
    noise_floor: list[Json]
    coverage: list[Json]
    pit: list[Json]
    gates: list[Json]
    checks: list[Json]
    errors: dict[str, tuple[float, float]]
    publications: list[Json]
    revisions: list[Json]
    settings: Json
    code: dict[str, str]
    report: dict[str, str] = field(default_factory=dict)
    document: int = 1

    def content(self) -> bytes:
        """The sheet as it is written."""
        return json.dumps(_finite(asdict(self)), sort_keys=True, ensure_ascii=False, allow_nan=False).encode("utf-8")

    def row(self, level: str = "area", model: str | None = None) -> Json | None:
        """The row of the main model, or of another, at the main model's horizon."""
        wanted = (level, self.horizon, model or self.model)
        found = (row for row in self.leaderboard if (row["level"], row["horizon"], row["model"]) == wanted)
        return next(found, None)


def write_sheet(workspace: Workspace, sheet: RunSheet, report: Mapping[str, bytes] = NO_REPORT) -> str:
    """Write a sheet, and the files of its report, whole or not at all; returns the sheet's SHA-256."""
    sheet = replace(sheet, report={name: hashlib.sha256(content).hexdigest() for name, content in report.items()})
    content = sheet.content()
    with replaced_folder(workspace.runs / sheet.run_id) as made:
        write_files(made, {SHEET_FILE: content, **{f"{REPORT_FOLDER}/{name}": one for name, one in report.items()}})
    return hashlib.sha256(content).hexdigest()


def sheet_paths(workspace: Workspace) -> Iterator[Path]:
    """Every sheet there is, the newest first."""
    if workspace.runs.is_dir():
        found = [path for path in workspace.runs.glob(f"*/{SHEET_FILE}") if not path.parent.name.startswith(".")]
        yield from sorted(found, key=lambda path: (-path.stat().st_mtime_ns, path.parent.name))


def read_sheet(path: Path) -> tuple[RunSheet, str]:
    """A sheet and the SHA-256 of its file; raises ``BadInput`` for a file that is none."""
    remedy = "Restore it from a backup, or remove it: the run itself is in MLflow."
    try:
        content = path.read_bytes()
        told: Mapping[str, Any] = json.loads(content)
        known = {one.name for one in fields(RunSheet)}
        sheet = RunSheet(**{name: value for name, value in told.items() if name in known})
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise BadInput(f"{path} cannot be read as the sheet of a run: {error}.", remedy=remedy) from error
    return sheet, hashlib.sha256(content).hexdigest()


def _finite(value: Any) -> Any:
    """Numbers that are none as null, as JSON knows no other."""
    if isinstance(value, dict):
        return {str(key): _finite(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(one) for one in value]
    if isinstance(value, float) and not -float("inf") < value < float("inf"):
        return None
    return value
