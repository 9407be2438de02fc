"""The specification of the tool and its risks, as the Algorithmic Transparency Recording Standard asks for them."""

from __future__ import annotations

from monitoring.records.document import PLACES_NOT_PEOPLE, Field, Given, Section
from monitoring.records.facts import RecordFacts
from monitoring.records.publication_sentences import cleaning_rules, completeness
from monitoring.records.sentences import RECORDED_CRIME, inputs, outputs, performance, scored_on, version
from monitoring.records.tables import (
    audit_table,
    gates_table,
    outside_table,
    publications_table,
    scores_table,
    verdict_counts,
)

MAINTENANCE = (
    "Each new publication is checked before it is stored, and nothing stored is overwritten. A model is trained anew, "
    "held against its gates and put to the board; the old one stays in use until then, and a forecast that has grown "
    "old is refused."
)


def specification_section(facts: RecordFacts) -> Section:
    """Tier 2, tool specification: system, model, development data, operational data."""
    return Section(
        "Tier 2, 2.4: tool specification",
        (*_system(facts), *_model(facts), *_development_data(facts), *_operational_data(facts)),
    )


def _system(facts: RecordFacts) -> tuple[Field, ...]:
    return (
        Field(
            "2.4.1.1",
            "System architecture",
            (
                "Publications are stored as files; what was known on a day is the only view of them that a model gets. "
                "Training, judging and serving are separate: the part that serves holds no model, only tables that "
                "were issued and whose hashes agree with the ledger.",
            ),
        ),
        Field("2.4.1.2", "System-level input", (inputs(facts),)),
        Field("2.4.1.3", "System-level output", (outputs(facts),)),
        Field("2.4.1.4", "Maintenance", (MAINTENANCE,)),
        Field("2.4.1.5", "Models", (f"{facts.model.name} for the target {facts.target}",)),
    )


def _model(facts: RecordFacts) -> tuple[Field, ...]:
    tables = tuple(scores_table(facts, level) for level in dict.fromkeys(one.level for one in facts.scores))
    return (
        Field("2.4.2.1", "Model name", (facts.model.name,)),
        Field("2.4.2.2", "Model version", (version(facts),)),
        Field("2.4.2.3", "Model task", (f"Forecast counts by area: {facts.target_title}",)),
        Field("2.4.2.4", "Model input", (inputs(facts),)),
        Field("2.4.2.5", "Model output", (outputs(facts),)),
        Field("2.4.2.6", "Model architecture", (facts.model.architecture,)),
        Field(
            "2.4.2.7",
            "Model performance",
            (
                scored_on(facts),
                performance(facts),
                "The tables are by area and then for the city. The noise floor is the score of a forecast that knew "
                "the true means: counts scatter around any mean.",
            ),
            tables,
        ),
        Field(
            "2.4.2.8",
            "Datasets",
            ("Files as they were published; the datasheet says more of each.",),
            (publications_table(facts.publications),),
        ),
        Field(
            "2.4.2.9",
            "Dataset purposes",
            ("All of them for learning and for scoring. Nothing else is learned from.",),
        ),
    )


def _development_data(facts: RecordFacts) -> tuple[Field, ...]:
    known = facts.publications
    return (
        Field("2.4.3.1", "Development data description", ("Counts of recorded crime by area and offence.",)),
        Field("2.4.3.2", "Data modality", ("Tables of counts, and polygons of areas.",)),
        Field(
            "2.4.3.3",
            "Data quantities",
            (
                f"{len(known)} publications with {sum(one.rows_read for one in known):,} rows; a period may be in "
                "several of them.",
            ),
        ),
        Field("2.4.3.4", "Sensitive attributes", (_sensitive(facts),)),
        Field(
            "2.4.3.5",
            "Data completeness and representativeness",
            (*(completeness(one) for one in known), RECORDED_CRIME),
        ),
        Field("2.4.3.6", "Data cleaning", cleaning_rules(facts.settings)),
        Field(
            "2.4.3.7",
            "Data collection",
            ("Recorded by the police for their own purposes, and published by the source named in the datasheet.",),
        ),
        Field("2.4.3.8", "Data access and storage", (Given("data_storage"),)),
        Field("2.4.3.9", "Data sharing agreements", (Given("data_sharing"),)),
    )


def _sensitive(facts: RecordFacts) -> str:
    attributes = ", ".join(facts.audit.attributes) or "none"
    return (
        f"No attribute of a person. Shares of an area's residents by group are used to audit only ({attributes}); no "
        "model learns from them."
    )


def _operational_data(facts: RecordFacts) -> tuple[Field, ...]:
    sources = ", ".join(dict.fromkeys(one.source for one in facts.publications)) or "none"
    return (
        Field("2.4.4.1", "Data sources", (f"New publications of the same sources: {sources}.",)),
        Field("2.4.4.2", "Sensitive attributes", (_sensitive(facts),)),
        Field(
            "2.4.4.3",
            "Data processing methods",
            ("The same as for development: one recipe for both.",),
        ),
        Field("2.4.4.4", "Data access and storage", (Given("data_storage"),)),
        Field("2.4.4.5", "Data sharing agreements", (Given("data_sharing"),)),
    )


def risks_section(facts: RecordFacts) -> Section:
    """Tier 2, impact assessments, risks and what was done about them, with the audit's figures."""
    audit = facts.audit
    return Section(
        "Tier 2, 2.5: risks, mitigations and impact assessments",
        (
            Field(
                "2.5.1",
                "Impact assessment",
                (Given("impact_assessments"), Given("equality_assessment"), Given("independent_scrutiny")),
            ),
            Field(
                "2.5.2",
                "Risks and mitigations",
                (
                    "Some residents are exposed more than others, or protected less. Mitigation: audited by group, "
                    f"with figures below; {verdict_counts(audit.figures)}. {audit.caveat}",
                    f"Recorded crime is not crime. {RECORDED_CRIME} Mitigation: a target is a named sum of "
                    "offences, so that those which patrols discover can be left out.",
                    "It feeds on itself where patrols discover what they look for. Mitigation: wardcast feedback "
                    "simulates that with and without countermeasures; such a simulation is no part of this run.",
                    "It is trusted more than it deserves. Mitigation: intervals stand beside every expected count, and "
                    "the noise floor and the simple count beside every score.",
                    f"It is turned on people. Mitigation: {PLACES_NOT_PEOPLE}",
                    "It grows stale or is altered. Mitigation: old, unapproved, withdrawn or changed forecasts are "
                    "refused by name.",
                ),
            ),
            *_findings(facts),
        ),
    )


def _findings(facts: RecordFacts) -> tuple[Field, ...]:
    audit = facts.audit
    outside = outside_table(audit)
    worst = Field(
        "2.5.2.1",
        "Figures outside their margin",
        (audit.caveat, audit.meaning) if outside.rows else (f"None. {audit.caveat}",),
        (outside,) if outside.rows else (),
    )
    groups = tuple(
        Field(
            f"2.5.2.{number}", f"Audit by {attribute}", (audit.caveat, audit.meaning), (audit_table(audit, attribute),)
        )
        for number, attribute in enumerate(audit.attributes, start=2)
    )
    gates = Field(
        f"2.5.2.{len(groups) + 2}",
        "Gates",
        (f"{facts.limits} {audit.caveat}",)
        if facts.gates
        else ("This run was held against no gates: they belong to trainings.",),
        (gates_table(facts),) if facts.gates else (),
    )
    notes = tuple(Field("", "What could not be audited", audit.notes) for _ in range(bool(audit.notes)))
    return (worst, *groups, gates, *notes)
