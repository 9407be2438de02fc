"""What was done towards the public sector equality duty: a matrix of the protected characteristics.

Source: Equality Act 2010, sections 4 and 149; R (Bridges) v South Wales Police [2020] EWCA Civ 1058.
"""

from __future__ import annotations

from monitoring.records.document import Field, Given, Record, Section, Table, as_markdown
from monitoring.records.facts import ProtectedCharacteristic, RecordFacts
from monitoring.records.sentences import HUMAN_DECISIONS, introduction
from monitoring.records.tables import audit_table, verdict_counts

DUTY = (
    "The duty of section 149 is the organisation's own, cannot be passed on, and goes on for as long as the tool is "
    "used. A human in the loop does not discharge it, nor does this record: it says what was found out and what was "
    "not (R (Bridges) v South Wales Police [2020] EWCA Civ 1058)."
)
NINE = (
    "Section 4 lists nine characteristics. Marriage and civil partnership falls under the first aim of section 149 "
    "only, to eliminate discrimination (section 149(7))."
)
AIMS = (
    "eliminate discrimination, harassment and victimisation",
    "advance equality of opportunity",
    "foster good relations",
)


def equality_record(facts: RecordFacts) -> str:
    """The matrix, the figures behind it, and what only the organisation can say."""
    return as_markdown(_record(facts), facts.given)


def _record(facts: RecordFacts) -> Record:
    return Record(
        title=f"Equality duty: {facts.name}",
        introduction=(
            *introduction(facts, "What was done to find out whom the forecast falls on, for the equality duty."),
            DUTY,
        ),
        sections=(_matrix(facts), _figures(facts), _duty()),
    )


def _matrix(facts: RecordFacts) -> Section:
    columns = ("protected characteristic", "status", "by", "what was done", "what it found")
    rows = tuple(
        (one.characteristic, one.status, one.attribute, one.done, _found(facts, one)) for one in facts.protected
    )
    return Section(
        "Protected characteristics",
        (Field("", "Matrix", (facts.audit.caveat,), (Table(columns, rows),)),),
        note=NINE,
    )


def _found(facts: RecordFacts, one: ProtectedCharacteristic) -> str:
    if one.attribute is None:
        return "nothing: it was not audited, which is not evidence that there is no difference"
    return f"{verdict_counts(facts.audit.of(one.attribute))}; the figures with their margins are below"


def _figures(facts: RecordFacts) -> Section:
    audit = facts.audit
    fields = [
        Field("", f"Figures by {attribute}", (audit.caveat,), (audit_table(audit, attribute),))
        for attribute in audit.attributes
    ]
    if audit.notes:
        fields.append(Field("", "What could not be audited", audit.notes))
    return Section("Figures", tuple(fields), note=audit.meaning)


def _duty() -> Section:
    return Section(
        "The organisation's own part",
        (
            Field("", "Aims of the duty", tuple(f"Due regard to the need to {aim}." for aim in AIMS)),
            Field("", "Equality impact assessment", (Given("equality_assessment"),)),
            Field("", "Who was asked", (Given("engagement"),)),
            Field("", "Who decides", (HUMAN_DECISIONS, Given("senior_responsible_owner"))),
            Field("", "How to ask for a review", (Given("appeals_contact"),)),
        ),
    )
