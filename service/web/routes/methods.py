"""``HEAD`` and ``OPTIONS`` of every path, answered from what ``GET`` would answer."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

METHODS = "GET, HEAD, OPTIONS"


class ReadingMethods:
    """``HEAD`` has the status and headers of ``GET``; ``OPTIONS`` says what is allowed where ``GET`` would answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on as ``GET``, and its answer back without the body."""
        if scope["type"] != "http" or scope["method"] not in ("HEAD", "OPTIONS"):
            await self._app(scope, receive, send)
            return
        as_options = scope["method"] == "OPTIONS"
        allowed = False

        async def send_head(message: Message) -> None:
            nonlocal allowed
            if message["type"] == "http.response.start":
                allowed = as_options and message["status"] < 400
                await send(_allowing() if allowed else message)
            elif as_options and not allowed:
                await send(message)
            elif not message.get("more_body", False):
                await send({"type": "http.response.body", "body": b""})

        await self._app({**scope, "method": "GET"}, receive, send_head)


def _allowing() -> Message:
    start: Message = {"type": "http.response.start", "status": 204, "headers": []}
    MutableHeaders(scope=start)["Allow"] = METHODS
    return start
