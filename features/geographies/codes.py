"""Codes of areas as sources write them: text, never missing, never twice. ``NA``, ``None`` and ``nan`` are codes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from contracts import BadInput


def texts_of(values: Iterable[Any]) -> list[str | None]:
    """Codes or names as text without surrounding blanks, None where there is none; a whole number has no decimals.

    >>> texts_of(["NA", " 007 ", 5, 5.0, "", None, float("nan")])
    ['NA', '007', '5', '5', None, None, None]
    """
    return [_text_of(value) or None for value in values]


def _text_of(value: object) -> str:
    if value is None or value is pd.NA or value is pd.NaT:
        return ""
    if isinstance(value, float | np.floating):
        if np.isnan(value):
            return ""
        return str(int(value)) if float(value).is_integer() else str(value)
    return str(value).strip()


def read_codes(values: pd.Series[Any], *, column: str, source: Path) -> list[str]:
    """The codes as text, without surrounding blanks; a whole number keeps no decimals.

    Raises ``BadInput`` that names the row of a missing code.
    """
    codes = [text or "" for text in texts_of(values)]
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
