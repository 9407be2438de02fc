"""Whether what was issued is of models that were approved when it was."""

from __future__ import annotations

from contracts import RefusedAction
from service.board.champions import champions_of
from service.board.life_cycle import life_cycle_of
from service.forecasts.record import target_records
from service.ledger import Entry


def refuse_unapproved(entry: Entry, entries: tuple[Entry, ...]) -> None:
    """Raise ``RefusedAction`` if an issue holds a forecast of a model that was not the approved one at the time."""
    champions = champions_of(life_cycle_of(other for other in entries if other.number < entry.number))
    for about in target_records(entry):
        champion = champions.get(about.target)
        if champion is None or (champion.version, champion.sha256) != (about.model_version, about.sha256):
            raise RefusedAction(
                f"The issued forecast {entry.content['forecast_id']} (ledger entry {entry.number}) of "
                f"'{about.target}' is not of a model that was approved.",
                remedy="Approve the model, then issue again with: wardcast issue",
            )
