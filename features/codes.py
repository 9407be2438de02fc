"""Codes of areas as sources write them: text, never missing, never twice."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pandas as pd

from contracts import BadInput


def read_codes(values: pd.Series[Any], *, column: str, source: Path) -> list[str]:
    """The codes as text, without surrounding blanks; a whole number keeps no decimals.

    Raises ``BadInput`` that names the row of a missing code.
    """
    if pd.api.types.is_float_dtype(values) and (values.dropna() % 1 == 0).all():
        values = values.astype("Int64")
    codes = [str(value).strip() if pd.notna(value) else "" for value in values]
    if "" in codes:
        raise BadInput(
            f"{source}: row {codes.index('') + 1} has no code in the column '{column}'.",
            remedy="Give every row a code, or remove the row.",
        )
    return codes


def refuse_duplicates(codes: list[str], *, column: str, source: Path) -> None:
    """Raise ``BadInput`` that names the first code that stands more than once."""
    twice = [code for code, times in Counter(codes).items() if times > 1]
    if twice:
        raise BadInput(
            f"{source}: the code {twice[0]} stands more than once in the column '{column}' ({len(twice)} codes do).",
            remedy="Name the column whose codes are unique, or merge the rows.",
        )
