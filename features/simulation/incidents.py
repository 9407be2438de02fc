"""Incidents of a simulated city, one row each: a spatio-temporal self-exciting point process and its records."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from contracts.arrays import Floats
from features.geographies.points import polygons_of_points
from features.simulation.intensity import Intensity
from features.simulation.parameters import SimulatedCityParameters
from features.simulation.places import Places, PointsInAreas, draw_between, metres_to_degrees

Indices = npt.NDArray[np.int64]
_SECONDS_A_DAY = 86_400
_PROMPT_MEAN_DAYS = 2.0
NEVER = np.datetime64("NaT", "s")


@dataclass(frozen=True)
class Incidents:
    """Columns of equal length: positions of offence and area, moments, and whether another incident set it off."""

    offence: Indices
    area: Indices
    time: npt.NDArray[np.datetime64]
    points: Floats
    offspring: npt.NDArray[np.bool_]

    def chosen(self, which: npt.NDArray[np.bool_] | Indices) -> Incidents:
        """The incidents at these positions."""
        return Incidents(
            self.offence[which], self.area[which], self.time[which], self.points[which], self.offspring[which]
        )


@dataclass(frozen=True)
class Records:
    """What was recorded of the incidents at the positions ``incident``: as which offence at first, and on what moments.

    ``reclassified`` and ``cancelled`` are NaT where that never happened.
    """

    incident: Indices
    first_offence: Indices
    recorded: npt.NDArray[np.datetime64]
    reclassified: npt.NDArray[np.datetime64]
    cancelled: npt.NDArray[np.datetime64]


def draw_incidents(parameters: SimulatedCityParameters, places: Places, intensity: Intensity, seed: int) -> Incidents:
    """True incidents, recorded or not, of every generation, in the order of their times."""
    generator = np.random.default_rng([seed, 3])
    drawer = PointsInAreas(places.polygons)
    generations = [_background(intensity, drawer, generator)]
    while len(generations[-1].time):
        generations.append(_offspring(parameters, places, intensity, generations[-1], generator))
    joined = Incidents(
        *(
            np.concatenate([getattr(generation, name) for generation in generations])
            for name in ("offence", "area", "time", "points", "offspring")
        )
    )
    return joined.chosen(np.argsort(joined.time, kind="stable"))


def draw_records(parameters: SimulatedCityParameters, intensity: Intensity, incidents: Incidents, seed: int) -> Records:
    """Which incidents are recorded, when, and how the record is corrected; about ``recording`` of them stay."""
    generator = np.random.default_rng([seed, 4])
    month = _months(incidents.time, intensity)
    chance = intensity.recording[incidents.offence, incidents.area, month] / (1 - parameters.cancelled_share)
    incident = np.flatnonzero(generator.random(len(month)) < chance)
    count = len(incident)
    delay = generator.exponential(_PROMPT_MEAN_DAYS, count)
    late = np.flatnonzero(generator.random(count) < parameters.late_share)
    delay[late] = generator.exponential(parameters.late_mean_days, len(late))
    recorded = incidents.time[incident] + _seconds(delay)
    offence = incidents.offence[incident]
    mistaken = generator.random(count) < parameters.reclassified_share
    cancelled = generator.random(count) < parameters.cancelled_share
    partners = np.array([parameters.offence_index(one.mistaken_for) for one in parameters.offences])
    corrected = recorded + _seconds(generator.exponential(parameters.correction_mean_days, count))
    return Records(
        incident=incident,
        first_offence=np.where(mistaken, partners[offence], offence),
        recorded=recorded,
        reclassified=np.where(mistaken, corrected, NEVER),
        cancelled=np.where(cancelled, corrected, NEVER),
    )


def _background(intensity: Intensity, drawer: PointsInAreas, generator: np.random.Generator) -> Incidents:
    first_hour = np.searchsorted(intensity.month_of_hour, np.arange(intensity.ordinary.shape[2] + 1))
    parts = []
    for offence, weights in enumerate(intensity.ordinary_weights):
        for rates, hourly in ((intensity.ordinary, weights), (intensity.night_life, intensity.night_weights)):
            counts = generator.poisson(rates[offence])
            area, month = (np.repeat(index.ravel(), counts.ravel()) for index in np.indices(counts.shape))
            cumulative = np.concatenate([[0.0], np.cumsum(hourly)])
            hour = draw_between(cumulative, first_hour[month], first_hour[month + 1], generator)
            seconds = generator.integers(0, 3600, len(area)).astype("timedelta64[s]")
            parts.append((np.full(len(area), offence), area, intensity.hours[hour].astype("datetime64[s]") + seconds))
    offences, areas, times = (np.concatenate(column) for column in zip(*parts, strict=True))
    points = drawer.draw(areas, generator)
    return Incidents(offences, areas, times, points, np.zeros(len(areas), dtype=np.bool_))


def _offspring(
    parameters: SimulatedCityParameters,
    places: Places,
    intensity: Intensity,
    parents: Incidents,
    generator: np.random.Generator,
) -> Incidents:
    """The incidents that ``parents`` set off directly; those outside of the city or after its end are lost."""
    branching = np.array([offence.branching_ratio for offence in parameters.offences])
    parent = np.repeat(np.arange(len(parents.time)), generator.poisson(branching[parents.offence]))
    time = parents.time[parent] + _seconds(generator.exponential(parameters.offspring_mean_days, len(parent)))
    moved = parameters.offspring_metres * generator.normal(size=(len(parent), 2))
    points = parents.points[parent] + metres_to_degrees(moved, parameters.centre[1])
    area = polygons_of_points(places.polygons, points[:, 0], points[:, 1])
    kept = (area >= 0) & (time < intensity.hours[-1] + np.timedelta64(1, "h"))
    return Incidents(
        parents.offence[parent][kept], area[kept], time[kept], points[kept], np.ones(int(kept.sum()), dtype=np.bool_)
    )


def _months(time: npt.NDArray[np.datetime64], intensity: Intensity) -> Indices:
    months = time.astype("datetime64[M]").astype(np.int64)
    return np.asarray(months - intensity.hours[0].astype("datetime64[M]").astype(np.int64))


def _seconds(days: Floats) -> npt.NDArray[np.timedelta64]:
    return np.round(days * _SECONDS_A_DAY).astype("timedelta64[s]")
