"""Attributes that contradict themselves: numbers of people below zero, shares that are none, groups beyond their total,
a deprivation that runs against income. What cannot be is refused by column and area; what may be is told."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from contracts import BadInput, GeographyMeaning
from contracts.arrays import Floats

ROUNDING = 0.02
"""Shares of rounded figures may add up to so much more than one."""
_MOSTLY = 0.9
"""What holds for so many areas is taken for the meaning of a column."""
_FEWEST_AREAS = 20
_CONTRADICTION = -0.3
"""Rank correlation below which two measures of deprivation run against each other."""
_PEOPLE = re.compile(r"(^|_)(residents?|population|persons?|people|inhabitants)($|_)|^pop($|_)", re.IGNORECASE)
_NO_COUNT = re.compile(r"share|rate|per_|_per|pct|percent|density|change|growth", re.IGNORECASE)
_SHARE = re.compile(r"(^|_)(share|proportion|fraction)(s?)($|_)", re.IGNORECASE)
_DEPRIVED = re.compile(r"depriv|(^|_)(imd|iod|dep)($|_)", re.IGNORECASE)
_INCOME = re.compile(r"(^|_)(income|earnings|wages?|salary)($|_)", re.IGNORECASE)
_UPSIDE_DOWN = re.compile(r"rank|decile|quintile|quartile", re.IGNORECASE)


@dataclass(frozen=True)
class _Table:
    path: Path
    numbers: pd.DataFrame

    def of(self, column: str) -> Floats:
        return np.asarray(self.numbers[column].to_numpy(dtype=np.float64))

    def areas(self, wrong: npt.NDArray[np.bool_]) -> str:
        """The areas that are marked, the first few by code."""
        codes = [str(code) for code in self.numbers.index[wrong]]
        return ", ".join(codes[:5]) + (", …" if len(codes) > 5 else "")

    def refuse(self, column: str, wrong: npt.NDArray[np.bool_], told: str, remedy: str) -> None:
        """Raise ``BadInput`` where an area is marked."""
        if wrong.any():
            first = int(np.argmax(wrong))
            where = f"{self.path}: '{column}' of area {self.numbers.index[first]}"
            more = f" ({int(wrong.sum())} areas)" if wrong.sum() > 1 else ""
            raise BadInput(f"{where} is {_plain(self.of(column)[first])}: {told}{more}.", remedy=remedy)


def check_attributes(path: Path, numbers: pd.DataFrame, meaning: GeographyMeaning | None = None) -> list[str]:
    """What is worth telling of the numbers of areas (the rows that there are, by code); ``meaning`` says which columns
    mean what, and what it does not say is taken from their names. Raises ``BadInput`` that names column and area."""
    table = _Table(path, numbers)
    meant = meaning or GeographyMeaning()
    return [
        *_missing_columns(table, meant),
        *_unknown(table),
        *_people(table, meant),
        *_shares(table, meant),
        *_totals(table, meant),
        *_deprivation(table, meant),
    ]


def check_meaning(numbers: pd.DataFrame, meaning: GeographyMeaning, geography: str) -> None:
    """Raise ``BadInput`` where the columns that the settings name for a geography cannot mean what they say."""
    table = _Table(Path(f"[geographies.{geography}]"), numbers)
    _people(table, meaning)
    _meant_shares(table, meaning)


def _missing_columns(table: _Table, meaning: GeographyMeaning) -> Iterator[str]:
    single = [meaning.residents, meaning.deprivation, meaning.need, meaning.workday]
    named = [*(column for column in single if column), *(column for group in _groups(meaning) for column in group)]
    absent = [column for column in dict.fromkeys(named) if column not in table.numbers.columns]
    if absent:
        yield f"wardcast.toml names columns that the attributes do not have as numbers: {', '.join(absent)}"


def _unknown(table: _Table) -> Iterator[str]:
    gaps = table.numbers.isna()
    for column in gaps.columns[gaps.any()]:
        wrong = gaps[column].to_numpy()
        yield f"'{column}' is not known for {int(wrong.sum())} of {len(wrong)} areas: {table.areas(wrong)}"


def _people(table: _Table, meaning: GeographyMeaning) -> list[str]:
    notes = []
    for column in _people_columns(table, meaning):
        values = table.of(column)
        remedy = "Leave the field empty where the number is not known."
        table.refuse(column, values < 0, "a number of people is 0 or more", remedy)
        if (values == 0).any():
            notes.append(f"'{column}' is 0 in {int((values == 0).sum())} areas: {table.areas(values == 0)}")
        if not (values > 0).any():
            raise BadInput(f"{table.path}: '{column}' is above 0 in no area.", remedy="Correct the column.")
    return notes


def _people_columns(table: _Table, meaning: GeographyMeaning) -> list[str]:
    named = [str(one) for one in table.numbers.columns if _PEOPLE.search(str(one)) and not _NO_COUNT.search(str(one))]
    found = dict.fromkeys([*(one for one in (meaning.residents, meaning.workday) if one), *named])
    parts = {column for group in _groups(meaning) for column in group}
    return [column for column in found if column in table.numbers.columns and column not in parts]


def _groups(meaning: GeographyMeaning) -> list[tuple[str, ...]]:
    """Columns of the groups of each attribute of residents that the settings name."""
    return [tuple(groups.values()) for groups in (meaning.groups, *meaning.shares.values()) if groups]


def _shares(table: _Table, meaning: GeographyMeaning) -> list[str]:
    notes = []
    meant = _meant_shares(table, meaning)
    for columns in _families(table):
        if meant.intersection(columns):
            continue
        sums = table.numbers[list(columns)].sum(axis=1, min_count=len(columns)).to_numpy(np.float64)
        whole = _mostly(np.abs(sums - 1.0) <= ROUNDING, sums)
        if whole or _are_named_shares(table, columns):
            _refuse_no_shares(table, columns)
        if whole:
            _refuse_sums(table, columns, sums)
        if _mostly(np.abs(sums - 100.0) <= 100 * ROUNDING, sums):
            notes.append(f"{_family(columns)} add up to 100: the settings take shares of 0 to 1 and no percent")
    for column in table.numbers.columns:
        if _are_named_shares(table, (str(column),)) and column not in meant:
            _refuse_no_shares(table, (str(column),))
    return notes


def _meant_shares(table: _Table, meaning: GeographyMeaning) -> set[str]:
    """Columns that the settings name as shares, checked."""
    checked: set[str] = set()
    for group in _groups(meaning):
        columns = tuple(column for column in group if column in table.numbers.columns)
        _refuse_no_shares(table, columns)
        checked.update(columns)
        if columns:
            _refuse_sums(table, columns, table.numbers[list(columns)].sum(axis=1).to_numpy(np.float64))
    return checked


def _refuse_no_shares(table: _Table, columns: Sequence[str]) -> None:
    for column in columns:
        values = table.of(column)
        percent = np.nanmax(values, initial=0.0) > 1.5
        remedy = "Divide percent by 100, or correct the field." if percent else "Correct the field, or leave it empty."
        table.refuse(column, (values < 0) | (values > 1 + 1e-9), "a share lies between 0 and 1", remedy)


def _refuse_sums(table: _Table, columns: Sequence[str], sums: Floats) -> None:
    wrong = sums > 1 + ROUNDING
    if wrong.any():
        first = int(np.argmax(wrong))
        raise BadInput(
            f"{table.path}: the shares of area {table.numbers.index[first]} add up to {sums[first]:.3g} "
            f"({int(wrong.sum())} areas): {', '.join(columns)}.",
            remedy="Groups of one attribute are parts of all residents; correct the figures or the columns.",
        )


def _are_named_shares(table: _Table, columns: Sequence[str]) -> bool:
    """Columns that are called shares, of which most values are."""
    if not all(_SHARE.search(column) for column in columns):
        return False
    values = table.numbers[list(columns)].to_numpy(np.float64).ravel()
    return _mostly((values >= 0) & (values <= 1), values)


def _families(table: _Table) -> list[tuple[str, ...]]:
    """Columns that share what stands before their last ``_``, two or more of each."""
    by_stem: dict[str, list[str]] = {}
    for column in map(str, table.numbers.columns):
        stem, line, _ = column.rpartition("_")
        if line and stem and not _UPSIDE_DOWN.search(column):
            by_stem.setdefault(stem, []).append(column)
    return [tuple(columns) for columns in by_stem.values() if len(columns) > 1]


def _family(columns: Sequence[str]) -> str:
    return f"'{columns[0]}' and {len(columns) - 1} more of its kind"


def _totals(table: _Table, meaning: GeographyMeaning) -> Iterator[str]:
    """Numbers of people in groups, whose total stands in another column."""
    totals = _people_columns(table, meaning)
    for columns in _families(table):
        groups = [column for column in columns if not re.search("total|all", column, re.IGNORECASE)]
        stem = columns[0].rpartition("_")[0]
        for total in (one for one in totals if one not in groups):
            yield from _against_total(table, total, groups, related=stem in total or total in stem)


def _against_total(table: _Table, total: str, groups: Sequence[str], related: bool) -> Iterator[str]:
    values = table.numbers[list(groups)].to_numpy(np.float64)
    if len(groups) < 2 or not (np.nan_to_num(values) >= 0).all() or np.nanmax(values, initial=0.0) <= 100:
        return
    whole, sums = table.of(total), values.sum(axis=1)
    beyond = sums > whole * (1 + ROUNDING) + len(groups)
    if _mostly(np.abs(sums - whole) <= ROUNDING * whole + len(groups), sums):
        told = f"its groups ({', '.join(groups[:4])}{', …' if len(groups) > 4 else ''}) add up to more"
        table.refuse(total, beyond, told, "Correct the total or its groups.")
    elif related:
        alone = np.asarray((values > (whole * (1 + ROUNDING) + 1)[:, None]).any(axis=1))
        table.refuse(total, alone, f"one of its groups ({', '.join(groups[:4])}) is larger", "Correct the two columns.")
        if beyond.any():
            yield (
                f"'{total}' is less than the sum of {', '.join(groups[:4])} in {int(beyond.sum())} areas: "
                f"{table.areas(beyond)}"
            )


def _deprivation(table: _Table, meaning: GeographyMeaning) -> Iterator[str]:
    """Measures of deprivation against measures of income, each turned so that higher means more deprived."""
    columns = [str(column) for column in table.numbers.columns]
    meant = [meaning.deprivation] if meaning.deprivation in columns else []
    measures = meant or [one for one in columns if _DEPRIVED.search(one) and not _INCOME.search(one)]
    incomes = [one for one in columns if _INCOME.search(one) and one not in measures]
    for measure in measures:
        if measure in meant and _UPSIDE_DOWN.search(measure):
            yield f"'{measure}' is read as more deprived where it is higher; ranks and deciles often run the other way"
        for income in incomes:
            ranks = table.numbers[[measure, income]].dropna().rank()
            if len(ranks) < _FEWEST_AREAS or (ranks.nunique() < 2).any():
                continue
            alike = np.corrcoef(ranks.to_numpy(np.float64).T)[0, 1]
            correlation = float(alike) * _direction(table, measure) * _direction(table, income)
            if correlation < _CONTRADICTION:
                yield (
                    f"'{measure}' says the opposite of '{income}' (rank correlation {correlation:.2f} once both count "
                    "deprivation upwards): check which way each of them runs"
                )


def _direction(table: _Table, column: str) -> int:
    """1 where a higher value means more deprived, −1 where it means less. An income is a share of the people who are
    deprived of it, or a score, where it is small; else it is money."""
    upwards = -1 if _UPSIDE_DOWN.search(column) else 1
    money = _INCOME.search(column) and not _DEPRIVED.search(column) and "score" not in column.lower()
    return -upwards if money and np.nanmedian(table.of(column)) > 1 and upwards == 1 else upwards


def _mostly(holds: npt.NDArray[np.bool_], values: Floats) -> bool:
    known = np.isfinite(values)
    return bool(known.any() and holds[known].mean() >= _MOSTLY)


def _plain(value: float) -> str:
    return f"{value:g}"
