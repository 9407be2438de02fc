"""The steps of a writer on the disk, counted, so that it can be killed or let down before any one of them.

A step is a call that makes, opens to write, flushes, renames, exchanges, locks or removes, and the moment after a file
was opened, and perhaps emptied, before something is written into it.
"""

from __future__ import annotations

import builtins
import fcntl
import io
import json
import os
import signal
import sys
import traceback
from collections.abc import Callable
from typing import Any

from contracts import WardcastError
from contracts.files import unfinished

CHANGES = frozenset({"os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link", "os.chmod", "os.truncate"})
"""Audit events of Python; libraries that write by themselves are seen where Python flushes and renames their files."""
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT
FINISHED, TOLD, FAILED = 0, 7, 8
"""Exit codes of a writer's process: it ended well, with an error in a line, or with any other."""


class Steps:
    """Counts the steps of this process, and acts before the one that it is told."""

    def __init__(self, act_at: int, act: Callable[[], None]) -> None:
        self.taken = 0
        self._act_at = act_at
        self._act = act

    def step(self) -> None:
        self.taken += 1
        if self.taken == self._act_at:
            self._act()

    def watch(self) -> None:
        """From now on, for good: this process must be one that ends after the writer."""
        sys.addaudithook(self._hear)
        for module, name in ((os, "fsync"), (fcntl, "flock"), (unfinished, "_renameat2")):
            setattr(module, name, self._before(getattr(module, name)))
        for module, name in ((os, "open"), (io, "open"), (builtins, "open")):
            setattr(module, name, self._after(getattr(module, name)))

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event in CHANGES or (event == "open" and isinstance(arguments[2], int) and arguments[2] & WRITES):
            self.step()

    def _before(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any, **named: Any) -> Any:
            if arguments[1:] != (fcntl.LOCK_UN,):  # letting go of a lock changes nothing that a later process could see
                self.step()
            return function(*arguments, **named)

        return counted

    def _after(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """A step too between the opening of a file, which may have emptied it, and what is written into it."""

        def counted(*arguments: Any, **named: Any) -> Any:
            taken = self.taken
            opened = function(*arguments, **named)
            if self.taken > taken:
                self.step()
            return opened

        return counted


def kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def let_down_by(number: int) -> Callable[[], None]:
    def fail() -> None:
        raise OSError(number, os.strerror(number))

    return fail


def run(writer: Callable[[], object], act_at: int, act: Callable[[], None]) -> tuple[int, int, str]:
    """In a process of its own: its exit code (below 0 for a signal), its number of steps, and what it told."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        code, told = FAILED, ""
        steps = Steps(act_at, act)
        try:
            steps.watch()
            writer()
            code, told = FINISHED, ""
        except WardcastError as error:
            code, told = TOLD, str(error)
        finally:
            told = traceback.format_exc() if code == FAILED else told
            os.write(writing, json.dumps([steps.taken, told]).encode())
            os._exit(code)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read()
    _, status = os.waitpid(child, 0)
    taken, told = json.loads(said) if said else (act_at, "")
    return os.waitstatus_to_exitcode(status), taken, told
