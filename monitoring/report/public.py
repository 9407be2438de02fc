"""The figures of a report as anyone may read them: small counts hidden, the others rounded, ratios with intervals.

``report.json`` holds exactly this, and the page is made from it: what is not in here is shown nowhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from contracts import DisclosureSettings
from monitoring.audits.calibration import CALIBRATION
from monitoring.audits.result import CAVEAT, Description, Finding
from monitoring.report.suppression import public_column, public_count
from monitoring.report.wording import group_name, is_ratio

Row = dict[str, Any]
_DECIMALS = 3
"""More would let a count be worked out of a ratio."""
FIGURE = ("value", "low", "high")
NOT_ENOUGH = "not enough evidence"
NO_DIFFERENCE = "its interval holds 0"


def public_findings(findings: Sequence[Finding], disclosure: DisclosureSettings) -> list[Row]:
    """Every finding, its events rounded. A group of too few events keeps its verdict and nothing else; where one of an
    attribute is hidden, another one's events are too, and nobody's reference is told, as it is made of the hidden."""
    rows: list[Row] = []
    for family in _families(findings):
        events, _ = public_column([one.events for one in family], disclosure)
        small = [not one.events >= disclosure.threshold for one in family]
        rows += [
            _public_finding(one, count, hidden=out, referenced=not any(small))
            for one, count, out in zip(family, events, small, strict=True)
        ]
    return rows


def rounded(value: object) -> object:
    """Numbers to three decimals, however deep they lie."""
    if isinstance(value, float):
        return round(value, _DECIMALS)
    if isinstance(value, Mapping):
        return {str(name): rounded(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(one) for one in value]
    return value


def public_audits(
    descriptions: Sequence[Description], findings: Sequence[Row], tests: Sequence[Mapping[str, Any]]
) -> list[Row]:
    """The findings under the description of their audit, by attribute; those within a part of the city beside them."""
    told = []
    for description in descriptions:
        own = [one for one in findings if one["audit"] == description.audit]
        if not own:
            continue
        attributes = list(dict.fromkeys(one["attribute"] for one in own))
        told.append(
            {
                **asdict(description),
                "attributes": [
                    {
                        "attribute": attribute,
                        "test": _test(description.audit, attribute, tests),
                        "findings": [one for one in own if one["attribute"] == attribute and one["stratum"] is None],
                    }
                    for attribute in attributes
                ],
                "strata": [one for one in own if one["stratum"] is not None],
            }
        )
    return told


def public_tables(
    tables: Mapping[str, Sequence[Mapping[str, Any]]], findings: Sequence[Row], disclosure: DisclosureSettings
) -> dict[str, list[Row]]:
    """The audits that are not by group. Counts are hidden and rounded, every ratio gets its interval, and groups that
    are hidden elsewhere are hidden here."""
    hidden = hidden_groups(findings)
    exposures = {
        (one["attribute"], one["group"]): {name: one[name] for name in (*FIGURE, "unit")}
        for one in findings
        if one["audit"] == "exposure" and one["stratum"] is None
    }
    public: dict[str, Callable[[Mapping[str, Any]], Row]] = {
        "worst hidden subgroup": lambda row: _subgroup(row, disclosure),
        "enforcement signature": lambda row: _enforcement(row, disclosure),
        "sensitivity to reporting": lambda row: _stressed(row, exposures[row["attribute"], row["group"]]),
    }
    return {
        name: [
            _rounded(public.get(name, dict)(row))
            for row in rows
            if (row.get("attribute"), row.get("group")) not in hidden
        ]
        for name, rows in tables.items()
    }


def hidden_groups(findings: Sequence[Mapping[str, Any]]) -> set[tuple[str, str]]:
    """Attribute and group where too few crimes happened, by the audit whose events are the crimes of a group."""
    own = [one for one in findings if one["audit"] == CALIBRATION.audit and one["stratum"] is None]
    return {(one["attribute"], one["group"]) for one in own if one["hidden"]}


def public_alternatives(rows: Sequence[Mapping[str, Any]], hidden: set[tuple[str, str]]) -> list[Row]:
    """What other rules give, without the groups that are hidden."""
    kept = [
        {**row, "findings": [_plain(one) for one in row["findings"] if (one["attribute"], one["group"]) not in hidden]}
        for row in rows
    ]
    return [_rounded(row) for row in kept]


def public_scores(rows: Sequence[Mapping[str, Any]]) -> list[Row]:
    """The leaderboard's rows with each ratio and its interval as one figure."""
    told = []
    for row in rows:
        one = dict(row)
        for name in [name for name in one if f"{name}_low" in one]:
            low, high = one.pop(f"{name}_low"), one.pop(f"{name}_high")
            one[name] = {"value": one[name], "low": low, "high": high, "unit": "ratio to the simple count"}
        told.append(_rounded(one))
    return told


