"""Small counts kept out of public tables: hidden below a threshold, with all that would give them away.

**Primary**: a count under the threshold is hidden. **Rounding**: every other number is rounded down to a multiple, so
that each stands for as many counts, the one at the threshold too, and the difference of two published numbers is known
no better than ± (multiple − 1). **Secondary**: a line (a row or a column)
with one hidden cell has another one hidden, its smallest, and every line with a hidden cell has its total withheld, as
does the whole table. Hiding a second cell is not enough by itself: a total of 35 less a shown 10 leaves 21 to 29 for
two cells; who knows that the second was no larger than the 10 to 14 that is shown knows that the first is 7 to 9.

No published number contains a hidden count, in this release or in another one, so that subtracting releases leaves at
least ``rounding − 1`` values for whatever count was moved between two cells. Source: Hundepool et al. 2012, Statistical
Disclosure Control.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from contracts import DisclosureSettings
from contracts.arrays import Floats

Mask = npt.NDArray[np.bool_]
Count = int | None
"""A rounded count, None where it is hidden."""


@dataclass(frozen=True)
class PublicTable:
    """Counts that may be published: cells (R, C), and the totals of rows, of columns and of all."""

    cells: tuple[tuple[Count, ...], ...]
    row_totals: tuple[Count, ...]
    column_totals: tuple[Count, ...]
    total: Count

    @property
    def hidden(self) -> int:
        """How many cells are hidden."""
        return sum(cell is None for row in self.cells for cell in row)


def public_count(count: float, disclosure: DisclosureSettings) -> Count:
    """A count that stands alone: hidden or rounded down.

    >>> [public_count(count, DisclosureSettings()) for count in (0, 9, 9.6, 10, 14, 15)]
    [None, None, None, 10, 10, 15]
    """
    if not count >= disclosure.threshold:
        return None
    return int(count // disclosure.rounding) * disclosure.rounding


def public_table(counts: npt.ArrayLike, disclosure: DisclosureSettings) -> PublicTable:
    """A table of counts (R, C), none negative, as it may be published with its margins.

    >>> public_table([[40.0, 3.0, 17.0], [22.0, 31.0, 12.0]], DisclosureSettings()).cells
    ((40, None, None), (20, None, None))
    >>> public_table([[40.0, 13.0], [22.0, 31.0]], DisclosureSettings()).row_totals
    (50, 50)
    """
    table = np.asarray(counts, dtype=np.float64)
    hidden = _with_partners(table, ~(table >= disclosure.threshold))
    return PublicTable(
        cells=tuple(
            tuple(None if out else public_count(cell, disclosure) for cell, out in zip(row, outs, strict=True))
            for row, outs in zip(table, hidden, strict=True)
        ),
        row_totals=_totals(table.sum(axis=1), np.asarray(hidden.any(axis=1)), disclosure),
        column_totals=_totals(table.sum(axis=0), np.asarray(hidden.any(axis=0)), disclosure),
        total=None if hidden.any() else public_count(float(table.sum()), disclosure),
    )


def public_column(counts: Sequence[float] | Floats, disclosure: DisclosureSettings) -> tuple[tuple[Count, ...], Count]:
    """One column of counts and its total, as they may be published.

    >>> public_column([120.0, 4.0, 33.0], DisclosureSettings())
    ((120, None, None), None)
    """
    table = public_table(np.asarray(counts, dtype=np.float64)[:, None], disclosure)
    return tuple(row[0] for row in table.cells), table.column_totals[0]


def _with_partners(table: Floats, hidden: Mask) -> Mask:
    """Hide the smallest other cell of each line with one hidden cell, until no line has just one."""
    out = hidden.copy()
    changed = True
    while changed:
        changed = False
        for counts, outs in [*zip(table, out, strict=True), *zip(table.T, out.T, strict=True)]:
            if outs.sum() == 1 and len(outs) > 1:
                outs[np.where(outs, np.inf, counts).argmin()] = True
                changed = True
    return out


def _totals(sums: Floats, withheld: Mask, disclosure: DisclosureSettings) -> tuple[Count, ...]:
    return tuple(
        None if out else public_count(float(total), disclosure) for total, out in zip(sums, withheld, strict=True)
    )
