"""What the report says of the horizons beside the one whose figures it shows in full."""

from __future__ import annotations

from typing import Any

from contracts import DisclosureSettings, horizons_text
from monitoring.audits.result import AuditResult
from monitoring.report.public import public_findings
from monitoring.report.wording import counted

Row = dict[str, Any]
OUTSIDE = "outside"


def public_horizons(audit: AuditResult, disclosure: DisclosureSettings) -> list[Row]:
    """The same audits at each other horizon: every finding as anyone may read it."""
    return [{"horizon": one.horizon, "findings": public_findings(one.findings, disclosure)} for one in audit.others]


def horizons_sentence(subject: Row) -> str:
    """How the checks at the other horizons came out; empty where one horizon alone was audited."""
    others = subject["other_horizons"]
    if not others:
        return ""
    numbers = [one["horizon"] for one in others]
    which = f"{'Horizon' if len(numbers) == 1 else 'Horizons'} {horizons_text(numbers)}"
    beyond = {one["horizon"]: sum(row["verdict"] == OUTSIDE for row in one["findings"]) for one in others}
    found = [
        f"{counted(number, 'check', 'checks')} at horizon {horizon}" for horizon, number in beyond.items() if number
    ]
    outside = f"Outside the limit: {', '.join(found)}." if found else "No check there is outside its limit."
    return f"{subject['title']}: the table is of horizon {subject['horizon']}. {which} had the same checks. {outside}"
