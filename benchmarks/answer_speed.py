"""Processor time of answers beside a bare FastAPI route that returns a constant of the same size, in one process.

``python -m benchmarks.answer_speed WORKSPACE`` asks the application of a workspace with an issued forecast without a
network: one area (the same again and again, and each area in turn), the whole city, and what a client has already.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from datetime import date
from pathlib import Path

from fastapi import FastAPI, Response
from starlette.types import ASGIApp, Message

from contracts import Workspace
from service.ledger.ledger import open_ledger
from service.web.app import create_app
from service.web.watcher import SnapshotWatcher

TIMES = 4000
ROUNDS = 5
Headers = Sequence[tuple[bytes, bytes]]


async def ask(app: ASGIApp, path: str, headers: Headers) -> list[Message]:
    """What an application sends for a question."""
    name, _, query = path.partition("?")
    scope = {
        "type": "http", "method": "GET", "path": name, "raw_path": name.encode(), "query_string": query.encode(),
        "headers": [(b"host", b"127.0.0.1:8000"), *headers], "root_path": "", "scheme": "http", "http_version": "1.1",
        "server": ("127.0.0.1", 8000), "client": ("127.0.0.1", 1),
    }  # fmt: skip
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return sent


async def milliseconds(app: ASGIApp, paths: Iterator[str], headers: Headers = ()) -> float:
    """Processor time of an answer, the least of some rounds."""
    await ask(app, next(paths), headers)
    least = float("inf")
    for _ in range(ROUNDS):
        begin = time.process_time()
        for path in itertools.islice(paths, TIMES):
            await ask(app, path, headers)
        least = min(least, 1000.0 * (time.process_time() - begin) / TIMES)
    return least


def bare(size: int) -> FastAPI:
    """A route that returns a constant."""
    app, constant = FastAPI(), b"x" * size

    @app.get("/v1/areas/{code}/forecast")
    async def route(code: str) -> Response:
        return Response(constant, media_type="application/json", headers={"X-Code": code})

    return app


async def rows(app: ASGIApp, codes: Iterable[str]) -> list[tuple[str, float, float]]:
    """Name, milliseconds, and throughput beside the bare route, of each kind of question."""
    every = [f"/v1/areas/{code}/forecast" for code in codes]
    body = (await ask(app, every[0], ()))[1]["body"]
    tag = dict((await ask(app, "/v1/forecasts", ()))[0]["headers"])[b"etag"]
    constant = await milliseconds(bare(len(body)), itertools.cycle(every))
    asked: dict[str, tuple[Iterator[str], Headers]] = {
        "one area, again and again": (itertools.repeat(every[0]), ()),
        "each area in turn": (itertools.cycle(every), ()),
        "the whole city": (itertools.repeat("/v1/forecasts"), ()),
        "what the client has already": (itertools.repeat("/v1/forecasts"), ((b"if-none-match", tag),)),
    }
    found = [(f"bare route, {len(body):,} bytes", constant, 1.0)]
    for name, (paths, headers) in asked.items():
        took = await milliseconds(app, paths, headers)
        found.append((name, took, constant / took))
    return found


def main() -> None:
    """Print a row for each kind of question."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("workspace", type=Path)
    workspace = Workspace(parser.parse_args().workspace)
    with closing(open_ledger(workspace)) as ledger:
        watcher = SnapshotWatcher(workspace, ledger)
        watcher.poll()
        served = watcher.standing.snapshot
        if served is None:
            sys.exit("Nothing is issued there: wardcast issue")
        today = date.fromisoformat(served.about["as_of"])
        app = create_app(watcher, today=lambda: today)
        for name, took, ratio in asyncio.run(rows(app, served.names)):
            sys.stdout.write(f"{name:<32}{took:>9.4f} ms{ratio:>8.2f} ×\n")


if __name__ == "__main__":
    main()
