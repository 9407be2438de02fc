"""Forecasts beside what happened, and the table that forecasts are published in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from contracts import CountDistribution, Frequency, group_sums, ordinals_of, starts_of, sum_over
from contracts.arrays import Floats, Ordinals
from contracts.tables import distribution_columns

Known = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Verification:
    """Forecasts of one model at one horizon beside what happened.

    ``areas`` has length A and ``periods`` (ordinals of the forecast periods) length N; ``forecast`` and ``outcomes``
    have shape (N, A), in crimes. An outcome that is NaN is unknown and not scored; whether it is scored never depends
    on its value. ``seconds`` and ``peak_mb`` are what the forecasts took; the model was refitted at every
    ``refit_every``-th origin.
    """

    model: str
    target: str
    horizon: int
    areas: tuple[str, ...]
    periods: Ordinals
    forecast: CountDistribution
    outcomes: Floats
    seconds: float = float("nan")
    peak_mb: float = float("nan")
    refit_every: int = 1

    def __post_init__(self) -> None:
        shape = (len(self.periods), len(self.areas))
        if self.forecast.mean.shape != shape or self.outcomes.shape != shape:
            raise ValueError(
                f"forecast {self.forecast.mean.shape} and outcomes {self.outcomes.shape} do not fit "
                f"(periods, areas) = {shape}"
            )
        if self.horizon < 1 or self.refit_every < 1:
            raise ValueError(f"horizon {self.horizon} and refit_every {self.refit_every} begin at 1")
        if np.isinf(self.outcomes).any() or (self.outcomes < 0).any():
            raise ValueError("an outcome is negative or infinite")

    @property
    def known(self) -> Known:
        """Where the outcome is known, shape (N, A)."""
        return ~np.isnan(self.outcomes)


def group_totals(verification: Verification, groups: Ordinals, names: Sequence[str]) -> Verification:
    """Sums over groups of areas: ``groups`` (A,) holds the position in ``names`` of each area's group.

    Only the areas with a known outcome are summed, of forecasts and outcomes alike; a group without any is unknown.
    Areas depend on one another through the factor that the forecast says they share.
    """
    known = verification.known
    total = group_sums(np.where(known, verification.outcomes, 0.0), groups, len(names))
    return replace(
        verification,
        areas=tuple(names),
        forecast=sum_over(verification.forecast, groups, len(names), known=known),
        outcomes=np.where(group_sums(known, groups, len(names)) > 0, total, np.nan),
    )


def forecast_table(
    *,
    model: str,
    target: str,
    areas: Sequence[str],
    as_of: npt.ArrayLike,
    periods: Ordinals,
    horizon: int,
    frequency: Frequency,
    forecast: CountDistribution,
) -> pd.DataFrame:
    """Forecasts of shape (N, A) as rows of ``contracts.tables.FORECASTS``, period by period.

    ``as_of`` holds the N dates of the knowledge used (one of them per period), ``periods`` the N ordinals.
    """
    shape = (len(periods), len(areas))
    if forecast.mean.shape != shape:
        raise ValueError(f"forecast {forecast.mean.shape} does not fit (periods, areas) = {shape}")
    rows = shape[0] * shape[1]
    dates = np.broadcast_to(np.asarray(as_of, dtype="datetime64[s]"), shape[:1])
    return pd.DataFrame(
        {
            "model": np.full(rows, model, dtype=object),
            "area": np.tile(np.asarray(areas, dtype=object), shape[0]),
            "target": np.full(rows, target, dtype=object),
            "as_of": np.repeat(dates, shape[1]),
            "period": np.repeat(starts_of(periods, frequency), shape[1]),
            "horizon": np.full(rows, horizon, dtype=np.int64),
            **distribution_columns(forecast),
        }
    )


def from_forecast_table(forecasts: pd.DataFrame, outcomes: pd.DataFrame, frequency: Frequency) -> list[Verification]:
    """Verifications of every model, target and horizon in a forecasts table.

    ``forecasts`` keeps ``contracts.tables.FORECASTS``; ``outcomes`` has the columns ``area, target, period, count``,
    one row per known count (zeros too): what has no row is unknown. Raises ``ValueError`` where a model lacks the
    forecast of an area in a period that it forecasts elsewhere. Times and memory are not in the table: NaN.
    """
    if outcomes.duplicated(["area", "target", "period"]).any():
        raise ValueError("the outcomes hold an area, target and period twice")
    verifications = []
    for key, part in forecasts.groupby(["model", "target", "horizon"], sort=False):
        model, target, horizon = cast(tuple[str, str, int], key)
        mean = _grid(part, "mean")
        if mean.isna().to_numpy().any():
            raise ValueError(f"'{model}' lacks forecasts of '{target}' at horizon {horizon} in some areas and periods")
        counts = _grid(outcomes[outcomes["target"] == target], "count").reindex(index=mean.index, columns=mean.columns)
        verifications.append(
            Verification(
                model=model,
                target=target,
                horizon=int(horizon),
                areas=tuple(mean.columns),
                periods=ordinals_of(mean.index.to_numpy(), frequency),
                forecast=CountDistribution(
                    *(_grid(part, name).to_numpy(np.float64) for name in ("mean", "dispersion", "shared"))
                ),
                outcomes=counts.to_numpy(np.float64),
            )
        )
    return verifications


def _grid(rows: pd.DataFrame, column: str) -> pd.DataFrame:
    return rows.pivot_table(index="period", columns="area", values=column, aggfunc="first")