def _rounded(row: Mapping[str, Any]) -> Row:
    return {name: rounded(value) for name, value in row.items()}


def _families(findings: Sequence[Finding]) -> list[list[Finding]]:
    families: dict[tuple[str, str, str | None], list[Finding]] = {}
    for one in findings:
        families.setdefault((one.audit, one.attribute, one.stratum), []).append(one)
    return list(families.values())


def _public_finding(one: Finding, events: int | None, *, hidden: bool, referenced: bool) -> Row:
    row = _plain(asdict(one))
    row |= {"events": events, "areas": round(one.areas), "blocks": None if one.blocks is None else round(one.blocks)}
    row["hidden"] = hidden
    if not referenced:
        row["reference"] = None
    if hidden:
        row |= dict.fromkeys(("rate", "reference", *FIGURE, "p", "p_adjusted", "colour"))
        row["verdict"] = NOT_ENOUGH
    return _rounded(row)


def _plain(row: Mapping[str, Any]) -> Row:
    """With its group in words, and without the parts of a ratio that have no interval of their own."""
    kept = {**row, "label": group_name(row["attribute"], row["group"])}
    if is_ratio(row["unit"]) and not row["rate_unit"].startswith("flagged residents"):
        kept |= {"rate": None, "reference": None}
    return kept


def _test(audit: str, attribute: str, tests: Sequence[Mapping[str, Any]]) -> Row | None:
    found = [one for one in tests if (one["audit"], one["attribute"], one["stratum"]) == (audit, attribute, None)]
    return _rounded(found[0]) if found else None


def _subgroup(row: Mapping[str, Any], disclosure: DisclosureSettings) -> Row:
    crimes = public_count(float(row["crimes"]), disclosure)
    return {**row, "crimes": crimes, "score": None if crimes is None else row["score"]}


def _enforcement(row: Mapping[str, Any], disclosure: DisclosureSettings) -> Row:
    events = public_count(float(row["events"]), disclosure)
    return {
        "fifth": row["fifth"],
        "elasticity": _elasticity(row, ("elasticity", "low", "high"), events),
        "difference": _elasticity(row, ("difference", "difference_low", "difference_high"), events),
        "areas": row["areas"],
        "events": events,
        "margin": NO_DIFFERENCE,
        "verdict": row["verdict"],
        "caveat": CAVEAT,
    }


def _elasticity(row: Mapping[str, Any], names: tuple[str, str, str], events: int | None) -> Row:
    values = {to: None if events is None else row[name] for to, name in zip(FIGURE, names, strict=True)}
    return {**values, "unit": "elasticity"}


def _stressed(row: Mapping[str, Any], before: Row) -> Row:
    return {
        "gap": row["gap"],
        "attribute": row["attribute"],
        "group": row["group"],
        "label": group_name(row["attribute"], row["group"]),
        "before": before,
        "after": {**{name: row[name] for name in FIGURE}, "unit": before["unit"]},
        "margin": row["margin"],
        "verdict": row["verdict"],
        "flags_kept": row["flags_kept"],
        "caveat": row["caveat"],
    }
