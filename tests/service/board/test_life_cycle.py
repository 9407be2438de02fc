"""Random lives of models: none leaves the table, approves one's own model, or makes an unapproved champion.

What must hold is written here once more, by hand, and shares nothing with the table of the code.
"""

from __future__ import annotations

import itertools
import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from contracts import BadInput, GateLimits, MissingThing, RefusedAction, Workspace
from monitoring import GateFinding, GateReport, GateResult
from service.board.champions import champions_of, current_champions, mend_aliases
from service.board.decisions import approve, propose, reject, withdraw
from service.board.life_cycle import ACTION_OF_KIND, TRANSITIONS, Action, State, life_cycle_of
from service.board.people import person_named
from service.ledger.database import open_database
from service.ledger.ledger import Ledger

ASKED_FOR = os.environ.get("WARDCAST_LIFE_CYCLES", "")
SEQUENCES = int(ASKED_FOR or "90")
"""How many random sequences are tried on each database: the same ones each time, or others where a number is asked."""
STEPS = 30
TARGETS = ("violence", "robbery")
ROLES = {
    "Pat Proposer": {"proposer"},
    "Alex Approver": {"approver"},
    "Robin Both": {"proposer", "approver"},
    "Ada Administrator": {"administrator"},
    "Sam Stranger": set(),
}
PEOPLE = tuple(ROLES)
"""The last one is not in the settings."""
MAY = {"proposal": {"proposer"}, "approval": {"approver"}, "rejection": {"approver"}, "override": {"approver"}}
MAY["withdrawal"] = {"approver", "administrator"}
REFUSALS = (RefusedAction, MissingThing, BadInput)

ALLOWED = {
    ("draft", "proposed"),
    ("draft", "approved"),
    ("draft", "rejected"),
    ("proposed", "approved"),
    ("proposed", "rejected"),
    ("approved", "superseded"),
    ("approved", "withdrawn"),
    ("superseded", "approved"),
    ("superseded", "withdrawn"),
}

SETTINGS = """
city = "Testham"
geography = "cells"
[life_cycle]
proposal_required = {required}
[offences.simulated]
violence = []
robbery = []
[targets.violence]
title = "Violence with injury"
offences = {{ simulated = ["violence"] }}
[targets.robbery]
title = "Robbery"
offences = {{ simulated = ["robbery"] }}
{people}
"""


def gates(verdict: str) -> str:
    """What a run's gates found, with one verdict for the only gate."""
    found = GateFinding("the city", verdict, "ratio", 1.0, 0.9, 1.1)
    return GateReport((GateResult("skill", (found,)),), GateLimits(), "0" * 64, (1, 2, 3, 4)).to_json()


def workspaces(root: Path) -> list[Workspace]:
    """With and without people in the settings, with and without a proposal that is required."""
    lines = ["[people]", *(f'"{name}" = {sorted(roles)!r}' for name, roles in ROLES.items() if roles)]
    made = []
    for number, (required, people) in enumerate(itertools.product(("false", "true"), ("", "\n".join(lines)))):
        folder = root / str(number)
        folder.mkdir()
        (folder / "wardcast.toml").write_text(SETTINGS.format(required=required, people=people))
        made.append(Workspace(folder))
    return made


