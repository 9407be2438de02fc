"""How sure ranks are, and what covering the first areas holds: from draws of all areas that share the city's factor."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from contracts import CountDistribution, coherent_draws
from contracts.arrays import Floats
from contracts.periods import starts_of
from contracts.tables import COVERS, RANKS, check
from features.views import Panel
from monitoring import Flags

DRAWS = 1000
INTERVAL = (0.1, 0.9)
"""Ends of the central interval of ranks and shares."""


def rank_rows(
    flags: Flags, panel: Panel, target: str, horizons: tuple[int, ...], forecast: CountDistribution, seed: int
) -> pd.DataFrame:
    """Rows of ``contracts.tables.RANKS``; ``forecast`` (horizons, areas of the panel).

    Equal counts of a draw are put in order by lot. A range holds the rank of the expected count in any case.
    """
    tables = []
    number = flags.settings.count_of(len(panel.areas))
    for row, draws in enumerate(_draws(forecast, seed)):
        drawn = _ranks(draws + np.random.default_rng([seed, row]).random(draws.shape))
        low, high = np.quantile(drawn, INTERVAL, axis=0, method="inverted_cdf").astype(np.int64)
        expected = _ranks(forecast.mean[row])
        tables.append(
            _about(panel, target, horizons[row], len(panel.areas))
            | {
                "rank_low": np.minimum(low, expected),
                "rank_high": np.maximum(high, expected),
                "p_highest": (drawn <= number).mean(axis=0),
                "place": np.argsort(flags.order(forecast.mean[[row]])[0]) + 1,
            }
        )
    rows = pd.concat([pd.DataFrame(table) for table in tables], ignore_index=True)
    rows.insert(0, "area", np.tile(np.array(panel.areas, dtype=object), len(horizons)))
    return check(rows, RANKS)


def cover_rows(
    flags: Flags,
    panel: Panel,
    target: str,
    horizons: tuple[int, ...],
    forecast: CountDistribution,
    counted: Floats,
    seed: int,
) -> pd.DataFrame:
    """Rows of ``contracts.tables.COVERS``; ``counted`` are the means of the simple count, (horizons, areas)."""
    tables = []
    for row, draws in enumerate(_draws(forecast, seed)):
        mean = forecast.mean[row]
        order, by_count = flags.order(np.stack([mean, counted[row]]))
        low, high = np.quantile(_shares(draws[:, order]), INTERVAL, axis=0)
        tables.append(
            _about(panel, target, horizons[row], len(mean))
            | {
                "areas": np.arange(1, len(mean) + 1),
                "share": _shares(mean[None, order])[0],
                "share_low": low,
                "share_high": high,
                "share_by_count": _shares(mean[None, by_count])[0],
            }
        )
    return check(pd.concat([pd.DataFrame(table) for table in tables], ignore_index=True), COVERS)


def _draws(forecast: CountDistribution, seed: int) -> Iterator[Floats]:
    """Draws of all areas (draws, areas) for each horizon, the same each time they are asked for."""
    for row in range(len(forecast.mean)):
        yield coherent_draws(forecast[row], DRAWS, seed + row).astype(np.float64)


def _ranks(values: Floats) -> npt.NDArray[np.int64]:
    """1 for the highest of the last axis; equal values in their order."""
    return np.argsort(np.argsort(-values, axis=-1, kind="stable"), axis=-1, kind="stable") + 1


def _shares(values: Floats) -> Floats:
    """Running sums of the last axis over its total, 0 where the total is 0."""
    running = np.cumsum(values, axis=-1)
    return np.asarray(running / np.where(running[..., -1:] > 0, running[..., -1:], 1.0))


def _about(panel: Panel, target: str, horizon: int, rows: int) -> dict[str, Any]:
    start = starts_of(np.array([panel.last.shift(horizon).ordinal], dtype=np.int64), panel.frequency)
    return {"target": [target] * rows, "period": np.repeat(start, rows), "horizon": [horizon] * rows}
