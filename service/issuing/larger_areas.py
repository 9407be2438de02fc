"""Which larger areas an issue forecasts beside the areas: what the settings name, or what the geography knows."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from contracts import Workspace
from contracts.tables import NESTING, check

if TYPE_CHECKING:
    from features.geographies.geography import Geography
    from features.views import Hierarchy


def issue_hierarchy(workspace: Workspace, geography: Geography, tell: Callable[[str], None]) -> Hierarchy:
    """The areas that are forecast and the levels after them.

    Without levels in the settings: the parents, where every area has one, and the city. Raises as ``load_hierarchy``.
    """
    from features.views import CITY, PARENTS, hierarchy_over

    named = workspace.settings.forecast.levels
    if named:
        return hierarchy_over(workspace, geography, named)
    without = int(geography.areas["parent"].isna().sum())
    if without == 0:
        return hierarchy_over(workspace, geography, (PARENTS, CITY))
    if without < len(geography.codes):
        tell(f"{without} areas of '{geography.name}' name no parent: the city is forecast, and no districts.")
    return hierarchy_over(workspace, geography, (CITY,))


def nesting_rows(hierarchy: Hierarchy, city: str) -> pd.DataFrame:
    """Which larger areas each of the finest areas lies in; the whole city has the name ``city``."""
    from features.views import CITY

    parts = []
    for level in hierarchy.levels[1:]:
        names = [city] if level.name == CITY else level.geography.areas["name"].tolist()
        about = {
            "level": level.name,
            "area": pd.Series(hierarchy.finest.codes, dtype=object),
            "within": np.array(level.geography.codes, dtype=object)[level.groups],
            "name": np.array(names, dtype=object)[level.groups],
        }
        parts.append(pd.DataFrame(about))
    return check(pd.concat(parts, ignore_index=True), NESTING)
