"""A geography that an ingest makes: put among the others if the ingest is accepted, and otherwise never there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import filelock

from contracts import RefusedAction, Workspace
from contracts.files import discard, locked, move_whole, telling
from features.geographies.folder import geographies_lock, read_record

_PROPOSED = ".proposed-"
_LOCK = "proposal.lock"


class Proposal:
    """A workspace for the time of one ingest, in which geographies are made that nobody else sees."""

    def __init__(self, workspace: Workspace, scratch: Path) -> None:
        self._workspace = workspace
        self.scratch = Workspace(scratch, workspace.settings)

    def accept(self) -> tuple[Path, ...]:
        """Put what was made among the geographies of the workspace and return the new folders.

        Raises ``RefusedAction`` where another process has put others there under the same name meanwhile.
        """
        made = sorted(self.scratch.geographies.glob("[!.]*"))
        put = []
        if made:
            with geographies_lock(self._workspace):
                with telling(self._workspace.geographies):
                    self._workspace.geographies.mkdir(exist_ok=True)
                for folder in made:
                    there = self._workspace.geographies / folder.name
                    if there.exists():
                        _refuse_other(folder, there)
                        continue
                    move_whole(folder, there)
                    put.append(there)
        return tuple(put)


@contextmanager
def proposal(workspace: Workspace) -> Iterator[Proposal]:
    """Cleared away at the end; what a killed process left of one is removed by the next. Raises ``NotWritten``."""
    scratch = workspace.root / f"{_PROPOSED}{os.getpid()}"
    with telling(scratch):
        _remove_leftovers(workspace.root)
        scratch.mkdir()
    try:
        with locked(scratch / _LOCK):
            yield Proposal(workspace, scratch)
    finally:
        discard(scratch)


def _remove_leftovers(root: Path) -> None:
    """Remove the folders of ingests that run no longer: nobody holds their lock."""
    for leftover in root.glob(f"{_PROPOSED}*"):
        lock = filelock.FileLock(leftover / _LOCK)
        try:
            with lock.acquire(blocking=False):
                discard(leftover)
        except filelock.Timeout:
            continue


def _refuse_other(made: Path, there: Path) -> None:
    if read_record(made) != read_record(there):
        raise RefusedAction(
            f"A geography '{there.name}' was added while this ingest made another one of that name.",
            remedy="Run the ingest again: it counts by the one that is there now.",
        )
