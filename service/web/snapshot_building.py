"""The answers of an issued forecast from the tables that were issued, after their hashes were verified."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

import numpy as np
import orjson
import pandas as pd

from contracts import Frequency, Period
from contracts.arrays import Floats
from contracts.tables import RESIDENTS, WORKDAY
from service.forecasts.flags import IssuedFlags
from service.forecasts.issued import IssuedForecast
from service.forecasts.record import Step, TargetRecord
from service.web.answers.answer import Answer, Json, answer_ahead, with_rows
from service.web.answers.areas import area_rows
from service.web.answers.histories import Histories
from service.web.answers.levels import CITY, MADE_BY, harm_in, levels_in
from service.web.answers.period import PeriodAnswers
from service.web.answers.reasons import period_reasons
from service.web.answers.repeats import repeat_counts
from service.web.answers.risk import BANDS
from service.web.answers.views import scales_of
from service.web.answers.week import week_counts
from service.web.snapshot import Snapshot, TargetAnswers
from service.wording import PLACES_NOT_PEOPLE, ahead_sentence, label_sentences

COVER_ENDS = ("share_low", "share_high")
FIRST_TOLD = (
    *("gates", "overrides", "inconclusive", "earlier_periods", "judged_horizons", "notes", "baselines", "superseded"),
    *("settled", "patterns"),
)
"""Parts of a target's record that stand first in the summary."""


def build_snapshot(issued: IssuedForecast, worth: Mapping[str, str]) -> Snapshot:
    """Every answer of an issued forecast; ``worth`` says what the tests of each target's model found."""
    record = issued.record
    targets = {about.target: _target_answers(issued, about) for about in record.targets}
    known = set(issued.areas["area"])
    features = [one for one in orjson.loads(issued.boundaries)["features"] if one["properties"]["code"] in known]
    return Snapshot(
        forecast_id=issued.forecast_id,
        entry=issued.entry,
        issued_at=issued.issued_at,
        first=record.first,
        stale_after_periods=record.stale_after_periods,
        replay=record.replay,
        hotspot_share=record.hotspot_share,
        names=dict(zip(issued.areas["area"], issued.areas["name"], strict=True)),
        targets=targets,
        about=_summary(issued),
        summary=answer_ahead(orjson.dumps(_summary(issued))),
        boundaries=_collection(features, _common(issued)),
        outlines=_collection(features, {}),
        people=_people(issued),
        worth=worth,
        geometry_of={
            feature["properties"]["code"]: orjson.Fragment(orjson.dumps(feature["geometry"])) for feature in features
        },
        models=tuple((about.target, about.model_version, about.sha256) for about in record.targets),
    )


def _common(issued: IssuedForecast) -> Json:
    kept = ("city", "geography", "frequency", "as_of", "replay", "simulated")
    about = {"forecast_id": issued.forecast_id, "issued_at": issued.issued_at, "issued_by": issued.issued_by}
    return {**about, **{key: getattr(issued.record, key) for key in kept}}


def _summary(issued: IssuedForecast) -> Json:
    return {
        **_common(issued),
        "next_period": issued.record.next_period,
        "hotspot_share": issued.record.hotspot_share,
        "publications": issued.record.publications,
        "bands": [{"band": band.name, "label": band.label, "at_least": band.at_least} for band in BANDS],
        "flags": None if issued.flags is None else _rule(issued.flags),
        "levels": [] if issued.larger is None else list(issued.larger.nesting["level"].unique()),
        "targets": [_told(about) for about in issued.record.targets],
        "note": " ".join([*_labels(issued), PLACES_NOT_PEOPLE]),
    }


def _told(about: TargetRecord) -> Json:
    """A target's record, as the summary tells it."""
    told = about.document()
    return {**{name: told.pop(name) for name in FIRST_TOLD}, **told, "withdrawn": None}


def _rule(flags: IssuedFlags) -> Json:
    return {**flags.rule.model_dump(mode="json"), "words": flags.rule.words}


def _labels(issued: IssuedForecast) -> list[str]:
    record = issued.record
    labels = label_sentences(simulated=record.simulated, replay=record.replay, as_of=record.as_of)
    return [*labels, *issued.notes]