class Lives(RuleBasedStateMachine):
    """Calls on the models of two targets, in any order, by anybody; ``ledgers`` gives an empty ledger."""

    def __init__(
        self,
        places: list[Workspace],
        ledgers: Callable[[], Iterator[Ledger]],
        registry_of: Callable,
        reached: Counter[str],
    ) -> None:
        super().__init__()
        self.reached = reached
        self._places = places
        self._opened = contextmanager(ledgers)()
        self.ledger = self._opened.__enter__()
        self.registry = registry_of(self.ledger)
        self.seen: dict[tuple[str, int], str] = {}

    def teardown(self) -> None:
        self._opened.__exit__(None, None, None)

    @initialize(place=st.integers(0, 3))
    def begin(self, place: int) -> None:
        self.workspace = self._places[place]

    def call(self, change: Callable, by: str, **choice: object) -> None:
        before = len(self.ledger.entries())
        try:
            person = person_named(self.workspace.settings, by)
            change(self.workspace, self.ledger, self.registry, by=person, reason="Because.", **choice)
        except REFUSALS as error:
            assert len(self.ledger.entries()) == before, "a refused call wrote an entry"
            self.reached["self-approval refused"] += "nobody approves their own model" in str(error)
            return
        written = self.ledger.entries()[before:]
        assert written
        self.check_authors(written)
        assert not {one.entry.number for one in self.cycle.without_effect} & {entry.number for entry in written}
        self.aliases_follow()

    def check_authors(self, written: tuple) -> None:
        for entry in written:
            assert entry.content["reason"]
            assert len(entry.content["report_sha256"]) == 64
            if entry.kind == "approval" and "fail" in entry.content["gates"].values():
                assert [one["gate"] for one in entry.content["overrides"]] == ["skill"], "a failed gate was passed over"
            if self.workspace.settings.people:
                assert ROLES[entry.actor] & MAY[entry.kind], (entry.actor, entry.kind)

    def aliases_follow(self) -> None:
        aliased = {target: number for (target, alias), number in self.registry.aliases.items() if alias == "champion"}
        assert aliased == {target: one.version for target, one in champions_of(self.cycle).items()}

    @property
    def cycle(self):
        return life_cycle_of(self.ledger.entries())

    names = st.sampled_from(TARGETS)
    people = st.sampled_from(PEOPLE)
    some_name = st.none() | names
    versions = st.none() | st.integers(1, 4)

    @rule(name=names, verdict=st.sampled_from(["pass", "fail", "not enough evidence", None]), by=st.none() | people)
    def train(self, name: str, verdict: str | None, by: str | None) -> None:
        if sum(known == name for known, _ in self.registry.versions) < 4:
            found = None if verdict is None else gates(verdict)
            self.registry.add(name, self.workspace.root, gates=found, trained_by=by)

    @rule(by=people, name=some_name, version=versions)
    def propose(self, by: str, name: str | None, version: int | None) -> None:
        self.call(propose, by, target=name, version=version)

    @rule(by=people, name=some_name, version=versions, overrides=st.sampled_from([(), ("skill",)]))
    def approve(self, by: str, name: str | None, version: int | None, overrides: tuple[str, ...]) -> None:
        self.call(approve, by, target=name, version=version, overrides=overrides, inconclusive="Not judged.")

    @rule(by=people, name=names, version=versions)
    def reject(self, by: str, name: str, version: int | None) -> None:
        self.call(reject, by, target=name, version=version)

    @rule(by=people, name=names, version=versions)
    def withdraw(self, by: str, name: str, version: int | None) -> None:
        self.call(withdraw, by, target=name, version=version)

    @rule(by=people, name=some_name)
    def approve_and_be_killed(self, by: str, name: str | None) -> None:
        """The process ends after the entry, before the alias; the next start mends the alias."""
        move = self.registry.set_champion

        def killed(*_: object) -> None:
            raise KeyboardInterrupt

        self.registry.set_champion = killed
        try:
            approve(
                self.workspace,
                self.ledger,
                self.registry,
                by=person_named(self.workspace.settings, by),
                reason="Because.",
                inconclusive="Not judged.",
                target=name,
            )
        except (KeyboardInterrupt, *REFUSALS):
            pass
        finally:
            self.registry.set_champion = move
        mend_aliases(self.workspace, self.ledger, self.registry)
        self.aliases_follow()

    @precondition(lambda self: self.registry.versions)
    @rule(pick=st.integers(0, 99), alias=st.sampled_from(["champion", "challenger"]))
    def move_an_alias_past_the_ledger(self, pick: int, alias: str) -> None:
        target, number = sorted(self.registry.versions)[pick % len(self.registry.versions)]
        self.registry.aliases[target, alias] = number
        mend_aliases(self.workspace, self.ledger, self.registry)
        self.aliases_follow()

    @precondition(lambda self: self.registry.versions)
    @rule(pick=st.integers(0, 99), by=people, kind=st.sampled_from(sorted(ACTION_OF_KIND)))
    def write_an_entry_past_the_rules(self, pick: int, by: str, kind: str) -> None:
        """As another machine would that decided at the same moment, or somebody with access to the database."""
        model = self.registry.versions[sorted(self.registry.versions)[pick % len(self.registry.versions)]]
        content = {"target": model.target, "version": model.version, "run_id": model.run_id, "sha256": model.sha256}
        content |= {"report_sha256": model.tags["report_sha256"], "reason": "Because."}
        if "trained_by" in model.tags:
            content["trained_by"] = model.tags["trained_by"]
        self.ledger.append(kind, by, content)
        mend_aliases(self.workspace, self.ledger, self.registry)

    @invariant()
    def every_model_moves_only_along_the_table(self) -> None:
        states = {(life.key.target, life.key.version): str(life.state) for life in self.cycle.models.values()}
        assert self.seen.keys() <= states.keys()
        for key, state in states.items():
            before = self.seen.get(key, "draft")
            assert before == state or (before, state) in ALLOWED, (key, before, state)
        self.reached.update(states.values())
        self.seen = states
        approved = [target for (target, _), state in states.items() if state == "approved"]
        assert len(approved) == len(set(approved))
        assert set(approved) == set(current_champions(self.ledger))

    @invariant()
    def every_champion_was_approved_by_another_person_than_its_makers(self) -> None:
        effective = {one.entry.number for one in self.cycle.without_effect}
        entries = [entry for entry in self.ledger.entries() if entry.number not in effective]
        for target, champion in current_champions(self.ledger).items():
            about = [e for e in entries if (e.content["target"], e.content["version"]) == (target, champion.version)]
            approvals = [entry for entry in about if entry.kind == "approval"]
            assert approvals[-1].actor == champion.approved_by
            makers = {entry.actor for entry in about if entry.kind == "proposal"}
            makers |= {self.registry.versions[target, champion.version].tags.get("trained_by")}
            assert not makers & {entry.actor for entry in approvals}


