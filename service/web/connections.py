"""What a client may take of the service: how long it may say nothing, and how many connections there are.

uvicorn itself waits for ever for the head of a first request, so that idle sockets alone use up the files that a
process may open. Here every connection has a deadline, and one too many ends the one that has been idle the longest.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import resource
import time
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_SECONDS = 10.0
"""From the moment a connection waits for a request until the request's head is whole."""
ANSWER_SECONDS = 60.0
"""From there until the client has taken the whole answer."""
MOST_CONNECTIONS = 1000
OTHER_FILES = 64
"""Files that the process needs besides connections: databases, libraries, the listening socket."""
LOG_LINES_A_MINUTE = 60
# The loop's clock may stand still between two connections; which came first is counted, so that the newest never goes.
_TURNS = itertools.count()


class BoundedConnection(H11Protocol):
    """uvicorn's connection with a deadline for the head of each request and for the end of its answer."""

    def __init__(
        self,
        *args: Any,
        most: int = MOST_CONNECTIONS,
        head_seconds: float = HEAD_SECONDS,
        answer_seconds: float = ANSWER_SECONDS,
        **named: Any,
    ) -> None:
        super().__init__(*args, **named)
        self._most, self._head_seconds, self._answer_seconds = most, head_seconds, answer_seconds
        self._deadline: asyncio.TimerHandle | None = None
        self._is_waiting = True
        self._since = 0.0
        self._turn = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take the connection, and where there are too many, end the one that has waited the longest."""
        super().connection_made(transport)
        self._wait_for(is_request=True)
        if len(self.connections) > self._most:
            others = [one for one in self.connections if isinstance(one, BoundedConnection)]
            min(others, key=lambda one: (not one.is_idle, one._turn)).end()

    def data_received(self, data: bytes) -> None:
        """Read on; once the head of a request is whole, the deadline is that of the answer."""
        super().data_received(data)
        if self._is_waiting and self.cycle is not None and not self.cycle.response_complete:
            self._wait_for(is_request=False)

    def on_response_complete(self) -> None:
        """Go on to the next request of the same connection."""
        self._wait_for(is_request=True)
        super().on_response_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the deadline."""
        self._forget_deadline()
        super().connection_lost(exc)

    @property
    def is_idle(self) -> bool:
        """Whether it waits for a request, and the client has taken all that was sent to it."""
        return self._is_waiting and self.transport.get_write_buffer_size() == 0

    def end(self) -> None:
        """Close at once; what was not sent yet is lost."""
        self.connections.discard(self)
        self.transport.abort()

    def _wait_for(self, *, is_request: bool) -> None:
        self._forget_deadline()
        self._is_waiting, self._since, self._turn = is_request, self.loop.time(), next(_TURNS)
        seconds = self._head_seconds if is_request else self._answer_seconds
        self._deadline = self.loop.call_later(seconds, self._end_unless_taking)

    def _end_unless_taking(self) -> None:
        """End it, unless the client is still taking an answer that uvicorn has handed over as a whole."""
        left = self._since + self._answer_seconds - self.loop.time()
        if self._is_waiting and not self.is_idle and left > 0:
            self._deadline = self.loop.call_later(left, self.end)
        else:
            self.end()

    def _forget_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


def raise_file_limit(connections: int = MOST_CONNECTIONS) -> int:
    """Let the process open as many files as so many connections need, as far as the system allows.

    Returns how many connections there may be.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = connections + OTHER_FILES
    unlimited = resource.RLIM_INFINITY
    if soft != unlimited and soft < needed:
        soft = needed if hard == unlimited else min(needed, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return connections if soft == unlimited else max(min(connections, soft - OTHER_FILES), 1)


class FewLines(logging.Filter):
    """Passes so many lines a minute, and says with the first of the next minute how many were left out."""

    def __init__(self, lines_a_minute: int = LOG_LINES_A_MINUTE) -> None:
        super().__init__()
        self._most = lines_a_minute
        self._minute = 0.0
        self._passed = 0
        self._left_out = 0

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the line is written."""
        minute = time.monotonic() // 60
        if minute != self._minute:
            if self._left_out:
                record.msg = f"{record.getMessage()} ({self._left_out} lines before it were left out.)"
                record.args = ()
            self._minute, self._passed, self._left_out = minute, 0, 0
        self._passed += 1
        if self._passed > self._most:
            self._left_out += 1
            return False
        return True


def limit_logs() -> None:
    """Limit what a fault that comes again and again writes: uvicorn's log, asyncio's, and our own."""
    few = FewLines()
    for name in ("uvicorn.error", "asyncio", "service"):
        logging.getLogger(name).addFilter(few)
