"""How routes reach the snapshot and send its answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Annotated

from fastapi import Depends, Path, Request, Response

from contracts import MissingThing
from service.web.answer import Answer
from service.web.answers.tables import TABLES
from service.web.nearest import unknown
from service.web.routes.formats import is_current, takes_gzip
from service.web.schemas import ProblemDocument
from service.web.snapshot import Snapshot
from service.web.watcher import SnapshotWatcher, ToldHistory

PROBLEMS: dict[int | str, dict[str, object]] = {
    status: {"model": ProblemDocument, "description": description}
    for status, description in (
        (404, "Nothing was issued, or there is no such area, target or period."),
        (410, "The model of the target was withdrawn."),
        (422, "A parameter cannot be used."),
        (503, "The forecast is stale."),
    )
}


HTML = "text/html; charset=utf-8"


class GeoJson(Response):
    """An answer in GeoJSON."""

    media_type = "application/geo+json"


class Tabular(Response):
    """Rows of areas as JSON or as a table."""

    media_type = "application/json"
    formats = ("application/json", *(media_type.partition(";")[0] for media_type, _ in TABLES.values()))


async def served_snapshot(request: Request) -> Snapshot:
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
Code = Annotated[str, Path(description="Code of an area.")]


async def told_history(request: Request, target: TargetName) -> ToldHistory:
    """What the ledger says of a target's models; raises ``MissingThing`` with the targets there are."""
    watcher: SnapshotWatcher = request.app.state.watcher
    histories = watcher.standing.histories
    if target not in histories:
        reason = watcher.standing.refused[0] if watcher.standing.refused and not histories else ""
        remedy = f"Ask for one of {', '.join(histories)}." if histories else "See /readyz."
        raise unknown(
            f"There is no history of models of '{target}'. {reason}".strip(), target, histories, remedy=remedy
        )
    return histories[target]


Told = Annotated[ToldHistory, Depends(told_history)]


def together(answers: Sequence[Answer]) -> Answer:
    """One answer as it is; several, which were asked for at once, as a list in the order asked."""
    if len(answers) == 1:
        return answers[0]
    return Answer(b'{"answers":[' + b",".join(one.plain for one in answers) + b"]}")


def send(
    request: Request, answer: Answer, media_type: str = "application/json", *, name: str | None = None
) -> Response:
    """The encoded answer, compressed if the client takes gzip, or 304 where the client has it already.

    ``name`` is that of the file under which a browser keeps it.
    """
    zips = takes_gzip(request.headers.get("accept-encoding", ""))
    tag = f'"{answer.tag}{"-gzip" if zips else ""}"'
    headers = {"Vary": "Accept, Accept-Encoding", "Cache-Control": "no-cache", "ETag": tag}
    if is_current(request.headers.get("if-none-match", ""), tag):
        return Response(status_code=304, headers=headers)
    if name is not None:
        headers["Content-Disposition"] = f'attachment; filename="{name}"'
    if not zips:
        return Response(answer.plain, media_type=media_type, headers=headers)
    return Response(answer.zipped, media_type=media_type, headers={**headers, "Content-Encoding": "gzip"})
