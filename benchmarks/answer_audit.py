"""Judges every distinct answer of a service against what was issued, after everything is over.

It reads the files and the ledger itself and shares no code with the service's snapshot: an answer must be wholly of
the one forecast that it names, with the scores of that forecast's table; forecasts only go forward; a withdrawn one is
refused in time.
"""

from __future__ import annotations

import gzip
import json
import re
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.faulty_machines import Outage
from benchmarks.request_load import Interruption, Load, Seen
from contracts import QUANTILE_COLUMNS
from service.ledger.ledger import Entry

LONGEST_SECONDS = 5.0
"""Within so long a withdrawn forecast is refused, not counting while the ledger's database is down."""
CLOSE = 1e-8
CLOSE_SCORE = 1.01e-4
"""Risk scores are computed here once more, and rounded to four digits."""
NUMBERS = {"mean": 9, **dict.fromkeys((*QUANTILE_COLUMNS, "p_at_least_one"), 4)}
_ENTRY = re.compile(r"ledger entry (\d+)")
Json = dict[str, Any]


@dataclass(frozen=True)
class Issued:
    """An issued forecast as its files and its entry say. ``rows`` and ``levels`` map (target, horizon, area)."""

    forecast_id: str
    entry: int
    issued_at: str
    issued: float
    record: Json
    rows: Mapping[tuple[str, int, str], Mapping[str, float]]
    levels: Mapping[tuple[str, int, str], Mapping[str, float]]
    counts: Mapping[tuple[str, str], list[int]]
    features: list[Any]

    def about(self, target: str) -> Json | None:
        """What the record says of a target."""
        return next((one for one in self.record["targets"] if one["target"] == target), None)


@dataclass(frozen=True)
class Withdrawn:
    """A withdrawal, by its entry; ``at`` is when it was entered, by the monotonic clock."""

    entry: int
    target: str
    version: int
    at: float


@dataclass
class Span:
    """When something was first and last seen: by when an answer was there, and when a request was sent for it."""

    first_received: float
    last_sent: float

    def widen(self, seen: Seen) -> None:
        """Take another answer in."""
        self.first_received = min(self.first_received, seen.first_received)
        self.last_sent = max(self.last_sent, seen.last_sent)


@dataclass
class Verdict:
    """What was found; ``findings`` must be empty."""

    findings: list[str] = field(default_factory=list)
    answers: int = 0
    refusals: int = 0
    distinct: int = 0
    forecasts_seen: int = 0
    longest_take_up_seconds: float = 0.0
    longest_refusal_seconds: float = 0.0


def issued_forecasts(folder: Path, entries: Iterable[Entry]) -> dict[str, Issued]:
    """Forecast → its tables, read from the folder of forecasts."""
    offset = time.monotonic() - time.time()
    return {
        entry.content["forecast_id"]: _issued(folder / entry.content["forecast_id"], entry, offset)
        for entry in entries
        if entry.kind == "issue"
    }


def _issued(folder: Path, entry: Entry, offset: float) -> Issued:
    history = pd.read_parquet(folder / "history.parquet").sort_values("period")
    counts: dict[tuple[str, str], list[int]] = {}
    for target, area, count in zip(history["target"], history["area"], history["count"], strict=True):
        counts.setdefault((target, area), []).append(int(count))
    return Issued(
        forecast_id=entry.content["forecast_id"],
        entry=entry.number,
        issued_at=entry.recorded_at,
        issued=_moment(entry, offset),
        record=json.loads((folder / "issue.json").read_text(encoding="utf-8")),
        rows=_numbers(pd.read_parquet(folder / "forecasts.parquet")),
        levels=_numbers(pd.read_parquet(folder / "levels.parquet")),
        counts=counts,
        features=json.loads((folder / "boundaries.geojson").read_text(encoding="utf-8"))["features"],
    )


def _numbers(table: pd.DataFrame) -> dict[tuple[str, int, str], Mapping[str, float]]:
    score = table["mean"] / table.groupby(["target", "horizon"])["mean"].transform("mean")
    columns = [*(table[name].round(digits).tolist() for name, digits in NUMBERS.items()), score.tolist()]
    keys = zip(table["target"], table["horizon"].tolist(), table["area"], strict=True)
    names = (*NUMBERS, "risk_score")
    return {key: dict(zip(names, row, strict=True)) for key, row in zip(keys, zip(*columns, strict=True), strict=True)}


def withdrawals_of(entries: Iterable[Entry]) -> list[Withdrawn]:
    """Every withdrawal in the ledger."""
    offset = time.monotonic() - time.time()
    return [
        Withdrawn(entry.number, entry.content["target"], entry.content["version"], _moment(entry, offset))
        for entry in entries
        if entry.kind == "withdrawal"
    ]


def _moment(entry: Entry, offset: float) -> float:
    """When an entry was made, by the monotonic clock."""
    return datetime.fromisoformat(entry.recorded_at).timestamp() + offset