def _envelope(issued: IssuedForecast, about: TargetRecord, period: str, horizon: int) -> Json:
    is_next = period == issued.record.next_period
    whole = Period.parse(period, Frequency(issued.record.frequency))
    ahead = ahead_sentence(period=period, horizon=horizon, last_known=about.last_known_period, is_next=is_next)
    return {
        **_common(issued),
        "target": about.target,
        "title": about.title,
        "period": period,
        "first_day": str(whole.start.date()),
        "last_day": str((whole.end - timedelta(seconds=1)).date()),
        "is_next_period": is_next,
        "horizon": horizon,
        "last_known_period": about.last_known_period,
        "model_version": about.model_version,
        "model_run_id": about.run_id,
        "model_sha256": about.sha256,
        "approved_by": about.approved_by,
        "approved_at": about.approved_at,
        "harm": about.harm,
        "gate_overrides": about.overrides,
        "inconclusive": about.inconclusive,
        "note": " ".join([ahead, *about.notes, *_labels(issued), PLACES_NOT_PEOPLE]),
    }


def _target_answers(issued: IssuedForecast, about: TargetRecord) -> TargetAnswers:
    of_target = issued.forecasts[issued.forecasts["target"] == about.target]
    frequency = Frequency(issued.record.frequency)
    histories = Histories(issued.history[issued.history["target"] == about.target], frequency)

    def answers(steps: Sequence[Step]) -> dict[str, PeriodAnswers]:
        made = {}
        for step in steps:
            table = of_target[of_target["horizon"] == step.horizon].reset_index(drop=True)
            envelope = _envelope(issued, about, step.period, step.horizon)
            made[step.period] = _period_answers(issued, table, envelope, histories)
        return made

    periods, earlier = answers(about.periods), answers(about.earlier_periods)
    return TargetAnswers(
        periods=periods,
        next_period=issued.record.next_period,
        histories=histories,
        scales=scales_of(one.row_of.values() for one in periods.values()),
        earlier=earlier,
        week=week_counts(issued.patterns.hours, about.target, list(histories), (about.patterns or {}).get("week")),
        repeats=repeat_counts(issued.patterns.repeats, issued.patterns.near_repeats, about.target, about.patterns),
    )


def _period_answers(issued: IssuedForecast, table: pd.DataFrame, envelope: Json, histories: Histories) -> PeriodAnswers:
    target, horizon = envelope["target"], envelope["horizon"]
    harm = harm_in(issued, target, horizon)
    larger = levels_in(issued, target, horizon, harm)
    rows = area_rows(issued, table, envelope, histories, harm)
    encoded = tuple(orjson.dumps(row) for row in sorted(rows, key=lambda row: int(row["rank"])))
    head = orjson.dumps(envelope)
    land = issued.areas.set_index("area")["area_km2"]
    return PeriodAnswers(
        envelope=envelope,
        head=head,
        rows=encoded,
        row_of={row["area"]: row for row in rows},
        everything=answer_ahead(with_rows(head, encoded)),
        codes=tuple(table["area"]),
        districts=frozenset(row["parent"] for row in rows if row["parent"] is not None),
        means=table["mean"].to_numpy(dtype=np.float64),
        area_km2=land.loc[table["area"]].to_numpy(dtype=np.float64),
        larger=answer_ahead(orjson.dumps({**envelope, "made_by": MADE_BY, "levels": larger})) if larger else None,
        larger_of={
            CITY if level["level"] == CITY else row["area"]: row for level in larger or () for row in level["areas"]
        },
        cover=_cover(issued, target, horizon),
        rule=None if issued.flags is None else _rule(issued.flags),
        reasons=period_reasons(issued.reasons, target, horizon),
    )


def _cover(issued: IssuedForecast, target: str, horizon: int) -> Mapping[str, Floats] | None:
    if issued.ranks is None:
        return None
    covers = issued.ranks.covers
    rows = covers[(covers["target"] == target) & (covers["horizon"] == horizon)].sort_values("areas")
    return {name: rows[name].to_numpy(dtype=np.float64) for name in ("share", *COVER_ENDS, "share_by_count")}


def _people(issued: IssuedForecast) -> dict[str, dict[str, float]]:
    if issued.ranks is None or issued.ranks.people is None:
        return {}
    residents = issued.ranks.people[issued.ranks.people["kind"] != WORKDAY]
    names = residents["group"].where(residents["kind"] != RESIDENTS, RESIDENTS)
    found: dict[str, dict[str, float]] = {}
    for name, code, people in zip(names, residents["area"], residents["people"], strict=True):
        found.setdefault(name, {})[code] = people
    return found


def _collection(features: Sequence[Json], about: Json) -> Answer:
    return answer_ahead(orjson.dumps({"type": "FeatureCollection", **about, "features": features}))
