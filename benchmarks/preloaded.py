"""Every call of a process that changes something on the disk, counted below Python: SQLite's and Arrow's as well.

A process that was started with ``environment`` can ask for a child of its own to be killed before any of them, or to
have one of them (or all from one on) fail with an error of the system. It needs ``gcc``.
"""

from __future__ import annotations

import errno
import json
import mmap
import os
import shutil
import signal
import struct
import subprocess
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from contracts import WardcastError

SOURCE = Path(__file__).with_name("preloaded.c")
VARIABLE = "WARDCAST_FAULTS"
NUMBERS = struct.Struct("6q")
PATH_MAX = 4_096
SIZE = 16_384
OPENS, GROWS, OTHER = 1, 2, 4
FINISHED, TOLD, FAILED = 0, 7, 8
"""Exit codes of a child: it ended well, with an error in a line, or with any other."""


@dataclass(frozen=True)
class Fault:
    """What goes wrong: SIGKILL for 0, else an error. One that ``lasts`` fails every later call of its kinds too."""

    error: int
    kinds: int = OPENS | GROWS | OTHER
    lasts: bool = False


FAULTS: Mapping[str, Fault] = {
    "SIGKILL": Fault(0),
    "EIO": Fault(errno.EIO),
    "EMFILE": Fault(errno.EMFILE, kinds=OPENS),
    "ENOSPC": Fault(errno.ENOSPC, kinds=OPENS | GROWS, lasts=True),
    "ENOSPC, and room again": Fault(errno.ENOSPC, kinds=OPENS | GROWS),
    "EROFS": Fault(errno.EROFS, lasts=True),
}


@dataclass(frozen=True)
class Ended:
    """How a child ended: its exit code (below 0 for a signal), its calls, what it told, and what path was let down."""

    code: int
    calls: int
    told: str
    failed: str


def is_there() -> bool:
    """Whether the C compiler is there that this needs."""
    return shutil.which("gcc") is not None


def environment(folder: Path) -> dict[str, str]:
    """What a process must be started with; the library and its block of numbers are made in ``folder``."""
    library, block = folder / "preloaded.so", folder / "preloaded.block"
    subprocess.run(["gcc", "-shared", "-fPIC", "-O1", "-o", library, SOURCE, "-ldl"], check=True)
    block.write_bytes(bytes(SIZE))
    return {**os.environ, "LD_PRELOAD": str(library), VARIABLE: str(block)}


def run(action: Callable[[], object], under: Path, fault: Fault, act_at: int) -> Ended:
    """The action in a child, let down at its ``act_at``-th call under a folder; never for 0."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        _be_the_child(action, under, fault, act_at, writing)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read()
    _, status = os.waitpid(child, 0)
    calls, told, failed = json.loads(said) if said else (act_at, "", "")
    return Ended(os.waitstatus_to_exitcode(status), calls, told, failed)


def is_killed(ended: Ended) -> bool:
    """Whether SIGKILL ended it."""
    return ended.code == -signal.SIGKILL


def _be_the_child(action: Callable[[], object], under: Path, fault: Fault, act_at: int, writing: int) -> None:
    code, told = FAILED, ""
    with Path(os.environ[VARIABLE]).open("r+b") as file:
        block = mmap.mmap(file.fileno(), SIZE)
    try:
        paths = os.fsencode(under).ljust(2 * PATH_MAX, b"\0")
        block[NUMBERS.size : NUMBERS.size + len(paths)] = paths
        block[: NUMBERS.size] = NUMBERS.pack(0, act_at, fault.error, fault.lasts, 1, fault.kinds)
        action()
        code = FINISHED
    except WardcastError as error:
        code, told = TOLD, str(error)
    except OSError as error:
        code, told = FAILED, f"{error!r}"
    finally:
        calls = NUMBERS.unpack(block[: NUMBERS.size])[0]
        failed = block[NUMBERS.size + PATH_MAX : NUMBERS.size + 2 * PATH_MAX].split(b"\0")[0]
        block[: NUMBERS.size] = NUMBERS.pack(0, 0, 0, 0, 0, 0)
        told = traceback.format_exc() if code == FAILED else told
        os.write(writing, json.dumps([calls, told, os.fsdecode(failed)]).encode())
        os._exit(code)
