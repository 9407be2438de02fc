"""What every forecaster can do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from contracts import BadInput, CountDistribution
from features.geographies.geography import Geography
from features.views import Panel


class UnusableForecaster(BadInput):
    """A forecaster cannot learn from these counts. A comparison goes on without it, and says so."""


class FittedForecaster(Protocol):
    """A forecaster that has learned from a panel."""

    def predict(self, panel: Panel, horizons: Sequence[int]) -> CountDistribution:
        """Predictive distributions of shape (horizons, areas), in crimes per period.

        ``panel`` is the one it was fitted on or a later one with the same areas; horizon h is the h-th period after
        the panel's last.
        """
        ...


class Forecaster(Protocol):
    """A way to forecast one target in every area. Whatever it needs beyond the panel it is given when it is made."""

    @property
    def name(self) -> str:
        """Its name in the leaderboard."""
        ...

    def fit(self, panel: Panel, target: str, geography: Geography, horizons: Sequence[int]) -> FittedForecaster:
        """Learn from ``panel`` (as ``Panel.for_target`` gives it), to forecast at ``horizons``.

        Raises ``UnusableForecaster`` where it cannot: the history is too short, or holds no incidents of their own.
        """
        ...
