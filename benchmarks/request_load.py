"""Requests from keep-alive connections to a service, as fast as it answers, and a note of every distinct answer.

A connection has one request on its way at a time. Where it is cut or refused, the same request is sent again and the
interruption is counted apart. All times are of the monotonic clock, which the processes of a machine share.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import random
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

CONNECTIONS = 16
RECONNECT_SECONDS = 0.05
LONGEST_SILENCE_SECONDS = 60.0
LOOKS_EVERY = 256
"""Answers between two looks at whether to stop."""
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_END_OF_HEAD = b"\r\n\r\n"


@dataclass(frozen=True)
class Asked:
    """A request that is sent again and again; ``route`` is the name of its kind, ``weight`` how often it is sent."""

    route: str
    path: str
    weight: int = 1
    gzipped: bool = False

    def as_bytes(self, port: int) -> bytes:
        """What is sent."""
        accepted = "gzip" if self.gzipped else "identity"
        lines = [f"GET {self.path} HTTP/1.1", f"Host: 127.0.0.1:{port}", f"Accept-Encoding: {accepted}", "", ""]
        return "\r\n".join(lines).encode()


@dataclass
class Seen:
    """One distinct answer to a request: how often it came, when first, and when the last request for it was sent."""

    asked: Asked
    status: int
    body: bytes
    count: int
    first_received: float
    last_received: float
    first_sent: float
    last_sent: float


@dataclass(frozen=True)
class Interruption:
    """A connection that was refused, or cut before its answer was whole."""

    at: float
    what: str


@dataclass
class Load:
    """What one client did."""

    seconds: float = 0.0
    seen: list[Seen] = field(default_factory=list)
    interruptions: list[Interruption] = field(default_factory=list)
    milliseconds: dict[str, list[float]] = field(default_factory=dict)

    @property
    def answers(self) -> int:
        """How many requests were answered."""
        return sum(one.count for one in self.seen)

    def percentile(self, share: float, route: str | None = None) -> float:
        """Milliseconds from request to answer that a share of the answers stayed below; of every route, or of one."""
        chosen = self.milliseconds.values() if route is None else [self.milliseconds[route]]
        return round(float(np.percentile(np.concatenate([np.asarray(part) for part in chosen]), 100 * share)), 2)


class Client:
    """Sends requests to one port until ``is_over`` says so, which is asked every few answers."""

    def __init__(self, port: int, asked: Sequence[Asked], is_over: Callable[[int], bool], *, seed: int = 0) -> None:
        self._port = port
        self._asked = asked
        self._is_over = is_over
        self._sent = [one.as_bytes(port) for one in asked]
        weights = [one.weight for one in asked]
        self._order = random.Random(seed).choices(range(len(asked)), weights, k=4096)
        self._seen: list[dict[tuple[int, bytes], Seen]] = [{} for _ in asked]
        self._milliseconds: list[list[float]] = [[] for _ in asked]
        self._interruptions: list[Interruption] = []
        self._answers = 0
        self._place = 0
        self.is_stopped = False

    async def run(self, connections: int = CONNECTIONS) -> Load:
        """Everything that was seen until the end."""
        began = time.monotonic()
        await asyncio.gather(*(self._keep_connected() for _ in range(connections)))
        load = Load(time.monotonic() - began, interruptions=self._interruptions)
        for one, seen, milliseconds in zip(self._asked, self._seen, self._milliseconds, strict=True):
            load.seen += seen.values()
            load.milliseconds.setdefault(one.route, []).extend(milliseconds)
        return load

    async def _keep_connected(self) -> None:
        loop = asyncio.get_running_loop()
        waiting: int | None = None
        while not self.is_stopped:
            done: asyncio.Future[int | None] = loop.create_future()
            try:
                await loop.create_connection(lambda: _Connection(self, waiting, done), "127.0.0.1", self._port)  # noqa: B023
                waiting = await asyncio.wait_for(done, LONGEST_SILENCE_SECONDS * 60)
            except OSError as error:
                self.interrupted(type(error).__name__)
            if not self.is_stopped:
                await asyncio.sleep(RECONNECT_SECONDS)

    def next_request(self) -> int:
        """The place of the next request to send."""
        self._place = (self._place + 1) % len(self._order)
        return self._order[self._place]

    def as_bytes(self, index: int) -> bytes:
        """The request at a place."""
        return self._sent[index]

    def interrupted(self, what: str) -> None:
        """Note a connection that was refused or cut."""
        self._interruptions.append(Interruption(time.monotonic(), what))

    def answered(self, index: int, status: int, body: bytes, sent: float) -> None:
        """Note an answer."""
        now = time.monotonic()
        seen = self._seen[index].get((status, body))
        if seen is None:
            self._seen[index][status, body] = Seen(self._asked[index], status, body, 1, now, now, sent, sent)
        else:
            seen.count += 1
            seen.last_received = now
            seen.last_sent = max(seen.last_sent, sent)
            seen.first_sent = min(seen.first_sent, sent)
        self._milliseconds[index].append(1000 * (now - sent))
        self._answers += 1
        if self._answers % LOOKS_EVERY == 0:
            self.is_stopped = self.is_stopped or self._is_over(self._answers)


class _Connection(asyncio.Protocol):
    """One connection; ``done`` gets the place of the request that was left without an answer, or None."""

    def __init__(self, client: Client, waiting: int | None, done: asyncio.Future[int | None]) -> None:
        self._client = client
        self._waiting = waiting
        self._done = done
        self._buffer = b""
        self._sent = 0.0
        self._silence: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport
        self._watch()
        self._send(self._client.next_request() if self._waiting is None else self._waiting)

    def _send(self, index: int) -> None:
        self._waiting = index
        self._sent = time.monotonic()
        self._transport.write(self._client.as_bytes(index))

    def _watch(self) -> None:
        """Cut a connection whose answer does not come."""
        if self._waiting is not None and self._sent and time.monotonic() - self._sent > LONGEST_SILENCE_SECONDS:
            self._transport.abort()
        self._silence = asyncio.get_running_loop().call_later(5.0, self._watch)

    def data_received(self, data: bytes) -> None:
        self._buffer = self._buffer + data if self._buffer else data
        end = self._buffer.find(_END_OF_HEAD)
        if end < 0 or self._waiting is None:
            return
        length = _LENGTH.search(self._buffer, 0, end)
        if length is None:
            self._transport.abort()
            return
        whole = end + len(_END_OF_HEAD) + int(length[1])
        if len(self._buffer) < whole:
            return
        body = self._buffer[end + len(_END_OF_HEAD) : whole]
        status = int(self._buffer[9:12])
        index, self._waiting, self._buffer = self._waiting, None, self._buffer[whole:]
        self._client.answered(index, status, body, self._sent)
        if self._client.is_stopped:
            self._transport.close()
        else:
            self._send(self._client.next_request())

    def connection_lost(self, error: Exception | None) -> None:
        if self._silence is not None:
            self._silence.cancel()
        if self._waiting is not None and not self._client.is_stopped:
            self._client.interrupted("cut" if error is None else type(error).__name__)
        if not self._done.done():
            self._done.set_result(self._waiting)


@dataclass
class RunningLoad:
    """A client in a process of its own. It goes on until it has had its answers *and* ``finish`` was called."""

    process: Any
    answers: Any
    pipe: Any
    may_end: Any

    def count(self) -> int:
        """Answers so far."""
        return int(self.answers.value)

    def finish(self, timeout: float) -> Load:
        """Let it end once it has had its answers, and return what it did."""
        self.may_end.set()
        if not self.pipe.poll(timeout):
            self.process.kill()
            raise TimeoutError(f"The client had {self.count()} answers after {timeout:.0f} seconds more.")
        load: Load = self.pipe.recv()
        self.process.join()
        return load


def start_load(port: int, asked: Sequence[Asked], requests: int, *, connections: int = CONNECTIONS) -> RunningLoad:
    """Start a client in a process of its own that has at least so many requests answered."""
    context = multiprocessing.get_context("spawn")
    answers, may_end = context.Value("q", 0), context.Event()
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(
        target=_run_client, args=(port, tuple(asked), requests, connections, answers, may_end, theirs), daemon=True
    )
    process.start()
    return RunningLoad(process, answers, ours, may_end)


def _run_client(
    port: int, asked: Sequence[Asked], requests: int, connections: int, answers: Any, may_end: Any, pipe: Any
) -> None:
    def is_over(count: int) -> bool:
        answers.value = count
        return count >= requests and bool(may_end.is_set())

    pipe.send(asyncio.run(Client(port, asked, is_over).run(connections)))
    pipe.close()


def measure(port: int, asked: Asked, requests: int, connections: int) -> Load:
    """One request again and again."""
    return asyncio.run(Client(port, [asked], lambda count: count >= requests).run(connections))
