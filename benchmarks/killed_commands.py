"""Whole commands killed, and let down by the disk, before every step that changes something on it.

``python -m benchmarks.killed_commands`` makes a workspace of 25 areas and gives each command a copy of it for every
step; then the same command must go through, or say that it is done, and the workspace must be sound. Name commands to
try only those: ``python -m benchmarks.killed_commands "ingest counts"``.
``tests/property/test_killed_writers.py`` is the short form, of the writers alone.
"""

from __future__ import annotations

import contextlib
import errno
import io
import json
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from benchmarks.disk_steps import FAILED, kill, let_down_by, run
from contracts import WardcastError
from service.cli import wardcast

SETTINGS = """
city = "Tiny"
geography = "squares"
[forecast]
replay = true
[offences.counts]
assault = ["Assault"]
[targets.violence]
title = "Violence"
offences = { counts = ["assault"] }
"""
SIDE, MONTHS = 5, 24
Result = TypeVar("Result")
FAULTS = {"killed": (None,), "an error of the disk": (errno.ENOSPC, errno.EIO, errno.EMFILE, errno.EROFS, errno.EACCES)}
"""The errors come in turn, a step each."""


@dataclass(frozen=True)
class Command:
    """``words`` after ``wardcast``, ``check`` what must hold after the run that follows a fault."""

    words: tuple[str, ...]
    check: tuple[str, ...]


COMMANDS = {
    "init": Command(("init", "--example", "london", "--workspace", "new"), ("publications", "--workspace", "new")),
    "geography add": Command(
        ("geography", "add", "again", "--boundaries", "areas.geojson", "--code", "code", "--name", "name"),
        ("geography", "list"),
    ),
    "ingest counts": Command(
        (
            *("ingest", "counts", "counts.csv", "--area", "area", "--period", "month", "--category", "offence"),
            *("--count", "crimes", "--taxonomy", "counts", "--published-on", "2026-01-10"),
        ),
        ("publications",),
    ),
    "ledger rotate-key": Command(("ledger", "rotate-key", "--by", "Ada", "--reason", "yearly"), ("ledger", "verify")),
    "ledger head": Command(("ledger", "head", "--out", "head.json"), ("ledger", "verify", "--head", "head.json")),
}


def call(words: tuple[str, ...], folder: Path) -> None:
    """One command in a folder, in this process."""
    os.chdir(folder)
    os.environ["WARDCAST_WORKSPACE"] = "city"
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        wardcast.main(list(words), prog_name="wardcast", standalone_mode=False)


def make_start(folder: Path) -> None:
    """The files and the workspace that every command begins with."""
    codes = [f"A{number:02d}" for number in range(SIDE * SIDE)]
    features = [
        {"type": "Feature", "properties": {"code": code, "name": code}, "geometry": _square(number)}
        for number, code in enumerate(codes)
    ]
    (folder / "areas.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    months = [f"{2024 + month // 12}-{month % 12 + 1:02d}" for month in range(MONTHS)]
    rows = [f"{code},{month},Assault,{5 + at % 3}" for at, code in enumerate(codes) for month in months]
    (folder / "counts.csv").write_text("\n".join(["area,month,offence,crimes", *rows]) + "\n")
    call(("init", "--example", "london", "--workspace", "city"), folder)
    (folder / "city" / "wardcast.toml").write_text(SETTINGS)
    boundaries = ("--boundaries", "areas.geojson", "--code", "code", "--name", "name")
    call(("geography", "add", "squares", *boundaries), folder)
    call(("ledger", "rotate-key", "--by", "Ada", "--reason", "first"), folder)


def _square(number: int) -> dict[str, object]:
    west, south = 0.01 * (number % SIDE), 51.5 + 0.01 * (number // SIDE)
    ring = [(west, south), (west + 0.01, south), (west + 0.01, south + 0.01), (west, south + 0.01), (west, south)]
    return {"type": "Polygon", "coordinates": [ring]}


def faults_of(command: Command, start: Path, faults: Sequence[int | None]) -> Iterator[str]:
    """What was wrong after a fault, a line each; every step is tried."""
    last = _in_a_copy(start, lambda folder: run(partial(call, command.words, folder), -1, kill)[1])
    print(f"{last} steps", end=", ", flush=True)
    for number in range(1, last + 1):
        problem = _in_a_copy(start, partial(_problem, command, number, faults[number % len(faults)]))
        if problem is not None:
            yield f"step {number} of {last}: {problem}"


def _problem(command: Command, number: int, fault: int | None, folder: Path) -> str | None:
    act = kill if fault is None else let_down_by(fault)
    code, _, told = run(partial(call, command.words, folder), number, act)
    if code == FAILED or "\n" in told or (fault is None and code != -signal.SIGKILL):
        return f"exit {code}, {told}"
    try:
        call(command.words, folder)
    except WardcastError as error:
        if "already" not in str(error):
            return f"then {error}"
    call(command.check, folder)
    left = [path.name for path in folder.rglob(".unfinished-*")]
    return f"left {left}" if left else None


def _in_a_copy(start: Path, of: Callable[[Path], Result]) -> Result:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "copy"
        shutil.copytree(start, folder)
        return of(folder)


def main() -> None:
    """Print each command, its steps and what was wrong; ends with 1 where something was."""
    found = 0
    with tempfile.TemporaryDirectory() as scratch:
        start = Path(scratch)
        make_start(start)
        for name in sys.argv[1:] or COMMANDS:
            for fault, numbers in FAULTS.items():
                print(f"{name}, {fault}: ", end="")
                problems = list(faults_of(COMMANDS[name], start, numbers))
                found += len(problems)
                print(f"{len(problems)} problems", *problems, sep="\n  ", flush=True)
                os.chdir(start)
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
