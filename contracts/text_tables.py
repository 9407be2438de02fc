"""Tables for a terminal: aligned columns, as many as there is room for."""

from __future__ import annotations

from collections.abc import Sequence

GAP = "  "


def aligned(
    heads: Sequence[str], rows: Sequence[Sequence[str]], *, left: int = 1, room: int | None = None, rule: bool = False
) -> str:
    """Rows under their heads; the first ``left`` columns begin at the left, the others end at the right.

    Where ``room`` characters do not hold all columns, the last ones are left out, and a line below says which. A rule
    stands under the heads with ``rule``.

    >>> print(aligned(["name", "crimes", "note"], [["ewma", "12.5", "far"]], room=14))
    name  crimes
    ewma    12.5
    No room for: note. A wider terminal or --format csv has all.
    """
    widths = [max(len(row[at]) for row in (heads, *rows)) for at in range(len(heads))]
    kept = _fitting(widths, room)
    lines = [_line(row[:kept], widths, left) for row in (heads, *rows)]
    if rule:
        lines.insert(1, "-" * len(lines[0]))
    if kept < len(heads):
        lines.append(f"No room for: {', '.join(heads[kept:])}. A wider terminal or --format csv has all.")
    return "\n".join(lines)


def _fitting(widths: Sequence[int], room: int | None) -> int:
    """How many columns there is room for, at least one."""
    kept = len(widths)
    while room is not None and kept > 1 and sum(widths[:kept]) + len(GAP) * (kept - 1) > room:
        kept -= 1
    return kept


def _line(cells: Sequence[str], widths: Sequence[int], left: int) -> str:
    placed = (
        cell.ljust(width) if at < left else cell.rjust(width)
        for at, (cell, width) in enumerate(zip(cells, widths[: len(cells)], strict=True))
    )
    return GAP.join(placed).rstrip()
