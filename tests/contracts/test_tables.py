"""A frame of our own that breaks its contract raises; one that keeps it passes unchanged."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from pandera.errors import SchemaError, SchemaErrors

from contracts import QUANTILE_COLUMNS, CountDistribution
from contracts.tables import COUNTS, FORECASTS, check, distribution_columns, distribution_of

MONTHS = np.array(["2024-01", "2024-02"], dtype="datetime64[s]")


def _counts() -> pd.DataFrame:
    return pd.DataFrame(
        {"area": ["A", "A"], "offence": ["arson", "arson"], "period": MONTHS, "count": np.array([3, 1], dtype="int64")}
    )


def _forecasts() -> pd.DataFrame:
    distribution = CountDistribution(np.array([2.0, 3.0]), np.array(0.2), np.array(0.05))
    return pd.DataFrame(
        {
            "model": "ewma",
            "area": "A",
            "target": "violence",
            "as_of": np.datetime64("2023-12-10", "s"),
            "period": MONTHS,
            "horizon": np.array([1, 2], dtype="int64"),
            **distribution_columns(distribution),
        }
    )


def test_sound_tables_pass_unchanged() -> None:
    pd.testing.assert_frame_equal(check(_counts(), COUNTS), _counts())
    pd.testing.assert_frame_equal(check(_forecasts(), FORECASTS), _forecasts())
    assert set(QUANTILE_COLUMNS) < set(FORECASTS.columns)


def test_a_distribution_comes_back_from_its_columns() -> None:
    back = distribution_of(_forecasts())
    assert back.mean.tolist() == [2.0, 3.0]
    assert back.dispersion.tolist() == [0.2, 0.2]
    assert np.asarray(back.shared).tolist() == [0.05, 0.05]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda frame: frame.assign(count=np.array([3, 0], dtype="int64")),
        lambda frame: frame.assign(count=[3.0, 1.0]),
        lambda frame: frame.assign(period=MONTHS[0]),
        lambda frame: frame.assign(suspect="N. N."),
        lambda frame: frame.drop(columns="offence"),
        lambda frame: frame.assign(area=["A", None]),
    ],
    ids=["a zero", "not whole", "a key twice", "a column too many", "a column missing", "no area"],
)
def test_counts_that_break_their_contract_are_refused(spoil: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
    with pytest.raises((SchemaError, SchemaErrors)):
        check(spoil(_counts()), COUNTS)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda frame: frame.assign(mean=[2.0, np.nan]),
        lambda frame: frame.assign(mean=[2.0, 0.0]),
        lambda frame: frame.assign(horizon=np.array([0, 1], dtype="int64")),
        lambda frame: frame.assign(p_at_least_one=[0.5, 1.2]),
        lambda frame: frame.assign(q05=[-1.0, 0.0]),
        lambda frame: frame.assign(shared=[0.05, 0.3]),
        lambda frame: frame.drop(columns="shared"),
        lambda frame: frame[list(reversed(frame.columns))],
    ],
    ids=[
        "not a number",
        "a mean of zero",
        "horizon zero",
        "a probability over one",
        "negative",
        "more shared than there is",
        "nothing of what is shared",
        "columns moved",
    ],
)
def test_forecasts_that_break_their_contract_are_refused(spoil: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
    with pytest.raises((SchemaError, SchemaErrors)):
        check(spoil(_forecasts()), FORECASTS)
