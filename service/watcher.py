"""Keeps the newest valid snapshot: looks into the ledger again and again, and keeps the last good one meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import orjson
import sqlalchemy as sa

from contracts import BadInput, RefusedAction, WardcastError, Workspace
from service.approvals import champions_of, withdrawals_in_force
from service.history import history_of
from service.history_page import history_page
from service.issued import read_issued
from service.ledger import GENESIS, Entry, Ledger
from service.life_cycle import LifeCycle, life_cycle_of
from service.snapshot import Answer, Snapshot, answer_ahead
from service.snapshot_building import build_snapshot

POLL_SECONDS = 2.0


@dataclass(frozen=True)
class ToldHistory:
    """The history of one target's models, as a document and as a page."""

    answer: Answer
    page: str


@dataclass(frozen=True)
class Standing:
    """What is served, and the reasons for which anything newer is not. Swapped as one reference.

    ``head`` is the newest one of a ledger that was found sound.
    """

    snapshot: Snapshot | None = None
    refused: tuple[str, ...] = ()
    head: str | None = None
    histories: Mapping[str, ToldHistory] = field(default_factory=dict)
    """Target → what the ledger says of its models."""


class SnapshotWatcher:
    """Polls the ledger in a thread of its own between ``start`` and ``stop``."""

    def __init__(self, workspace: Workspace, ledger: Ledger) -> None:
        self._workspace = workspace
        self._ledger = ledger
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self.standing = Standing()

    def start(self) -> None:
        """Take the first snapshot, then poll until ``stop``."""
        self.poll()
        self._stop.clear()
        self._thread = threading.Thread(target=self._run, name="snapshot-watcher", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _run(self) -> None:
        while not self._stop.wait(POLL_SECONDS):
            self.poll()

    def poll(self) -> None:
        """Take up a new issue, if there is a valid one; otherwise keep the last good one and note why."""
        before = self.standing
        try:
            head = self._ledger.head()
            if head != before.head or before.refused:
                self.standing = self._look(before, head)
        except (WardcastError, sa.exc.SQLAlchemyError, OSError) as error:
            reason = str(error).splitlines()[0]
            self.standing = replace(before, refused=(f"The ledger cannot be read: {reason}",))

    def _look(self, before: Standing, head: str) -> Standing:
        entries = self._ledger.sound_entries()
        _refuse_lost_end(entries, before.head)
        cycle = life_cycle_of(entries)
        snapshot, refused = self._newest(before.snapshot, entries)
        if snapshot is not None:
            snapshot = snapshot.without(withdrawals_in_force(cycle, snapshot.models))
        return Standing(snapshot, refused, head, self._histories(entries, cycle))

    def _newest(self, current: Snapshot | None, entries: tuple[Entry, ...]) -> tuple[Snapshot | None, tuple[str, ...]]:
        """The newest issue that can be served, or the current one, and why anything newer cannot."""
        refused: list[str] = []
        for entry in reversed([entry for entry in entries if entry.kind == "issue"]):
            if current is not None and current.entry == entry.number:
                break
            try:
                refuse_unapproved(entry, entries)
                return build_snapshot(read_issued(self._workspace, entry)), tuple(refused)
            except WardcastError as error:
                refused.append(str(error))
        return current, tuple(refused)

    def _histories(self, entries: tuple[Entry, ...], cycle: LifeCycle) -> dict[str, ToldHistory]:
        settings = self._workspace.settings
        names = dict.fromkeys([*settings.forecast_targets(), *(key.target for key in cycle.models)])
        titles = {name: settings.targets[name].title if name in settings.targets else name for name in names}
        told = {}
        for name, title in titles.items():
            history = history_of(entries, name, title)
            others = {other: words for other, words in titles.items() if other != name}
            page = history_page(history, city=settings.city, simulated=settings.simulated, others=others)
            told[name] = ToldHistory(answer_ahead(orjson.dumps(history.to_dict())), page)
        return told


def _refuse_lost_end(entries: tuple[Entry, ...], noted: str | None) -> None:
    """Raise ``BadInput`` if a head that was noted earlier is not in the chain any more."""
    if noted not in (None, GENESIS) and noted not in {entry.hash for entry in entries}:
        raise BadInput(
            f"Entries that were there are gone from the end of the ledger: none has the hash {noted}.",
            remedy="Restore the database from its newest backup, or start the service again to accept what is left.",
        )


def refuse_unapproved(entry: Entry, entries: tuple[Entry, ...]) -> None:
    """Raise ``RefusedAction`` if an issue holds a forecast of a model that was not the approved one at the time."""
    champions = champions_of(life_cycle_of(other for other in entries if other.number < entry.number))
    for about in entry.content["targets"]:
        champion = champions.get(about["target"])
        if champion is None or (champion.version, champion.sha256) != (about["model_version"], about["sha256"]):
            raise RefusedAction(
                f"The issued forecast {entry.content['forecast_id']} (ledger entry {entry.number}) of "
                f"'{about['target']}' is not of a model that was approved.",
                remedy="Approve the model, then issue again with: wardcast issue",
            )
