"""What an issue says of ranks, of covering the first areas and of who lives there: read and checked."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from contracts.tables import COVERS, PEOPLE, RANKS, check

RANKS_FILE = "ranks.parquet"
COVERS_FILE = "covers.parquet"
PEOPLE_FILE = "people.parquet"


@dataclass(frozen=True)
class IssuedRanks:
    """Rows of ``contracts.tables.RANKS`` and ``COVERS``, and of ``PEOPLE`` where the settings name residents."""

    ranks: pd.DataFrame
    covers: pd.DataFrame
    people: pd.DataFrame | None


def read_ranks(contents: Mapping[str, bytes]) -> IssuedRanks | None:
    """The ranks of an issue, None where it was issued before there were any."""
    if RANKS_FILE not in contents:
        return None
    ranks, covers = (pd.read_parquet(io.BytesIO(contents[name])) for name in (RANKS_FILE, COVERS_FILE))
    people = check(pd.read_parquet(io.BytesIO(contents[PEOPLE_FILE])), PEOPLE) if PEOPLE_FILE in contents else None
    return IssuedRanks(check(ranks, RANKS), check(covers, COVERS), people)
