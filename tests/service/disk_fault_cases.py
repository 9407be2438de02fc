"""Decisions, trainings' entries, issues and keys let down by the disk at calls that change something; run by
``test_disk_faults``, in a process with the preloaded library. Prints one problem a line."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import logging
import shutil
import sys
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from benchmarks.preloaded import FAULTS, FINISHED, TOLD, Ended, Fault, is_killed, run
from contracts import Workspace
from service.board.challenges import open_challenge
from service.board.decisions import approve, propose, reject, withdraw
from service.board.people import person_named
from service.board.trained import enter_trained
from service.ledger.ledger import open_ledger

STEPS = 5
"""Calls of each command that are let down, spread over all of them; 0 for every call."""
TARGET = "violence"
UNCLEAR = "could not be found out"


def _conftest() -> Any:
    spec = importlib.util.spec_from_file_location("city_of_tests", Path(__file__).with_name("conftest.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def _decide(decision: Callable[..., object], by: str, **choice: str) -> Callable[[Any], object]:
    def act(city: Any) -> object:
        person = person_named(city.workspace.settings, by)
        arguments = (city.workspace, city.ledger, city.registry)
        return decision(*arguments, by=person, reason="Because.", target=TARGET, **choice)

    return act


def _train(city: Any) -> object:
    model = city.registry.versions[TARGET, 1]
    document = city.trained_of(replace(model, version=7), None)
    return enter_trained(city.ledger, document)


def _dispute(city: Any) -> object:
    forecast_id = city.ledger.entries("issue")[0].content["forecast_id"]
    rosa = person_named(city.workspace.settings, "Rosa")
    about = {"forecast_id": forecast_id, "area": "C0203", "target": TARGET}
    return open_challenge(city.workspace, city.ledger, **about, by=rosa, reason="No.", today=date(2025, 8, 1))


@dataclass(frozen=True)
class Case:
    """What is let down, what comes before it, and what it says where it was done already; empty where it goes again."""

    act: Callable[[Any], object]
    before: tuple[Callable[[Any], object], ...] = ()
    already: str = ""


_APPROVE = _decide(approve, "Ben")
CASES = {
    "propose": Case(_decide(propose, "Ann"), already="is proposed already (ledger entry"),
    "approve": Case(_APPROVE, already="is the champion already (ledger entry"),
    "reject": Case(_decide(reject, "Ben"), already="is rejected already (ledger entry"),
    "withdraw": Case(_decide(withdraw, "Ben"), (_APPROVE,), already="is withdrawn already (ledger entry"),
    "issue": Case(lambda city: city.issue(), (_APPROVE,)),
    "train": Case(_train),
    "rotate-key": Case(lambda city: city.ledger.rotate_key("Ada", "Yearly."), (_APPROVE,)),
    "challenge": Case(_dispute, (_APPROVE, lambda city: city.issue())),
}


class Town:
    """A city in one place, which is put back as it was before every attempt."""

    def __init__(self, folder: Path, case: Case) -> None:
        self._conftest = _conftest()
        self._city = self._conftest.make_city(folder / "city")
        self._start = folder / "start"
        self.place = folder / "city"
        self._case = case
        for step in case.before:
            step(self._city)
        self._city.ledger.close()
        shutil.copytree(self.place, self._start)

    def put_back(self) -> None:
        shutil.rmtree(self.place)
        shutil.copytree(self._start, self.place)

    def act(self) -> None:
        """As a command does: the ledger is opened first."""
        logging.disable(logging.WARNING)
        workspace = Workspace(self.place)
        registry = deepcopy(replace(self._city.registry, ledger=None))
        sources = replace(self._city.sources, registry=registry)
        city = self._conftest.City(workspace, registry, sources, open_ledger(workspace))
        city.trained_of = self._conftest.trained_of
        with contextlib.redirect_stderr(io.StringIO()):
            self._case.act(city)

    def entries(self) -> int:
        ledger = open_ledger(Workspace(self.place))
        ledger.mend_head()
        count = len(ledger.entries())
        ledger.close()
        return count


def problems_of(name: str, folder: Path, faults: dict[str, Fault], steps: int) -> Iterator[str]:
    """What was wrong after a fault, and after the next attempt."""
    case = CASES[name]
    town = Town(folder, case)
    before = town.entries()
    for fault_name, fault in faults.items():
        town.put_back()
        whole = run(town.act, town.place, fault, 0)
        if whole.code != FINISHED or whole.calls < 10:
            yield f"{name}: without a fault: {whole}"
            return
        for at in range(1, whole.calls + 1, max(1, whole.calls // steps) if steps else 1):
            town.put_back()
            ended = run(town.act, town.place, fault, at)
            for problem in _wrong(case, town, fault, ended, before):
                yield f"{name}, {fault_name} at call {at} of {whole.calls}: {problem}"


def _wrong(case: Case, town: Town, fault: Fault, ended: Ended, before: int) -> Iterator[str]:
    if not (is_killed(ended) and not fault.error) and ended.code not in (FINISHED, TOLD):
        yield f"ended with {ended.code}: {ended.told}"
    if "\n" in ended.told:
        yield f"more than a line: {ended.told}"
    entries = town.entries()
    if entries not in (before, before + 1):
        yield f"{entries} entries after {before}"
    is_new = entries == before + 1
    yield from _told_wrongly(fault, ended, is_new)
    again = run(town.act, town.place, fault, 0)
    if is_new and case.already:
        if case.already not in again.told:
            yield f"it stands, and the next attempt said: {again.told}"
    elif again.code != FINISHED:
        yield f"the next attempt ended with: {again.told}"


def _told_wrongly(fault: Fault, ended: Ended, is_new: bool) -> Iterator[str]:
    says_so, told = "is in the ledger" in ended.told, ended.code == TOLD
    if ended.code == FINISHED and not is_new:
        yield "it ended well, and nothing is in the ledger"
    if told and is_new and not says_so and UNCLEAR not in ended.told:
        yield f"it is in the ledger, and this was told: {ended.told}"
    if told and not is_new and says_so and UNCLEAR not in ended.told:
        yield f"nothing is in the ledger, and this was told: {ended.told}"
    if UNCLEAR in ended.told and not fault.lasts:
        yield f"it could have been looked up: {ended.told}"


def main() -> None:
    """Each case named, or all."""
    folder, steps, *names = sys.argv[1:]
    for number, name in enumerate(names or CASES):
        case_folder = Path(folder) / str(number)
        case_folder.mkdir()
        for problem in problems_of(name, case_folder, dict(FAULTS), int(steps)):
            sys.stdout.write(problem.replace("\n", " | ") + "\n")


if __name__ == "__main__":
    main()
