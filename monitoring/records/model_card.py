"""A model card in the form of the Hugging Face hub: Markdown after a front matter of metadata in YAML.

The metadata follow the hub's model card specification; a value is written as JSON, which YAML reads as it is.
"""

from __future__ import annotations

import json

from monitoring.records.document import Field, Given, Record, Section, as_markdown
from monitoring.records.facts import RecordFacts, ScoreFacts
from monitoring.records.plain_text import clean
from monitoring.records.sentences import (
    HUMAN_DECISIONS,
    RECORDED_CRIME,
    inputs,
    introduction,
    outputs,
    performance,
    scored_on,
    version,
)
from monitoring.records.tables import (
    SCORES,
    audit_table,
    checks_table,
    gates_table,
    publications_table,
    scores_table,
    verdict_counts,
)

LICENCE = Given("licence")
TAGS = ("crime-forecasting", "count-forecasting", "areas", "not-for-individuals")


def model_card_record(facts: RecordFacts) -> str:
    """The card of the run's model; ``README.md`` is its name on the hub."""
    return f"---\n{_front_matter(facts)}---\n{as_markdown(_record(facts), facts.given)}"


def _front_matter(facts: RecordFacts) -> str:
    licence = LICENCE.of(facts.given)
    tags = [*TAGS, *(["simulated"] if facts.simulated else [])]
    lines = [
        "language: en",
        f"license: {'unknown' if licence is None else 'other'}",
        *([] if licence is None else [f"license_name: {_scalar(licence)}"]),
        "library_name: lightgbm",
        "pipeline_tag: tabular-regression",
        f"tags: {json.dumps(tags)}",
        f"metrics: {json.dumps(list(SCORES))}",
        "model-index:",
        f"- name: {_scalar(facts.name)}",
        "  results:",
    ]
    return "\n".join([*lines, *_results(facts)]) + "\n"


def _results(facts: RecordFacts) -> list[str]:
    own = [one for one in facts.scores if one.model == facts.model.name]
    return [line for one in own for line in _result(facts, one)] or ["    []"]


def _result(facts: RecordFacts, one: ScoreFacts) -> list[str]:
    tested = f"{facts.target_title}, {one.level} level, horizon {one.horizon}, {facts.first} to {facts.last}"
    return [
        "  - task:",
        "      type: tabular-regression",
        "      name: forecast of counts by area",
        "    dataset:",
        f"      type: {_scalar(facts.geography)}",
        f"      name: {_scalar(tested)}",
        "    metrics:",
        *(
            line
            for name, words in SCORES.items()
            if (value := one.figure(name)) is not None
            for line in (
                f"    - type: {name}",
                f"      name: {_scalar(words)}",
                f"      value: {json.dumps(value)}",
            )
        ),
    ]


def _scalar(text: str) -> str:
    """Text as a double-quoted scalar, which is the same in JSON and YAML once it holds no control character."""
    return json.dumps(clean(text), ensure_ascii=False)


def _record(facts: RecordFacts) -> Record:
    return Record(
        title=f"Model card: {facts.name}",
        introduction=introduction(facts, "A model card in the form of the Hugging Face hub."),
        sections=(_details(facts), _uses(), _risks(facts), _training(facts), _evaluation(facts), _contact()),
    )


def _details(facts: RecordFacts) -> Section:
    return Section(
        "Model details",
        (
            Field("", "Model description", (facts.model.architecture, version(facts))),
            Field("", "Developed by", (Given("organisation"), Given("team"))),
            Field("", "Supplied by", (Given("supplier"),)),
            Field("", "Licence", (LICENCE,)),
            Field("", "Inputs", (inputs(facts),)),
            Field("", "Outputs", (outputs(facts),)),
        ),
    )


def _uses() -> Section:
    return Section(
        "Uses",
        (
            Field(
                "",
                "Direct use",
                ("A planner compares areas, with intervals and reasons, before people decide.", Given("purpose")),
            ),
            Field("", "Downstream use", ("Planning of preventive work by area and period.", Given("decisions"))),
            Field(
                "",
                "Out-of-scope use",
                (
                    "Any use about people: to identify, score, stop, search or profile somebody, or as grounds for "
                    "suspicion of whoever is in an area.",
                    "Other areas, other targets, periods beyond those that are issued, and any use without the "
                    "intervals.",
                ),
            ),
        ),
    )


def _risks(facts: RecordFacts) -> Section:
    return Section(
        "Bias, risks and limitations",
        (
            Field("", "What it rests on", (RECORDED_CRIME,)),
            Field(
                "",
                "What the audit found",
                (f"Audited by group: {verdict_counts(facts.audit.figures)}.", facts.audit.caveat),
            ),
            *(Field("", "Shifts of the level", facts.level_shifts) for _ in range(bool(facts.level_shifts))),
            Field(
                "",
                "Recommendations",
                (
                    HUMAN_DECISIONS,
                    "Read the intervals, the noise floor and the simple count beside every figure. Where a group's "
                    "figure is outside its margin, or there is not enough evidence, say so when it is used.",
                    Given("human_review"),
                ),
            ),
        ),
    )


def _training(facts: RecordFacts) -> Section:
    libraries = ", ".join(f"{name} {found}" for name, found in sorted(facts.libraries.items())) or "not recorded"
    return Section(
        "Training",
        (
            Field(
                "",
                "Training data",
                ("Published files, of which the datasheet says more.",),
                (publications_table(facts.publications),),
            ),
            Field(
                "",
                "Training procedure",
                (f"Everything random starts from {facts.settings.seed}: the same inputs give the same bytes.",),
            ),
            Field("", "Environment", (f"Libraries: {libraries}. Platform: {facts.platform}.",)),
        ),
    )


def _evaluation(facts: RecordFacts) -> Section:
    audit = facts.audit
    levels = tuple(dict.fromkeys(one.level for one in facts.scores))
    return Section(
        "Evaluation",
        (
            Field("", "Testing data", (scored_on(facts),)),
            Field("", "Results", (performance(facts),)),
            *(Field("", f"Results by {level}", (), (scores_table(facts, level),)) for level in levels),
            *(
                Field("", f"Results by factor: {attribute}", (audit.caveat,), (audit_table(audit, attribute),))
                for attribute in audit.attributes
            ),
            *(
                Field("", "Gates", (f"{facts.limits} {audit.caveat}",), (gates_table(facts),))
                for _ in range(bool(facts.gates))
            ),
            Field(
                "", "Checks", (f"What counts for a gate, and who decided so. {audit.caveat}",), (checks_table(facts),)
            ),
        ),
        note=audit.meaning,
    )


def _contact() -> Section:
    return Section("Contact", (Field("", "Model card contact", (Given("contact_email"),)),))
