"""The board's reading room: what waits and by when, what is in use, disputes, and every entry of the ledger."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from contracts import MissingThing, Workspace
from service.board.challenges import Challenge, ChallengeState, challenges_of
from service.board.history import gates_sentence, standing_sentence
from service.board.life_cycle import LifeCycle, ModelLife, State, life_cycle_of
from service.ledger import Entry

ENTRIES_ON_A_PAGE = 100
Json = dict[str, Any]


@dataclass(frozen=True)
class Waiting:
    """A model that waits for the board. ``differences`` says whose verdict is another one than of the model in use."""

    target: str
    title: str
    version: int
    by: str
    since: str
    reason: str
    gates: Mapping[str, str]
    sentence: str
    report_sha256: str | None
    run_id: str
    differences: str
    approve: str
    reject: str


@dataclass(frozen=True)
class Dispute:
    """A challenge, and whether its reply is overdue."""

    about: Challenge
    is_overdue: bool


@dataclass(frozen=True)
class BoardPage:
    """All that the reading room says. ``standing`` maps targets to title, what is in use, and its run."""

    waiting: tuple[Waiting, ...]
    disputes: tuple[Dispute, ...]
    standing: Mapping[str, tuple[str, str, str | None]]
    drafts: tuple[str, ...]


def board_page_of(workspace: Workspace, entries: Sequence[Entry], today: date) -> BoardPage:
    """What waits for whom, from the ledger's entries."""
    cycle = life_cycle_of(entries)
    settings = workspace.settings
    names = dict.fromkeys([*settings.forecast_targets(), *(key.target for key in cycle.models)])
    titles = {name: settings.targets[name].title if name in settings.targets else name for name in names}
    newest = [max(lives, key=lambda one: one.key.version) for name in names if (lives := cycle.of_target(name))]
    return BoardPage(
        waiting=tuple(_waiting(life, cycle, titles) for life in cycle.models.values() if life.state is State.PROPOSED),
        disputes=disputes_of(entries, today),
        standing={
            name: (title, standing_sentence(cycle, name), _run_in_use(cycle, name)) for name, title in titles.items()
        },
        drafts=tuple(
            f"{titles[life.key.target]}, version {life.key.version}: trained, not proposed."
            for life in newest
            if life.state is State.DRAFT
        ),
    )


def _run_in_use(cycle: LifeCycle, target: str) -> str | None:
    champion = cycle.champions.get(target)
    return None if champion is None or champion.approval is None else champion.approval.content["run_id"]


def disputes_of(entries: Sequence[Entry], today: date) -> tuple[Dispute, ...]:
    """Every challenge: those without a reply first, by their deadline, and then the newest."""
    every = [Dispute(one, one.is_overdue(today)) for one in challenges_of(entries).values()]
    waiting = [one for one in every if one.about.state is ChallengeState.OPEN]
    others = [one for one in every if one.about.state is not ChallengeState.OPEN]
    return (*sorted(waiting, key=lambda one: one.about.reply_by), *sorted(others, key=lambda one: -one.about.number))


def entry_of(entries: Sequence[Entry], number: int) -> Entry:
    """The entry of a number; raises ``MissingThing``."""
    for entry in entries:
        if entry.number == number:
            return entry
    last = entries[-1].number if entries else 0
    raise MissingThing(f"The ledger has no entry {number}.", remedy=f"Its entries are numbered 1 to {last}.")


def page_of_entries(entries: Sequence[Entry], before: int | None) -> tuple[tuple[Entry, ...], int | None]:
    """The newest entries, or those before a number, and the number before which the next page lies."""
    found = [entry for entry in reversed(entries) if before is None or entry.number < before][: ENTRIES_ON_A_PAGE + 1]
    shown = tuple(found[:ENTRIES_ON_A_PAGE])
    return shown, shown[-1].number if len(found) > len(shown) else None


def summary_of(entry: Entry) -> str:
    """What an entry is about, in a few words."""
    content = entry.content
    if entry.kind == "issue":
        return f"{content['forecast_id']}: {', '.join(one['target'] for one in content['targets'])}"
    parts = [content.get("target"), f"version {content['version']}" if "version" in content else None]
    parts += [content.get("area"), f"challenge {content['challenge']}" if "challenge" in content else None]
    return ", ".join(str(part) for part in parts if part)


def payload_of(entry: Entry) -> str:
    """The payload of an entry, indented for reading."""
    return json.dumps(entry.content, indent=2, ensure_ascii=False)


def days_left(reply_by: str, today: date) -> str:
    """How long there is to reply.

    >>> days_left("2025-08-09", date(2025, 8, 1)), days_left("2025-08-09", date(2025, 8, 10))
    ('8 days left', '1 day overdue')
    """
    left = (date.fromisoformat(reply_by) - today) // timedelta(days=1)
    unit = "day" if abs(left) == 1 else "days"
    return f"{left} {unit} left" if left >= 0 else f"{-left} {unit} overdue"


def _waiting(life: ModelLife, cycle: LifeCycle, titles: Mapping[str, str]) -> Waiting:
    if life.proposal is None:
        raise ValueError(f"{life.key} is proposed without a proposal")
    proposal, trained = life.proposal, life.trained
    content: Json = trained.content if trained is not None else proposal.content
    gates = content.get("gates") or {}
    champion = cycle.champions.get(life.key.target)
    target = life.key.target
    return Waiting(
        target=target,
        title=titles[target],
        version=life.key.version,
        by=proposal.actor,
        since=proposal.recorded_at[:10],
        reason=proposal.content.get("reason") or "none was given",
        gates=gates,
        sentence=gates_sentence(gates),
        report_sha256=content.get("report_sha256"),
        run_id=content["run_id"],
        differences=_differences(gates, champion),
        approve=_approve(target, life.key.version, gates),
        reject=f"wardcast reject --target {target} --version {life.key.version} --by NAME --reason TEXT",
    )


def _differences(gates: Mapping[str, str], champion: ModelLife | None) -> str:
    if champion is None or champion.approval is None:
        return "No model of this target is in use to compare with."
    before = champion.approval.content.get("gates") or {}
    found = [
        f"{gate}: {verdict} ({before.get(gate, 'not recorded')} in use)"
        for gate, verdict in gates.items()
        if before.get(gate) != verdict
    ]
    return (
        f"Other than the model in use: {'; '.join(found)}." if found else "Every verdict is that of the model in use."
    )


def _approve(target: str, version: int, gates: Mapping[str, str]) -> str:
    """The command by which the board approves, with what its gates ask for."""
    overrides = [f"--override {gate}" for gate, verdict in gates.items() if verdict == "fail"]
    lacking = ["--inconclusive REASON"] if not gates or "not enough evidence" in gates.values() else []
    about = f"--target {target} --version {version} --by NAME --reason TEXT"
    return " ".join(["wardcast approve", about, *overrides, *lacking])
