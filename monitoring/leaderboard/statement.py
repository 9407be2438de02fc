"""What a leaderboard says of a constant rate: whether any model knows more of the places than that there are areas."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from contracts import CountDistribution
from contracts.arrays import Floats
from monitoring.scores.skill import Ratio, Resampling, paired_ratio

CONSTANT_RATE = "constant_rate"
"""The model that gives every area the city's mean rate."""

RARE_BELOW = 0.5
"""A target with fewer crimes than this per area and period is rare."""

SIGNIFICANCE = 0.05


def is_rare(outcomes: Floats) -> bool:
    """Whether most areas count none in most periods, by the mean of all known outcomes (never by single ones).

    >>> is_rare(np.array([[0.0, 1.0, 0.0, np.nan]])), is_rare(np.array([[0.0, 1.0]]))
    (True, False)
    """
    return float(np.nanmean(outcomes)) < RARE_BELOW


def log_losses(outcomes: Floats, forecast: CountDistribution) -> Floats:
    """Minus the log score of each forecast, same shape; NaN where the outcome is unknown."""
    return np.asarray(-forecast.log_pmf(outcomes))


@dataclass(frozen=True)
class AgainstConstant:
    """One model's mean log loss over the constant rate's: with its 95% interval, and with that of several looks.

    ``widened`` is the interval at which a claim is made when many models are compared (Bonferroni): that *some* model
    beats the constant rate is then wrong in at most 5% of the cases where none does.
    """

    model: str
    ratio: Ratio
    widened: Ratio

    @property
    def beats(self) -> bool:
        """Whether the widened interval lies below 1."""
        return self.widened.high < 1.0


def against_constant(losses: dict[str, Floats], draws: Resampling) -> dict[str, AgainstConstant]:
    """Every other model of ``losses`` (model → log losses (N, A)) against the constant rate; empty without it."""
    if CONSTANT_RATE not in losses:
        return {}
    constant = losses[CONSTANT_RATE]
    others = [model for model in losses if model != CONSTANT_RATE]
    return {
        model: AgainstConstant(
            model=model,
            ratio=paired_ratio(losses[model], constant, draws),
            widened=paired_ratio(losses[model], constant, draws, level=1.0 - SIGNIFICANCE / len(others)),
        )
        for model in others
    }


def statement(target: str, area_kind: str, horizon: int, compared: Sequence[AgainstConstant], *, rare: bool) -> str:
    """One sentence on the constant rate at one horizon; empty where nothing was compared and the target is
    not rare, or where the constant rate lost nothing."""
    where = f"for {target} by {area_kind} at horizon {horizon}"
    if not compared:
        untested = f"Whether any model beats a constant rate {where} was not tested: add {CONSTANT_RATE} to the models."
        return untested if rare else ""
    compared = [one for one in compared if np.isfinite(one.ratio.value)]
    if not compared:
        return ""
    beating = sorted((one for one in compared if one.beats), key=lambda one: one.ratio.value)
    best = beating[0] if beating else min(compared, key=lambda one: one.ratio.value)
    figures = f"{best.ratio.value:.3f} of the constant rate's (interval {best.widened.low:.3f}–{best.widened.high:.3f}"
    looks = f", widened for {len(compared)} comparisons)" if len(compared) > 1 else ")"
    if not beating:
        return (
            f"No model beats a constant rate {where}: the log loss of the nearest, {best.model}, is {figures}{looks}."
        )
    return (
        f"{len(beating)} of {len(compared)} models beat a constant rate {where}: the log loss of {best.model} is "
        f"{figures}{looks}."
    )
