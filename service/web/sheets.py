"""The sheets of runs and their reports, read when they are asked for; sheets are kept until their files change."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from contracts import BadInput, MissingThing, Workspace
from contracts.run_sheets import REPORT_FOLDER, RunSheet, read_sheet, sheet_paths
from service.board.life_cycle import TRAINED
from service.ledger import Entry
from service.web.answers.nearest import unknown

SHORTEST_ID = 6


@dataclass(frozen=True)
class KeptSheet:
    """A run's sheet, and what the ledger says of it. ``entry`` is None where no entry names the run."""

    sheet: RunSheet
    sha256: str
    entry: int | None
    is_vouched: bool
    """Whether that entry holds this sheet's hash."""

    @property
    def has_report(self) -> bool:
        """Whether an oversight report was written with it for which the ledger vouches."""
        return self.is_vouched and bool(self.sheet.report)

    @property
    def words(self) -> str:
        """Who vouches for what is shown."""
        if self.entry is None:
            return "No entry of the ledger names this run: what is shown is what whoever made it wrote."
        if self.is_vouched:
            return f"Entry {self.entry} of the ledger holds the SHA-256 of this sheet: it is as its training wrote it."
        return f"This is not what entry {self.entry} of the ledger holds the SHA-256 of: it was changed since."


class Sheets:
    """Every sheet of a workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._lock = threading.Lock()
        self._read: dict[Path, tuple[tuple[int, int], tuple[RunSheet, str]]] = {}

    def list(self, entries: Sequence[Entry]) -> tuple[tuple[KeptSheet, ...], tuple[str, ...]]:
        """The sheets that can be read, the newest first, and why others cannot, a sentence each."""
        recorded = {one.content["run_id"]: one for one in entries if one.kind == TRAINED}
        found, refused = [], []
        for path in sheet_paths(self._workspace):
            try:
                sheet, sha256 = self._of(path)
            except BadInput as error:
                refused.append(error.message)
                continue
            entry = recorded.get(sheet.run_id)
            is_vouched = entry is not None and entry.content.get("sheet_sha256") == sha256
            found.append(KeptSheet(sheet, sha256, None if entry is None else entry.number, is_vouched))
        return tuple(sorted(found, key=lambda one: one.sheet.made_at, reverse=True)), tuple(refused)

    def one(self, run_id: str, entries: Sequence[Entry]) -> tuple[KeptSheet, KeptSheet | None]:
        """The sheet of a run, and of the one before it of the same kind and target.

        ``run_id`` may be the beginning of an id. Raises ``MissingThing`` where it names none, or not one alone.
        """
        every, _ = self.list(entries)
        found = [one for one in every if one.sheet.run_id.startswith(run_id)]
        if not found:
            raise MissingThing(f"No run '{run_id}' left a sheet here.", remedy="See /bench for those that did.")
        if len(found) > 1 or len(run_id) < SHORTEST_ID:
            raise MissingThing(
                f"'{run_id}' does not name one run: {len(found)} begin so.",
                remedy=f"Give {SHORTEST_ID} digits or more of an id that /bench lists.",
            )
        sheet = found[0].sheet
        alike = [
            one
            for one in every
            if (one.sheet.kind, one.sheet.target) == (sheet.kind, sheet.target) and one.sheet.made_at < sheet.made_at
        ]
        return found[0], alike[0] if alike else None

    def report_file(self, run_id: str, path: str, entries: Sequence[Entry]) -> bytes:
        """A file of the oversight report that a training wrote, as its hash in the sheet says.

        Raises ``MissingThing`` where the ledger vouches for none, or it is lost, and ``BadInput`` for a changed one.
        """
        kept, _ = self.one(run_id, entries)
        sheet, remedy = kept.sheet, f"Make the report again with: wardcast audit {kept.sheet.run_id} --out DIR"
        if not kept.has_report:
            raise MissingThing(f"The ledger vouches for no report of the run {sheet.run_id}.", remedy=remedy)
        if path not in sheet.report:
            files = f"Ask for one of {', '.join(sheet.report)}."
            raise unknown(f"The report of {sheet.run_id} has no file '{path}'.", path, sheet.report, remedy=files)
        place = self._workspace.runs / sheet.run_id / REPORT_FOLDER / path
        try:
            content = place.read_bytes()
        except OSError as error:
            raise MissingThing(f"{place} cannot be read: {error.strerror}.", remedy=remedy) from error
        if hashlib.sha256(content).hexdigest() != sheet.report[path]:
            raise BadInput(f"{place} is not what the training wrote: its SHA-256 differs.", remedy=remedy)
        return content

    def _of(self, path: Path) -> tuple[RunSheet, str]:
        try:
            state = path.stat()
        except OSError as error:
            raise BadInput(f"{path} cannot be read: {error.strerror}.", remedy="See who may read it.") from error
        stamp = (state.st_mtime_ns, state.st_size)
        with self._lock:
            kept = self._read.get(path)
            if kept is None or kept[0] != stamp:
                kept = self._read[path] = (stamp, read_sheet(path))
        return kept[1]
