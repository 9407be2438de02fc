"""The nine protected characteristics of s.149 Equality Act 2010: measured, proxied or not measurable here.

A characteristic is measured where an attribute of the audit holds shares of residents by it, proxied where the
attribute only stands near it, and not measurable where no published share of residents of small areas exists.
"""

from __future__ import annotations

from collections.abc import Collection

from monitoring.audits.result import CAVEAT

MEASURED_BY = {
    "age": "age",
    "disability": "disability",
    "gender reassignment": "gender reassignment",
    "marriage and civil partnership": "marriage and civil partnership",
    "pregnancy and maternity": "pregnancy and maternity",
    "race": "ethnic group",
    "religion or belief": "religion",
    "sex": "sex",
    "sexual orientation": "sexual orientation",
}
"""Characteristic → the attribute of an audit that measures it."""
PROXIED_BY = {"disability": "deprivation fifth"}
"""Characteristic → an attribute that stands near it: deprivation counts people out of work through ill health."""


def protected_characteristics(attributes: Collection[str]) -> list[dict[str, object]]:
    """One row a characteristic: how it was looked at by an audit of these attributes, and by which of them.

    >>> [row["status"] for row in protected_characteristics(["ethnic group", "deprivation fifth"])][:2]
    ['not measurable here', 'proxied']
    """
    rows: list[dict[str, object]] = []
    for name, attribute in MEASURED_BY.items():
        proxy = PROXIED_BY.get(name)
        status, by = "not measurable here", None
        if attribute in attributes:
            status, by = "measured", attribute
        elif proxy in attributes:
            status, by = "proxied", proxy
        rows.append({"characteristic": name, "status": status, "by": by, "caveat": CAVEAT})
    return rows
