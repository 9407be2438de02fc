"""How an audit looked at the protected characteristics of the Equality Act 2010, and what was done to find out."""

from __future__ import annotations

from collections.abc import Collection

from monitoring.audits.protected import MEASURED_BY, PROXIED_BY
from monitoring.records.facts import ProtectedCharacteristic

NEAR = {"disability": "Deprivation scores count, among other things, people out of work through ill health."}
_CENSUS = "The census of England and Wales publishes shares of residents by it, which could be added."
_UNCERTAIN = "What is published of it for small areas is little and uncertain."
BEYOND = {
    "age": _CENSUS,
    "disability": _CENSUS,
    "gender reassignment": _UNCERTAIN,
    "marriage and civil partnership": _CENSUS,
    "pregnancy and maternity": _UNCERTAIN,
    "race": _CENSUS,
    "religion or belief": _CENSUS,
    "sex": "Its shares hardly differ between areas, so that comparing areas says little of it.",
    "sexual orientation": _UNCERTAIN,
}
"""Why a characteristic that was not audited was not, or what could be done."""


def protected_characteristics(attributes: Collection[str], geography: str) -> tuple[ProtectedCharacteristic, ...]:
    """All nine, for an audit that grouped residents by these attributes.

    >>> race, sex = (protected_characteristics(["ethnic group"], "wards")[at] for at in (5, 7))
    >>> (race.status, race.attribute), (sex.status, sex.attribute)
    (('measured', 'ethnic group'), ('not measurable here', None))
    """
    return tuple(_row(name, attributes, geography) for name in MEASURED_BY)


def _row(name: str, attributes: Collection[str], geography: str) -> ProtectedCharacteristic:
    measure, proxy = MEASURED_BY[name], PROXIED_BY.get(name)
    if measure in attributes:
        done = f"Shares of residents by {measure} weigh every figure of the audit; areas are compared, not people."
        return ProtectedCharacteristic(name, "measured", measure, done)
    if proxy is not None and proxy in attributes:
        done = f"Audited by {proxy}, which only stands near it. {NEAR[name]} {BEYOND[name]}"
        return ProtectedCharacteristic(name, "proxied", proxy, done)
    searched = f"The attributes that the settings name for {geography} hold no shares of residents by it."
    return ProtectedCharacteristic(name, "not measurable here", None, f"{searched} {BEYOND[name]}")
