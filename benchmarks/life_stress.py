"""Many processes approve, withdraw, issue and serve in one workspace while its database is restarted.

``python -m benchmarks.life_stress --help``. Everything goes through the functions that the commands call, with trained
models and a real MLflow. At the end the ledger must hold every entry that a process was told of, once, and no fork.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

from benchmarks.fault_city import make_fault_city
from benchmarks.faulty_machines import Postgres
from benchmarks.ledger_stress import restart_postgres
from contracts import WardcastError, Workspace
from models import registry
from service.board.decisions import approve, withdraw
from service.board.life_cycle import State, life_cycle_of
from service.board.people import person_named
from service.issuing.contents import open_sources
from service.issuing.issuing import issue
from service.ledger.ledger import Entry, Ledger, open_ledger
from service.web.watcher import SnapshotWatcher

TARGETS = ("violence", "robbery")
VERSIONS = 10
"""Registered of each target before the processes start."""
WITHDRAWN_SHARE = 0.03
PAUSE_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 20.0
LONGEST_EXTENSION_SECONDS = 600.0
"""A busy machine is given so much longer for what has to be done at least."""
"""Who approves waits for the next issue, or so long: otherwise the champion changes under every forecast."""
ROLES = ("issue", "approve", "serve", "approve")
"""What the first, second, … process does; all serve besides."""


@dataclass
class Work:
    """What one process did. ``told`` holds number and kind of entries that it was told were made."""

    name: str
    told: list[tuple[int, str]] = field(default_factory=list)
    polls: int = 0
    served: set[str] = field(default_factory=set)
    errors: list[str] = field(default_factory=list)
    unclear: list[str] = field(default_factory=list)
    backwards: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Outcome:
    """What all did and what the ledger holds; the last six must be empty."""

    processes: int
    seconds: float
    restarts: int
    entries: int
    kinds: dict[str, int]
    polls: int
    forecasts_served: int
    untold: int
    clear_errors: dict[str, int]
    findings: list[str]
    lost: list[str]
    entered_twice: list[str]
    without_word: list[str]
    backwards: list[str]
    unclear_errors: list[str]

    def is_sound(self) -> bool:
        """No fork, no lost entry, none twice, no older forecast after a newer one, and every error a clear one."""
        wrong = (self.findings, self.lost, self.entered_twice, self.without_word, self.backwards, self.unclear_errors)
        return not any(wrong)


class Worker:
    """One process at work."""

    def __init__(self, root: Path, index: int) -> None:
        self.work = Work(f"process {index}")
        self._workspace = Workspace(root)
        self._ledger = open_ledger(self._workspace)
        self._watcher = SnapshotWatcher(self._workspace, self._ledger)
        self._person = person_named(self._workspace.settings, self.work.name)
        self._sources = open_sources(self._workspace)
        self._random = random.Random(index)
        self._role = ROLES[index % len(ROLES)]
        self._acted = 0.0

    def run(self, until: float, least: int) -> Work:
        """Act in turn until the time is over, and beyond it until ``least`` looks and approvals are done."""
        actions = {"issue": self._issue, "approve": self._approve}
        while time.monotonic() < until + (LONGEST_EXTENSION_SECONDS if self._has_less_than(least) else 0.0):
            try:
                self._serve()
                if self._role in actions:
                    actions[self._role]()
            except WardcastError as error:
                self.work.errors.append(str(error))
            except Exception as error:  # noqa: BLE001 (to find such an error is what this is for)
                self.work.unclear.append(repr(error))
            time.sleep(PAUSE_SECONDS)
        self._ledger.close()
        return self.work

    def _has_less_than(self, least: int) -> bool:
        approved = [what for _, what in self.work.told if what == "approval"]
        return self.work.polls < least or (self._role == "approve" and len(approved) < least)

    def _serve(self) -> None:
        before = self._watcher.standing.snapshot
        self._watcher.poll()
        self.work.polls += 1
        self.work.errors += self._watcher.standing.refused
        now = self._watcher.standing.snapshot
        if now is not None:
            self.work.served.add(now.forecast_id)
            if before is not None and now.entry < before.entry:
                self.work.backwards.append(f"{now.forecast_id} after {before.forecast_id}")

    def _issue(self) -> None:
        done = issue(
            *(self._workspace, self._ledger, self._sources),
            today=date.today(),
            by=self.work.name,
            tell=lambda _: None,
        )
        if done.is_new:
            self.work.told.append((done.entry, "issue"))

    def _approve(self) -> None:
        """Approve a version that is not in use, or take the champion out of use."""
        entries = self._ledger.entries()
        if entries[-1].kind != "issue" and time.monotonic() - self._acted < LONGEST_WAIT_SECONDS:
            return
        self._acted = time.monotonic()
        target = self._random.choice(TARGETS)
        arguments, reason = (self._workspace, self._ledger, registry), "As the stress asks."
        if self._random.random() < WITHDRAWN_SHARE:
            decision = withdraw(*arguments, by=self._person, reason=reason, target=target)
            self.work.told.append((decision.entry, "withdrawal"))
            return
        states = {life.key.version: life.state for life in life_cycle_of(entries).of_target(target)}
        open_to_it = (State.DRAFT, State.SUPERSEDED)
        versions = [one for one in range(1, VERSIONS + 1) if states.get(one, State.DRAFT) in open_to_it]
        version = self._random.choice(versions)
        approval = approve(*arguments, by=self._person, reason=reason, target=target, version=version)
        self.work.told += [(one.entry, "approval") for one in approval.champions]


def stress(
    root: Path, *, processes: int, seconds: float, restart: Callable[[int], None], restarts: int, least: int = 0
) -> Outcome:
    """Let the processes work for ``seconds`` in a workspace, and call ``restart`` at even distances meanwhile.

    Each goes on until it has done ``least`` looks, and approvals if that is its part.
    """
    context = multiprocessing.get_context("spawn")
    answers: Any = context.Queue()
    ready: Any = context.Barrier(processes + 1)
    workers = [
        context.Process(target=_work, args=(root, index, seconds, least, ready, answers)) for index in range(processes)
    ]
    for worker in workers:
        worker.start()
    ready.wait(timeout=LONGEST_EXTENSION_SECONDS)
    until = time.monotonic() + seconds
    for number in range(restarts):
        time.sleep(max(0.0, until - seconds * (restarts - number) / (restarts + 1) - time.monotonic()))
        restart(number)
    works: list[Work] = [answers.get(timeout=seconds + 2 * LONGEST_EXTENSION_SECONDS) for _ in workers]
    for worker in workers:
        worker.join()
    ledger = open_ledger(Workspace(root))
    try:
        return _outcome(ledger, works, seconds, restarts)
    finally:
        ledger.close()


def _work(root: Path, index: int, seconds: float, least: int, ready: Any, answers: Any) -> None:
    worker = Worker(root, index)
    ready.wait(timeout=LONGEST_EXTENSION_SECONDS)
    answers.put(worker.run(time.monotonic() + seconds, least))


def _outcome(ledger: Ledger, works: Sequence[Work], seconds: float, restarts: int) -> Outcome:
    entries = ledger.entries()
    by_number = {entry.number: entry for entry in entries}
    issues = [entry for entry in entries if entry.kind == "issue"]
    cycle = life_cycle_of(entries)
    untold = {work.name: _untold(work, entries) for work in works}
    return Outcome(
        processes=len(works),
        seconds=seconds,
        restarts=restarts,
        entries=len(entries),
        kinds=dict(Counter(entry.kind for entry in entries)),
        polls=sum(work.polls for work in works),
        forecasts_served=len(set().union(*(work.served for work in works))),
        untold=sum(len(numbers) for numbers in untold.values()),
        clear_errors=dict(Counter(error for work in works for error in work.errors)),
        findings=[f"entry {finding.number}: {finding.problem}" for finding in ledger.verify().findings],
        lost=[
            f"entry {number} of {work.name}"
            for work in works
            for number, kind in work.told
            if number not in by_number or (by_number[number].actor, by_number[number].kind) != (work.name, kind)
        ],
        entered_twice=[
            *(f"entry {one.entry.number}: {one.reason}" for one in cycle.without_effect),
            *(
                f"entry {after.number}: {after.content['forecast_id']} again"
                for before, after in pairwise(issues)
                if before.content["forecast_id"] == after.content["forecast_id"]
            ),
        ],
        without_word=[
            f"entries {numbers} of {work.name}"
            for work in works
            if len(numbers := untold[work.name]) > len(work.errors)
        ],
        backwards=[one for work in works for one in work.backwards],
        unclear_errors=[error for work in works for error in work.unclear],
    )


def _untold(work: Work, entries: Sequence[Entry]) -> list[int]:
    """Entries of a process that it was not told of; each must have come with an error."""
    told = {number for number, _ in work.told}
    return [entry.number for entry in entries if entry.actor == work.name and entry.number not in told]


def make_workspace(root: Path, *, ledger_url: str = "", tracking_url: str = "") -> Path:
    """A workspace with models that can be approved, one of each target in use, and one issued forecast."""
    city = make_fault_city(root, TARGETS, ledger_url=ledger_url, tracking_url=tracking_url)
    ledger, workspace = open_ledger(city.workspace), city.workspace
    person = person_named(workspace.settings, "Bo Board")
    for target in TARGETS:
        for number in range(VERSIONS):
            city.register(target, number)
        approve(
            workspace,
            ledger,
            registry,
            by=person,
            reason="To begin with.",
            target=target,
            version=1,
        )
    issue(workspace, ledger, open_sources(workspace), today=date.today(), tell=lambda _: None)
    ledger.close()
    return root


def main() -> None:
    """Print the outcome as JSON; the exit code is 1 where it is not sound."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--processes", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--restarts", type=int, default=2, help="of PostgreSQL")
    parser.add_argument("--sqlite", action="store_true", help="use SQLite, which cannot be restarted")
    chosen = parser.parse_args()
    size = {"processes": chosen.processes, "seconds": chosen.seconds}
    with tempfile.TemporaryDirectory(prefix="wardcast-lives-") as scratch:
        folder = Path(scratch)
        folder.chmod(0o755)
        if chosen.sqlite:
            outcome = stress(make_workspace(folder / "workspace"), **size, restart=lambda _: None, restarts=0)
        else:
            outcome = _stress_postgres(folder, restarts=chosen.restarts, **size)
    print(json.dumps(asdict(outcome), indent=2))
    raise SystemExit(0 if outcome.is_sound() else 1)


def _stress_postgres(folder: Path, *, processes: int, seconds: float, restarts: int) -> Outcome:
    database = Postgres(folder / "postgres")
    try:
        root = make_workspace(
            folder / "workspace",
            ledger_url=database.ledger_url,
            tracking_url=database.mlflow_url.replace("postgresql+psycopg://", "postgresql://"),
        )
        return stress(
            root,
            processes=processes,
            seconds=seconds,
            restart=lambda number: restart_postgres(database.server, number),
            restarts=restarts,
        )
    finally:
        database.close()


os.environ |= {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true"}

if __name__ == "__main__":
    main()
