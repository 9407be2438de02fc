"""The intervals of the city's totals that were issued, to hold new counts against when they are taken in."""

from __future__ import annotations

import hashlib
import io

import pandas as pd

from contracts import Frequency, Period, Workspace, ordinals_of
from contracts.arrays import Ordinals
from features.store import CityIntervals
from service.forecasts.issued import RECORD_FILE
from service.forecasts.larger_areas import LEVELS_FILE
from service.forecasts.record import IssueRecord
from service.ledger import Entry, open_ledger

LOW, HIGH = "q025", "q975"
"""The 95% interval."""


def issued_city_intervals(workspace: Workspace) -> CityIntervals:
    """(Geography, target, period) → the interval of the newest issue that forecast the city in it.

    A forecast whose files are lost or were changed is left out: ``wardcast ledger verify`` names it.
    """
    if not workspace.forecasts.is_dir():
        return {}
    ledger = open_ledger(workspace)
    try:
        entries = ledger.entries("issue")
    finally:
        ledger.close()
    found: dict[tuple[str, str, str], tuple[float, float]] = {}
    for entry in entries:
        record, levels = (_as_recorded(workspace, entry, name) for name in (RECORD_FILE, LEVELS_FILE))
        if record is None or levels is None:
            continue
        about, rows = IssueRecord.of(record), pd.read_parquet(io.BytesIO(levels))
        rows = rows[rows["level"] == "city"]
        frequency = Frequency(about.frequency)
        ordinals: Ordinals = ordinals_of(rows["period"].to_numpy(), frequency)
        periods = [str(Period(frequency, ordinal)) for ordinal in ordinals.tolist()]
        for target, period, low, high in zip(rows["target"], periods, rows[LOW], rows[HIGH], strict=True):
            found[about.geography, target, period] = (float(low), float(high))
    return found


def _as_recorded(workspace: Workspace, entry: Entry, name: str) -> bytes | None:
    recorded = entry.content["files"].get(name)
    path = workspace.forecasts / entry.content["forecast_id"] / name
    if recorded is None or not path.is_file():
        return None
    content = path.read_bytes()
    return content if hashlib.sha256(content).hexdigest() == recorded else None
