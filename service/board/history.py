"""The history of a target's models in sentences: what the ledger says, for people who have never seen one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from contracts import RecordedRun
from service.board.challenges import Challenge, ChallengeState, challenges_of
from service.board.champions import champions_of, withdrawals_in_force
from service.board.life_cycle import LifeCycle, ModelKey, ModelLife, State, life_cycle_of
from service.board.trained import recorded
from service.forecasts.record import target_records
from service.ledger import Entry
from service.wording import inconclusive_sentence, override_sentence

_DONE: Mapping[str, str] = {
    "proposal": "Proposed to the board",
    "override": "The failed gate '{gate}' was overridden",
    "approval": "Approved and put into use",
    "rejection": "Rejected",
    "withdrawal": "Withdrawn from use",
}
"""Kind of an entry in which people decide on a model → what was done."""


@dataclass(frozen=True)
class Event:
    """One entry of the ledger in words. ``details`` are further sentences."""

    entry: int
    at: str
    by: str
    what: str
    reason: str | None
    details: tuple[str, ...]


@dataclass(frozen=True)
class ModelVersion:
    """A model that was proposed or decided on, and where it stands. ``overrides`` holds gate, by, reason and entry,
    ``inconclusive`` gates, by and reason, where it was approved although gates lacked evidence."""

    version: int
    state: str
    run_id: str
    sha256: str
    report_sha256: str | None
    gates: dict[str, str]
    overrides: tuple[dict[str, Any], ...]
    inconclusive: dict[str, Any] | None


@dataclass(frozen=True)
class History:
    """All that the ledger says of one target: where it stands, its models, its challenges, and events newest first."""

    target: str
    title: str
    standing: str
    versions: tuple[ModelVersion, ...]
    challenges: tuple[Challenge, ...]
    events: tuple[Event, ...]

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain values."""
        return asdict(self)

    def as_text(self) -> str:
        """For a terminal."""
        lines = [f"{self.title} ({self.target})", self.standing, ""]
        for event in self.events:
            lines.append(f"{event.at[:10]}  {event.what} (ledger entry {event.entry})")
            lines += [f"            Reason: {event.reason}"] if event.reason else []
            lines += [f"            {detail}" for detail in event.details]
        return "\n".join(lines)


def history_of(entries: Sequence[Entry], target: str, title: str) -> History:
    """The history of one target, from the ledger's entries in order."""
    cycle = life_cycle_of(entries)
    idle = {one.entry.number: one.reason for one in cycle.without_effect}
    challenges = challenges_of(entries)
    events = [_event(entry, target, idle, challenges) for entry in entries if _is_about(entry, target)]
    return History(
        target=target,
        title=title,
        standing=standing_sentence(cycle, target),
        versions=tuple(_version(life) for life in cycle.of_target(target) if life.state is not State.DRAFT),
        challenges=tuple(one for one in challenges.values() if one.target == target),
        events=tuple(reversed(events)),
    )


def runs_in_ledger(entries: Sequence[Entry]) -> dict[str, RecordedRun]:
    """Run → what the ledger says of it, for every run that an entry of a training or an approval names."""
    cycle = life_cycle_of(entries)
    runs = {}
    for life in cycle.models.values():
        found = recorded(life)
        if found is not None:
            decided = tuple(_decision(entry, cycle) for entry in entries if _decides(entry, life.key))
            runs[found.run_id] = RecordedRun(
                found.entry, life.key.version, found.report_sha256, found.gates_sha256, decided
            )
    return runs


def _decides(entry: Entry, key: ModelKey) -> bool:
    content = entry.content
    about = (content.get("target"), content.get("version"), content.get("sha256"))
    return entry.kind in _DONE and about == (key.target, key.version, key.sha256)


def _decision(entry: Entry, cycle: LifeCycle) -> str:
    idle = {one.entry.number: one.reason for one in cycle.without_effect}
    content, on = entry.content, f"on {entry.recorded_at[:10]} (entry {entry.number})"
    told = [f"{_DONE[entry.kind].format(**content)} {on}: {content.get('reason') or 'no reason was given.'}"]
    if content.get("inconclusive"):
        lacking = ", ".join(content["inconclusive"]["gates"]) or "any gate"
        told.append(f"Not enough evidence for {lacking}; approved all the same: {content['inconclusive']['reason']}")
    told += [f"This had no effect: {idle[entry.number]}."] if entry.number in idle else []
    return " ".join(told)


def gates_sentence(gates: Mapping[str, str]) -> str:
    """The verdict of every gate in a sentence."""
    if not gates:
        return "No gate was recorded with its run: there is not enough evidence for any."
    return f"Gates: {'; '.join(f'{gate}: {verdict}' for gate, verdict in gates.items())}."


def _inconclusive(inconclusive: Mapping[str, Any] | None) -> list[str]:
    return [] if inconclusive is None else [inconclusive_sentence(inconclusive)]


def _is_about(entry: Entry, target: str) -> bool:
    if entry.kind == "issue":
        return any(about.target == target for about in target_records(entry))
    return bool(entry.content.get("target") == target)


