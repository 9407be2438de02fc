"""Areas in bands, for maps, and sums of districts for the tables beneath them.

Areas are told in bands only: an exact forecast beside an exact error would give the count of a place away.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from contracts import DisclosureSettings
from monitoring.report.subject import Subject
from monitoring.report.suppression import public_column, public_count

Row = dict[str, Any]

LEVELS = {
    "3 times the average or more": (3.0, "#132a6b"),
    "1.5 to 3 times the average": (1.5, "#225ea8"),
    "about average (0.67 to 1.5)": (0.67, "#41a4c4"),
    "a third to two thirds of it": (0.33, "#a6dcc0"),
    "under a third of it": (0.0, "#eaf0a8"),
}
"""Words → lowest multiple of the mean area's expected count, and colour."""
MOSTLY_FLAGGED = "flagged most of the time"
FLAGS = {
    MOSTLY_FLAGGED: (0.5, "#7a3a00"),
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
"""Words → lowest error in standard deviations of the forecast, and colour. A sound forecast leaves some two thirds of
the areas within one and one in twenty beyond two."""
ELSEWHERE = "elsewhere"
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
    areas, forecasts = subject.areas, subject.forecasts
    table = pd.DataFrame(
        {
            "district": [ELSEWHERE if name is None else name for name in areas.districts],
            "areas": 1.0,
            "residents": np.nan if areas.residents is None else areas.residents,
            "forecast": forecasts.mean,
            "recorded": forecasts.outcomes,
            "flagged_areas": forecasts.flagged >= FLAGS[MOSTLY_FLAGGED][0],
        }
    )
    sums = table.groupby("district").sum(min_count=1)
    recorded, total = public_column(sums["recorded"].to_numpy(np.float64), disclosure)
    rows = [
        {"district": name, **_district(sums.loc[[str(name)]].iloc[0], count, disclosure)}
        for name, count in zip(sums.index, recorded, strict=True)
    ]
    return {"rows": rows, "city": _district(sums.sum(min_count=1), total, disclosure)}


def band(value: float, bands: dict[str, tuple[float, str]]) -> str:
    """The first band whose lowest value is reached.

    >>> band(1.6, LEVELS), band(0.0, FLAGS), band(-2.5, ERRORS)
    ('1.5 to 3 times the average', 'not flagged', 'far fewer crimes than forecast')
    """
    return next(words for words, (least, _) in bands.items() if value >= least)


def _district(sums: pd.Series[float], recorded: int | None, disclosure: DisclosureSettings) -> Row:
    return {
        "areas": int(sums["areas"]),
        "residents": None if np.isnan(sums["residents"]) else round(float(sums["residents"]), -2),
        "forecast": None if recorded is None else public_count(float(sums["forecast"]), disclosure),
        "recorded": recorded,
        "flagged_areas": int(sums["flagged_areas"]),
    }
