"""Coverage of a backtest by the groups that its geography and the settings tell."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from contracts import Settings
from features.geographies.geography import Geography
from monitoring import Verification, group_coverage, pit_histogram, pit_limits
from monitoring.audits.groups import deprivation_tenths


def coverage_by_group(
    settings: Settings, geography: Geography, verifications: list[Verification]
) -> list[dict[str, Any]]:
    """Rows of ``monitoring.group_coverage`` by district and deprivation tenth, of each verification in turn."""
    groupings = _groupings(settings, geography)
    return [row for verification in verifications for row in group_coverage(verification, groupings)]


def pit_histograms(verifications: list[Verification]) -> list[dict[str, Any]]:
    """Shares of the randomised PIT in ten equal bins, with model and horizon, of each verification in turn."""
    found = []
    for one in verifications:
        histogram = pit_histogram(pit_limits(one.outcomes, one.forecast))
        found.append({"model": one.model, "horizon": one.horizon, "bins": histogram.to_dict("records")})
    return found


def _groupings(settings: Settings, geography: Geography) -> dict[str, list[str | None]]:
    groupings: dict[str, list[str | None]] = {}
    parents = geography.areas["parent"]
    if parents.notna().any():
        groupings["district"] = [None if pd.isna(parent) else str(parent) for parent in parents]
    meaning = settings.geographies.get(geography.name)
    if meaning is not None and meaning.deprivation:
        tenths = deprivation_tenths(np.asarray(geography.attribute(meaning.deprivation)))
        groupings["deprivation tenth"] = [str(tenth) if tenth else None for tenth in tenths]
    return groupings
