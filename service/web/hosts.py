"""Only requests that name this service: a page of another site cannot reach it by letting its own name point here.

A browser sends the name that it looked up. In an attack by DNS rebinding that is the attacker's name, whatever address
it led to, so every other name than our own is refused, on every port (a tunnel may listen on another one).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

import orjson
from starlette.types import ASGIApp, Receive, Scope, Send

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})


class OnlyNamed:
    """Answers requests whose host is one of ``names``, and no other, with 421 (RFC 9110, 15.5.20)."""

    def __init__(self, app: ASGIApp, names: Collection[str]) -> None:
        self._app = app
        self._names = frozenset(name.casefold() for name in names)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on if it names this service."""
        if scope["type"] != "http" or host_of(scope["headers"]) in self._names:
            await self._app(scope, receive, send)
            return
        body = orjson.dumps(
            {
                "type": "urn:wardcast:problem:misdirected-request",
                "title": "Misdirected Request",
                "status": 421,
                "detail": "The request does not name this service as its host.",
                "remedy": f"Ask for one of {', '.join(sorted(self._names))}.",
            }
        )
        headers = [(b"content-type", b"application/problem+json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 421, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


def host_of(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    """The host that a request names, in small letters and without its port; None where it names none, or several.

    >>> host_of([(b"host", b"LocalHost:8000")]), host_of([(b"host", b"[::1]:8000")]), host_of([])
    ('localhost', '[::1]', None)
    """
    named = [value for name, value in headers if name == b"host"]
    if len(named) != 1:
        return None
    host = named[0].decode("latin-1").strip().casefold()
    end = host.find("]") + 1 if host.startswith("[") else len(host.partition(":")[0])
    name, port = host[:end], host[end:]
    return name if not port or (port[0] == ":" and (port[1:].isdecimal() or not port[1:])) else None
