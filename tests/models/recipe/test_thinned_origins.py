"""Large grids are learned from a part of their origins, spread over weekdays and seasons."""

from __future__ import annotations

import numpy as np
import pytest

from contracts import Frequency
from features.building.near_repeat import PERIODS_PER_WEEK
from models.recipe.area_share import MOST_ROWS, _thinned


def test_small_panels_keep_every_origin() -> None:
    assert _thinned(range(24, 120), 4_994, Frequency.MONTH) == range(24, 120)


@pytest.mark.parametrize(
    ("periods", "areas", "frequency"),
    [(290, 5_628, Frequency.WEEK), (2_000, 2_000, Frequency.DAY), (9_000, 700, Frequency.SHIFT)],
)
def test_large_ones_keep_about_as_many_rows_as_are_allowed_and_every_weekday(
    periods: int, areas: int, frequency: Frequency
) -> None:
    kept = _thinned(range(104, 104 + periods), areas, frequency)
    assert MOST_ROWS / 3 < len(kept) * areas <= MOST_ROWS * 1.02
    cycle = PERIODS_PER_WEEK.get(frequency, 1)
    assert len(np.unique(np.array(kept) % cycle)) == cycle
