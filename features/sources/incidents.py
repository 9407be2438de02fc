"""A file of single incidents: a time, a longitude, a latitude and perhaps a category in each row of a CSV, plain or
gzip. Incidents are counted by the area that they lie in, and kept with their time and position; nothing else of a row
is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt

from contracts import BadInput, Frequency, Period, Settings, ordinals_of
from contracts.arrays import Booleans, Integers, Ordinals
from features.sources import checks
from features.sources.completeness import Delivery, WholePeriods, judge, whole_periods
from features.sources.incident_points import IncidentPoints
from features.sources.incident_rows import TAXONOMY, IncidentColumns, IncidentRows, read_rows
from features.sources.positions import Near
from features.sources.source_counts import STUB, CodedCounts, Cover, Provenance, SetAside, SourceCounts

SOURCE = "incidents"
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
    silence_is_zero: bool = False,
    near: Near = lambda: None,
) -> SourceCounts:
    """Read one file. Without ``published_on`` it is the day after the last incident, and told.

    Times with a zone are converted into the city's, others are local. Rows without a time or a position, or outside of
    all areas, are set aside; so is a first or last period that the file covers in part only. A silence that the periods
    around it make implausible is missing, unless ``silence_is_zero``. Raises ``BadInput`` in one line.
    """
    rows = read_rows(path, columns, settings, frequency, near)
    rows.refuse_days_without_hours(path, frequency)
    notes = [*rows.notes]
    if published_on is None:
        published_on = _day_after(rows.moment[rows.timed])
        notes.append(f"Published on {published_on} is assumed: the day after the last incident.")
    areas, position = _located(path, rows, locate)
    span = whole_periods(path, rows.moment[rows.timed], frequency)
    period = np.full(len(rows.timed), span.periods[0] - 1, dtype=np.int64)
    period[rows.timed] = ordinals_of(rows.moment[rows.timed], frequency)
    in_time = (period >= span.periods[0]) & (period <= span.periods[-1])
    judged = judge(_delivery(path, rows, areas, position, period, in_time, span, frequency, settings, silence_is_zero))
    checks.refuse_impossible_date(path.name, published_on, Period(frequency, int(judged.periods[-1])), today)
    counted = np.flatnonzero((position >= 0) & in_time & np.isin(period, judged.periods))
    return SourceCounts.by_wording(
        Provenance(SOURCE, TAXONOMY, areas.geography, frequency, published_on, path.name, rows.sha256),
        judged.counts,
        rows.offence_of,
        covers=judged.covers,
        set_aside=(
            *rows.set_aside,
            *_told(rows, position),
            *_edges(span, period, position, frequency),
            *judged.set_aside,
        ),
        rows_read=rows.rows_read,
        notes=(*notes, *span.notes, *judged.notes),
        points=_points(rows, areas, position, counted),
    )


def _located(path: Path, rows: IncidentRows, locate: Locate) -> tuple[checks.KnownAreas, Integers]:
    """The areas, and each row's position among them, −1 where it has none; raises ``BadInput`` where no row has one."""
    whole = rows.timed & rows.placed
    by_code = () if rows.codes is None else (rows.codes[whole],)
    areas, found = locate(rows.longitude[whole], rows.latitude[whole], *by_code)
    if (found < 0).all():
        raise BadInput(
            f"{path} has no incident inside {areas.geography}.", remedy="Check --lon, --lat and --geography."
        )
    position = np.full(len(rows.timed), -1, dtype=np.int64)
    position[whole] = found
    return areas, position


def _points(rows: IncidentRows, areas: checks.KnownAreas, position: Integers, counted: Integers) -> IncidentPoints:
    return IncidentPoints(
        areas=areas.codes,
        offences=rows.wordings,
        area=position[counted],
        offence=rows.wording[counted],
        moment=rows.moment[counted],
        longitude=rows.longitude[counted],
        latitude=rows.latitude[counted],
    )


def _delivery(
    path: Path,
    rows: IncidentRows,
    areas: checks.KnownAreas,
    position: Integers,
    period: Ordinals,
    in_time: Booleans,
    span: WholePeriods,
    frequency: Frequency,
    settings: Settings,
    silence_is_zero: bool,
) -> Delivery:
    kept = (position >= 0) & in_time
    return Delivery(
        name=str(path),
        source=SOURCE,
        frequency=frequency,
        limits=settings.ingest.of(SOURCE),
        cover=Cover("all", areas.codes, tuple(span.periods.tolist())),
        drawn=areas.drawn,
        counts=CodedCounts.summed(
            areas=areas.codes,
            offences=rows.wordings,
            area=position[kept],
            offence=rows.wording[kept],
            period=period[kept],
            count=np.ones(int(kept.sum()), dtype=np.int64),
        ),
        offence_of=rows.offence_of,
        lost={
            reason: np.bincount(period[lost & in_time] - span.periods[0], minlength=len(span.periods))
            for reason, lost in _lost(rows, position).items()
        },
        silent_days=span.silent_days(rows.moment[rows.timed], settings.ingest.of(SOURCE).implausible_below),
        silence_is_zero=silence_is_zero,
    )


def _lost(rows: IncidentRows, position: Integers) -> dict[str, Booleans]:
    """Why a row with a time is counted nowhere → the rows."""
    unfound = rows.timed & rows.placed & (position < 0)
    nameless = np.zeros(len(position), dtype=bool)
    if rows.codes is not None:
        nameless = unfound & np.isin(rows.codes, checks.NO_AREA)
    return {
        "no position": rows.timed & ~rows.placed,
        "no area": nameless,
        "outside of all areas": unfound & ~nameless,
    }


def _day_after(moments: npt.NDArray[np.datetime64]) -> date:
    last: date = moments.max().astype("datetime64[D]").item()
    return last + timedelta(days=1)


def _told(rows: IncidentRows, position: Integers) -> tuple[SetAside, ...]:
    of = f"of {len(rows.timed)} rows"
    lost = {"no time": ~rows.timed} | _lost(rows, position)
    return tuple(
        SetAside(reason, of, int(which.sum()), int(which.sum())) for reason, which in lost.items() if which.any()
    )


def _edges(span: WholePeriods, period: Ordinals, position: Integers, frequency: Frequency) -> tuple[SetAside, ...]:
    """The first and last period, where the file begins after or ends before it is over."""
    return tuple(
        SetAside(STUB, str(Period(frequency, ordinal)), *(int(((period == ordinal) & (position >= 0)).sum()),) * 2)
        for ordinal in span.cut
    )
