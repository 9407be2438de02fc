"""The oversight audits: whom a forecast exposes, whom it leaves unprotected, and how sure that is."""

from monitoring.audits.audit import DESCRIPTIONS, audit, audit_again, findings_of, judged_tables
from monitoring.audits.groups import (
    DEPRIVATION,
    DISTRICT,
    Groups,
    deprivation_groups,
    deprivation_tenths,
    fifths_of,
    labelled_groups,
    shares_of_residents,
)
from monitoring.audits.material import Material, Signal
from monitoring.audits.protected import MEASURED_BY, PROXIED_BY
from monitoring.audits.resampling import benjamini_hochberg, spatial_resampling
from monitoring.audits.result import CAVEAT, RECORDS, AuditResult, Description, Finding, GroupTest

__all__ = [
    "CAVEAT",
    "DEPRIVATION",
    "DESCRIPTIONS",
    "DISTRICT",
    "MEASURED_BY",
    "PROXIED_BY",
    "RECORDS",
    "AuditResult",
    "Description",
    "Finding",
    "GroupTest",
    "Groups",
    "Material",
    "Signal",
    "audit",
    "audit_again",
    "benjamini_hochberg",
    "deprivation_groups",
    "deprivation_tenths",
    "fifths_of",
    "findings_of",
    "judged_tables",
    "labelled_groups",
    "shares_of_residents",
    "spatial_resampling",
]
