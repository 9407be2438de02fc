"""A frozen snapshot of every answer of one issued forecast, encoded ahead; it is swapped as one reference.

Nothing here loads a model: a snapshot is made of the tables that were issued, after their hashes were verified.
"""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson
import pandas as pd

from contracts import QUANTILE_COLUMNS, Frequency, MissingThing, Period, StaleData, WithdrawnModel
from service.approvals import Withdrawal
from service.issued import IssuedForecast
from service.level_answers import DECIMALS_OF, MADE_BY, harm_in, levels_in
from service.reasons import PeriodReasons, period_reasons
from service.risk import BANDS, band_of, densest, ranks, risk_scores
from service.wording import PLACES_NOT_PEOPLE, ahead_sentence, label_sentences

DECIMALS = 4
Floats = npt.NDArray[np.float64]
Json = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """A JSON document, plain and compressed."""

    plain: bytes
    zipped: bytes


@dataclass(frozen=True)
class PeriodAnswers:
    """One target and period. ``rows`` are encoded area rows from the highest expected count to the lowest."""

    envelope: Json
    head: bytes
    rows: tuple[bytes, ...]
    row_of: Mapping[str, Json]
    everything: Answer
    codes: tuple[str, ...]
    means: Floats
    area_km2: Floats
    larger: Answer | None
    reasons: PeriodReasons | None

    def levels(self) -> Answer:
        """Districts and the city; raises ``MissingThing`` where the forecast was issued without them."""
        if self.larger is None:
            raise MissingThing(
                "This forecast was issued without districts and the city.", remedy="Issue again with: wardcast issue"
            )
        return self.larger

    def first(self, limit: int | None) -> Answer:
        """The ``limit`` areas with the highest expected counts, or all."""
        if limit is None or limit >= len(self.rows):
            return self.everything
        return _answer(_with_rows(self.head, self.rows[:limit]))

    def reasons_of(self, code: str) -> list[Json] | None:
        """What an area's expected count is made of; None where the forecast was issued without reasons."""
        return None if self.reasons is None else self.reasons.of(code, self.row_of[code]["mean"], DECIMALS_OF["mean"])

    def hotspots(self, share: float) -> Answer:
        """The areas of highest expected count per square kilometre within a share of the land."""
        chosen = densest(self.means, self.area_km2, share)
        rows = sorted((self.row_of[self.codes[index]] for index in np.flatnonzero(chosen)), key=lambda row: row["rank"])
        found = {
            "share": share,
            "chosen_by": "highest expected crimes per square kilometre, until the share of the land is filled",
            "land_share": _rounded(self.area_km2[chosen].sum() / self.area_km2.sum()),
            "expected_share": _rounded(self.means[chosen].sum() / self.means.sum()),
        }
        return _answer(orjson.dumps({**self.envelope, **found, "areas": rows}))


