"""How routes reach the snapshot and send its answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from types import MappingProxyType
from typing import Annotated, Any

from fastapi import Depends, Path, Query, Request, Response
from fastapi.concurrency import run_in_threadpool

from contracts import MissingThing, StaleData
from service.ledger import Entry
from service.web.answers.answer import ENCODINGS, Answer
from service.web.answers.nearest import unknown
from service.web.answers.tables import TABLES
from service.web.pages.rendering import render, shell_of_city
from service.web.routes.formats import encoding_of, is_current, range_of
from service.web.schemas import ProblemDocument
from service.web.snapshot import Snapshot
from service.web.watcher import SnapshotWatcher, Standing, ToldHistory

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
IMMUTABLE = {"Cache-Control": "public, max-age=31536000, immutable"}
"""Of what its address names by a hash: no cache has to ask for it again."""
NOTHING_MORE: Mapping[str, str] = MappingProxyType({})
_OFFERED = tuple(ENCODINGS)


class GeoJson(Response):
    """An answer in GeoJSON."""

    media_type = "application/geo+json"


class NamedFile(Response):
    """A file whose name decides what it is."""

    media_type = "application/octet-stream"
    formats = ()


class Svg(Response):
    """A drawing."""

    media_type = "image/svg+xml"


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
IssueId = Annotated[
    str | None,
    Query(alias="issue", description="Id of an issued forecast, as /v1/issues lists it; without it, the newest."),
]


def sound_entries(standing: Standing) -> tuple[Entry, ...]:
    """The ledger; raises ``StaleData`` while it is not sound, because a withdrawal may be hidden."""
    if not standing.is_sound:
        raise StaleData(
            "The ledger is not what it was, and a withdrawal may be hidden: no earlier forecast is given.",
            remedy="See /readyz; run: wardcast ledger verify",
        )
    return standing.entries


async def asked_snapshot(request: Request, issue: IssueId = None) -> Snapshot:
    """The snapshot of the forecast that is asked for, or that which is served; raises as both do."""
    if issue is None:
        return await served_snapshot(request)
    watcher: SnapshotWatcher = request.app.state.watcher
    return await run_in_threadpool(watcher.past.snapshot, issue, sound_entries(watcher.standing))


AskedFor = Annotated[Snapshot, Depends(asked_snapshot)]


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
    request: Request,
    answer: Answer,
    media_type: str = "application/json",
    *,
    name: str | None = None,
    more: Mapping[str, str] = NOTHING_MORE,
) -> Response:
    """The encoded answer as the client takes it, a range of it where one is asked for, or 304 where it is there.

    ``name`` is that of the file under which a browser keeps it; ``more`` are further headers.
    """
    encoding = encoding_of(request.headers.get("accept-encoding", ""), _OFFERED)
    asked = request.headers.get("range")
    if asked is not None and (part := range_of(asked, len(answer.plain))) is not None:
        encoding = None
    tag = f'"{answer.tag}{f"-{encoding}" if encoding else ""}"'
    headers = {"Vary": "Accept, Accept-Encoding", "Cache-Control": "no-cache", "Accept-Ranges": "bytes", "ETag": tag}
    headers |= more
    if is_current(request.headers.get("if-none-match", ""), tag):
        return Response(status_code=304, headers=headers)
    if name is not None:
        headers["Content-Disposition"] = f'attachment; filename="{name}"'
    if asked is not None and part is not None and request.headers.get("if-range", tag) == tag:
        return _ranged(answer.plain, part, media_type, headers)
    if encoding is None:
        return Response(answer.plain, media_type=media_type, headers=headers)
    return Response(answer.encoded(encoding), media_type=media_type, headers={**headers, "Content-Encoding": encoding})


def page_of_city(request: Request, template: str, **content: Any) -> Response:
    """A page that is not about the served forecast."""
    settings = request.app.state.watcher.workspace.settings
    page = render(template, shell_of_city(settings.city, simulated=settings.simulated), **content)
    return send(request, Answer(page.encode("utf-8")), HTML)


def _ranged(plain: bytes, part: range, media_type: str, headers: Mapping[str, str]) -> Response:
    if not part:
        return Response(status_code=416, headers={**headers, "Content-Range": f"bytes */{len(plain)}"})
    told = {**headers, "Content-Range": f"bytes {part.start}-{part.stop - 1}/{len(plain)}"}
    return Response(plain[part.start : part.stop], status_code=206, media_type=media_type, headers=told)
