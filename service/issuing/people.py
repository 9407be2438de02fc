"""Who lives in each area, from the geography's attributes: shown beside a forecast, and no model learns from it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pandas as pd

from contracts import GeographyMeaning, Settings
from contracts.arrays import Floats
from contracts.tables import ETHNIC_GROUP, PEOPLE, RESIDENTS, WORKDAY, check

if TYPE_CHECKING:
    from features.geographies.geography import Geography


def people_rows(settings: Settings, geography: Geography) -> pd.DataFrame | None:
    """Rows of ``contracts.tables.PEOPLE``; None where the settings name no column for residents.

    What is not known of an area has no row.
    """
    meaning = settings.geographies.get(geography.name, GeographyMeaning())
    if meaning.residents is None:
        return None
    tables = [
        pd.DataFrame({"area": geography.codes, "kind": kind, "group": group, "people": people})
        for kind, group, people in _people(meaning, geography, geography.attribute(meaning.residents))
    ]
    return check(pd.concat(tables, ignore_index=True).dropna(subset=["people"]).reset_index(drop=True), PEOPLE)


def _people(meaning: GeographyMeaning, geography: Geography, residents: Floats) -> Iterator[tuple[str, str, Floats]]:
    yield RESIDENTS, "", residents
    if meaning.workday is not None:
        yield WORKDAY, "", geography.attribute(meaning.workday)
    for group, column in meaning.groups.items():
        yield ETHNIC_GROUP, group, geography.attribute(column) * residents
