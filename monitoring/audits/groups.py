"""Whom an audit compares: each area counts for a group with the group's share of its residents, never by a label."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from contracts.arrays import Floats

DEPRIVATION = "deprivation fifth"
DISTRICT = "district"
FIFTHS = ("1 (most deprived)", "2", "3", "4", "5 (least deprived)")


@dataclass(frozen=True)
class Groups:
    """One attribute of residents: names of its groups and each area's share of them, shape (A, G), each 0…1.

    A share of 0 or 1 is a label, which is right where the attribute is one of areas (a district, a deprivation fifth).
    ``unknown`` areas have no known share for some group and do not count for it.
    """

    attribute: str
    names: tuple[str, ...]
    shares: Floats
    unknown: int = 0

    def __post_init__(self) -> None:
        if self.shares.ndim != 2 or self.shares.shape[1] != len(self.names):
            raise ValueError(f"shares {self.shares.shape} of '{self.attribute}' do not fit {len(self.names)} groups")
        if not ((self.shares >= 0) & (self.shares <= 1)).all():
            raise ValueError(f"a share of '{self.attribute}' is outside 0…1")

    @property
    def areas(self) -> Floats:
        """Effective number of areas of each group, (Σ s)² / Σ s² (Kish 1965); 0 for a group without residents."""
        return effective_number(self.shares)

    def left_out(self, residents: Floats | None) -> float:
        """Share of residents who are in none of the groups, 0…1; of areas where residents are not known.

        Above a few hundredths a group was left out of the attribute, and nobody would see what is done to it.
        """
        weight = np.ones(len(self.shares)) if residents is None else residents
        return float(1.0 - np.minimum(self.shares.sum(axis=1), 1.0) @ weight / weight.sum())


def effective_number(weights: Floats) -> Floats:
    """(Σ w)² / Σ w² down the columns: how many equal ones the weights are worth; 0 where all are 0.

    >>> effective_number(np.array([[1.0, 1.0], [1.0, 0.0]]))
    array([2., 1.])
    """
    squares = (weights**2).sum(axis=0)
    return np.asarray(np.where(squares > 0, weights.sum(axis=0) ** 2 / np.where(squares > 0, squares, 1.0), 0.0))


def shares_of_residents(attribute: str, shares: pd.DataFrame) -> Groups:
    """Groups from a table of shares, one column a group; an area with an unknown share counts 0 for that group."""
    values = shares.to_numpy(np.float64)
    return Groups(
        attribute,
        tuple(str(name) for name in shares.columns),
        np.nan_to_num(values),
        int(np.isnan(values).any(axis=1).sum()),
    )


def deprivation_groups(score: Floats) -> Groups:
    """Fifths of the areas by a score, higher is more deprived."""
    fifth = fifths_of(-score)
    return Groups(DEPRIVATION, FIFTHS, (fifth[:, None] == np.arange(1, 6)).astype(np.float64), int((fifth == 0).sum()))


def labelled_groups(attribute: str, labels: Sequence[object]) -> Groups:
    """Groups of areas by a label of each, such as its borough; None or NaN belongs to none."""
    codes, names = pd.factorize(np.asarray(labels, dtype=object), sort=True)
    member = (codes[:, None] == np.arange(len(names))).astype(np.float64)
    return Groups(attribute, tuple(str(name) for name in names), member, int((codes < 0).sum()))


def fifths_of(values: Floats) -> npt.NDArray[np.int64]:
    """Fifth of each area by number of areas, 1 the lowest values, 0 where the value is NaN; ties stay together.

    >>> fifths_of(np.array([-5.0, -40.0, -10.0, -30.0, -20.0, np.nan]))
    array([5, 1, 4, 2, 3, 0])
    """
    return _equal_parts(values, 5)


def deprivation_tenths(score: Floats) -> npt.NDArray[np.int64]:
    """Tenth of each area by a score, 1 the most deprived, 0 where the score is NaN; ties stay together.

    >>> deprivation_tenths(np.arange(20.0))
    array([10, 10,  9,  9,  8,  8,  7,  7,  6,  6,  5,  5,  4,  4,  3,  3,  2,
            2,  1,  1])
    """
    return _equal_parts(-score, 10)


def _equal_parts(values: Floats, parts: int) -> npt.NDArray[np.int64]:
    rank = pd.Series(values).rank(method="average").to_numpy(np.float64)
    known = ~np.isnan(values)
    part = np.ceil(parts * np.where(known, rank, 0.0) / max(int(known.sum()), 1))
    return np.asarray(part, dtype=np.int64)
