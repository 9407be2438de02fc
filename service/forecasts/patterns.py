"""What an issue says of when in the week crime happened and of where it is repeated: read and checked."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from contracts.tables import HOURS, NEAR_REPEATS, REPEATS, check

HOURS_FILE = "hours.parquet"
REPEATS_FILE = "repeats.parquet"
NEAR_REPEATS_FILE = "near-repeats.parquet"
SCHEMAS = {HOURS_FILE: HOURS, REPEATS_FILE: REPEATS, NEAR_REPEATS_FILE: NEAR_REPEATS}


@dataclass(frozen=True)
class IssuedPatterns:
    """Rows of ``contracts.tables.HOURS``, ``REPEATS`` and ``NEAR_REPEATS``; None where no target has them."""

    hours: pd.DataFrame | None
    repeats: pd.DataFrame | None
    near_repeats: pd.DataFrame | None


NO_PATTERNS = IssuedPatterns(None, None, None)


def read_patterns(contents: Mapping[str, bytes]) -> IssuedPatterns:
    """The patterns of an issue; one whose counts come from no single incidents, or an older one, has none."""
    return IssuedPatterns(
        *(
            check(pd.read_parquet(io.BytesIO(contents[name])), schema) if name in contents else None
            for name, schema in SCHEMAS.items()
        )
    )
