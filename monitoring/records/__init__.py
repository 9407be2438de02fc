"""The records that are generated with every report: pure functions from the facts of one run to the text of a file."""

from monitoring.records import file_names
from monitoring.records.checklist import checklist_record
from monitoring.records.datasheet import datasheet_record
from monitoring.records.document import missing_settings
from monitoring.records.equality import equality_record
from monitoring.records.facts import (
    AuditFacts,
    AuditFigure,
    EvidenceFile,
    FloorFacts,
    GateFacts,
    Margin,
    ModelFacts,
    ProtectedCharacteristic,
    PublicationFacts,
    RecordFacts,
    RevisionFacts,
    ScoreFacts,
    SetAsideFacts,
    WordingFacts,
)
from monitoring.records.model_card import model_card_record
from monitoring.records.transparency import transparency_json_record, transparency_record

__all__ = [
    "AuditFacts",
    "AuditFigure",
    "EvidenceFile",
    "FloorFacts",
    "GateFacts",
    "Margin",
    "ModelFacts",
    "ProtectedCharacteristic",
    "PublicationFacts",
    "RecordFacts",
    "RevisionFacts",
    "ScoreFacts",
    "SetAsideFacts",
    "WordingFacts",
    "checklist_record",
    "datasheet_record",
    "equality_record",
    "file_names",
    "missing_settings",
    "model_card_record",
    "transparency_json_record",
    "transparency_record",
]
