"""Under which heading a file has each column of its source: one of those that settings accept."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pyarrow as pa

from contracts import BadInput, Settings, offence_by_wording, wording_key
from contracts.errors import shown
from features.sources.checks import KnownAreas

Looks = Callable[[Sequence[str]], bool]
"""Whether the texts of a column look like those of the column that is sought."""

LOOKED_AT = 2000
"""Rows that are looked at to recognise a column."""


def find_columns(
    path: Path,
    table: pa.Table,
    source: str,
    wanted: Sequence[str],
    looks: Mapping[str, Looks],
    settings: Settings,
    *,
    optional: Sequence[str] = (),
) -> dict[str, str]:
    """Column → its heading in the table. Capitals and outer spaces do not matter.

    Raises ``BadInput`` where a column stands under none of its headings; the remedy is the line to add, with the
    heading that the file has for it where its texts tell (``looks``). Columns that are ``optional`` may lack.
    """
    accepted = settings.ingest.headings(source)
    there = {heading.strip().casefold(): heading for heading in table.column_names}
    found = {
        column: there[heading.strip().casefold()]
        for column in (*wanted, *optional)
        for heading in reversed(accepted[column])
        if heading.strip().casefold() in there
    }
    lacking = [column for column in wanted if column not in found]
    if lacking:
        raise _not_there(path, table, source, {one: accepted[one][0] for one in lacking}, set(found.values()), looks)
    return found


def _not_there(
    path: Path,
    table: pa.Table,
    source: str,
    lacking: Mapping[str, str],
    taken: set[str],
    looks: Mapping[str, Looks],
) -> BadInput:
    """``lacking``: column → its usual heading."""
    begins = ", ".join(f"'{shown(name)}'" for name in table.column_names[:8])
    named = " and ".join(f"'{heading}' (the {column})" for column, heading in lacking.items())
    lines, left = [], [name for name in table.column_names if name not in taken and not name.strip().isdigit()]
    for column in lacking:
        like = [name for name in left if column in looks and looks[column](_texts(table, name))]
        lines.append(f'{column} = ["{like[0] if like else "THE HEADING"}"]')
        left = [name for name in left if name not in like[:1]]
    sure = not any("THE HEADING" in line for line in lines)
    remedy = f"add to wardcast.toml, under [ingest.sources.{source}.columns]: {' and '.join(lines)}."
    return BadInput(
        f"{path} has no column {named}; it begins with {begins}.",
        remedy=f"A{remedy[1:]}"
        if sure
        else f"Check that it is the right kind of file; if a column has another heading, {remedy}",
    )


def _texts(table: pa.Table, name: str) -> list[str]:
    texts: list[str] = table.column(name)[:LOOKED_AT].to_pylist()
    return texts


def like_areas(areas: KnownAreas) -> Looks:
    """Most texts are codes of the geography."""
    codes = set(areas.codes)
    return lambda texts: _most(texts, lambda text: text.strip() in codes)


def like_offences(taxonomy: str, settings: Settings) -> Looks:
    """Most texts are wordings of offences that settings know."""
    known = offence_by_wording(settings.offences.get(taxonomy, {}))
    return lambda texts: _most(texts, lambda text: wording_key(text) in known)


def like_districts(texts: Sequence[str]) -> bool:
    """Texts, at most a tenth as many as rows, that are no counts."""
    return len(set(texts)) <= max(len(texts) // 10, 1) and not any(text.strip().isdigit() for text in texts)


def _most(texts: Sequence[str], holds: Callable[[str], bool]) -> bool:
    return 2 * sum(map(holds, texts)) > len(texts)
