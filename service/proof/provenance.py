"""Where a forecast comes from, told from its id and the ledger alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from contracts import horizons_text
from service.forecasts.record import issue_entry, target_records
from service.issuing import SETTINGS_COPY
from service.ledger import Entry

NOT_RECORDED = "not recorded"


@dataclass(frozen=True)
class Provenance:
    """What stands behind one issued forecast; what its entry does not say is None.

    ``targets`` holds the run, the model, the report that was read and the approval of each target; ``publications``
    every publication that was in the store, with ``used`` where its counts are in the forecast and ``settled`` where
    they stood in although it came after the as-of day; ``entries`` those of the ledger that are about this forecast or
    its models.
    """

    forecast_id: str
    entry: int
    entry_hash: str
    issued_at: str
    issued_by: str
    as_of: str
    next_period: str
    replay: bool
    simulated: bool
    geography: str
    geography_sha256: str | None
    settings_sha256: str | None
    code: dict[str, Any] | None
    libraries: dict[str, str] | None
    targets: tuple[dict[str, Any], ...]
    publications: tuple[dict[str, Any], ...]
    files: dict[str, str]
    entries: tuple[dict[str, Any], ...]


def is_concerned(entry: Entry, issued: Entry) -> bool:
    """Whether an entry is about an issued forecast or one of its models, or introduces a key that signs."""
    content = entry.content
    if entry.number == issued.number or "public_key" in content:
        return True
    models = {(about.target, about.model_version) for about in target_records(issued)}
    return (
        content.get("forecast_id") == issued.content["forecast_id"]
        or (content.get("target"), content.get("version")) in models
    )


def provenance(entries: Sequence[Entry], forecast_id: str) -> Provenance:
    """What the ledger's entries say of one forecast; raises ``MissingThing``."""
    issued = issue_entry(entries, forecast_id)
    content = issued.content
    inputs: dict[str, Any] = content.get("inputs", {})
    return Provenance(
        forecast_id=forecast_id,
        entry=issued.number,
        entry_hash=issued.hash,
        issued_at=issued.recorded_at,
        issued_by=issued.actor,
        as_of=content["as_of"],
        next_period=content["next_period"],
        replay=content["replay"],
        simulated=content["simulated"],
        geography=content["geography"],
        geography_sha256=inputs.get("geography", {}).get("folder_sha256"),
        settings_sha256=content["files"].get(SETTINGS_COPY),
        code=inputs.get("code"),
        libraries=inputs.get("libraries"),
        targets=tuple(_target(about, inputs) for about in content["targets"]),
        publications=_publications(content["publications"], inputs.get("publications", ()), content["as_of"]),
        files=content["files"],
        entries=tuple(
            {"number": entry.number, "kind": entry.kind, "recorded_at": entry.recorded_at, "by": entry.actor}
            for entry in entries
            if is_concerned(entry, issued)
        ),
    )


def _target(about: Mapping[str, Any], inputs: Mapping[str, Any]) -> dict[str, Any]:
    return {**about, "trained_with": inputs.get("trained_with", {}).get(about["target"])}


def _publications(
    used: Iterable[Mapping[str, Any]], stored: Iterable[Mapping[str, Any]], as_of: str
) -> tuple[dict[str, Any], ...]:
    known = {one["id"]: {**one, "used": True} for one in used}
    for one in stored:
        known[one["id"]] = {"used": False, **known.get(one["id"], {}), **one}
    told = [{**one, "settled": one["used"] and one["published_on"] > as_of} for one in known.values()]
    return tuple(sorted(told, key=lambda one: (one["published_on"], one["id"])))


def as_text(told: Provenance) -> str:
    """For a terminal, in plain English."""
    labels = [label for label, holds in (("simulated", told.simulated), ("replayed", told.replay)) if holds]
    lines = [
        " ".join([f"Forecast {told.forecast_id}", *(f"({label})" for label in labels)]),
        f"  issued      {told.issued_at[:19]}Z by {told.issued_by}, ledger entry {told.entry}",
        f"  knew        {_known(told)}; next period {told.next_period}",
        f"  code        {_code(told.code)}",
        f"  libraries   {_listed(told.libraries)}",
        f"  settings    sha256 {told.settings_sha256 or NOT_RECORDED}",
        f"  geography   {told.geography}, sha256 {told.geography_sha256 or NOT_RECORDED}",
    ]
    for about in told.targets:
        lines += _target_lines(about)
    lines.append("Publications")
    lines += [
        f"  {one['id']}, published {one['published_on']}, {_use(one, told.as_of)}, sha256 {one['sha256']}"
        for one in told.publications
    ]
    lines.append("Entries of the ledger about this forecast and its models")
    lines += [f"  {one['number']:>5}  {one['recorded_at'][:19]}Z  {one['kind']} by {one['by']}" for one in told.entries]
    return "\n".join(lines)


def _known(told: Provenance) -> str:
    """What the forecast knew; where counts of later publications stood in, that too."""
    known = f"what was published by {told.as_of}"
    if not any(one["settled"] for one in told.publications):
        return known
    return f"{known}, and settled counts that were published later, where no publication of the time is in the store"


def _use(publication: Mapping[str, Any], as_of: str) -> str:
    if publication["settled"]:
        return f"after {as_of}: settled counts that stood in"
    return "used" if publication["used"] else "in the store, not used"


def _settled(about: Mapping[str, Any]) -> list[str]:
    """Of which periods settled counts stood in; nothing where there were none, or the issue did not record it."""
    found = about.get("settled")
    if not found:
        return []
    return [
        f"  settled     counts of {found['periods']} of {found['of']} periods, {found['first']} to {found['last']}: "
        "known only from a later publication, which stood in"
    ]


def _target_lines(about: Mapping[str, Any]) -> list[str]:
    return [
        f"Target {about['target']} ({about['title']}), counts to {about['last_known_period']}",
        *_settled(about),
        f"  model       version {about['model_version']}, sha256 {about['sha256']}",
        *_judged(about),
        f"  run         {about['run_id']}, code {_code(about['trained_with'])}",
        f"  report      sha256 {about['report_sha256'] or NOT_RECORDED}",
        f"  approved    {about['approved_at'][:19]}Z by {about['approved_by']}, ledger entry {about['approval_entry']}",
        f"  reason      {about['approval_reason']}",
    ]


def _judged(about: Mapping[str, Any]) -> list[str]:
    if "judged_horizons" not in about:
        return []
    judged = about["judged_horizons"]
    issued = [one["horizon"] for one in (*about["earlier_periods"], *about["periods"])]
    told = f"horizons {horizons_text(judged)}" if judged else NOT_RECORDED
    return [
        f"  judged      {told}; issued {horizons_text(issued)}, served from {about['periods'][0]['horizon']}",
        f"  beside      {' and '.join(about['baselines'])}, for comparison and never served",
    ]


def _code(code: Mapping[str, Any] | None) -> str:
    if code is None:
        return NOT_RECORDED
    if code["commit"] is None:
        return f"wardcast {code['version']}, not from a checkout"
    state = {True: "clean tree", False: "tree with changes that were not committed", None: "state of the tree unknown"}
    return f"wardcast {code['version']}, commit {code['commit']}, {state[code['tree_clean']]}"


def _listed(libraries: Mapping[str, str] | None) -> str:
    return ", ".join(f"{name} {found}" for name, found in libraries.items()) if libraries else NOT_RECORDED
