"""The record of the Algorithmic Transparency Recording Standard (v3), all tiers, as Markdown and as JSON."""

from __future__ import annotations

import json

from contracts.run_files import BASELINE
from monitoring.records.document import Field, Given, Record, Section, as_markdown, as_plain_values
from monitoring.records.facts import RecordFacts
from monitoring.records.sentences import HUMAN_DECISIONS, challenges, introduction, outputs, performance, roles
from monitoring.records.transparency_tool import risks_section, specification_section

STANDARD = "Algorithmic Transparency Recording Standard v3"
CHECK_NAMES = (
    "The names and numbers of the fields follow the standard as it was known when this version of Wardcast was made. "
    "Whoever submits this record checks them against the template that is published at that time."
)


def transparency_record(facts: RecordFacts) -> str:
    """Every field of the standard as Markdown, with what is missing at the top."""
    return as_markdown(_record(facts), facts.given)


def transparency_json_record(facts: RecordFacts) -> str:
    """The same as one JSON document; its figures are not rounded."""
    content = {"standard": STANDARD, "run_id": facts.run_id, **as_plain_values(_record(facts), facts.given)}
    return json.dumps(content, ensure_ascii=False, allow_nan=False, indent=2) + "\n"


def _record(facts: RecordFacts) -> Record:
    return Record(
        title=f"Algorithmic transparency record: {facts.name}",
        introduction=(*introduction(facts, f"A record of the {STANDARD}, all tiers."), CHECK_NAMES),
        sections=(
            _metadata(facts),
            _overview(facts),
            _responsibility(facts),
            _rationale(facts),
            _deployment(facts),
            specification_section(facts),
            risks_section(facts),
        ),
    )


def _metadata(facts: RecordFacts) -> Section:
    return Section(
        "Metadata",
        (
            Field("0.1", "Title", (facts.name,)),
            Field("0.2", "Standard version", ("3.0",)),
            Field("0.3", "Date of the run that this record describes", (facts.started_on,)),
            Field("0.4", "Phase", (Given("phase"),)),
            Field("0.5", "Function", ("Policing: planning of where preventive work goes",)),
            Field("0.6", "Capability", ("Forecasting of counts by area",)),
            Field("0.7", "Region", (facts.settings.city,)),
        ),
    )


def _overview(facts: RecordFacts) -> Section:
    return Section(
        "Tier 1: overview",
        (
            Field("1.1", "Name", (facts.name,)),
            Field(
                "1.2",
                "Description",
                (
                    f"Forecasts how many crimes of one kind ({facts.target_title}) will be recorded in each area of "
                    f"{facts.settings.city} in the next {facts.settings.forecast.periods_ahead} periods (each a "
                    f"{facts.settings.frequency}), how sure that is, and why. It shows how the forecast falls on "
                    "different groups of residents, and is served only after a named person approved it.",
                    Given("purpose"),
                ),
            ),
            Field("1.3", "Website URL", (Given("website"),)),
            Field("1.4", "Contact email", (Given("contact_email"),)),
        ),
    )


def _responsibility(facts: RecordFacts) -> Section:
    return Section(
        "Tier 2, 2.1: owner and responsibility",
        (
            Field("2.1.1", "Organisation or department", (Given("organisation"),)),
            Field("2.1.2", "Team", (Given("team"),)),
            Field("2.1.3", "Senior responsible owner", (Given("senior_responsible_owner"), roles(facts))),
            Field("2.1.4", "External supplier involvement", (Given("supplier"),)),
            Field("2.1.4.1", "External supplier", (Given("supplier"),)),
            Field("2.1.4.2", "Companies House number", (Given("supplier_number"),)),
            Field("2.1.4.3", "External supplier role", (Given("supplier_role"),)),
            Field("2.1.4.4", "Procurement procedure type", (Given("procurement"),)),
            Field("2.1.4.5", "Data access terms", (Given("supplier_data_access"),)),
        ),
    )


def _rationale(facts: RecordFacts) -> Section:
    compared = ", ".join(dict.fromkeys(one.model for one in facts.scores if one.model != facts.model.name))
    return Section(
        "Tier 2, 2.2: description and rationale",
        (
            Field("2.2.1", "Detailed description", (facts.model.architecture, outputs(facts))),
            Field(
                "2.2.2",
                "Scope",
                (
                    f"{facts.areas:,} areas ({facts.geography}) of {facts.settings.city}; recorded crime of the "
                    f"target {facts.target} only. Not in scope: people, addresses, vehicles, suspects, victims, "
                    "sentencing, stops of a person, the assessment of an officer.",
                    Given("legal_basis"),
                ),
            ),
            Field("2.2.3", "Benefit", (performance(facts), Given("benefit"))),
            Field("2.2.4", "Previous process", (Given("previous_process"),)),
            Field(
                "2.2.5",
                "Alternatives considered",
                (
                    f"Forecasters that were measured beside it on the same periods: {compared or 'none'}. The figures "
                    f"are under 2.4.2.7; {BASELINE} is a simple count with recent periods weighing more. Doing "
                    "without a forecast, and using a simple count, remain open to the board.",
                ),
            ),
        ),
    )


def _deployment(facts: RecordFacts) -> Section:
    limits = facts.settings.forecast
    return Section(
        "Tier 2, 2.3: deployment context",
        (
            Field("2.3.1", "Integration into the operational process", (Given("decisions"),)),
            Field("2.3.2", "Provided information", (outputs(facts),)),
            Field(
                "2.3.3",
                "Frequency and scale of usage",
                (
                    f"A forecast is issued for {limits.periods_ahead} periods (each a {facts.settings.frequency}) and "
                    f"is stale, and refused, once {limits.stale_after_periods} have begun after its first one.",
                    Given("scale"),
                ),
            ),
            Field("2.3.4", "Human decisions and review", (HUMAN_DECISIONS, Given("human_review"))),
            Field("2.3.5", "Required training", (Given("training_given"),)),
            Field("2.3.6", "Appeals and review", (challenges(facts), Given("appeals_contact"))),
        ),
    )