class Audit:
    """Judges the answers of a load."""

    def __init__(
        self,
        issued: Mapping[str, Issued],
        withdrawn: Sequence[Withdrawn],
        damaged_sha256: Iterable[str],
        outages: Sequence[Outage] = (),
        *,
        longest_seconds: float = LONGEST_SECONDS,
    ) -> None:
        self.verdict = Verdict()
        self._longest_seconds = longest_seconds
        self._issued = issued
        self._withdrawn = {one.entry: one for one in withdrawn}
        self._damaged = frozenset(damaged_sha256)
        self._outages = outages
        self._forecasts: dict[str, Span] = {}
        self._scores: dict[tuple[str, str], Span] = {}
        self._refusals: dict[int, Span] = {}

    def judge(self, load: Load) -> Verdict:
        """Everything that is wrong with the answers, in sentences."""
        for seen in load.seen:
            self.verdict.answers += seen.count
            self.verdict.distinct += 1
            for finding in self._faults(seen):
                self._find(f"{seen.asked.path}: {finding} ({seen.count} times)")
        self._judge_power()
        self._judge_order()
        for withdrawn in self._withdrawn.values():
            self._judge_withdrawal(withdrawn)
        self._judge_take_up()
        for interruption in load.interruptions:
            self._judge_interruption(interruption)
        self.verdict.forecasts_seen = len(self._forecasts)
        return self.verdict

    def _find(self, finding: str) -> None:
        self.verdict.findings.append(finding)

    def _faults(self, seen: Seen) -> list[str]:
        try:
            body = gzip.decompress(seen.body) if seen.body[:2] == b"\x1f\x8b" else seen.body
            document = json.loads(body)
        except (OSError, EOFError, ValueError) as error:
            return [f"no document: {error}"]
        if seen.status == 410:
            return self._refusal_faults(seen, document)
        if seen.status != 200:
            return [f"status {seen.status}: {document.get('detail')}"]
        if seen.asked.route == "/healthz":
            return [] if document == {"status": "ok"} else ["not well"]
        if seen.asked.route == "/v1/models":
            return self._history_faults(seen, document)
        issued = self._issued.get(document["forecast_id"])
        if issued is None:
            return [f"of the forecast {document['forecast_id']}, which was not issued"]
        _widened(self._forecasts, issued.forecast_id, seen)
        return self._content_faults(seen, document, issued)

    def _refusal_faults(self, seen: Seen, document: Json) -> list[str]:
        self.verdict.refusals += seen.count
        named = _ENTRY.search(document["detail"])
        withdrawn = self._withdrawn.get(int(named[1])) if named else None
        if withdrawn is None:
            return [f"a refusal without a withdrawal: {document['detail']}"]
        if seen.first_received < withdrawn.at:
            return ["refused before it was withdrawn"]
        if "target=" in seen.asked.path and f"target={withdrawn.target}" not in seen.asked.path:
            return [f"refused because of another target: {document['detail']}"]
        _widened(self._refusals, withdrawn.entry, seen)
        return []

    def _history_faults(self, seen: Seen, document: Json) -> list[str]:
        entries = [event["entry"] for event in document["events"]]
        faults = [] if seen.asked.path.endswith(f"/{document['target']}") else ["the history of another target"]
        return faults if entries == sorted(entries, reverse=True) else [*faults, "its events are out of order"]

    def _content_faults(self, seen: Seen, document: Json, issued: Issued) -> list[str]:
        if seen.asked.route == "/readyz":
            return []
        faults = [] if document["issued_at"] == issued.issued_at else ["issued at another moment"]
        if seen.asked.route == "/v1/summary":
            return faults + self._summary_faults(document, issued)
        if seen.asked.route == "/v1/areas":
            return faults if document["features"] == issued.features else [*faults, "other boundaries"]
        about = issued.about(document["target"])
        if about is None:
            return [*faults, f"of {document['target']}, of which nothing was issued"]
        faults += self._model_faults(document, about)
        if seen.asked.route == "/v1/history":
            counts = [one["count"] for one in document["history"]]
            return (
                faults if counts == issued.counts[document["target"], document["area"]] else [*faults, "other counts"]
            )
        _widened(self._scores, (issued.forecast_id, document["target"]), seen)
        return faults + _score_faults(seen, document, issued)

    def _summary_faults(self, document: Json, issued: Issued) -> list[str]:
        said = {one["target"]: (one["model_version"], one["sha256"]) for one in document["targets"]}
        recorded = {one["target"]: (one["model_version"], one["sha256"]) for one in issued.record["targets"]}
        return [] if said == recorded else ["other models"]

    def _model_faults(self, document: Json, about: Json) -> list[str]:
        said = [document[name] for name in ("model_version", "model_sha256", "model_run_id", "approved_at")]
        recorded = [about[name] for name in ("model_version", "sha256", "run_id", "approved_at")]
        faults = [] if said == recorded else ["of another model than was issued"]
        return [*faults, "of a damaged model"] if document["model_sha256"] in self._damaged else faults

    def _judge_power(self) -> None:
        """Were the scores of two issues after another the same, a mixture of them could not be told."""
        in_order = sorted(self._issued.values(), key=lambda one: one.entry)
        for before, after in pairwise(in_order):
            if before.rows == after.rows:
                self._find(f"{before.forecast_id} and {after.forecast_id} have the same scores")

    def _judge_order(self) -> None:
        """No request that was sent after a newer forecast had been seen is answered with an older one."""
        newer_seen, newer = float("inf"), ""
        for forecast_id in sorted(self._forecasts, key=lambda one: self._issued[one].entry, reverse=True):
            span = self._forecasts[forecast_id]
            if span.last_sent > newer_seen:
                self._find(f"{forecast_id} was answered after {newer} had been")
            if span.first_received < newer_seen:
                newer_seen, newer = span.first_received, forecast_id

    def _judge_withdrawal(self, withdrawn: Withdrawn) -> None:
        for (forecast_id, target), span in self._scores.items():
            about = self._issued[forecast_id].about(target)
            if about is None or (target, about["model_version"]) != (withdrawn.target, withdrawn.version):
                continue
            late = self._known_seconds(withdrawn.at, span.last_sent)
            self.verdict.longest_refusal_seconds = max(self.verdict.longest_refusal_seconds, round(late, 2))
            if late > self._longest_seconds:
                self._find(f"{forecast_id} of {target} was served {late:.1f} seconds after its withdrawal")

    def _judge_take_up(self) -> None:
        """A new issue is served soon, and nothing is refused any more because of what it replaced."""
        began = min((span.first_received for span in self._forecasts.values()), default=0.0)
        for forecast_id, span in self._forecasts.items():
            waited = self._known_seconds(max(began, self._issued[forecast_id].issued), span.first_received)
            self.verdict.longest_take_up_seconds = max(self.verdict.longest_take_up_seconds, round(waited, 2))
        for entry, span in self._refusals.items():
            later = [
                one.issued
                for one in self._issued.values()
                if one.entry > entry and one.about(self._withdrawn[entry].target) is not None
            ]
            if later and self._known_seconds(min(later), span.last_sent) > self._longest_seconds:
                self._find(f"the withdrawal of entry {entry} was told long after a new issue")

    def _known_seconds(self, began: float, ended: float) -> float:
        """Seconds of a span in which the service could look into the ledger: it and the database were there."""
        away, until = 0.0, began
        for one in sorted(self._outages, key=lambda one: one.began):
            if one.what != "registry":
                away += one.seconds_within(until, ended)
                until = max(until, one.ended)
        return ended - began - away

    def _judge_interruption(self, interruption: Interruption) -> None:
        if not any(one.what == "service" and one.began <= interruption.at <= one.ended + 1.0 for one in self._outages):
            self._find(f"a connection was interrupted ({interruption.what}) while the service ran")


