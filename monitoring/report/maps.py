"""Areas in bands, for maps, and sums of districts for the tables beneath them.

Areas are told in bands only: an exact forecast beside an exact error would give the count of a place away.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from contracts import DisclosureSettings
from monitoring.report.subject import Areas, Forecasts, Subject
from monitoring.report.suppression import public_column, public_count

Floats = npt.NDArray[np.float64]
Row = dict[str, Any]

LEVELS = {
    "3 times the average or more": (3.0, "#132a6b"),
    "1.5 to 3 times the average": (1.5, "#225ea8"),
    "about average (0.67 to 1.5)": (0.67, "#41a4c4"),
    "a third to two thirds of it": (0.33, "#a6dcc0"),
    "under a third of it": (0.0, "#eaf0a8"),
}
"""Words → lowest multiple of the mean area's expected count, and colour."""
FLAGS = {
    "flagged most of the time": (0.5, "#7a3a00"),
    "flagged at times": (1e-9, "#d98a2b"),
    "not flagged": (0.0, "#efe6d8"),
}
"""Words → lowest share of the periods, and colour."""
ERRORS = {
    "far more crimes than forecast": (2.0, "#8c2d04"),
    "more crimes than forecast": (1.0, "#ec9a53"),
    "about as forecast": (-1.0, "#ece9e2"),
    "fewer crimes than forecast": (-2.0, "#9cbfe0"),
    "far fewer crimes than forecast": (-np.inf, "#1f4e8c"),
}
"""Words → lowest error in standard deviations of the forecast, and colour. A sound forecast leaves some two thirds of the
areas within one and one in twenty beyond two."""
TOO_FEW = "too few crimes to show"
COLOURS = {
    "level": {words: colour for words, (_, colour) in LEVELS.items()},
    "flagged": {words: colour for words, (_, colour) in FLAGS.items()},
    "against_forecast": {words: colour for words, (_, colour) in ERRORS.items()},
}


def public_areas(subject: Subject, disclosure: DisclosureSettings) -> list[Row]:
    """One row an area: its bands. An area of too few crimes has none beside its forecast's."""
    forecasts = subject.forecasts
    mean = forecasts.mean.mean()
    level = forecasts.mean / mean if mean > 0 else np.zeros_like(forecasts.mean)
    error = (forecasts.outcomes - forecasts.mean) / np.maximum(forecasts.deviation, 1e-9)
    shown = forecasts.outcomes >= disclosure.threshold
    return [
        {
            "area": code,
            "name": name,
            "district": district,
            "level": band(level[at], LEVELS),
            "flagged": band(forecasts.flagged[at], FLAGS),
            "against_forecast": band(error[at], ERRORS) if shown[at] else None,
        }
        for at, (code, name, district) in enumerate(
            zip(subject.areas.codes, subject.areas.names, subject.areas.districts, strict=True)
        )
    ]


def public_districts(subject: Subject, disclosure: DisclosureSettings) -> dict[str, Any]:
    """One row a district: areas, residents, crimes forecast and recorded, areas flagged most of the time, and the city.

    Where a district's crimes are hidden, so is its forecast, and the city's sums are withheld.
    """
    names = sorted({name for name in subject.areas.districts if name is not None})
    of = {name: at for at, name in enumerate(names)}
    index = np.array([of.get(name, len(names)) for name in map(_name, subject.areas.districts)])
    if (index == len(names)).any():
        names = [*names, "elsewhere"]
    outcomes, outcomes_total = _column(subject.forecasts.outcomes, index, names, disclosure)
    forecast, _ = _column(subject.forecasts.mean, index, names, disclosure)
    residents = subject.areas.residents
    people = np.bincount(index, residents, len(names)) if residents is not None else None
    flagged = np.bincount(index, subject.forecasts.flagged >= FLAGS["flagged most of the time"][0], len(names))
    number = np.bincount(index, minlength=len(names))
    rows = [
        {
            "district": name,
            "areas": int(number[at]),
            "residents": None if people is None else round(float(people[at]), -2),
            "forecast": None if outcomes[at] is None else forecast[at],
            "recorded": outcomes[at],
            "flagged_areas": int(flagged[at]),
        }
        for at, name in enumerate(names)
    ]
    total = subject.forecasts.mean.sum()
    city = {
        "areas": len(subject.areas.codes),
        "residents": None if people is None else round(float(people.sum()), -2),
        "forecast": None if outcomes_total is None else public_count(float(total), disclosure),
        "recorded": outcomes_total,
        "flagged_areas": int(flagged.sum()),
    }
    return {"rows": rows, "city": city}


def band(value: float, bands: dict[str, tuple[float, str]]) -> str:
    """The first band whose lowest value is reached.

    >>> band(1.6, LEVELS), band(0.0, FLAGS), band(-2.5, ERRORS)
    ('1.5 to 3 times the average', 'not flagged', 'far fewer crimes than forecast')
    """
    return next(words for words, (least, _) in bands.items() if value >= least)


def highest(areas: Sequence[Row], name: str, wanted: str, most: int) -> list[str]:
    """Names of areas in a band, the first so many."""
    return [row["name"] for row in areas if row[name] == wanted][:most]


def _name(district: str | None) -> str:
    return "" if district is None else district


def _column(
    values: Floats, index: npt.NDArray[np.int64], names: Sequence[str], disclosure: DisclosureSettings
) -> tuple[tuple[int | None, ...], int | None]:
    return public_column(np.bincount(index, values, len(names)), disclosure)


def outlines_of(areas: Areas) -> bool:
    """Whether there is anything to draw."""
    return any(len(outline) for outline in areas.outlines)


def deviation_of(variances: Floats) -> Floats:
    """Standard deviation of a sum of independent forecasts, (A,), from their variances (N, A)."""
    return np.asarray(np.sqrt(variances.sum(axis=0)))


__all__ = ["COLOURS", "ERRORS", "FLAGS", "LEVELS", "TOO_FEW", "Forecasts", "band", "deviation_of", "highest"]
