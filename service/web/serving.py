"""Runs the web application on a loopback address. Until there is a sign-in, it listens on nothing else."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable
from contextlib import suppress
from functools import partial

import uvicorn

from contracts import WITHOUT_TIME_ZONE, BadInput, RefusedAction, Workspace, today_in
from service.ledger import open_ledger
from service.web.app import create_app
from service.web.connections import BoundedConnection, limit_logs, raise_file_limit
from service.web.hosts import LOOPBACK_NAMES
from service.web.watcher import SnapshotWatcher

_IN_USE = "Choose another port with --port, or stop the program that listens there."


def bind_loopback(host: str, port: int) -> socket.socket:
    """A socket bound to a loopback address; port 0 takes a free one.

    Raises ``RefusedAction`` for an address that others could reach and for a port in use.
    """
    address = _loopback(host)
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
    # With the protocol named, asyncio lets small writes go at once; otherwise each answer waits some 40 ms for the
    # client to acknowledge its head before its body is sent.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((str(address), port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise RefusedAction(f"Cannot listen on {host}, port {port}: {error.strerror}.", remedy=_IN_USE) from error
    return listener


def address_of(listener: socket.socket) -> str:
    """The web address of a bound socket."""
    host, port = listener.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/"


def names_of(listener: socket.socket) -> frozenset[str]:
    """The names under which a bound socket is reached, without its port."""
    host = str(listener.getsockname()[0])
    return LOOPBACK_NAMES | {f"[{host}]" if ":" in host else host}


def serve(workspace: Workspace, listener: socket.socket, *, tell: Callable[[str], None]) -> None:
    """Serve until an interrupt (Ctrl-C) or a termination signal."""
    ledger = open_ledger(workspace)
    watcher = SnapshotWatcher(workspace, ledger)
    watcher.poll()
    snapshot = watcher.standing.snapshot
    for reason in watcher.standing.refused:
        tell(f"Refused: {reason}")
    what = f"the forecast {snapshot.forecast_id}" if snapshot else "no forecast yet; issue one with: wardcast issue"
    tell(f"Serving {what}. Open {address_of(listener)} and stop with Ctrl-C.")
    bounded = partial(BoundedConnection, most=raise_file_limit())
    time_zone = workspace.settings.time_zone
    if not time_zone:
        tell(WITHOUT_TIME_ZONE)
    app = create_app(watcher, today=lambda: today_in(time_zone), hosts=names_of(listener))
    config = uvicorn.Config(app, http=bounded, log_level="warning", access_log=False)  # type: ignore[arg-type]  # a class
    limit_logs()
    server = uvicorn.Server(config)
    try:
        # Whether uvicorn passes an interrupt on depends on when it comes.
        with suppress(KeyboardInterrupt):
            server.run(sockets=[listener])
        tell("Stopped.")
    finally:
        listener.close()
        ledger.close()


def _loopback(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    try:
        address = ipaddress.ip_address("127.0.0.1" if host == "localhost" else host)
    except ValueError as error:
        raise BadInput(f"'{host}' is not an address.", remedy="Use 127.0.0.1, ::1 or localhost.") from error
    if not address.is_loopback:
        raise RefusedAction(
            f"The service has no sign-in yet and refuses to listen on {host}, where others could reach it.",
            remedy="Use --host 127.0.0.1.",
        )
    return address
