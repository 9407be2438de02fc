"""Whole commands let down by the disk, or killed, at every call that changes something, those of libraries included.

``python -m benchmarks.disk_faults`` simulates a small city, trains one model, and gives each command the workspace as
it was before it, for every call and every fault of ``preloaded.FAULTS``. Afterwards the ledger must be sound, the same
command must go through or say that it is done, one line must have been told, and no temporary file may be left, but for
one whose own removal failed. ``--every N`` tries each N-th call only, ``--first N`` begins with the N-th; name
commands, and faults with ``--fault``, to try only those.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pandas as pd

from benchmarks.killed_commands import call
from benchmarks.preloaded import FAULTS, FINISHED, TOLD, VARIABLE, Ended, Fault, environment, is_killed, run
from contracts import SETTINGS_FILE
from features.simulation import small_city
from service.problems import of_the_system
from service.workspaces.setup import make_simulated_workspace

SEED, TARGET = 7, "robbery"
WHO = ("--by", "Ben", "--reason", "Because.")
MONTHS = [f"2025-{month:02d}" for month in range(1, 13)]
CALM = Fault(0)
IMPORTED_ONCE = (
    "mlflow",
    "models.saved.registry",
    "service.board.decisions",
    "service.issuing.contents",
    "training.oversight.report",
)
"""What every child needs; it takes seconds, and is the same for all."""
APPROVE = ("approve", "--target", TARGET, *WHO, "--inconclusive", "A small city.")


@dataclass(frozen=True)
class Command:
    """``words`` after ``wardcast``, the commands before it, and what it says where it was done already."""

    words: tuple[str, ...]
    before: tuple[tuple[str, ...], ...] = ()
    already: str = "is there already"


COMMANDS = {
    "propose": Command(("propose", "--target", TARGET, *WHO), already="is proposed already (ledger entry"),
    "approve": Command(APPROVE, already="is the champion already (ledger entry"),
    "reject": Command(("reject", "--target", TARGET, *WHO), already="is rejected already (ledger entry"),
    "withdraw": Command(
        ("withdraw", "--target", TARGET, *WHO), (APPROVE,), already="is withdrawn already (ledger entry"
    ),
    "issue": Command(("issue",), (APPROVE,)),
    "audit": Command(("audit", "--latest", "--out", "report"), (APPROVE,)),
    "geography add": Command(
        ("geography", "add", "again", "--boundaries", "areas.geojson", "--code", "code", "--name", "name")
    ),
    "ingest": Command(
        (
            *("ingest", "counts", "counts.csv", "--area", "area", "--period", "month", "--category", "offence"),
            *("--count", "crimes", "--taxonomy", "counts", "--published-on", "2026-01-10"),
        ),
        already="is already in the store",
    ),
    "ledger rotate-key": Command(("ledger", "rotate-key", *WHO)),
}


def attempt(words: tuple[str, ...], folder: Path) -> None:
    """One command as ``wardcast`` runs it, in this process."""
    os.environ["TMPDIR"] = str(folder / "tmp")
    tempfile.tempdir = None
    try:
        call(words, folder)
    except OSError as error:
        raise of_the_system(error) from error


def prepare(folder: Path) -> None:
    """A workspace with one trained model, and files of areas and of counts to be taken in."""
    make_simulated_workspace(
        folder / "city", SEED, lambda _: None, replace(small_city(), first_month="2020-01", months=60)
    )
    (folder / "tmp").mkdir()
    boundaries = next((folder / "city" / "geographies").glob("*/boundaries.geojson"))
    shutil.copy(boundaries, folder / "areas.geojson")
    with (folder / "city" / SETTINGS_FILE).open("a", encoding="utf-8") as settings:
        settings.write('\n[offences.counts]\nrobbery = ["Robbery"]\n')
    areas = pd.read_parquet(boundaries.with_name("areas.parquet"))["area"]
    rows = [f"{code},{month},Robbery,{5 + at % 3}" for at, code in enumerate(areas) for month in MONTHS]
    (folder / "counts.csv").write_text("\n".join(["area,month,offence,crimes", *rows]) + "\n", encoding="utf-8")
    attempt(("train", "--target", TARGET, "--by", "Tess"), folder)


class Bench:
    """One folder in which each command begins with the same files."""

    def __init__(self, folder: Path) -> None:
        self.place, self._saved = folder / "place", folder / "saved"
        self.place.mkdir()
        self._digest = ""

    def do(self, action: Callable[[], object]) -> Ended:
        return run(action, self.place, CALM, 0)

    def save(self) -> None:
        shutil.rmtree(self._saved, ignore_errors=True)
        shutil.copytree(self.place, self._saved)
        self._digest = _digest_of(self.place)

    @property
    def is_as_saved(self) -> bool:
        """Whether every file is byte for byte as it was saved, and there is no other."""
        return _digest_of(self.place) == self._digest

    def put_back(self) -> None:
        if not self.is_as_saved:
            shutil.rmtree(self.place)
            shutil.copytree(self._saved, self.place)


def _digest_of(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        about = f"{path.relative_to(folder)} {path.lstat().st_mode:o}\n"
        digest.update(about.encode() + (path.read_bytes() if path.is_file() else b""))
    return digest.hexdigest()


def problems_of(name: str, bench: Bench, calls: slice, faults: Collection[str]) -> Iterator[str]:
    """What was wrong with a command, call by call."""
    command = COMMANDS[name]
    for words in command.before:
        done = bench.do(partial(attempt, words, bench.place))
        if done.code != FINISHED:
            yield f"{name}: {words} ended with {done.told}"
    bench.save()
    act = partial(attempt, command.words, bench.place)
    yield from (f"{name}, as it begins: {problem}" for problem in _stands_wrongly(command, bench, act))
    bench.put_back()
    for fault_name in faults:
        fault = FAULTS[fault_name]
        whole = run(act, bench.place, fault, 0)
        yield from (f"{name}: without a fault: {found}" for found in _ended_wrongly(bench, whole, fault))
        print(f"{name}, {fault_name}: {whole.calls} calls", flush=True)
        for at in range(1, whole.calls + 1)[calls]:
            bench.put_back()
            ended = run(act, bench.place, fault, at)
            found = [*_ended_wrongly(bench, ended, fault)]
            # The state that a command begins with was found to be one from which it goes on.
            found += [] if bench.is_as_saved else _stands_wrongly(command, bench, act)
            yield from (f"{name}, {fault_name} at call {at}: {problem}" for problem in found)
        bench.put_back()


def _ended_wrongly(bench: Bench, ended: Ended, fault: Fault) -> Iterator[str]:
    if is_killed(ended) and not fault.error:
        return
    if ended.code not in (FINISHED, TOLD):
        yield f"ended with {ended.code}: {ended.told[-1500:]}"
    elif "\n" in ended.told:
        yield f"more than a line: {ended.told}"
    left = sorted(path.name for path in (bench.place / "tmp").iterdir() if str(path) != ended.failed)
    if left and not fault.lasts:
        yield f"left behind: {left}"


def _stands_wrongly(command: Command, bench: Bench, act: Callable[[], object]) -> Iterator[str]:
    again = bench.do(act)
    if again.code != FINISHED and command.already not in again.told:
        yield f"the next attempt said: {again.told[-1500:]}"
    sound = bench.do(partial(attempt, ("ledger", "verify"), bench.place))
    if sound.code != FINISHED:
        yield f"the ledger is not sound: {sound.told}"


def main() -> None:
    """Start again with the preloaded library, then print what was wrong; ends with 1 where something was."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("commands", nargs="*", choices=[*COMMANDS, []])
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--fault", action="append", choices=FAULTS, dest="faults")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="wardcast-disk-faults-") as scratch:
        if VARIABLE not in os.environ:
            started = [sys.executable, "-m", "benchmarks.disk_faults", *sys.argv[1:]]
            sys.exit(subprocess.run(started, env=environment(Path(scratch)), check=False).returncode)
        for module in IMPORTED_ONCE:
            importlib.import_module(module)
        bench = Bench(Path(scratch))
        made = bench.do(partial(prepare, bench.place))
        if made.code != FINISHED:
            sys.exit(made.told)
        bench.save()
        start = Path(scratch) / "start"
        shutil.copytree(bench.place, start)
        found = 0
        for name in chosen.commands or COMMANDS:
            shutil.rmtree(bench.place)
            shutil.copytree(start, bench.place)
            for problem in problems_of(
                name, bench, slice(chosen.first - 1, None, chosen.every), chosen.faults or FAULTS
            ):
                found += 1
                print(f"  {problem}", flush=True)
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
