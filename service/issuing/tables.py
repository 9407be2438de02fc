"""The tables of an issue: what was forecast, and the counts it stands on."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from contracts import CountDistribution, Period
from contracts.periods import starts_of
from contracts.run_files import RECIPE
from contracts.tables import distribution_columns
from features.views import Panel

HISTORY_PERIODS = 36


def forecast_rows(
    panel: Panel,
    target: str,
    horizons: tuple[int, ...],
    distribution: CountDistribution,
    *,
    model: str = RECIPE,
) -> pd.DataFrame:
    """The forecast of one target as rows of ``contracts.tables.FORECASTS``, horizon by horizon."""
    shape = (len(horizons), len(panel.areas))
    if distribution.mean.shape != shape:
        raise ValueError(f"the model of '{target}' gave shape {distribution.mean.shape}, not {shape}")
    ordinals = np.array([panel.last.shift(horizon).ordinal for horizon in horizons], dtype=np.int64)
    return pd.DataFrame(
        {
            "model": model,
            "area": np.tile(np.array(panel.areas, dtype=object), len(horizons)),
            "target": target,
            "as_of": np.datetime64(panel.as_of, "s"),
            "period": np.repeat(starts_of(ordinals, panel.frequency), len(panel.areas)),
            "horizon": np.repeat(np.array(horizons, dtype=np.int64), len(panel.areas)),
            **distribution_columns(distribution),
        }
    )


def history_rows(panel: Panel, target: str) -> pd.DataFrame:
    """The last known counts of one target, area by area; a count that was settled later is marked."""
    counts = panel.of(target)[:, -HISTORY_PERIODS:]
    starts = starts_of(panel.periods[-HISTORY_PERIODS:], panel.frequency)
    settled = panel.settled[panel.target_index(target), -HISTORY_PERIODS:]
    return pd.DataFrame(
        {
            "area": np.repeat(np.array(panel.areas, dtype=object), len(starts)),
            "target": target,
            "period": np.tile(starts, len(panel.areas)),
            "count": counts.ravel(),
            "settled": np.tile(settled, len(panel.areas)),
        }
    )


def settled_periods(panel: Panel, target: str) -> dict[str, Any] | None:
    """Of how many periods, the first and the last, the counts are known only from a publication after the as-of day."""
    found = panel.periods[panel.settled[panel.target_index(target)]]
    if not found.size:
        return None
    first, last = (str(Period(panel.frequency, int(ordinal))) for ordinal in (found[0], found[-1]))
    return {"periods": int(found.size), "of": len(panel.periods), "first": first, "last": last}
