"""Which rows of a file of incidents are the same incident: by a key where one is named, else by what they say."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from contracts import BadInput
from contracts.arrays import Booleans, Moments
from features.sources.source_counts import SetAside

MOST_COPIES = 12
"""Rows that stand more often than this are not told from chance."""
MONTHLY_TIMES = 10
"""In one month copies may be so many times the share that they may be of the whole file."""
FEWEST_COPIES = 10
"""Fewer copies in a month are nothing to be sure of."""


def first_of_each(
    ids: Sequence[str] | npt.NDArray[np.object_], whole: Booleans
) -> tuple[Booleans, tuple[SetAside, ...]]:
    """The rows that are kept, one for each id, and how many others were set aside.

    Of the rows of one id it is the first with a time and a position (``whole``), else the first. A row with a blank
    id is an incident of its own.
    """
    given = pd.Series(np.asarray(ids, dtype=object))
    order = np.argsort(~whole, kind="stable")
    repeated = np.zeros(len(given), dtype=bool)
    repeated[order] = given.iloc[order].duplicated().to_numpy()
    repeated &= (given != "").to_numpy()
    number = int(repeated.sum())
    aside = (SetAside("another row of the same id", f"of {len(given)} rows", number, number),) if number else ()
    return ~repeated, aside


def repeated_beyond_chance(columns: Sequence[npt.NDArray[np.generic]]) -> tuple[int, int]:
    """How many rows say in all ``columns`` what an earlier one says, and how many of those are beyond coincidence.

    Where rows fall together by chance, however unevenly, the numbers of values that stand k times keep to
    n(k)² ≤ (k + 1)/k × n(k − 1) × n(k + 1) (Cauchy and Schwarz for a mixture of Poisson distributions). Copies break
    that: a file that stands twice has pairs and neither single rows nor triples.

    >>> repeated_beyond_chance([np.array([1, 1, 2, 2, 3, 3])])
    (3, 3)
    >>> repeated_beyond_chance([np.array([1, 2, 3, 4])])
    (0, 0)
    """
    frame = pd.DataFrame(dict(enumerate(columns)))
    copies = frame.groupby(list(frame.columns), sort=False, dropna=False).ngroup()
    times = np.bincount(np.bincount(copies.to_numpy()), minlength=MOST_COPIES + 2)
    repeated = len(frame) - int(times[1:].sum())
    beyond = 0.0
    for k in range(2, MOST_COPIES + 1):
        by_chance = np.sqrt((k + 1) / k * times[k - 1] * times[k + 1])
        beyond += max(float(times[k]) - float(by_chance), 0.0) * (k - 1)
    return repeated, round(beyond)


def told_repeats(
    path: Path, moments: Moments, columns: Sequence[npt.NDArray[np.generic]], limit_share: float
) -> tuple[str, ...]:
    """What is to be told of repeated rows of a file without a key; ``columns`` are what its rows say beside their time.

    Raises ``BadInput`` where copies are more than ``limit_share`` of the rows, or ten times that in some month.
    """
    everything = [moments, *columns]
    repeated, beyond = repeated_beyond_chance(everything)
    number, where = len(moments), ""
    if beyond <= limit_share * number:
        month = _month_with_copies(everything, MONTHLY_TIMES * limit_share) if beyond else None
        if month is not None:
            rows = moments.astype("datetime64[M]") == month
            where, number = f" of {month}", int(rows.sum())
            repeated, beyond = repeated_beyond_chance([column[rows] for column in everything])
    if where or beyond > limit_share * number:
        raise BadInput(
            f"{path}: {repeated:,} of {number:,} rows{where} repeat the time, position and category of an earlier "
            f"one, {beyond:,} more than chance explains.",
            remedy="Name the column that identifies an incident with --id, or remove the copies; if each row is an "
            "incident, raise [ingest] repeated_row_share.",
        )
    if not repeated:
        return ()
    return (
        f"{repeated:,} of {number:,} rows repeat the time, position and category of an earlier one; each counts. "
        "If they are one incident, name the column that identifies it with --id.",
    )


def _month_with_copies(everything: Sequence[npt.NDArray[np.generic]], limit_share: float) -> np.datetime64 | None:
    """The first month in which copies beyond chance are more than ``limit_share`` of the rows."""
    frame = pd.DataFrame(dict(enumerate(everything)))
    month = pd.Series(everything[0].astype("datetime64[M]"))
    share = frame.duplicated().groupby(month).mean()
    for suspect in share.index[share > limit_share].to_numpy(dtype="datetime64[M]"):
        rows = everything[0].astype("datetime64[M]") == suspect
        _, beyond = repeated_beyond_chance([column[rows] for column in everything])
        if beyond > max(limit_share * rows.sum(), FEWEST_COPIES):
            return np.datetime64(suspect)
    return None