def standing_sentence(cycle: LifeCycle, target: str) -> str:
    """Which model of a target is in use, and who approved it."""
    champion = champions_of(cycle).get(target)
    if champion is not None:
        words = [
            f"In use: version {champion.version}, approved by {champion.approved_by} on {champion.approved_at[:10]}.",
            *(override_sentence(one) for one in champion.overrides),
            *_inconclusive(champion.inconclusive),
        ]
        return " ".join(words)
    withdrawal = withdrawals_in_force(cycle, ()).get(target)
    if withdrawal is not None:
        return f"None in use. {withdrawal}"
    return "None in use: no model of this target is approved, and no forecast of it is issued."


def _version(life: ModelLife) -> ModelVersion:
    newest = life.approval or life.proposal or life.rejection
    content = newest.content if newest is not None else {}
    return ModelVersion(
        version=life.key.version,
        state=str(life.state),
        run_id=content.get("run_id", ""),
        sha256=life.key.sha256,
        report_sha256=content.get("report_sha256"),
        gates=content.get("gates") or {},
        overrides=tuple(content.get("overrides", ())),
        inconclusive=content.get("inconclusive"),
    )


def _event(entry: Entry, target: str, idle: Mapping[int, str], challenges: Mapping[int, Challenge]) -> Event:
    what, details = _WORDS.get(entry.kind, _other)(entry, target, challenges)
    if entry.number in idle:
        details = [*details, f"This had no effect: {idle[entry.number]}."]
    reason = entry.content.get("reason") or entry.content.get("reply")
    return Event(entry.number, entry.recorded_at, entry.actor, what, reason, tuple(details))


def _decided(verb: str) -> Callable[[Entry, str, Mapping[int, Challenge]], tuple[str, list[str]]]:
    def words(entry: Entry, _: str, __: Mapping[int, Challenge]) -> tuple[str, list[str]]:
        content = entry.content
        details = [gates_sentence(content["gates"])] if content.get("gates") else []
        details += [override_sentence(one) for one in content.get("overrides", ())]
        details += _inconclusive(content.get("inconclusive"))
        if content.get("report_sha256"):
            details.append(f"SHA-256 of the report: {content['report_sha256']}.")
        return f"Version {content.get('version')} was {verb} by {entry.actor}.", details

    return words


def _trained(entry: Entry, _: str, __: Mapping[int, Challenge]) -> tuple[str, list[str]]:
    content = entry.content
    by = f"by {content['trained_by']}" if content.get("trained_by") else "and nobody was named as its trainer"
    details = [gates_sentence(content["gates"])] if content.get("gates") else []
    if content.get("report_sha256"):
        details.append(f"SHA-256 of the report: {content['report_sha256']}.")
    return f"Version {content.get('version')} was trained {by}.", details


def _overridden(entry: Entry, _: str, __: Mapping[int, Challenge]) -> tuple[str, list[str]]:
    content = entry.content
    return f"The failed gate '{content['gate']}' of version {content['version']} was overridden by {entry.actor}.", []


def _issued(entry: Entry, target: str, _: Mapping[int, Challenge]) -> tuple[str, list[str]]:
    about = next(one for one in target_records(entry) if one.target == target)
    version, forecast_id = about.model_version, entry.content["forecast_id"]
    return f"The forecast {forecast_id} was issued from version {version} by {entry.actor}.", []


def _challenged(entry: Entry, _: str, challenges: Mapping[int, Challenge]) -> tuple[str, list[str]]:
    one = challenges[entry.number]
    due = f"A reply is due by {one.reply_by}." if one.state is ChallengeState.OPEN else f"It is {one.state}."
    return f"{entry.actor} disputed the forecast of the area {one.area} in {one.forecast_id}.", [due]


def _replied(entry: Entry, _: str, __: Mapping[int, Challenge]) -> tuple[str, list[str]]:
    rerun = entry.content.get("rerun")
    return (
        f"{entry.actor} answered the challenge {entry.content['challenge']}.",
        [f"Computed again as {rerun}."] if rerun else [],
    )


def _settled(entry: Entry, _: str, __: Mapping[int, Challenge]) -> tuple[str, list[str]]:
    content = entry.content
    words = f"The challenge {content['challenge']} was {content['outcome']} by {entry.actor}."
    return words, [f"Computed again as {content['rerun']}."]


def _other(entry: Entry, _: str, __: Mapping[int, Challenge]) -> tuple[str, list[str]]:
    return f"{entry.kind}, by {entry.actor}.", []


_WORDS: Mapping[str, Callable[[Entry, str, Mapping[int, Challenge]], tuple[str, list[str]]]] = {
    "trained": _trained,
    "proposal": _decided("proposed to the board"),
    "approval": _decided("approved and put into use"),
    "rejection": _decided("rejected"),
    "withdrawal": _decided("withdrawn from use"),
    "override": _overridden,
    "issue": _issued,
    "challenge": _challenged,
    "challenge_reply": _replied,
    "challenge_decision": _settled,
}