def _score_faults(seen: Seen, document: Json, issued: Issued) -> list[str]:
    target, horizon = document["target"], document["horizon"]
    if seen.asked.route == "/v1/levels":
        rows = [row for level in document["levels"] for row in level["areas"]]
        wanted = sum(1 for key in issued.levels if key[:2] == (target, horizon))
        return _row_faults(rows, issued.levels, target, horizon) + _number_fault(len(rows), wanted)
    if seen.asked.route == "/v1/area":
        faults = _row_faults([document["forecast"]], issued.rows, target, horizon)
        for row in document["periods"]:
            faults += _row_faults([row], issued.rows, target, row["horizon"])
        return faults
    limit = re.search(r"limit=(\d+)", seen.asked.path)
    wanted = int(limit[1]) if limit else sum(1 for key in issued.rows if key[:2] == (target, horizon))
    faults = [] if seen.asked.route in ("/v1/hotspots", "/v1/flags") else _number_fault(len(document["areas"]), wanted)
    return faults + _row_faults(document["areas"], issued.rows, target, horizon)


def _number_fault(number: int, wanted: int) -> list[str]:
    return [] if number == wanted else [f"{number} areas, not {wanted}"]


def _row_faults(
    rows: Sequence[Json], table: Mapping[tuple[str, int, str], Mapping[str, float]], target: str, horizon: int
) -> list[str]:
    """Rows whose numbers are not those of the issued table."""
    for row in rows:
        recorded = table.get((target, horizon, row["area"]))
        if recorded is None:
            return [f"{row['area']} has no such row in the issued table"]
        apart = max(abs(row[name] - recorded[name]) for name in NUMBERS)
        score_apart = abs(row["risk_score"] - recorded["risk_score"]) if "risk_score" in row else 0.0
        if apart > CLOSE or score_apart > CLOSE_SCORE:
            return [f"the scores of {row['area']} are not those of the forecast it names"]
    return []


def _widened(spans: dict[Any, Span], key: Any, seen: Seen) -> None:
    spans.setdefault(key, Span(seen.first_received, seen.last_sent)).widen(seen)
