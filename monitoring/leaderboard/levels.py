"""How good forecasts are at each level of nested areas, made to add up or not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from monitoring.leaderboard.result import Value
from monitoring.scores import accuracy, calibration
from monitoring.scores.skill import block_length, paired_ratio, resampling
from monitoring.scores.verification import Verification

UNRECONCILED = "none"
_SHOWN = {
    "level": "level",
    "model": "model",
    "reconciliation": "reconciled",
    "mean_poisson_deviance": "deviance",
    "vs_unreconciled": "vs none",
    "interval": "95% interval",
    "crps": "CRPS",
    "coverage_50": "cover 50%",
    "coverage_80": "cover 80%",
    "coverage_95": "cover 95%",
    "mape": "MAPE %",
    "largest_gap": "largest gap",
}


@dataclass(frozen=True)
class LevelVerification:
    """Forecasts of one level. ``reconciliation`` is ``none`` for the level's own forecasts.

    ``largest_gap`` is the largest difference, in crimes, between an area's mean and the sum of the finest areas' in it.
    """

    level: str
    reconciliation: str
    verification: Verification
    largest_gap: float


def level_scores(parts: Sequence[LevelVerification], *, seed: int) -> list[dict[str, Value]]:
    """One row per level, model, horizon and reconciliation, in the order given.

    ``vs_unreconciled`` is the ratio of the deviance to that of the level's own forecasts, with its paired 95% interval;
    ``mape`` (%) the mean absolute percentage error of the areas that had a crime. Raises ``ValueError`` where the own
    forecasts are missing.
    """
    own = {_key(part): part.verification for part in parts if part.reconciliation == UNRECONCILED}
    if any(_key(part) not in own for part in parts):
        raise ValueError("reconciled forecasts have no own forecasts of their level beside them")
    return [_row(part, own[_key(part)], seed) for part in parts]


def levels_text(rows: Sequence[dict[str, Value]]) -> str:
    """The rows as a table for a terminal, one block a horizon."""
    blocks = []
    for horizon in sorted({int(row["horizon"] or 0) for row in rows}):
        shown = pd.DataFrame([_shown(row) for row in rows if row["horizon"] == horizon])
        blocks.append(f"Horizon {horizon}\n{shown.to_string(index=False)}")
    return "\n\n".join(blocks)


def _key(part: LevelVerification) -> tuple[str, str, int]:
    return part.level, part.verification.model, part.verification.horizon


def _row(part: LevelVerification, own: Verification, seed: int) -> dict[str, Value]:
    judged = part.verification
    losses = accuracy.poisson_deviance_loss(judged.outcomes, judged.forecast.mean)
    periods, areas = judged.outcomes.shape
    draws = resampling(periods=periods, areas=areas, block=block_length(periods, judged.horizon), seed=seed)
    ratio = paired_ratio(losses, accuracy.poisson_deviance_loss(own.outcomes, own.forecast.mean), draws)
    limits = calibration.pit_limits(judged.outcomes, judged.forecast)
    return {
        "level": part.level,
        "model": judged.model,
        "horizon": judged.horizon,
        "reconciliation": part.reconciliation,
        "areas": areas,
        "mean_poisson_deviance": accuracy.mean_of_known(losses),
        "vs_unreconciled": _figure(ratio.value),
        "vs_unreconciled_low": _figure(ratio.low),
        "vs_unreconciled_high": _figure(ratio.high),
        "mae": accuracy.mae(judged.outcomes, judged.forecast.mean),
        "crps": accuracy.mean_of_known(accuracy.crps_loss(judged.outcomes, judged.forecast)),
        **{f"coverage_{round(100 * share)}": calibration.coverage(limits, share) for share in calibration.LEVELS},
        "mape": _mape(judged),
        "largest_gap": part.largest_gap,
    }


def _figure(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _mape(judged: Verification) -> float | None:
    """Mean absolute percentage error over the areas and periods with a crime; None where there is none."""
    some = judged.known & (np.nan_to_num(judged.outcomes) > 0)
    if not some.any():
        return None
    return accuracy.mean_absolute_percentage_error(judged.outcomes[some], judged.forecast.mean[some])


def _shown(row: dict[str, Value]) -> dict[str, str]:
    ends = (row["vs_unreconciled_low"], row["vs_unreconciled_high"])
    interval = "" if None in ends else f"{ends[0]:.3f}–{ends[1]:.3f}"
    values = {**row, "interval": interval}
    return {head: _cell(column, values[column]) for column, head in _SHOWN.items()}


def _cell(column: str, value: Value) -> str:
    if column == "largest_gap":
        return f"{value:.1e}"
    if isinstance(value, float):
        return f"{value:.1f}" if column == "mape" else f"{value:.4f}"
    return "" if value is None else str(value)
