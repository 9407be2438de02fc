"""Answers that were given already, kept for the next who asks the same of the same snapshot.

Every answer under ``/v1`` that comes from the served forecast depends on nothing but the snapshot, the day and the
question. It is kept whole, with its headers, until either changes: whoever asks again needs no routing.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from urllib.parse import unquote_to_bytes

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.web.watcher import SnapshotWatcher, Standing

PATHS = ("/v1/forecasts", "/v1/areas", "/v1/levels", "/v1/flags", "/v1/hotspots", "/v1/summary")
DECIDING = frozenset({b"accept", b"accept-encoding", b"host", b"if-none-match", b"if-range", b"range"})
"""Headers on which an answer depends; the link to a next page repeats the host."""
LARGEST = 512_000
MOST = 24_000_000
"""Bytes of one answer that is kept, and of all together."""
OVERHEAD = 2_000
"""Bytes of Python's own objects for one."""
Question = tuple[str, str, bytes, tuple[tuple[bytes, bytes], ...]]


@dataclass(frozen=True)
class _Given:
    start: Message
    body: bytes

    def cost(self, question: Question) -> int:
        """Bytes that keeping it takes, about."""
        headers = (*self.start["headers"], *question[3])
        return OVERHEAD + len(self.body) + len(question[2]) + sum(len(name) + len(value) for name, value in headers)


class KeptAnswers:
    """Gives what was given before to the same question; the oldest asked for go first."""

    def __init__(self, app: ASGIApp, watcher: SnapshotWatcher, today: Callable[[], date]) -> None:
        self._app = app
        self._watcher = watcher
        self._today = today
        self._of: tuple[Standing, date] | None = None
        self._given: OrderedDict[Question, _Given] = OrderedDict()
        self._bytes = 0

    @property
    def size(self) -> int:
        """Bytes of the answers that are kept."""
        return self._bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer from what is kept, or pass the question on and keep its answer."""
        if scope["type"] != "http" or not _is_kept(scope):
            await self._app(scope, receive, send)
            return
        standing, today = self._watcher.standing, self._today()
        if self._of is None or self._of[0] is not standing or self._of[1] != today:
            self._of, self._bytes = (standing, today), 0
            self._given.clear()
        question = _question_of(scope)
        given = self._given.get(question)
        if given is None:
            given = await self._passed_on(scope, receive, send)
            if given is not None and self._watcher.standing is standing and self._of == (standing, today):
                self._keep(question, given)
            return
        self._given.move_to_end(question)
        await send({**given.start, "headers": list(given.start["headers"])})
        await send({"type": "http.response.body", "body": given.body})

    async def _passed_on(self, scope: Scope, receive: Receive, send: Send) -> _Given | None:
        """The answer that was sent, if it is one to keep."""
        start: list[Message] = []
        parts: list[bytes] = []

        async def noted(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.append({**message, "headers": list(message["headers"])})
            else:
                parts.append(message.get("body", b""))
            await send(message)

        await self._app(scope, receive, noted)
        if not start or start[0]["status"] not in (200, 206, 304):
            return None
        # One part is kept as it is: that of the whole city is the snapshot's own.
        return _Given(start[0], parts[0] if len(parts) == 1 else b"".join(parts))

    def _keep(self, question: Question, given: _Given) -> None:
        if len(given.body) > LARGEST or question in self._given:
            return
        self._given[question] = given
        self._bytes += given.cost(question)
        while self._bytes > MOST:
            other, oldest = self._given.popitem(last=False)
            self._bytes -= oldest.cost(other)


def _is_kept(scope: Scope) -> bool:
    """Whether an answer depends on the snapshot alone: one of an earlier forecast depends on files besides."""
    if scope["method"] != "GET" or not scope["path"].startswith(PATHS):
        return False
    return b"issue" not in unquote_to_bytes(scope["query_string"])


def _question_of(scope: Scope) -> Question:
    return (
        scope["scheme"],
        scope["path"],
        scope["query_string"],
        tuple(header for header in scope["headers"] if header[0] in DECIDING),
    )
