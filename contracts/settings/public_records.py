"""Settings of the published records: what only a person can say of how a forecast is used, and who answers for it."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class RecordsSettings(BaseModel):
    """Plain text, all of it optional: a record marks what it needs and was not given as missing.

    Give roles and shared addresses, not names of staff: the records are meant to be published.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    organisation: str = ""
    """The organisation that uses the forecast and answers for it."""
    team: str = ""
    """The team that uses it."""
    senior_responsible_owner: str = ""
    """The role, not the name, of whoever is accountable."""
    contact_email: str = ""
    """A shared address for questions of the public."""
    website: str = ""
    """Where the organisation tells the public about the forecast."""
    supplier: str = ""
    """Who supplies or runs the tool from outside; "none" where nobody does."""
    supplier_number: str = ""
    """The supplier's Companies House number."""
    supplier_role: str = ""
    """What the supplier does."""
    procurement: str = ""
    """How the supplier was chosen: the kind of procedure and its reference."""
    supplier_data_access: str = ""
    """What the supplier may see, and on which terms."""
    legal_basis: str = ""
    """The power or duty under which the forecast is used."""
    phase: str = ""
    """How far its use has come: idea, design, pilot, production or retired."""
    purpose: str = ""
    """The question of the organisation that the forecast answers."""
    benefit: str = ""
    """What is expected of it, for whom, and how that will be measured."""
    previous_process: str = ""
    """How the decisions were made before."""
    decisions: str = ""
    """The decisions that it enters, and at which point."""
    human_review: str = ""
    """Who may overrule it, how, and how often that is looked at."""
    scale: str = ""
    """How many people and teams use it, and how often."""
    training_given: str = ""
    """What its users are taught before they use it."""
    appeals_contact: str = ""
    """Where somebody who is affected can ask for a review."""
    data_storage: str = ""
    """Where the data lie, who may see them, and for how long they are kept."""
    data_sharing: str = ""
    """Agreements under which the data were obtained or are passed on."""
    impact_assessments: str = ""
    """Assessments that were made (data protection, others): dates, results, addresses."""
    equality_assessment: str = ""
    """The organisation's own equality impact assessment: date, result, address."""
    engagement: str = ""
    """Who was asked about it: communities, staff, and what came of that."""
    independent_scrutiny: str = ""
    """The ethics committee or other independent body that looks at it, and its findings."""
    licence: str = ""
    """The licence under which the model and its records are published."""
