"""The life of many models while requests come in: registered, approved by another person, issued, and withdrawn.

Everything goes through the functions that the commands call. What cannot be done while something is down is tried
again, and what was said of it is counted.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TypeVar

from benchmarks.damaged_models import DAMAGES
from benchmarks.fault_city import UNRECORDED, FaultCity
from contracts import BadInput, WardcastError
from models import RegisteredModel, registry
from service.board.champions import current_champions
from service.board.decisions import approve, withdraw
from service.board.life_cycle import ModelKey, State, life_cycle_of
from service.board.people import Person, person_named
from service.issuing.contents import Sources, open_sources
from service.issuing.issuing import issue
from service.ledger.ledger import Ledger

APPROVER = "Bo Board"
PAUSE_SECONDS = 0.5
LONGEST_USE_SECONDS = 4.0
"""A forecast that is to be withdrawn has been in use for up to so long."""

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Step:
    """What is done to one new version."""

    number: int
    target: str
    damage: str | None = None
    is_withdrawn: bool = False


def steps_of(targets: Sequence[str], count: int, *, damaged: int, withdrawn: int) -> Iterator[Step]:
    """So many steps, the damaged and the withdrawn ones spread evenly; every kind of damage comes in turn."""
    kinds, used = list(DAMAGES), 0
    for number in range(1, count + 1):
        target = targets[number % len(targets)]
        if number * damaged // count > (number - 1) * damaged // count:
            yield Step(number, target, damage=kinds[used % len(kinds)])
            used += 1
        else:
            yield Step(number, target, is_withdrawn=(number + 1) * withdrawn // count > number * withdrawn // count)


@dataclass
class Lives:
    """What was done, and what was said where it could not be done. ``failures`` must be empty."""

    approvals: int = 0
    issues: int = 0
    withdrawals: int = 0
    refused_damage: Counter[str] = field(default_factory=Counter)
    damaged_sha256: set[str] = field(default_factory=set)
    clear_errors: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)


class Director:
    """Takes models of a city through steps of their life."""

    def __init__(self, city: FaultCity, ledger: Ledger, *, seed: int = 0) -> None:
        self.lives = Lives()
        self.look: Callable[[], None] = lambda: None
        """Called before anything is tried again; raises where that would be in vain."""
        self._city = city
        self._ledger = ledger
        self._sources: Sources = open_sources(city.workspace)
        self._person: Person = person_named(city.workspace.settings, APPROVER)
        self._random = random.Random(seed)

    def begin(self) -> str:
        """Approve and issue a first model of every target; the name of the forecast."""
        for target in self._city.targets:
            self._approve(self._city.register(target, 0))
        return self._issue()

    def take(self, step: Step) -> None:
        """One step, tried until it is done."""
        if step.damage is not None:
            self._take_damaged(step, DAMAGES[step.damage])
            return
        self._approve(self._registered(step, None))
        self._until_done("issue", self._issue)
        if step.is_withdrawn:
            time.sleep(self._random.uniform(0.0, LONGEST_USE_SECONDS))
            self._withdraw(step.target)

    def _take_damaged(self, step: Step, damage: Callable[[Path], None]) -> None:
        before = self._until_done("look", lambda: current_champions(self._ledger).get(step.target))
        model = self._registered(step, None if damage is UNRECORDED else damage)
        self.lives.damaged_sha256.add(model.sha256)
        self._approve(model)
        if damage is UNRECORDED:
            damage(model.folder)
        self._until_done("issue", lambda: self._refused(step))
        if before is None or step.number % 2:
            self._withdraw(step.target)
        else:
            self._approve(registry.version(self._city.workspace, step.target, before.version))

    def _refused(self, step: Step) -> None:
        """Issue, which must be refused because of the damage; other errors are raised."""
        try:
            issued = self._issue()
        except BadInput as error:
            if "The saved model at" not in error.message:
                raise
            self.lives.refused_damage[str(step.damage)] += 1
        else:
            self.lives.failures.append(f"step {step.number}: {issued} was issued from a model with {step.damage}")

    def _registered(self, step: Step, damage: Callable[[Path], None] | None) -> RegisteredModel:
        return self._until_done("register", lambda: self._city.register(step.target, step.number, damage))

    def _issue(self) -> str:
        workspace = self._city.workspace
        done = issue(workspace, self._ledger, self._sources, today=date.today(), by=APPROVER, tell=lambda _: None)
        self.lives.issues += done.is_new
        return done.forecast_id

    def _approve(self, model: RegisteredModel) -> None:
        """Approve, unless an attempt that ended in an error had done so already."""
        key = ModelKey(model.target, model.version, model.sha256)

        def attempt() -> None:
            if life_cycle_of(self._ledger.entries()).of(key).state is State.APPROVED:
                return
            approve(
                *(self._city.workspace, self._ledger, registry),
                by=self._person,
                reason="The figures are in order.",
                target=model.target,
                version=model.version,
            )

        self._until_done("approve", attempt)
        self.lives.approvals += 1

    def _withdraw(self, target: str) -> None:
        def attempt() -> None:
            if target in current_champions(self._ledger):
                arguments = (self._city.workspace, self._ledger, registry)
                withdraw(*arguments, by=self._person, reason="Its counts were wrong.", target=target)

        self._until_done("withdraw", attempt)
        self.lives.withdrawals += 1

    def _until_done(self, what: str, action: Callable[[], Answer]) -> Answer:
        while True:
            try:
                return action()
            except WardcastError as error:
                self.lives.clear_errors[f"{what}: {error}"] += 1
            except Exception as error:  # noqa: BLE001 (to find such an error is what this is for)
                self.lives.failures.append(f"{what}: {error!r}")
            self.look()
            time.sleep(PAUSE_SECONDS)
