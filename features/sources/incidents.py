"""A file of single incidents: a time, a longitude, a latitude and perhaps a category in each row of a CSV, plain or
gzip. Incidents are counted by the area that they lie in, and kept with their time and position; nothing else of a row
is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt

from contracts import BadInput, Frequency, Ordinals, Period, Settings, ordinals_of, starts_of
from features.incident_points import IncidentPoints
from features.sources import checks
from features.sources.incident_rows import TAXONOMY, IncidentColumns, IncidentRows, read_rows
from features.sources.positions import Near
from features.sources.source_counts import (
    STUB,
    CodedCounts,
    Cover,
    Integers,
    Provenance,
    SetAside,
    SourceCounts,
)

SOURCE = "incidents"
UNLIKELY = 1e-6
"""A first or last period counts as cut off where the silence at its edge has a smaller probability than this."""

Locate = Callable[..., tuple[checks.KnownAreas, Integers]]
"""From longitudes, latitudes (``Floats``, degrees WGS 84) and, where a column is named for them, area codes (``Texts``)
to the areas and each point's position in them, −1 outside."""


def read_incidents(
    path: Path,
    *,
    columns: IncidentColumns,
    settings: Settings,
    frequency: Frequency,
    locate: Locate,
    published_on: date | None,
    today: date,
    near: Near = lambda: None,
) -> SourceCounts:
    """Read one file. Without ``published_on`` it is the day after the last incident, and told.

    Times with a zone are converted into the city's, others are local. Rows without a time or a position, or outside of
    all areas, are set aside; so is a first or last period that the file covers in part only. Raises ``BadInput`` in
    one line.
    """
    rows = read_rows(path, columns, settings, near)
    rows.refuse_days_without_hours(path, frequency)
    notes = [*rows.notes]
    if published_on is None:
        published_on = _day_after(rows.moment[rows.timed])
        notes.append(f"Published on {published_on} is assumed: the day after the last incident.")
    whole = rows.timed & rows.placed
    by_code = () if rows.codes is None else (rows.codes[whole],)
    areas, position = locate(rows.longitude[whole], rows.latitude[whole], *by_code)
    inside = position >= 0
    kept = rows.moment[whole][inside]
    if kept.size == 0:
        raise BadInput(
            f"{path} has no incident inside {areas.geography}.", remedy="Check --lon, --lat and --geography."
        )
    period = ordinals_of(kept, frequency)
    periods, stubs = _whole_periods(path, kept, period, frequency, settings)
    checks.refuse_impossible_date(path.name, published_on, Period(frequency, int(periods[-1])), today)
    in_time = (period >= periods[0]) & (period <= periods[-1])
    counted = np.flatnonzero(whole)[inside][in_time]
    area = position[inside][in_time]
    return SourceCounts.by_wording(
        Provenance(SOURCE, TAXONOMY, areas.geography, frequency, published_on, path.name, rows.sha256),
        CodedCounts.summed(
            areas=areas.codes,
            offences=rows.wordings,
            area=area,
            offence=rows.wording[counted],
            period=period[in_time],
            count=np.ones(len(counted), dtype=np.int64),
        ),
        rows.offence_of,
        covers=(Cover("all", areas.codes, tuple(periods.tolist())),),
        set_aside=(*rows.set_aside, *_told(rows, int((~inside).sum())), *stubs),
        rows_read=rows.rows_read,
        notes=tuple(notes),
        points=IncidentPoints(
            areas=areas.codes,
            offences=rows.wordings,
            area=area,
            offence=rows.wording[counted],
            moment=rows.moment[counted],
            longitude=rows.longitude[counted],
            latitude=rows.latitude[counted],
        ),
    )


def _day_after(moments: npt.NDArray[np.datetime64]) -> date:
    last: date = moments.max().astype("datetime64[D]").item()
    return last + timedelta(days=1)


def _told(rows: IncidentRows, outside: int) -> tuple[SetAside, ...]:
    counted = (
        ("no time", int((~rows.timed).sum())),
        ("no position", int((rows.timed & ~rows.placed).sum())),
        ("outside of all areas", outside),
    )
    of = f"of {len(rows.timed)} rows"
    return tuple(SetAside(reason, of, number, number) for reason, number in counted if number)


def _whole_periods(
    path: Path, moments: npt.NDArray[np.datetime64], period: Ordinals, frequency: Frequency, settings: Settings
) -> tuple[Ordinals, tuple[SetAside, ...]]:
    """Ordinals of the periods that the file covers whole, and those that it does not.

    The file is taken to begin with its first incident and end with its last: a first or last period is cut off where
    the silence before or after is improbable (exp(−rate × silence), a Poisson process), or its total is a stub's.
    """
    first, last = int(period.min()), int(period.max())
    periods = np.arange(first, last + 1, dtype=np.int64)
    totals = np.bincount(period - first, minlength=len(periods))
    bounds = starts_of(np.array([first, last + 1]), frequency)
    seconds = max(float((moments.max() - moments.min()).astype(np.int64)), 1.0)
    rate = len(moments) / seconds
    silence_before = float((moments.min() - bounds[0]).astype(np.int64))
    silence_after = float((bounds[1] - moments.max()).astype(np.int64))
    start = int(np.exp(-rate * silence_before) < UNLIKELY)
    stop = len(periods) - int(np.exp(-rate * silence_after) < UNLIKELY)
    if stop <= start:
        raise BadInput(f"{path} covers no whole {frequency}.", remedy="Give a longer file or a shorter --period.")
    if frequency in (Frequency.MONTH, Frequency.WEEK):
        start += checks.leading_stubs(totals[start:stop], settings.ingest.stub_share)
        checks.refuse_later_stubs(
            str(path), periods[start:stop], totals[start:stop], frequency, settings.ingest.stub_share
        )
    cut = [*range(start), *range(stop, len(periods))]
    stubs = tuple(
        SetAside(STUB, str(Period(frequency, int(periods[index]))), int(totals[index]), int(totals[index]))
        for index in cut
    )
    return periods[start:stop], stubs
