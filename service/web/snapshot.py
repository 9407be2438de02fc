"""A frozen snapshot of every answer of one issued forecast, encoded ahead; it is swapped as one reference.

Nothing here loads a model: ``service.web.snapshot_building`` makes a snapshot of the tables that were issued.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from functools import cached_property

import orjson

from contracts import BadInput, Frequency, MissingThing, Period, StaleData, WithdrawnModel
from service.board.champions import Withdrawal
from service.web.answers.answer import Answer, Json, answer_ahead
from service.web.answers.boxes import Bounds, meets
from service.web.answers.drawn_map import Drawing, bounds_of, draw
from service.web.answers.nearest import nearest, unknown
from service.web.answers.period import PeriodAnswers
from service.web.answers.repeats import RepeatCounts
from service.web.answers.views import Scale
from service.web.answers.week import WeekCounts
from service.wording import earlier_sentence


@dataclass(frozen=True)
class TargetAnswers:
    """One target: its periods from the next one on, and the history of each area.

    ``earlier`` holds the periods in progress or just past: they are listed with an area's forecast under their own key,
    and no question about the next periods is answered with them.
    """

    periods: Mapping[str, PeriodAnswers]
    next_period: str
    histories: Mapping[str, list[Json]]
    scales: Mapping[str, Scale] = field(default_factory=dict)
    """View → the steps of its map, the same for all periods."""
    earlier: Mapping[str, PeriodAnswers] = field(default_factory=dict)
    week: WeekCounts | None = None
    repeats: RepeatCounts | None = None
    """Both None where the counts of the target do not come from single incidents."""

    def of(self, period: str | None) -> PeriodAnswers:
        """One period, the next one by default; raises ``MissingThing`` with the periods there are."""
        name = self.next_period if period is None else period
        if name in self.earlier:
            raise MissingThing(
                earlier_sentence(name, self.next_period),
                remedy=f"Ask for one of {', '.join(self.periods)}; the forecast of an area lists earlier ones too.",
            )
        if name not in self.periods:
            raise self._unknown_period(name)
        return self.periods[name]

    def hours(self) -> WeekCounts:
        """When in the week crime happened; raises ``MissingThing`` where that is not known."""
        if self.week is None:
            raise _not_by_incident("When in the week these crimes happened")
        return self.week

    def repeated(self) -> RepeatCounts:
        """Where crime is repeated; raises ``MissingThing`` where that is not known."""
        if self.repeats is None:
            raise _not_by_incident("Where these crimes are repeated")
        return self.repeats

    def _unknown_period(self, name: str) -> BadInput | MissingThing:
        frequency = Frequency(self.periods[self.next_period].envelope["frequency"])
        remedy = f"Ask for one of {', '.join(self.periods)}."
        error = unknown(f"No forecast of '{name}' was issued.", name, self.periods, remedy=remedy)
        try:
            Period.parse(name, frequency)
        except BadInput as no_period:
            return error if isinstance(error, BadInput) else BadInput(no_period.message, remedy=remedy)
        return error


@dataclass(frozen=True)
class Snapshot:
    """Every answer of one issued forecast; of the targets in ``withdrawn`` none is given."""

    forecast_id: str
    entry: int
    issued_at: str
    first: Period
    stale_after_periods: int
    replay: bool
    hotspot_share: float
    names: Mapping[str, str]
    targets: Mapping[str, TargetAnswers]
    about: Json
    summary: Answer
    boundaries: Answer
    outlines: Answer
    """The same without a word of this forecast, so that its address can be its hash."""
    geometry_of: Mapping[str, orjson.Fragment]
    """Code → the area's boundary, encoded."""
    people: Mapping[str, Mapping[str, float]]
    """All residents under ``RESIDENTS``, and each group of them → code → how many; empty where it is not known."""
    models: tuple[tuple[str, int, str], ...]
    """Target, version and sha256 of each model that the forecast is of."""
    worth: Mapping[str, str] = field(default_factory=dict)
    """Target → what the tests of its model found, in a sentence, where that is known."""
    withdrawn: Mapping[str, Withdrawal] = field(default_factory=dict)
    stopped: Mapping[str, str] = field(default_factory=dict)
    """Target → why it is not served while the ledger is not what it was."""
    stopped_by_file: Mapping[str, str] = field(default_factory=dict)
    """Target → why it is not served, by the file that stops without the ledger."""

    @cached_property
    def bounds_of(self) -> Mapping[str, Bounds]:
        """Code → west, south, east and north of the area, degrees of WGS 84."""
        return bounds_of(orjson.loads(self.boundaries.plain)["features"])

    @cached_property
    def drawing(self) -> Drawing:
        """The outlines of the areas for maps that are drawn here."""
        return draw(orjson.loads(self.boundaries.plain)["features"])

    def stopped_for(self, stopped: Mapping[str, str]) -> Snapshot:
        """The same snapshot with these targets refused, each for its reason."""
        return replace(self, stopped=stopped)

    def without(self, withdrawn: Mapping[str, Withdrawal]) -> Snapshot:
        """The same snapshot with these targets refused, and its summary saying so."""
        if withdrawn == self.withdrawn and not self.stopped:
            return self
        targets = [
            {**about, "withdrawn": asdict(withdrawn[about["target"]]) if about["target"] in withdrawn else None}
            for about in self.about["targets"]
        ]
        return replace(
            self,
            stopped={},
            withdrawn=withdrawn,
            summary=answer_ahead(orjson.dumps({**self.about, "targets": targets})),
        )

    @property
    def refusals(self) -> tuple[str, ...]:
        """Why targets of the forecast are not served, a sentence each."""
        stopped = {**self.stopped_by_file, **self.stopped}
        return (*(str(one) for one in self.withdrawn.values()), *dict.fromkeys(stopped.values()))

    @property
    def refused_targets(self) -> frozenset[str]:
        """The targets that are not served."""
        return frozenset({*self.withdrawn, *self.stopped, *self.stopped_by_file})

    def refuse_unserved(self) -> None:
        """Raise ``WithdrawnModel`` or ``StaleData`` where no target of the forecast is served."""
        if self.refused_targets.issuperset(self.targets):
            self._refuse(next(iter(self.targets)))

    def refuse_any(self) -> None:
        """Raise ``WithdrawnModel`` or ``StaleData`` where one of the targets is not served."""
        for name in self.targets:
            self._refuse(name)

    def _refuse(self, name: str) -> None:
        """Raise the refusal of a target, if it is withdrawn or stopped."""
        if name in self.withdrawn:
            raise _refusal(self.withdrawn[name])
        if name in self.stopped:
            raise StaleData(self.stopped[name], remedy="See /readyz; run: wardcast ledger verify")
        if name in self.stopped_by_file:
            raise WithdrawnModel(f"{self.stopped_by_file[name]}.", remedy="Ask whoever runs the service.")

    def refuse_stale(self, today: date) -> None:
        """Raise ``StaleData`` once too many periods have begun after the next one; a replay is of the past anyway."""
        begun = Period.containing(today, self.first.frequency) - self.first
        if not self.replay and begun >= self.stale_after_periods:
            raise StaleData(
                f"The newest forecast, {self.forecast_id}, begins with {self.first}, and {begun} periods have begun "
                "since: it is stale and is not served.",
                remedy="Ingest the newest publication and run: wardcast issue",
            )

    def of(self, target: str | None) -> TargetAnswers:
        """One target, the first of the settings by default.

        Raises ``MissingThing`` with the targets there are, ``WithdrawnModel`` for one that is withdrawn or stopped,
        ``StaleData`` where a withdrawal may be hidden.
        """
        name = next(iter(self.targets)) if target is None else target
        self._refuse(name)
        if name not in self.targets:
            near = nearest(name, self.targets)
            remedy = f"{f'Did you mean {near}? ' if near else ''}Ask for one of {', '.join(self.targets)}."
            raise unknown(f"No forecast of '{name}' was issued.", name, self.targets, remedy=remedy)
        return self.targets[name]

    def meeting(self, box: Bounds) -> frozenset[str]:
        """Codes of the areas whose bounds meet a box."""
        return frozenset(code for code, bounds in self.bounds_of.items() if meets(bounds, box))

    def areas_of(self, target: str | None, period: str | None, codes: Sequence[str]) -> PeriodAnswers:
        """One target and period in these areas only, still from the highest expected count to the lowest.

        Raises ``MissingThing`` for an area that has no forecast.
        """
        answers = self.of(target)
        return answers.of(period).only([self._area_of(answers, code) for code in codes])

    def _area_of(self, answers: TargetAnswers, code: str) -> str:
        if code not in self.names:
            raise unknown(
                f"There is no area '{code}' in the forecast {self.forecast_id}.",
                code,
                self.names,
                remedy=f"Ask for one of the {len(self.names)} codes that /v1/areas lists.",
            )
        if code not in answers.histories:
            raise MissingThing(
                f"This target has no counts in the area '{code}', and no forecast.",
                remedy="Ask for one of the areas that /v1/forecasts lists for the target.",
            )
        return code

    def area_forecast(self, code: str, target: str | None, period: str | None) -> Answer:
        """What is forecast for one area in a period and why, and what is in every issued period, earlier ones apart."""
        answers = self.of(target)
        asked = answers.of(period)
        row = asked.row_of[self._area_of(answers, code)]
        periods = [_in_period(other, code) for other in answers.periods.values()]
        earlier = [_in_period(other, code) for other in answers.earlier.values()]
        about = {"forecast": row, "reasons": asked.reasons_of(code), "periods": periods, "earlier_periods": earlier}
        return Answer(orjson.dumps({**asked.envelope, **about}))

    def area_history(self, code: str, target: str | None) -> Answer:
        """The counts of one area that were known when the forecast was issued."""
        answers = self.of(target)
        self._area_of(answers, code)
        about = {"area": code, "name": self.names[code], "history": answers.histories[code]}
        return Answer(orjson.dumps({**answers.of(None).envelope, **about}))


def _not_by_incident(what: str) -> MissingThing:
    return MissingThing(
        f"{what} is not known: the newest counts of the target come from no single incidents with times.",
        remedy="Ingest incidents with 'wardcast ingest incidents', and issue again with: wardcast issue",
    )


def _refusal(withdrawal: Withdrawal) -> WithdrawnModel:
    return WithdrawnModel(str(withdrawal), remedy=f"See its history at /models/{withdrawal.target}, or ask the board.")


def _in_period(answers: PeriodAnswers, code: str) -> Json:
    about = {key: answers.envelope[key] for key in ("period", "is_next_period", "horizon")}
    return {**about, **answers.row_of[code]}
