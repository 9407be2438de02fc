"""Skill against a baseline: the ratio of mean losses, with an interval that resamples areas and blocks of periods.

Losses of one area resemble one another from period to period, and those of one period from area to area, so rows are
not independent. Each replicate draws whole areas with replacement and, independently, circular moving blocks of
periods; a row counts as often as its area times as often as its period, and both models meet the same draw.
Sources: Künsch (1989) and Politis & Romano (1992) for blocks, Owen (2007), The pigeonhole bootstrap, for two ways.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from contracts.arrays import Floats

REPLICATES = 2000


@dataclass(frozen=True)
class Ratio:
    """Mean loss of a model over that of the baseline; under 1 is better. ``low`` and ``high`` end the interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Resampling:
    """How often each replicate drew each area, shape (R, A), and each period, shape (R, N)."""

    areas: Floats
    periods: Floats

    def totals(self, losses: Floats) -> Floats:
        """The sum of losses (N, A) in each replicate, shape (R,); NaN counts as absent."""
        return np.asarray(((self.periods @ np.nan_to_num(losses)) * self.areas).sum(axis=1))


def block_length(periods: int, horizon: int) -> int:
    """Periods in a block: the cube root of their number, and no fewer than the horizon, whose errors overlap.

    >>> block_length(24, 1)
    3
    """
    return min(periods, max(horizon, round(float(np.cbrt(periods)))))


def resampling(*, periods: int, areas: int, block: int, seed: int, replicates: int = REPLICATES) -> Resampling:
    """Draws for ``paired_ratio``. With a single period only areas are resampled, with a single area only periods."""
    generator = np.random.default_rng(seed)
    blocks = -(-periods // block)
    starts = generator.integers(periods, size=(replicates, blocks, 1))
    drawn_periods = ((starts + np.arange(block)) % periods).reshape(replicates, -1)[:, :periods]
    return Resampling(
        areas=_tally(generator.integers(areas, size=(replicates, areas)), areas),
        periods=_tally(drawn_periods, periods),
    )


def _tally(drawn: npt.NDArray[np.int64], size: int) -> Floats:
    """How often each of ``size`` was drawn in each row."""
    rows = np.arange(drawn.shape[0])[:, None] * size
    return np.bincount((rows + drawn).ravel(), minlength=drawn.shape[0] * size).reshape(-1, size).astype(np.float64)


def paired_ratio(losses: Floats, baseline: Floats, draws: Resampling, level: float = 0.95) -> Ratio:
    """Mean loss over the baseline's on the same rows, losses of shape (N, A), with a percentile interval.

    NaN where the baseline lost nothing. Both must know the same rows; raises ``ValueError`` otherwise.

    >>> draws = resampling(periods=6, areas=4, block=2, seed=1, replicates=100)
    >>> paired_ratio(np.full((6, 4), 0.9), np.full((6, 4), 1.0), draws)
    Ratio(value=0.9, low=0.9, high=0.9)
    """
    if not np.array_equal(np.isnan(losses), np.isnan(baseline)):
        raise ValueError("the model and the baseline are not scored on the same rows")
    above, under = draws.totals(losses), draws.totals(baseline)
    drawn, total = under > 0, float(np.nansum(baseline))
    if not drawn.any() or total <= 0:
        return Ratio(float("nan"), float("nan"), float("nan"))
    value = float(np.nansum(losses) / total)
    tails = ((1.0 - level) / 2.0, (1.0 + level) / 2.0)
    low, high = np.quantile(above[drawn] / under[drawn], tails)
    return Ratio(value=round(value, 12), low=round(float(low), 12), high=round(float(high), 12))
