"""Whether a forecast is worth it, in a sentence, from the sheet of the training behind it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import isfinite

from contracts import BadInput, Workspace
from contracts.run_files import BASELINE
from contracts.run_sheets import SHEET_FILE, RunSheet, read_sheet
from service.board.life_cycle import TRAINED
from service.forecasts.record import target_records
from service.ledger import Entry


def worths(workspace: Workspace, entries: Sequence[Entry], issue: Entry) -> dict[str, str]:
    """Target → what the tests of its model found, where the ledger vouches for the sheet that says so."""
    recorded = {one.content["run_id"]: one.content.get("sheet_sha256") for one in entries if one.kind == TRAINED}
    return dict(_worths(workspace, recorded, issue))


def _worths(workspace: Workspace, recorded: dict[str, str | None], issue: Entry) -> Iterator[tuple[str, str]]:
    for about in target_records(issue):
        path = workspace.runs / about.run_id / SHEET_FILE
        if recorded.get(about.run_id) is None or not path.is_file():
            continue
        try:
            sheet, sha256 = read_sheet(path)
        except BadInput:
            # The bench says why it cannot be read; the briefing then says what the gates found.
            continue
        if sha256 == recorded[about.run_id] and (words := worth_of(sheet)) is not None:
            yield about.target, words


def worth_of(sheet: RunSheet) -> str | None:
    """The sentence, or None where the sheet does not hold what it needs."""
    ours, simple = sheet.row(), sheet.row(model=BASELINE)
    if ours is None or simple is None:
        return None
    ratio, low, high = (ours[name] for name in ("vs_ewma", "vs_ewma_low", "vs_ewma_high"))
    if any(value is None or not isfinite(value) for value in (ratio, low, high)):
        return None
    error = "less" if ratio <= 1 else "more"
    known = "" if low > 1 or high < 1 else ", which may be chance"
    words = f"In its tests over {sheet.first} to {sheet.last} its error was {abs(1 - ratio):.1%} {error} than a simple"
    words += f" count's (ratio {low:.3f} to {high:.3f}){known}"
    if ours["pai_5"] and simple["pai_5"]:
        words += (
            f"; the 5% of areas that it put highest held {0.05 * ours['pai_5']:.1%} of the crimes, and "
            f"{0.05 * simple['pai_5']:.1%} by the simple count"
        )
    return f"{words}."
