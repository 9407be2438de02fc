"""Idle, slow and too many clients: none keeps others from being answered, and none fills the log."""

from __future__ import annotations

import logging
import resource
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

import pytest
import uvicorn

from service.web.connections import BoundedConnection, FewLines, raise_file_limit
from service.web.serving import bind_loopback

PATIENCE_SECONDS = 60.0
REQUEST = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
LARGE = b"x" * 50_000_000


async def _application(scope: Any, receive: Any, send: Any) -> None:
    """Answers in two bytes, or on /large in more than a socket holds."""
    body = LARGE if scope["path"] == "/large" else b"ok"
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})


@contextmanager
def _serving(**limits: Any) -> Iterator[tuple[str, int]]:
    listener = bind_loopback("127.0.0.1", 0)
    config = uvicorn.Config(
        _application, http=partial(BoundedConnection, **limits), lifespan="off", log_level="warning", access_log=False
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield listener.getsockname()
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


def _connected(address: tuple[str, int]) -> socket.socket:
    return socket.create_connection(address, timeout=PATIENCE_SECONDS)


def _answered(client: socket.socket) -> bytes:
    client.sendall(REQUEST)
    answer = b""
    while not answer.endswith(b"\r\n\r\nok"):
        received = client.recv(4096)
        assert received, "the connection was ended instead of answered"
        answer += received
    return answer


def _was_ended(client: socket.socket) -> bool:
    """Waits until the other side closes."""
    try:
        while client.recv(1 << 20):
            pass
    except ConnectionResetError:
        pass
    return True


@pytest.mark.parametrize("sent", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n"])
def test_a_head_that_does_not_come_ends_the_connection(sent):
    with _serving(head_seconds=0.2) as address, _connected(address) as client:
        client.sendall(sent)
        assert _was_ended(client)


def test_a_second_head_that_does_not_come_ends_the_connection_too():
    with _serving(head_seconds=0.5) as address, _connected(address) as client:
        assert b"200" in _answered(client)
        client.sendall(b"GET / HTTP/1.1\r\n")
        assert _was_ended(client)


def _taken_after(client: socket.socket, seconds: float) -> int:
    """How many bytes of a large answer come to a client that takes none of them for some seconds."""
    client.sendall(REQUEST.replace(b"GET /", b"GET /large"))
    taken = len(client.recv(1024))
    time.sleep(seconds)
    try:
        while more := client.recv(1 << 20):
            taken += len(more)
    except ConnectionResetError:
        pass
    return taken


def test_an_answer_that_is_not_taken_ends_the_connection():
    with _serving(head_seconds=0.2, answer_seconds=0.5) as address, _connected(address) as client:
        assert _taken_after(client, 3.0) < len(LARGE)


def test_a_client_that_takes_an_answer_slowly_gets_all_of_it():
    with _serving(head_seconds=0.2) as address, _connected(address) as client:
        assert _taken_after(client, 1.0) > len(LARGE)


def test_where_there_are_too_many_the_one_that_waits_longest_is_ended_and_a_new_one_is_answered():
    with _serving(most=5) as address, ExitStack() as stack:
        idle = [stack.enter_context(_connected(address)) for _ in range(5)]
        assert all(b"200" in _answered(one) for one in idle)
        assert b"200" in _answered(stack.enter_context(_connected(address)))
        assert _was_ended(idle[0])
        assert b"200" in _answered(idle[4])


def test_more_idle_sockets_than_files_do_not_switch_the_service_off():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    # The clients of this test are files of the same process.
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
    try:
        with _serving(most=50) as address, ExitStack() as stack:
            for _ in range(1200):
                stack.enter_context(_connected(address))
            for _ in range(3):
                assert b"200" in _answered(stack.enter_context(_connected(address)))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_the_soft_limit_of_files_is_raised_as_far_as_the_hard_one_allows():
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (512, before[1]))
        assert raise_file_limit(700) == 700
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == 764
        assert raise_file_limit(100) == 100
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == 764
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_a_line_that_comes_again_and_again_is_written_so_often_a_minute_and_the_rest_counted(monkeypatch):
    now = 0.0
    monkeypatch.setattr("service.web.connections.time.monotonic", lambda: now)
    few = FewLines(lines_a_minute=3)

    def record() -> logging.LogRecord:
        return logging.LogRecord("asyncio", logging.ERROR, "", 0, "socket.accept() %s", ("failed",), None)

    assert [few.filter(record()) for _ in range(10)] == [True] * 3 + [False] * 7
    now = 61.0
    next_minute = record()
    assert few.filter(next_minute)
    assert next_minute.getMessage() == "socket.accept() failed (7 lines before it were left out.)"
