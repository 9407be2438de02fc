"""What the reading room shows of an oversight report: its plain part, and one table of gates and audits."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

import orjson

from contracts.run_sheets import REPORT_PAGE
from service.web.answers.answer import Json


@dataclass(frozen=True)
class PlainReport:
    """The plain part of a report of one target.

    ``sections`` hold a question and its parts (sentences, items, lists), as the report does; ``checks`` say of each
    gate and audit what it found, whether it counts, and who decided so.
    """

    address: str
    introduction: tuple[str, ...]
    elsewhere: tuple[str, ...]
    sections: tuple[Json, ...]
    checks: tuple[Json, ...]


def address_of(run_id: str) -> str:
    """Where the full report of a run is read."""
    return f"/reports/{quote(run_id, safe='')}/{REPORT_PAGE}"


def plain_report_of(run_id: str, content: bytes) -> PlainReport:
    """From the bytes of the report's document."""
    document: Json = orjson.loads(content)
    summary = document["summary"]
    return PlainReport(
        address=address_of(run_id),
        introduction=tuple(summary["introduction"]),
        elsewhere=tuple(one["elsewhere"] for one in summary["glance"] if one.get("elsewhere")),
        sections=tuple(summary["sections"]),
        checks=tuple(check for subject in document["subjects"] for check in subject["checks"]),
    )
