"""A one-page checklist: ALGO-CARE and the NPCC covenant, each line with its evidence.

Sources: Oswald, Grace, Urwin & Barnes 2018 (ALGO-CARE); National Police Chiefs' Council 2023, Covenant for Using
Artificial Intelligence in Policing.
"""

from __future__ import annotations

from monitoring.records import file_names
from monitoring.records.document import Cell, Field, Given, Link, Record, Section, Table, as_markdown
from monitoring.records.facts import RecordFacts
from monitoring.records.sentences import introduction, performance, version
from monitoring.records.tables import verdict_counts

RECORDS = {
    file_names.TRANSPARENCY_FILE: "transparency record",
    file_names.MODEL_CARD_FILE: "model card",
    file_names.EQUALITY_FILE: "equality matrix",
    file_names.DATASHEET_FILE: "datasheet",
}
COLUMNS = ("principle", "what there is", "what people say", "evidence")


def checklist_record(facts: RecordFacts) -> str:
    """Every principle with what there is for it, what only people can say, and a link to the evidence."""
    return as_markdown(_record(facts), facts.given)


def _record(facts: RecordFacts) -> Record:
    return Record(
        title=f"Checklist: {facts.name}",
        introduction=introduction(facts, "What stands behind each principle. It is no verdict: the board gives that."),
        sections=(
            Section("ALGO-CARE", (Field("", "Principles", (), (_algo_care(facts),)),), note=facts.audit.caveat),
            Section("NPCC covenant", (Field("", "Principles", (), (_covenant(facts),)),)),
        ),
    )


def _algo_care(facts: RecordFacts) -> Table:
    card, sheet = file_names.MODEL_CARD_FILE, file_names.DATASHEET_FILE
    transparency, equality = file_names.TRANSPARENCY_FILE, file_names.EQUALITY_FILE
    rows: tuple[tuple[Cell, ...], ...] = (
        (
            "Advisory",
            "It decides nothing; people decide, with intervals and reasons before them.",
            Given("human_review"),
            _link(facts, card),
        ),
        (
            "Lawful",
            "Places only: no risk assessment of persons (compare EU AI Act, Article 5(1)(d)).",
            Given("legal_basis"),
            _link(facts, transparency),
        ),
        (
            "Granularity",
            f"Counts of {facts.areas:,} areas by {facts.settings.frequency}; what the files lack is told.",
            Given("purpose"),
            _link(facts, sheet),
        ),
        (
            "Ownership",
            "Code under the MIT licence; models as text and JSON; every input by its hash.",
            Given("supplier"),
            _link(facts, file_names.PUBLICATIONS),
        ),
        (
            "Challengeable",
            f"Anyone can dispute a forecast; a reply is due in {facts.settings.life_cycle.challenge_reply_days} days.",
            Given("appeals_contact"),
            _link(facts, transparency),
        ),
        ("Accuracy", performance(facts), Given("benefit"), _link(facts, file_names.LEADERBOARD)),
        (
            "Responsible",
            f"Audited by group: {verdict_counts(facts.audit.figures)}.",
            Given("equality_assessment"),
            _link(facts, equality),
        ),
        (
            "Explainable",
            "Reasons of every area's forecast in crimes that add up to it (wardcast reasons).",
            Given("training_given"),
            _link(facts, card),
        ),
    )
    return Table(COLUMNS, rows)


def _covenant(facts: RecordFacts) -> Table:
    failed = [one.gate for one in facts.gates if one.verdict == "fail"]
    gates = f"Gates that failed: {', '.join(failed) or 'none'}." if facts.gates else "Held against no gates."
    rows: tuple[tuple[Cell, ...], ...] = (
        ("Lawful", "The equality matrix.", Given("legal_basis"), _link(facts, file_names.EQUALITY_FILE)),
        (
            "Transparent",
            "These records, made with every report from the files of its run.",
            Given("website"),
            _link(facts, file_names.TRANSPARENCY_FILE),
        ),
        (
            "Explainable",
            "How it forecasts, in words, and what its figures mean.",
            Given("training_given"),
            _link(facts, file_names.MODEL_CARD_FILE),
        ),
        (
            "Responsible",
            "What the audit found, with intervals and margins.",
            Given("independent_scrutiny"),
            _link(facts, file_names.AUDIT),
        ),
        (
            "Accountable",
            "Approvals, issues and challenges by named people in a signed ledger (wardcast ledger verify).",
            Given("senior_responsible_owner"),
            _link(facts, file_names.TRANSPARENCY_FILE),
        ),
        (
            "Robust",
            f"{gates} {version(facts)}",
            Given("human_review"),
            _link(facts, file_names.GATES, file_names.LEADERBOARD),
        ),
    )
    return Table(COLUMNS, rows)


def _link(facts: RecordFacts, *paths: str) -> Link:
    """To the first of these files that there is, every run has the last one; or to the report made with the records."""
    if facts.report is not None and not RECORDS.keys() & set(paths):
        return Link("report", facts.report)
    there = [path for path in paths if path in RECORDS or facts.evidence_of(path) is not None]
    path = there[0] if there else paths[-1]
    found = facts.evidence_of(path)
    return Link(RECORDS[path] if found is None else found.title, path)
