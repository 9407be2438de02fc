"""Issuing: the champions' forecasts of the next periods, written whole, then entered into the ledger."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from contracts import RefusedAction, WithdrawnModel, Workspace
from contracts.files import locked
from service.board.champions import Champion, current_champions, lost_runs, mend_aliases, withdrawals_in_force
from service.board.life_cycle import life_cycle_of
from service.forecasts.issued import RECORD_FILE, clear_remains, forecast_id_of, hashes_of, write_folder
from service.forecasts.record import IssueRecord
from service.issuing.contents import Sources, issue_contents, occasion_of
from service.issuing.inputs import inputs_of
from service.ledger import Entry, Ledger
from service.wording import ahead_sentence, inconclusive_sentence, label_sentences, override_sentence

SCHEDULE = "the schedule"
"""Who issued, where no person is named."""
OF_THE_SERVICE = ("stale_after_periods", "hotspot_share")
"""Parts of the record that say how it is served, and that the ledger's entry leaves to the file."""


@dataclass(frozen=True)
class Issue:
    """What an issue did. ``is_new`` is False where the very same forecast was the newest already."""

    forecast_id: str
    is_new: bool
    entry: int
    issued_at: str
    as_of: str
    next_period: str
    replay: bool
    targets: tuple[dict[str, Any], ...]
    folder: str
    notes: tuple[str, ...]


def issue(
    workspace: Workspace,
    ledger: Ledger,
    sources: Sources,
    *,
    today: date,
    on: date | None = None,
    by: str = SCHEDULE,
    tell: Callable[[str], None],
) -> Issue:
    """Issue the next periods of every approved target, as of ``on`` (or today, or the replayed day of the settings).

    Raises ``RefusedAction`` where no model was approved, ``StaleData`` where the newest counts are too old.
    The same inputs give the same files; issuing what is the newest forecast already writes nothing.
    """
    with locked(workspace.locks / "issue.lock"):
        for sentence in mend_aliases(workspace, ledger, sources.registry):
            tell(sentence)
        champions = _champions(workspace, ledger)
        for sentence in lost_runs(workspace, sources.registry, (one.run_id for one in champions.values())):
            tell(sentence)
        occasion = occasion_of(workspace.settings, sources.door, today=today, on=on)
        contents = issue_contents(workspace, sources, champions, occasion, tell)
        inputs = inputs_of(workspace, sources.door, sources.registry, champions)
        return _enter(workspace, ledger, contents, inputs, by, tell)


def _champions(workspace: Workspace, ledger: Ledger) -> dict[str, Champion]:
    champions = {
        target: champion
        for target, champion in current_champions(ledger).items()
        if target in workspace.settings.forecast_targets()
    }
    if not champions:
        for withdrawal in withdrawals_in_force(life_cycle_of(ledger.entries()), ()).values():
            raise WithdrawnModel(
                f"No model is approved, so nothing can be issued. {withdrawal}",
                remedy="Approve another one with: wardcast approve --by NAME --reason TEXT",
            )
        raise RefusedAction(
            "No model was approved, so nothing can be issued.",
            remedy="Train one with 'wardcast train --target NAME', then 'wardcast approve --by NAME --reason TEXT'.",
        )
    return champions


def _enter(
    workspace: Workspace,
    ledger: Ledger,
    contents: dict[str, bytes],
    inputs: dict[str, Any],
    by: str,
    tell: Callable[[str], None],
) -> Issue:
    record = IssueRecord.of(contents[RECORD_FILE])
    hashes = hashes_of(contents)
    forecast_id = forecast_id_of(record.next_period, hashes)
    entries = ledger.entries("issue")
    for sentence in clear_remains(workspace, {entry.content["forecast_id"] for entry in entries}):
        tell(sentence)
    if not _is_whole(workspace, forecast_id, contents):
        write_folder(workspace, forecast_id, contents)
    if entries and entries[-1].content["forecast_id"] == forecast_id:
        return _issue_of(workspace, entries[-1], record, is_new=False)
    _refuse_changed_champions(ledger, record)
    payload = {key: value for key, value in record.to_payload().items() if key not in OF_THE_SERVICE}
    entry = ledger.append("issue", by, {"forecast_id": forecast_id, "files": hashes, **payload, "inputs": inputs})
    return _issue_of(workspace, entry, record, is_new=True)


def _refuse_changed_champions(ledger: Ledger, record: IssueRecord) -> None:
    """Raise ``RefusedAction`` where a model that was forecast with is not the champion any more."""
    champions = current_champions(ledger)
    for about in record.targets:
        champion = champions.get(about.target)
        if champion is None or champion.entry != about.approval_entry:
            raise RefusedAction(
                f"The champion of '{about.target}' changed while the forecast was made; nothing was issued.",
                remedy="Run again: wardcast issue",
            )


def _is_whole(workspace: Workspace, forecast_id: str, contents: dict[str, bytes]) -> bool:
    folder = workspace.forecasts / forecast_id
    return all(
        (folder / name).exists() and (folder / name).read_bytes() == content for name, content in contents.items()
    )


def _issue_of(workspace: Workspace, entry: Entry, record: IssueRecord, *, is_new: bool) -> Issue:
    notes = label_sentences(simulated=record.simulated, replay=record.replay, as_of=record.as_of)
    for about in record.targets:
        first = about.periods[0]
        sentence = ahead_sentence(
            period=first.period, horizon=first.horizon, last_known=about.last_known_period, is_next=True
        )
        notes.append(f"{about.title}: {sentence}")
        notes += [f"{about.title}: {note}" for note in about.notes]
        notes += [f"{about.title}: {override_sentence(override)}" for override in about.overrides]
        if about.inconclusive:
            notes.append(f"{about.title}: {inconclusive_sentence(about.inconclusive)}")
    return Issue(
        forecast_id=entry.content["forecast_id"],
        is_new=is_new,
        entry=entry.number,
        issued_at=entry.recorded_at,
        as_of=record.as_of,
        next_period=record.next_period,
        replay=record.replay,
        targets=tuple(one.to_payload(record.format) for one in record.targets),
        folder=str(workspace.forecasts / entry.content["forecast_id"]),
        notes=tuple(notes),
    )
