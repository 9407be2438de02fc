"""The web application: read-only routes over a frozen snapshot, problem documents, and strict headers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from datetime import date
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.web.hosts import LOOPBACK_NAMES, OnlyNamed
from service.web.kept import KeptAnswers
from service.web.routes import bench, board, forecasts, health, hours, ogc, pages, reports
from service.web.routes.description import describe, examples_of
from service.web.routes.methods import ReadingMethods
from service.web.routes.problems import answer_with_problems
from service.web.routes.questions import questions_of
from service.web.routes.strict import StrictQuestions
from service.web.watcher import SnapshotWatcher

SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class SecurityHeaders:
    """Adds the headers to every answer; one that a route gives itself stays."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and its answer back with the headers."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update({name: value for name, value in SECURITY_HEADERS.items() if name not in headers})
            await send(message)

        await self._app(scope, receive, send_with_headers if scope["type"] == "http" else send)


class _Application(FastAPI):
    def build_middleware_stack(self) -> ASGIApp:
        """The headers go around the whole stack: added as a middleware, they would miss the answer to a fault.

        It is built when the application starts, so that every route there is by then is held to what it takes.
        """
        questions = questions_of(self)
        self.state.paths = [one.path for one in questions]
        strict = StrictQuestions(super().build_middleware_stack(), questions)
        kept = KeptAnswers(strict, self.state.watcher, self.state.today)
        return SecurityHeaders(OnlyNamed(ReadingMethods(kept), self.state.hosts))

    def openapi(self) -> dict[str, Any]:
        """The description, which is made once."""
        if self.openapi_schema is None:
            watcher: SnapshotWatcher = self.state.watcher
            examples = examples_of(watcher.standing.snapshot)
            self.openapi_schema = describe(super().openapi(), watcher.workspace.settings.frequency, examples)
        return self.openapi_schema


def create_app(
    watcher: SnapshotWatcher,
    *,
    today: Callable[[], date],
    hosts: Collection[str] = LOOPBACK_NAMES,
) -> FastAPI:
    """The application over one watcher, which it starts and stops; ``today`` decides what is stale.

    ``hosts`` are the names under which it answers, without a port.
    """

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        watcher.start()
        yield
        watcher.stop()

    app = _Application(
        title="Wardcast",
        version=version("wardcast"),
        summary="Issued forecasts of crime demand and serious violence by area. Read only.",
        lifespan=lifespan,
        generate_unique_id_function=lambda route: route.name,
        docs_url=None,
        redoc_url=None,
        # A redirect would repeat the host that the client named.
        redirect_slashes=False,
    )
    app.state.watcher = watcher
    app.state.hosts = hosts
    app.state.today = today
    answer_with_problems(app)
    app.include_router(forecasts.router)
    app.include_router(health.router)
    app.include_router(ogc.router)
    app.include_router(pages.router)
    app.include_router(board.router)
    app.include_router(board.records)
    app.include_router(bench.router)
    app.include_router(bench.records)
    app.include_router(hours.router)
    app.include_router(hours.records)
    app.include_router(reports.router)
    app.include_router(reports.records)
    return app
