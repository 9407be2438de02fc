"""What a simple count, or no forecast at all, would give instead: judged as the forecast is, on the same areas."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from contracts import CountDistribution
from contracts.arrays import Floats
from monitoring.audits.calibration import calibration
from monitoring.audits.contrasts import judged
from monitoring.audits.exposure import exposure
from monitoring.audits.groups import DISTRICT
from monitoring.audits.material import Material
from monitoring.audits.result import CAVEAT

Row = dict[str, Any]

FORECAST, SIMPLE_COUNT, NOTHING = "this forecast", "a simple count", "no forecast"
CAPTURED = "% of crimes"


def alternatives(material: Material) -> tuple[Row, ...]:
    """One row a rule: the share of crimes in the areas that it flags, with its interval, and its findings by group.

    Without a forecast as many areas are chosen by lot, which finds their share of the crimes on average and exposes
    everybody alike; that is exact, and the interval is a point. The simple count is left out where none is given.
    """
    rules = {FORECAST: material}
    if material.baseline is not None:
        simple = CountDistribution(material.baseline, material.forecast.dispersion)
        rules[SIMPLE_COUNT] = material.changed(forecast=simple)
    rows = [
        {"rule": rule, "captured": captured(one), "findings": _findings(one), "caveat": CAVEAT}
        for rule, one in rules.items()
    ]
    chance = 100.0 * float(material.flags.mean())
    by_lot = {"value": chance, "low": chance, "high": chance, "unit": CAPTURED}
    return (*rows, {"rule": NOTHING, "captured": by_lot, "findings": [], "caveat": CAVEAT})


def captured(material: Material) -> Row:
    """Share of all crimes that happened in an area flagged at the time, with its interval over areas."""
    return _share(material, (material.flags * material.counts).sum(axis=0), material.happened, 100.0, CAPTURED)


def city_level(material: Material) -> Row:
    """All crimes that were forecast over all that happened, with its interval over areas."""
    return _share(material, material.means.sum(axis=0), material.happened, 1.0, "ratio to what was recorded")


def _share(material: Material, above: Floats, below: Floats, scale: float, unit: str) -> Row:
    weights = material.resampling.large.weights
    total = weights @ below
    drawn = scale * np.divide(weights @ above, total, out=np.full(len(total), np.nan), where=total > 0)
    low, high = material.resampling.tails(drawn)
    known = bool(below.sum() > 0 and np.isfinite(low))
    value = scale * float(above.sum() / below.sum()) if known else None
    return {"value": value, "low": low if known else None, "high": high if known else None, "unit": unit}


def _findings(material: Material) -> list[Row]:
    compared = [groups for groups in material.groups if groups.attribute != DISTRICT]
    if not compared:
        return []
    found = judged(material, [calibration(material, groups) for groups in compared])[0]
    if material.residents is not None:
        found += judged(material, [exposure(material, groups) for groups in compared])[0]
    return [asdict(one) for one in found]
