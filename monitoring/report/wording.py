"""Figures and groups in words. A ratio has two decimals and never stands without its interval; nothing else has two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

NONE = "–"
MINUS = "−"
GROUPS = {
    ("deprivation fifth", "1 (most deprived)"): "the most deprived fifth of areas",
    ("deprivation fifth", "2"): "the second most deprived fifth of areas",
    ("deprivation fifth", "3"): "the middle fifth of areas by deprivation",
    ("deprivation fifth", "4"): "the second least deprived fifth of areas",
    ("deprivation fifth", "5 (least deprived)"): "the least deprived fifth of areas",
}
RESIDENTS = ("ethnic group", "age", "religion", "sex", "disability", "sexual orientation")
"""Attributes whose groups are of residents, not of areas."""


def group_name(attribute: str, group: str) -> str:
    """A group as a sentence names it.

    >>> group_name("ethnic group", "Asian"), group_name("district", "Camden")
    ('Asian residents', 'Camden')
    """
    if (attribute, group) in GROUPS:
        return GROUPS[attribute, group]
    if attribute in RESIDENTS:
        return "residents of other ethnic groups" if group.lower().startswith("other") else f"{group} residents"
    return group


def is_ratio(unit: str) -> bool:
    """Whether figures of a unit are ratios.

    >>> is_ratio("ratio to the city"), is_ratio("percentage points")
    (True, False)
    """
    return unit.startswith("ratio") or unit == "elasticity"


def number(value: float | None, decimals: int = 1) -> str:
    """A number as people write it.

    >>> number(-1234.56), number(None), number(12, 0)
    ('−1,234.6', '–', '12')
    """
    if value is None:
        return NONE
    text = f"{abs(value):,.{decimals}f}"
    return f"{MINUS}{text}" if value < 0 and float(text.replace(",", "")) != 0 else text


def decimals_of(unit: str) -> int:
    """Decimals of a figure of a unit: two of a ratio, three of crimes per 1,000, one of everything else."""
    if is_ratio(unit):
        return 2
    return 3 if unit.startswith("crimes per 1,000") else 1


def figure(row: Mapping[str, Any]) -> str:
    """A figure with its 95% interval, or a dash where it has none.

    >>> figure({"value": 1.5234, "low": 1.31, "high": 1.76, "unit": "ratio to other residents"})
    '1.52 (1.31 to 1.76)'
    >>> figure({"value": 1.5, "low": None, "high": None, "unit": "ratio to other residents"})
    '–'
    """
    if row["value"] is None or row["low"] is None or row["high"] is None:
        return NONE
    sign = "%" if row["unit"].startswith("%") else ""
    value, low, high = (f"{number(row[name], decimals_of(row['unit']))}{sign}" for name in ("value", "low", "high"))
    return f"{value} ({low} to {high})"


def limit(margin: Sequence[float | None] | str, unit: str = "") -> str:
    """A margin in words.

    >>> limit((0.9, 1.11), "ratio to the city"), limit((None, 10.0), "percentage points"), limit((0.0, None), "%")
    ('0.90 to 1.11', 'at most 10.0', 'at least 0.0')
    """
    if isinstance(margin, str):
        return margin
    low, high = (None if end is None else number(end, decimals_of(unit)) for end in margin)
    if low is None:
        return f"at most {high}" if high is not None else "none"
    return f"at least {low}" if high is None else f"{low} to {high}"


def listed(names: Sequence[str]) -> str:
    """Names in a sentence.

    >>> listed(["a"]), listed(["a", "b", "c"])
    ('a', 'a, b and c')
    """
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def counted(count: int, one: str, many: str) -> str:
    """A number of things.

    >>> counted(1, "check", "checks"), counted(2, "check", "checks")
    ('1 check', '2 checks')
    """
    return f"{count:,} {one if count == 1 else many}"


def sentence(text: str) -> str:
    """With a capital letter at its start."""
    return text[:1].upper() + text[1:]
