"""A datasheet of the publications that a run knew (after Gebru et al. 2021, Datasheets for Datasets)."""

from __future__ import annotations

from monitoring.records.document import Cell, Field, Given, Record, Section, Table, as_markdown
from monitoring.records.facts import PublicationFacts, RecordFacts
from monitoring.records.publication_sentences import cleaning_rules, completeness
from monitoring.records.sentences import RECORDED_CRIME, introduction
from monitoring.records.tables import publications_table

NO_PLACES = (
    "Set-aside rows are counted over a whole file by reason, and no place is named, so that no small count of a place "
    "can be read from here."
)


def datasheet_record(facts: RecordFacts) -> str:
    """Every publication with source, hashes, periods, revisions, completeness, cleaning and what was ignored."""
    return as_markdown(_record(facts), facts.given)


def _record(facts: RecordFacts) -> Record:
    return Record(
        title=f"Datasheet: publications behind {facts.name}",
        introduction=introduction(facts, "Which files the run knew, and what was done to them."),
        sections=(_overview(facts), *(_publication(facts, one) for one in facts.publications), _handling(facts)),
    )


def _overview(facts: RecordFacts) -> Section:
    return Section(
        "Composition",
        (
            Field(
                "",
                "What a row counts",
                (f"Recorded crimes of one offence in one area ({facts.geography}) and {facts.settings.frequency}.",),
            ),
            Field("", "What it is not", (RECORDED_CRIME,)),
            Field("", "Publications", (), (publications_table(facts.publications),)),
        ),
    )


def _publication(facts: RecordFacts, one: PublicationFacts) -> Section:
    identity: tuple[tuple[str, Cell], ...] = (
        ("source", one.source),
        ("published on", one.published_on),
        ("file", one.file_name),
        ("sha256 of the file", one.sha256),
        ("sha256 of the counts kept", one.content_sha256),
        ("system of categories", one.taxonomy),
        ("areas are of", one.geography),
        ("period", one.frequency),
        ("first period", one.first),
        ("last period", one.last),
        ("crimes", one.crimes),
        ("rows read", one.rows_read),
        ("rows kept", one.rows_kept),
        ("rows set aside", one.rows_set_aside),
    )
    notes = tuple(Field("", "Notes of the ingest", one.notes) for _ in range(bool(one.notes)))
    return Section(
        f"Publication {one.id}",
        (
            Field("", "Identity", (), (Table(("what", "value"), identity),)),
            Field("", "Completeness", (completeness(one),)),
            _wordings(facts, one),
            _set_aside(one),
            _revisions(facts, one),
            *notes,
        ),
    )


def _wordings(facts: RecordFacts, one: PublicationFacts) -> Field:
    rows = tuple((each.wording, each.offence, each.first, each.last, each.crimes) for each in one.wordings)
    columns = ("wording in the file", "offence", "first period with a crime", "last", "crimes")
    return Field("", f"Categories that the target {facts.target} sums", (), (Table(columns, rows),))


def _set_aside(one: PublicationFacts) -> Field:
    if not one.set_aside:
        return Field("", "Ignored rows", ("None.",))
    rows = tuple((each.reason, each.rows, each.crimes) for each in one.set_aside)
    return Field("", "Ignored rows", (NO_PLACES,), (Table(("reason", "rows", "crimes"), rows),))


def _revisions(facts: RecordFacts, one: PublicationFacts) -> Field:
    if not one.revisions:
        return Field("", "Revisions", ("It has no period in common with an older publication that the run knew.",))
    columns = (
        "older publication",
        "periods in both",
        "mean share of areas revised",
        "greatest change of the city's total",
        "in",
    )
    rows = tuple(
        (each.older, each.periods, each.share_of_areas, each.greatest_change, each.greatest_period)
        for each in one.revisions
    )
    return Field("", f"Revisions of {facts.target}", ("Shares of one.",), (Table(columns, rows),))


def _handling(facts: RecordFacts) -> Section:
    return Section(
        "Handling",
        (
            Field("", "Cleaning rules", cleaning_rules(facts.settings)),
            Field(
                "",
                "Uses",
                (f"Learned from and scored on, for {facts.target_title}. It says nothing about people.",),
            ),
            Field("", "Storage", (Given("data_storage"),)),
            Field("", "Licences and agreements", (Given("data_sharing"),)),
        ),
    )