def run_lives(tmp_path: Path, ledgers: Callable[[], Iterator[Ledger]], registry_of: Callable) -> None:
    places, reached = workspaces(tmp_path), Counter[str]()
    slow = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
    run_state_machine_as_test(
        lambda: Lives(places, ledgers, registry_of, reached),
        settings=settings(
            max_examples=SEQUENCES,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            derandomize=not ASKED_FOR,
            suppress_health_check=slow,
        ),
    )
    everything = {str(state) for state in State} - {"draft"}
    assert everything | {"self-approval refused"} <= {what for what, times in reached.items() if times}


@pytest.mark.slow
def test_no_sequence_leaves_the_table_on_sqlite(tmp_path, city):
    numbers = itertools.count()

    def ledgers() -> Iterator[Ledger]:
        path = tmp_path / f"{next(numbers)}.db"
        ledger = Ledger(open_database(f"sqlite:///{path}"))
        yield ledger
        ledger.close()
        path.unlink()

    run_lives(tmp_path, ledgers, type(city.registry))


@pytest.mark.slow
def test_no_sequence_leaves_the_table_on_postgresql(tmp_path, city, postgres_server):
    """A schema for each sequence, because making a database takes a second; commits do not wait for the disk."""
    numbers = itertools.count()
    address = sa.make_url(postgres_server.get_uri())
    with psycopg.connect(postgres_server.get_uri(), autocommit=True) as owner:

        def ledgers() -> Iterator[Ledger]:
            name = f"lives_{next(numbers)}"
            owner.execute(f"CREATE SCHEMA {name}")
            chosen = address.update_query_dict({"options": f"-csearch_path={name} -csynchronous_commit=off"})
            ledger = Ledger(open_database(chosen.render_as_string(hide_password=False)))
            assert ledger.entries() == ()
            yield ledger
            ledger.close()
            owner.execute(f"DROP SCHEMA {name} CASCADE")

        run_lives(tmp_path, ledgers, type(city.registry))


def test_the_table_is_the_one_that_is_written_here():
    moves = {(str(state), str(after)) for (state, _), after in TRANSITIONS.items()}
    assert moves == ALLOWED
    assert {(state, action) for state, action in TRANSITIONS if action is Action.SUPERSEDE} == {
        (State.APPROVED, Action.SUPERSEDE)
    }
