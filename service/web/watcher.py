"""Keeps the newest valid snapshot: looks into the ledger again and again, and keeps the last good one meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import orjson
import sqlalchemy as sa

from contracts import BadInput, WardcastError, Workspace
from service.board.champions import withdrawals_in_force, withdrawals_named
from service.board.history import history_of
from service.board.life_cycle import LifeCycle, life_cycle_of
from service.forecasts.issued import read_issued
from service.ledger import Entry, Ledger, Place, refuse_findings
from service.web.answers.answer import Answer, answer_ahead
from service.web.approved import refuse_unapproved
from service.web.pages.history import history_page
from service.web.past import PastIssues
from service.web.sheets import Sheets
from service.web.snapshot import Snapshot
from service.web.snapshot_building import build_snapshot
from service.web.stopping import stops_of
from service.web.worth import worths

POLL_SECONDS = 2.0


@dataclass(frozen=True)
class ToldHistory:
    """The history of one target's models, as a document and as a page."""

    answer: Answer
    page: Answer


@dataclass(frozen=True)
class Standing:
    """What is served, and the reasons for which anything newer is not. Swapped as one reference.

    ``seen`` is where the ledger ended when it was last found sound.
    """

    snapshot: Snapshot | None = None
    refused: tuple[str, ...] = ()
    seen: Place | None = None
    histories: Mapping[str, ToldHistory] = field(default_factory=dict)
    """Target → what the ledger says of its models."""
    entries: tuple[Entry, ...] = ()
    """The ledger when it was last found sound."""
    is_sound: bool = False
    """Whether it still was when it was last looked at."""


class SnapshotWatcher:
    """Polls the ledger in a thread of its own between ``start`` and ``stop``."""

    def __init__(self, workspace: Workspace, ledger: Ledger) -> None:
        self._workspace = workspace
        self._ledger = ledger
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self.standing = Standing()
        self.past = PastIssues(workspace)
        self.sheets = Sheets(workspace)

    @property
    def workspace(self) -> Workspace:
        """The workspace whose ledger is watched."""
        return self._workspace

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
            # The head is read before the database: a writer at work meanwhile can only add to that.
            signed, place = self._ledger.signed_place(), self._ledger.place()
            if place != before.seen or before.refused or _hides(signed, place, before.seen):
                self.standing = self._look(before, signed)
        except (WardcastError, sa.exc.SQLAlchemyError, OSError) as error:
            reason = str(error).splitlines()[0]
            self.standing = replace(before, refused=(f"The ledger cannot be read: {reason}",), is_sound=False)
        self._stop_by_file()

    def _look(self, before: Standing, signed: Place | None) -> Standing:
        entries, verification = self._ledger.check()
        place = Place.of(entries[-1] if entries else None)
        try:
            refuse_findings(verification)
            _refuse_lost_end(entries, before.seen)
        except BadInput as error:
            return self._kept(before, entries, str(error), hidden=_hides(signed, place, before.seen))
        cycle = life_cycle_of(entries)
        snapshot, refused = self._newest(before.snapshot, entries)
        if snapshot is not None:
            snapshot = snapshot.without(withdrawals_in_force(cycle, snapshot.models))
        return Standing(snapshot, refused, place, self._histories(entries, cycle), entries, is_sound=True)

    def _kept(self, before: Standing, entries: tuple[Entry, ...], reason: str, *, hidden: bool) -> Standing:
        """The last good snapshot, where the ledger is not what it was, without what a genuine entry there withdraws.

        Where entries are hidden that this process never saw, a withdrawal may be among them, and nothing is served.
        """
        refused = (f"The ledger cannot be read: {reason}",)
        if before.snapshot is None:
            return replace(before, refused=refused, is_sound=False)
        named = withdrawals_named(entries, before.snapshot.models, self._ledger.signers())
        snapshot = before.snapshot.without({**named, **before.snapshot.withdrawn})
        if hidden:
            words = f"Nothing is served: a withdrawal may be among the entries that are missing. {reason}"
            snapshot = snapshot.stopped_for(dict.fromkeys(snapshot.targets, words))
        return replace(before, snapshot=snapshot, refused=refused, is_sound=False)

    def _stop_by_file(self) -> None:
        """Refuse the targets that the file of the workspace names, and take back what it does not name any more."""
        snapshot = self.standing.snapshot
        if snapshot is None:
            return
        stops = stops_of(self._workspace, snapshot.targets)
        if stops != snapshot.stopped_by_file:
            self.standing = replace(self.standing, snapshot=replace(snapshot, stopped_by_file=stops))

    def _newest(self, current: Snapshot | None, entries: tuple[Entry, ...]) -> tuple[Snapshot | None, tuple[str, ...]]:
        """The newest issue that can be served, or the current one, and why anything newer cannot."""
        refused: list[str] = []
        for entry in reversed([entry for entry in entries if entry.kind == "issue"]):
            if current is not None and current.entry == entry.number:
                break
            try:
                refuse_unapproved(entry, entries)
                issued = read_issued(self._workspace, entry)
                return build_snapshot(issued, worths(self._workspace, entries, entry)), tuple(refused)
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
            told[name] = ToldHistory(answer_ahead(orjson.dumps(history.to_dict())), answer_ahead(page.encode("utf-8")))
        return told


def _hides(signed: Place | None, place: Place, seen: Place | None) -> bool:
    """Whether the signed head names an entry that neither the database has nor this process has seen."""
    if signed is None:
        return False
    return signed.number > max(place.number, 0 if seen is None else seen.number)


def _refuse_lost_end(entries: tuple[Entry, ...], seen: Place | None) -> None:
    """Raise ``BadInput`` if an entry that was seen earlier is not in the chain any more."""
    if seen is not None and seen.number and seen not in {Place.of(entry) for entry in entries}:
        raise BadInput(
            f"Entries that were there are gone from the end of the ledger: none has the hash {seen.hash}.",
            remedy="Restore the database from its newest backup, or start the service again to accept what is left.",
        )
