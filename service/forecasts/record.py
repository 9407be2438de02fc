"""The record of an issue, ``issue.json``: what is signed of a forecast besides its tables, typed.

The ledger's entry of an issue holds the same and the hashes of the files. Records of older formats lack what came
later; it is read as nothing then, and left out where they are written again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from types import MappingProxyType
from typing import Any, Self

from contracts import BadInput, Frequency, MissingThing, Period
from service.ledger import Entry

Json = dict[str, Any]
FIRST_FORMAT = 1
"""Of records that name none."""
FROM_HORIZON_ONE = 2
"""Format of an issue that has every horizon from 1, and simple counts beside them; before it began with the next
period. A forecast that was issued in an older format is made again in that format."""
WITH_RANKS = 3
"""Format of an issue that says besides how sure ranks are, what covering the first areas holds, and who lives there."""
WITH_PATTERNS = 4
"""Format of an issue that says besides when in the week crime happened and where it is repeated."""
_SINCE: Mapping[str, int] = MappingProxyType(
    {
        **dict.fromkeys(
            ("earlier_periods", "judged_horizons", "notes", "baselines", "superseded", "settled"), FROM_HORIZON_ONE
        ),
        "patterns": WITH_PATTERNS,
    }
)
"""Part of a target's record → the first format that has it."""


@dataclass(frozen=True)
class Step:
    """A forecast period, and how many periods it lies after the last known one."""

    period: str
    horizon: int


@dataclass(frozen=True)
class TargetRecord:
    """What an issue says of one target: its periods, its model, and who approved that.

    ``periods`` are those from the next one on, ``earlier_periods`` those in progress or just past. ``harm`` says how it
    was weighed, ``inconclusive`` why the model was approved without enough evidence, ``superseded`` which model was
    before it, ``settled`` of which periods the counts are known only from a later publication, ``patterns`` of which
    days the tables of weekdays, hours and repeats are; None where there is no such.
    """

    target: str
    title: str
    last_known_period: str
    periods: tuple[Step, ...]
    model_version: int
    run_id: str
    sha256: str
    report_sha256: str | None
    approved_by: str
    approved_at: str
    approval_reason: str
    approval_entry: int
    harm: Json | None = None
    proposed_by: str | None = None
    gates: Mapping[str, str] = field(default_factory=dict)
    overrides: tuple[Json, ...] = ()
    inconclusive: Json | None = None
    earlier_periods: tuple[Step, ...] = ()
    judged_horizons: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()
    baselines: tuple[str, ...] = ()
    superseded: Json | None = None
    settled: Json | None = None
    patterns: Json | None = None

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Self:
        """From the document; what a newer version wrote besides is left out.

        Raises ``BadInput`` that names what is missing.
        """
        _refuse_missing(cls, told)
        known = {one.name: told[one.name] for one in fields(cls) if one.name in told}
        for name in ("periods", "earlier_periods"):
            known[name] = tuple(Step(one["period"], one["horizon"]) for one in known.get(name, ()))
        for name in ("overrides", "judged_horizons", "notes", "baselines"):
            known[name] = tuple(known.get(name, ()))
        return cls(**known)

    @property
    def every_horizon(self) -> tuple[int, ...]:
        """Of all issued periods, the nearest first."""
        return tuple(one.horizon for one in (*self.earlier_periods, *self.periods))

    def document(self) -> Json:
        """Every part as plain values, whatever the format of the record."""
        return {one.name: _plain(getattr(self, one.name)) for one in fields(self)}

    def to_payload(self, issue_format: int) -> Json:
        """The parts that a record of this format has."""
        told = {name: value for name, value in self.document().items() if _SINCE.get(name, 0) <= issue_format}
        if self.inconclusive is None:
            del told["inconclusive"]
        return told


@dataclass(frozen=True)
class IssueRecord:
    """What an issue is of; ``publications`` hold the id, day and SHA-256 of each file whose counts are in it."""

    city: str
    geography: str
    frequency: str
    simulated: bool
    replay: bool
    as_of: str
    next_period: str
    stale_after_periods: int
    hotspot_share: float
    publications: tuple[Json, ...]
    targets: tuple[TargetRecord, ...]
    format: int = FIRST_FORMAT

    @classmethod
    def of(cls, content: bytes) -> Self:
        """From the bytes of ``issue.json``; raises as ``TargetRecord.of``."""
        told: Json = json.loads(content)
        _refuse_missing(cls, told)
        known = {one.name: told[one.name] for one in fields(cls) if one.name in told}
        known["publications"] = tuple(known["publications"])
        return cls(**{**known, "targets": tuple(TargetRecord.of(one) for one in known["targets"])})

    @property
    def first(self) -> Period:
        """The next period when it was issued."""
        return Period.parse(self.next_period, Frequency(self.frequency))

    def to_payload(self) -> Json:
        """The document, in the order in which it is written."""
        told = {one.name: _plain(getattr(self, one.name)) for one in fields(self) if one.name != "targets"}
        told["targets"] = [one.to_payload(self.format) for one in self.targets]
        issue_format = told.pop("format")
        return told | ({"format": issue_format} if issue_format >= FROM_HORIZON_ONE else {})

    def to_bytes(self) -> bytes:
        """The document as it is written."""
        return (json.dumps(self.to_payload(), indent=2, ensure_ascii=False) + "\n").encode("utf-8")


def target_records(issue: Entry) -> tuple[TargetRecord, ...]:
    """What the ledger's entry of an issue says of each target."""
    return tuple(TargetRecord.of(one) for one in issue.content["targets"])


def issue_entry(entries: Iterable[Entry], forecast_id: str) -> Entry:
    """The newest entry that issued a forecast; raises ``MissingThing`` that names the newest forecast there is."""
    issues = [entry for entry in entries if entry.kind == "issue"]
    for entry in reversed(issues):
        if entry.content["forecast_id"] == forecast_id:
            return entry
    newest = f"the newest is {issues[-1].content['forecast_id']}" if issues else "none was issued yet"
    raise MissingThing(
        f"No forecast '{forecast_id}' was issued; {newest}.", remedy="List them with: wardcast ledger list"
    )


def _refuse_missing(kind: type[TargetRecord | IssueRecord], told: Mapping[str, Any]) -> None:
    needed = [one.name for one in fields(kind) if one.default is MISSING and one.default_factory is MISSING]
    missing = [name for name in needed if name not in told]
    if missing:
        raise BadInput(
            f"The record of an issue lacks {', '.join(missing)}: no version of Wardcast wrote it so.",
            remedy="Restore the forecast and the ledger from a backup; see: wardcast ledger verify",
        )


def _plain(value: Any) -> Any:
    if isinstance(value, Step):
        return {"period": value.period, "horizon": value.horizon}
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return dict(value) if isinstance(value, Mapping) else value
