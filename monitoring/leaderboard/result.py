"""What a leaderboard holds, and how a terminal shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypedDict

import pandas as pd

from contracts.text_tables import aligned
from monitoring.leaderboard.statement import RARE_BELOW

Level = Literal["area", "city"]
Value = str | int | float | None

_SHOWN = {
    "model": "model",
    "mean_poisson_deviance": "deviance",
    "vs_ewma": "vs {baseline}",
    "interval": "95% interval",
    "mae": "MAE",
    "crps": "CRPS",
    "log_score": "log score",
    "coverage_90": "cover 90%",
    "pai_5": "PAI 5%",
    "pei_10": "PEI 10%",
    "city_mape": "city MAPE %",
    "seconds": "seconds",
    "peak_mb": "peak MB",
    "refit_every": "refitted",
}

_DECIMALS = {"seconds": 1, "city_mape": 1, "peak_mb": 0}
"""Of the figures that are not shown with three."""


class HorizonFloor(TypedDict):
    """The noise floor at one horizon, and the model it was drawn from."""

    horizon: int
    level: Level
    reference: str
    negative_binomial: dict[str, float | None]
    poisson: dict[str, float | None]


@dataclass(frozen=True)
class Leaderboard:
    """``rows`` by horizon, then by deviance; None where a figure has no meaning at the level.

    Each row holds ``model, horizon, level``, the scores, ``coverage_50…95`` (0…1), ``pai_…`` and ``pei_…`` at 1, 5, 10
    and 20% of the areas and, with ``_land``, of the land, ``vs_ewma, vs_ewma_low, vs_ewma_high`` (deviance over the
    baseline's, with its 95% interval) and the same for CRPS, ``city_mape`` (%), ``forecasts`` (number scored),
    ``seconds``, ``peak_mb``, ``refit_every``, ``shared_factor`` (whether sums keep the dependence between areas),
    ``log_loss_vs_constant…`` (mean log loss over that of ``constant_rate``, with its 95% interval) and ``remark``, a
    sentence on a row that is far worse than the baseline or has a score that is no number, else None.
    ``noise_floor`` has one entry a horizon, from the model of the least CRPS. The rows of a ``rare`` target are by
    log score and have no MAE; ``statement`` says whether any model beats a constant rate, a sentence a horizon.
    """

    target: str
    level: Level
    baseline: str
    rows: list[dict[str, Value]]
    noise_floor: list[HorizonFloor]
    rare: bool = False
    statement: str | None = None

    def to_frame(self) -> pd.DataFrame:
        """The rows as a table."""
        return pd.DataFrame(self.rows)

    def as_text(self, room: int | None = None) -> str:
        """The table for a terminal of ``room`` characters, one block a horizon, with the noise floor under each."""
        blocks = [self._block(floor, room) for floor in self.noise_floor]
        return "\n\n".join([*blocks, *([self.statement] if self.statement else [])])

    def _block(self, floor: HorizonFloor, room: int | None) -> str:
        rows = [row for row in self.rows if row["horizon"] == floor["horizon"]]
        columns = [column for column in _SHOWN if not (self.rare and column == "mae")]
        heads = [_SHOWN[column].format(baseline=self.baseline) for column in columns]
        cells = [[_cell(row, column) for column in columns] for row in rows]
        cells.append(_floor_cells("negative binomial", floor["negative_binomial"], columns))
        cells.append(_floor_cells("Poisson", floor["poisson"], columns))
        title = (
            f"{self.target}, {self.level} level, horizon {floor['horizon']}, {rows[0]['forecasts']} forecasts scored"
        )
        return "\n".join([title, aligned(heads, cells, room=room, rule=True), *self._notes(rows)])

    def _notes(self, rows: list[dict[str, Value]]) -> list[str]:
        seldom = [f"{row['model']} (every {row['refit_every']} origins)" for row in rows if row["refit_every"] != 1]
        notes = [f"{row['model']}: {row['remark']}" for row in rows if row["remark"]]
        notes += [f"Not refitted at each origin: {', '.join(seldom)}."] if seldom else []
        if self.rare:
            notes.append(
                f"Rare: under {RARE_BELOW} per area and period. Sorted by log score; the mean absolute error is not "
                "shown, because a forecast of none anywhere has the least."
            )
        independent = [str(row["model"]) for row in rows if not row["shared_factor"]]
        if self.level == "city" and independent:
            notes.append(
                f"City intervals of {', '.join(independent)} take areas as independent: they are too narrow where "
                "areas move together."
            )
        return notes


def _cell(row: dict[str, Value], column: str) -> str:
    if column == "interval":
        low, high = row["vs_ewma_low"], row["vs_ewma_high"]
        return "" if low is None or high is None else f"{low:.3f}–{high:.3f}"
    value = row[column]
    if column == "refit_every":
        return "each" if value == 1 else f"every {value}"
    if isinstance(value, float):
        return f"{value:.{_DECIMALS.get(column, 3)}f}"
    return "" if value is None else str(value)


def _floor_cells(name: str, scores: dict[str, float | None], columns: Sequence[str]) -> list[str]:
    row: dict[str, Value] = dict.fromkeys([*_SHOWN, "vs_ewma_low", "vs_ewma_high"], None)
    row |= {"model": f"noise floor ({name})", **scores}
    return ["" if column == "refit_every" else _cell(row, column) for column in columns]
