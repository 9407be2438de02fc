"""The figures of a run as tables: no ratio without its interval, no verdict without its margin."""

from __future__ import annotations

from contracts.run_files import BASELINE
from monitoring.records.document import Cell, Table
from monitoring.records.facts import AuditFacts, AuditFigure, Margin, PublicationFacts, RecordFacts, ScoreFacts

SCORES = {
    "mean_poisson_deviance": "mean Poisson deviance",
    "crps": "CRPS",
    "log_score": "log score",
    "mae": "MAE",
    "coverage_90": "share inside the 90% interval",
    "pai_5": "PAI at 5% of the areas",
    "pei_10": "PEI at 10% of the areas",
}
"""Figure of a leaderboard → its name in a record; the ratio to the simple count stands beside with its interval."""
NOT_ENOUGH = "not enough evidence"
WITHHELD = "not shown: it has no interval"


def scores_table(facts: RecordFacts, level: str) -> Table:
    """Every forecaster of the run at one level, by horizon, with the noise floor under each horizon."""
    columns = (
        "horizon",
        "forecaster",
        *SCORES.values(),
        f"deviance over that of {BASELINE}",
        "95% interval from",
        "to",
    )
    rows: list[tuple[Cell, ...]] = []
    for horizon in dict.fromkeys(one.horizon for one in facts.scores if one.level == level):
        rows += [_score_row(one) for one in facts.scores if (one.level, one.horizon) == (level, horizon)]
        rows += [
            (horizon, "noise floor", *(floor.figures.get(name) for name in SCORES), None, None, None)
            for floor in facts.floors
            if (floor.level, floor.horizon) == (level, horizon)
        ]
    return Table(columns, tuple(rows))


def _score_row(one: ScoreFacts) -> tuple[Cell, ...]:
    ratio = tuple(one.figure(f"vs_{BASELINE}{end}") for end in ("", "_low", "_high"))
    shown = (None, None, None) if None in ratio else ratio
    return (one.horizon, one.model, *(one.figure(name) for name in SCORES), *shown)


def audit_table(audit: AuditFacts, attribute: str) -> Table:
    """The audit's figures of one attribute, each with interval, margin and verdict."""
    columns = ("audit", "group", "figure", "95% interval from", "to", "unit", "margin", "verdict")
    return Table(columns, tuple(_audit_row(one) for one in audit.of(attribute)))


def _audit_row(one: AuditFigure) -> tuple[Cell, ...]:
    shown: tuple[Cell, ...] = (one.value, one.low, one.high)
    if None in shown:
        shown = (WITHHELD, None, None)
    return (one.audit, one.group, *shown, one.unit, margin_text(one.margin), one.verdict)


def margin_text(margin: Margin) -> str:
    """A margin in words.

    >>> margin_text((0.9, 1.11)), margin_text((None, 1.25)), margin_text((-2.0, None)), margin_text((None, None))
    ('0.9 to 1.11', 'at most 1.25', 'at least -2', 'none')
    """
    low, high = margin
    if low is not None and high is not None:
        return f"{low:g} to {high:g}"
    if high is not None:
        return f"at most {high:g}"
    return "none" if low is None else f"at least {low:g}"


def verdict_counts(figures: tuple[AuditFigure, ...]) -> str:
    """How many figures are inside their margin, outside it, or show too little."""
    counts = {verdict: sum(one.verdict == verdict for one in figures) for verdict in ("inside", "outside", NOT_ENOUGH)}
    margins = ", ".join(dict.fromkeys(f"{one.unit} {margin_text(one.margin)}" for one in figures)) or "none"
    return (
        f"of {len(figures)} figures {counts['inside']} are inside their margin ({margins}), {counts['outside']} "
        f"outside, and for {counts[NOT_ENOUGH]} there is not enough evidence"
    )


def outside_table(audit: AuditFacts) -> Table:
    """The figures whose whole interval is outside the margin."""
    columns = ("audit", "attribute", "group", "figure", "95% interval from", "to", "unit", "margin", "verdict")
    outside = [one for one in audit.figures if one.verdict == "outside"]
    return Table(columns, tuple((row[0], one.attribute, *row[1:]) for one in outside for row in [_audit_row(one)]))


def gates_table(facts: RecordFacts) -> Table:
    """What the gates found, each with its limit."""
    columns = ("gate", "limit", "parts that pass", "fail", "lack evidence", "verdict")
    return Table(
        columns,
        tuple((one.gate, one.limit, one.passed, one.failed, one.undecided, one.verdict) for one in facts.gates),
    )


def checks_table(facts: RecordFacts) -> Table:
    """Every check: what it found, whether it counts for a gate, and who decided so."""
    columns = ("check", "found", "counts for a gate", "who decided so")
    rows = tuple((one.check, one.found, "yes" if one.counts else "no", one.decided_by) for one in facts.checks)
    return Table(columns, rows)


def publications_table(publications: tuple[PublicationFacts, ...]) -> Table:
    """Which files the run knew, in short."""
    columns = ("publication", "published on", "from", "to", "areas", "crimes", "rows set aside", "sha256 of the file")
    return Table(
        columns,
        tuple(
            (one.id, one.published_on, one.first, one.last, one.areas, one.crimes, one.rows_set_aside, one.sha256)
            for one in publications
        ),
    )
