"""How routes reach the snapshot and send its answers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Annotated

from fastapi import Depends, Path, Request, Response

from contracts import MissingThing
from service.schemas import ProblemDocument
from service.snapshot import Answer, Snapshot
from service.watcher import SnapshotWatcher, ToldHistory

PROBLEMS: dict[int | str, dict[str, object]] = {
    status: {"model": ProblemDocument, "description": description}
    for status, description in (
        (404, "Nothing was issued, or there is no such area, target or period."),
        (410, "The model of the target was withdrawn."),
        (422, "A parameter cannot be used."),
        (503, "The forecast is stale."),
    )
}


def served_snapshot(request: Request) -> Snapshot:
    """The snapshot to answer from; raises ``MissingThing`` where nothing was issued, ``StaleData`` where it is old."""
    watcher: SnapshotWatcher = request.app.state.watcher
    today: Callable[[], date] = request.app.state.today
    standing = watcher.standing
    if standing.snapshot is None:
        if standing.refused:
            raise MissingThing(f"No forecast can be served. {standing.refused[0]}", remedy="See /readyz.")
        raise MissingThing("No forecast was issued yet.", remedy="Issue one with: wardcast issue")
    standing.snapshot.refuse_stale(today())
    return standing.snapshot


Served = Annotated[Snapshot, Depends(served_snapshot)]


TargetName = Annotated[str, Path(description="A target.")]


def told_history(request: Request, target: TargetName) -> ToldHistory:
    """What the ledger says of a target's models; raises ``MissingThing`` with the targets there are."""
    watcher: SnapshotWatcher = request.app.state.watcher
    histories = watcher.standing.histories
    if target not in histories:
        reason = watcher.standing.refused[0] if watcher.standing.refused and not histories else ""
        raise MissingThing(
            f"There is no history of models of '{target}'. {reason}".strip(),
            remedy=f"Ask for one of {', '.join(histories)}." if histories else "See /readyz.",
        )
    return histories[target]


Told = Annotated[ToldHistory, Depends(told_history)]


def send(request: Request, answer: Answer, media_type: str = "application/json") -> Response:
    """The encoded answer, compressed if the client takes gzip."""
    headers = {"Vary": "Accept-Encoding", "Cache-Control": "no-cache"}
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return Response(answer.plain, media_type=media_type, headers=headers)
    return Response(answer.zipped, media_type=media_type, headers={**headers, "Content-Encoding": "gzip"})