@dataclass(frozen=True)
class TargetAnswers:
    """One target: its periods from the next one on, and the history of each area."""

    periods: Mapping[str, PeriodAnswers]
    next_period: str
    histories: Mapping[str, list[Json]]

    def of(self, period: str | None) -> PeriodAnswers:
        """One period, the next one by default; raises ``MissingThing`` with the periods there are."""
        name = self.next_period if period is None else period
        if name not in self.periods:
            raise MissingThing(
                f"No forecast of '{name}' was issued.", remedy=f"Ask for one of {', '.join(self.periods)}."
            )
        return self.periods[name]


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
    models: tuple[tuple[str, int, str], ...]
    """Target, version and sha256 of each model that the forecast is of."""
    withdrawn: Mapping[str, Withdrawal] = field(default_factory=dict)

    def without(self, withdrawn: Mapping[str, Withdrawal]) -> Snapshot:
        """The same snapshot with these targets refused, and its summary saying so."""
        if withdrawn == self.withdrawn:
            return self
        targets = [
            {**about, "withdrawn": asdict(withdrawn[about["target"]]) if about["target"] in withdrawn else None}
            for about in self.about["targets"]
        ]
        return replace(self, withdrawn=withdrawn, summary=_answer(orjson.dumps({**self.about, "targets": targets})))

    def refuse_withdrawn(self) -> None:
        """Raise ``WithdrawnModel`` where every target of the forecast is withdrawn."""
        if set(self.targets) <= set(self.withdrawn):
            raise _refusal(next(iter(self.withdrawn.values())))

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

        Raises ``MissingThing`` with the targets there are, ``WithdrawnModel`` for one that is withdrawn.
        """
        name = next(iter(self.targets)) if target is None else target
        if name in self.withdrawn:
            raise _refusal(self.withdrawn[name])
        if name not in self.targets:
            raise MissingThing(
                f"No forecast of '{name}' was issued.", remedy=f"Ask for one of {', '.join(self.targets)}."
            )
        return self.targets[name]

    def _area_of(self, answers: TargetAnswers, code: str) -> str:
        if code not in self.names:
            raise MissingThing(
                f"There is no area '{code}' in the forecast {self.forecast_id}.",
                remedy=f"Ask for one of the {len(self.names)} codes that /v1/areas lists.",
            )
        if code not in answers.histories:
            raise MissingThing(
                f"This target has no counts in the area '{code}', and no forecast.",
                remedy="Ask for one of the areas that /v1/forecasts lists for the target.",
            )
        return code

    def area_forecast(self, code: str, target: str | None, period: str | None) -> Answer:
        """What is forecast for one area in a period and why, and what is in every issued period."""
        answers = self.of(target)
        asked = answers.of(period)
        row = asked.row_of[self._area_of(answers, code)]
        periods = [_in_period(other, code) for other in answers.periods.values()]
        about = {"forecast": row, "reasons": asked.reasons_of(code), "periods": periods}
        return _answer(orjson.dumps({**asked.envelope, **about}))

    def area_history(self, code: str, target: str | None) -> Answer:
        """The counts of one area that were known when the forecast was issued."""
        answers = self.of(target)
        self._area_of(answers, code)
        about = {"area": code, "name": self.names[code], "history": answers.histories[code]}
        return _answer(orjson.dumps({**answers.of(None).envelope, **about}))


def build_snapshot(issued: IssuedForecast) -> Snapshot:
    """Every answer of an issued forecast."""
    record = issued.record
    targets = {about["target"]: _target_answers(issued, about) for about in record["targets"]}
    return Snapshot(
        forecast_id=issued.forecast_id,
        entry=issued.entry,
        issued_at=issued.issued_at,
        first=Period.parse(record["next_period"], Frequency(record["frequency"])),
        stale_after_periods=record["stale_after_periods"],
        replay=record["replay"],
        hotspot_share=record["hotspot_share"],
        names=dict(zip(issued.areas["area"], issued.areas["name"], strict=True)),
        targets=targets,
        about=_summary(issued),
        summary=_answer(orjson.dumps(_summary(issued))),
        boundaries=_boundaries(issued),
        models=tuple((about["target"], about["model_version"], about["sha256"]) for about in record["targets"]),
    )


def _refusal(withdrawal: Withdrawal) -> WithdrawnModel:
    return WithdrawnModel(str(withdrawal), remedy=f"See its history at /models/{withdrawal.target}, or ask the board.")


def _common(issued: IssuedForecast) -> Json:
    kept = ("city", "geography", "frequency", "as_of", "replay", "simulated")
    about = {"forecast_id": issued.forecast_id, "issued_at": issued.issued_at, "issued_by": issued.issued_by}
    return {**about, **{key: issued.record[key] for key in kept}}


def _summary(issued: IssuedForecast) -> Json:
    return {
        **_common(issued),
        "next_period": issued.record["next_period"],
        "hotspot_share": issued.record["hotspot_share"],
        "publications": issued.record["publications"],
        "bands": [{"band": band.name, "label": band.label, "at_least": band.at_least} for band in BANDS],
        "levels": [] if issued.larger is None else list(issued.larger.nesting["level"].unique()),
        "targets": [{"gates": {}, "overrides": [], **about, "withdrawn": None} for about in issued.record["targets"]],
        "note": " ".join([*_labels(issued), PLACES_NOT_PEOPLE]),
    }


def _labels(issued: IssuedForecast) -> list[str]:
    record = issued.record
    labels = label_sentences(simulated=record["simulated"], replay=record["replay"], as_of=record["as_of"])
    return [*labels, *issued.notes]


def _envelope(issued: IssuedForecast, about: Json, period: str, horizon: int) -> Json:
    is_next = period == issued.record["next_period"]
    ahead = ahead_sentence(period=period, horizon=horizon, last_known=about["last_known_period"], is_next=is_next)
    return {
        **_common(issued),
        "target": about["target"],
        "title": about["title"],
        "period": period,
        "is_next_period": is_next,
        "horizon": horizon,
        "last_known_period": about["last_known_period"],
        "model_version": about["model_version"],
        "model_run_id": about["run_id"],
        "model_sha256": about["sha256"],
        "approved_by": about["approved_by"],
        "approved_at": about["approved_at"],
        "harm": about.get("harm"),
        "gate_overrides": about.get("overrides", []),
        "note": " ".join([ahead, *_labels(issued), PLACES_NOT_PEOPLE]),
    }


def _target_answers(issued: IssuedForecast, about: Json) -> TargetAnswers:
    of_target = issued.forecasts[issued.forecasts["target"] == about["target"]]
    periods = {}
    for step in about["periods"]:
        table = of_target[of_target["horizon"] == step["horizon"]].reset_index(drop=True)
        envelope = _envelope(issued, about, step["period"], step["horizon"])
        periods[step["period"]] = _period_answers(issued, table, envelope)
    frequency = Frequency(issued.record["frequency"])
    histories = _histories(issued.history[issued.history["target"] == about["target"]], frequency)
    return TargetAnswers(periods=periods, next_period=issued.record["next_period"], histories=histories)


def _period_answers(issued: IssuedForecast, table: pd.DataFrame, envelope: Json) -> PeriodAnswers:
    means = table["mean"].to_numpy(dtype=np.float64)
    about = issued.areas[["area", "name", "parent", "area_km2"]]
    parent_names = {} if issued.larger is None else issued.larger.names
    harm = harm_in(issued, envelope["target"], envelope["horizon"])
    larger = levels_in(issued, envelope["target"], envelope["horizon"], harm)
    frame = table.merge(about, on="area", how="left", validate="one_to_one")
    frame = frame.assign(rank=ranks(means), risk_score=risk_scores(means))
    numbers = ["mean", *QUANTILE_COLUMNS, "p_at_least_one", "rank", "risk_score"]
    kept = frame[["area", "name", "parent", *numbers]].round({**dict.fromkeys(numbers, DECIMALS), **DECIMALS_OF})
    rows: list[Json] = [{str(key): value for key, value in row.items()} for row in kept.to_dict(orient="records")]
    for row, score in zip(rows, frame["risk_score"], strict=True):
        row["parent"] = None if pd.isna(row["parent"]) else row["parent"]
        row["parent_name"] = parent_names.get(row["parent"])
        row["band"] = band_of(score).name
        row["harm"] = harm.get((envelope["geography"], row["area"]))
    encoded = tuple(orjson.dumps(row) for row in sorted(rows, key=lambda row: int(row["rank"])))
    head = orjson.dumps(envelope)
    return PeriodAnswers(
        envelope=envelope,
        head=head,
        rows=encoded,
        row_of={row["area"]: row for row in rows},
        everything=_answer(_with_rows(head, encoded)),
        codes=tuple(frame["area"]),
        means=means,
        area_km2=frame["area_km2"].to_numpy(dtype=np.float64),
        larger=_answer(orjson.dumps({**envelope, "made_by": MADE_BY, "levels": larger})) if larger else None,
        reasons=period_reasons(issued.reasons, envelope["target"], envelope["horizon"]),
    )


def _histories(history: pd.DataFrame, frequency: Frequency) -> dict[str, list[Json]]:
    starts = {start: str(Period.containing(start.to_pydatetime(), frequency)) for start in history["period"].unique()}
    columns = (history["area"], history["period"], history["count"], history["settled"])
    histories: dict[str, list[Json]] = {}
    for area, start, count, settled in zip(*columns, strict=True):
        known = None if np.isnan(count) else int(count)
        histories.setdefault(area, []).append({"period": starts[start], "count": known, "settled": bool(settled)})
    return histories


def _in_period(answers: PeriodAnswers, code: str) -> Json:
    about = {key: answers.envelope[key] for key in ("period", "is_next_period", "horizon")}
    return {**about, **answers.row_of[code]}


def _boundaries(issued: IssuedForecast) -> Answer:
    collection = orjson.loads(issued.boundaries)
    known = set(issued.areas["area"])
    features = [feature for feature in collection["features"] if feature["properties"]["code"] in known]
    about = {"type": "FeatureCollection", **_common(issued)}
    return _answer(orjson.dumps({**about, "features": features}))


def _with_rows(head: bytes, rows: tuple[bytes, ...]) -> bytes:
    return b"".join([head[:-1], b',"areas":[', b",".join(rows), b"]}"])


def _rounded(value: float) -> float:
    return round(float(value), DECIMALS)


def _answer(plain: bytes) -> Answer:
    return Answer(plain=plain, zipped=gzip.compress(plain, compresslevel=6, mtime=0))
