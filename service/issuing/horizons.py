"""Which horizons an issue has, and that each of them was judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from contracts import Period, RefusedAction, Settings, horizons_text, issued_horizons, next_period
from service.board.champions import Champion
from service.forecasts.record import FROM_HORIZON_ONE, Step


@dataclass(frozen=True)
class Steps:
    """The periods of an issue of one target: those before the next one, and those from it on."""

    last_known: Period
    earlier: tuple[int, ...]
    ahead: tuple[int, ...]

    @property
    def every(self) -> tuple[int, ...]:
        """Every horizon that is issued."""
        return self.earlier + self.ahead

    def named(self, horizons: Sequence[int]) -> tuple[Step, ...]:
        """Periods with their horizons, as the record of an issue holds them."""
        return tuple(Step(str(self.last_known.shift(one)), one) for one in horizons)


def steps_of(settings: Settings, last_known: Period, as_of: date, issue_format: int) -> Steps:
    """Every horizon of an issue; in the older format those from the next period on."""
    first = next_period(as_of, last_known.frequency) - last_known
    every = issued_horizons(last_known, as_of, settings.forecast.periods_ahead)
    earlier = tuple(one for one in every if one < first)
    return Steps(last_known, earlier if issue_format >= FROM_HORIZON_ONE else (), every[len(earlier) :])


def refuse_unjudged(champion: Champion, steps: Steps) -> None:
    """Raise ``RefusedAction`` where a horizon was never scored, gated and audited.

    A model that was approved before horizons were recorded goes on, and ``unjudged`` tells them.
    """
    missing = [one for one in steps.every if one not in champion.judged_horizons]
    if not champion.judged_horizons or not missing:
        return
    raise RefusedAction(
        f"Version {champion.version} of '{champion.target}' was judged at horizons "
        f"{horizons_text(champion.judged_horizons)}, and this issue would reach horizon {max(missing)} "
        f"({steps.last_known.shift(max(missing))}, from counts to {steps.last_known}): what was never judged is not "
        "issued.",
        remedy="Ingest a newer publication, lower periods_ahead under [forecast], or train on what is known now and "
        f"approve that: wardcast train --target {champion.target}",
    )


def unjudged(champion: Champion, steps: Steps) -> list[int]:
    """The issued horizons that nobody is known to have judged."""
    return [one for one in steps.every if one not in champion.judged_horizons]


def unjudged_sentence(horizons: Sequence[int]) -> str:
    """What must be said of horizons that nobody is known to have judged.

    >>> unjudged_sentence([1, 2])
    'The model was approved before judged horizons were recorded; not known to be judged: horizons 1–2.'
    """
    which = f"horizon {horizons[0]}" if len(horizons) == 1 else f"horizons {horizons_text(horizons)}"
    return f"The model was approved before judged horizons were recorded; not known to be judged: {which}."
