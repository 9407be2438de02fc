"""What the judge says of a backtest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from models.recipe import LevelShift
from monitoring import Leaderboard


@dataclass(frozen=True)
class Scores:
    """What the judge says of a backtest: at the level of areas and of the city.

    ``coverage`` has the rows of ``training.backtests.coverage``, of the audited model at every horizon;
    ``level_shifts`` are those of the city up to the last period of the backtest.
    """

    areas: Leaderboard
    city: Leaderboard
    coverage: list[dict[str, Any]]
    level_shifts: tuple[LevelShift, ...]

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The rows of both levels, areas first."""
        return [*self.areas.rows, *self.city.rows]

    @property
    def shift_sentences(self) -> list[str]:
        """Where the city's level shifted, in words."""
        return [shift.sentence() for shift in self.level_shifts]
