"""Forecasts that were issued earlier, for whoever asks for one by its id; the newest few asked for are kept."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace

from contracts import Workspace
from service.board.champions import withdrawals_in_force
from service.board.life_cycle import life_cycle_of
from service.forecasts.issued import RECORD_FILE, read_files, read_issued
from service.ledger import Entry
from service.web.answers.answer import Answer
from service.web.answers.nearest import unknown
from service.web.approved import refuse_unapproved
from service.web.snapshot import Snapshot
from service.web.snapshot_building import build_snapshot
from service.web.stopping import stops_of
from service.web.worth import worths

KEPT = 2


class PastIssues:
    """Issued forecasts by id; a withdrawal since is told as it is of the forecast that is served."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._lock = threading.Lock()
        self._built: OrderedDict[str, Snapshot] = OrderedDict()

    @property
    def kept(self) -> tuple[str, ...]:
        """Ids of the forecasts that need not be built when they are asked for, the newest asked for last."""
        return tuple(self._built)

    def snapshot(self, forecast_id: str, entries: tuple[Entry, ...]) -> Snapshot:
        """An issued forecast as it is served, however old it is; ``entries`` are those of a sound ledger.

        Raises ``MissingThing`` for an id that is not there.
        """
        entry = _entry_of(forecast_id, entries)
        refuse_unapproved(entry, entries)
        with self._lock:
            if forecast_id not in self._built:
                issued = read_issued(self._workspace, entry)
                self._built[forecast_id] = build_snapshot(issued, worths(self._workspace, entries, entry))
            self._built.move_to_end(forecast_id)
            while len(self._built) > KEPT:
                self._built.popitem(last=False)
            built = self._built[forecast_id]
        built = built.without(withdrawals_in_force(life_cycle_of(entries), built.models))
        return replace(built, stopped_by_file=stops_of(self._workspace, built.targets))

    def file(self, forecast_id: str, name: str, entries: tuple[Entry, ...]) -> Answer:
        """One of the signed files, byte for byte.

        Raises as ``snapshot`` does, and ``WithdrawnModel`` where a model of the forecast was withdrawn since, but for
        the record, which holds no forecast.
        """
        entry = _entry_of(forecast_id, entries)
        names = list(entry.content["files"])
        if name not in names:
            remedy = f"Ask for one of {', '.join(names)}."
            raise unknown(f"The forecast {forecast_id} has no file '{name}'.", name, names, remedy=remedy)
        if name != RECORD_FILE:
            self.snapshot(forecast_id, entries).refuse_any()
        return Answer(read_files(self._workspace, entry)[name])


def _entry_of(forecast_id: str, entries: Sequence[Entry]) -> Entry:
    issues = {entry.content["forecast_id"]: entry for entry in entries if entry.kind == "issue"}
    if forecast_id not in issues:
        remedy = "Ask for one that /v1/issues lists."
        raise unknown(f"No forecast '{forecast_id}' was issued.", forecast_id, issues, remedy=remedy)
    return issues[forecast_id]
