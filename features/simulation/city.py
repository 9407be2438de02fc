"""A simulated city in memory: its map, its incidents, what was published of them, and the truth."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

from contracts import starts_of
from contracts.arrays import Floats
from features.simulation.incidents import Incidents, Records, draw_incidents, draw_records
from features.simulation.intensity import (
    WARM_UP_MONTHS,
    Intensity,
    branching_ratios,
    make_intensity,
    set_off,
)
from features.simulation.parameters import SimulatedCityParameters
from features.simulation.places import Places, make_places

Counts = npt.NDArray[np.int64]


@dataclass(frozen=True)
class SimulatedCounts:
    """Counts of a city without the incidents; arrays have the shape (offences, areas, months).

    ``true`` counts every incident, ``recorded`` those in the records once all corrections are in.
    ``expected_true`` and ``expected_recorded`` are their expectations given the map, the drift and the city's level.
    """

    parameters: SimulatedCityParameters
    seed: int
    places: Places
    true: Counts
    recorded: Counts
    expected_true: Floats
    expected_recorded: Floats
    recording: Floats


@dataclass(frozen=True)
class SimulatedCity:
    """A city with its incidents. ``counts`` are those of ``incidents`` and ``records``."""

    parameters: SimulatedCityParameters
    seed: int
    places: Places
    incidents: Incidents
    records: Records
    counts: SimulatedCounts

    def published(self, on: date) -> pd.DataFrame:
        """The recorded incidents of whole months, as a file published on that day would list them.

        Columns: ``incident_time`` (to the second), ``longitude``, ``latitude`` (degrees WGS 84, six decimals) and
        ``category``. Incidents recorded later are not yet in it, those cancelled by then no longer, and those
        reclassified later stand under the offence they were first recorded as.
        """
        records, incidents = self.records, self.incidents
        moment = np.datetime64(on, "s")
        time = incidents.time[records.incident]
        first = np.datetime64(self.parameters.first.start, "s")
        known = (time >= first) & (time < moment.astype("datetime64[M]").astype("datetime64[s]"))
        known &= (records.recorded < moment) & ~(records.cancelled < moment)
        kept = np.flatnonzero(known)
        settled = records.reclassified[kept] < moment
        offence = np.where(settled, incidents.offence[records.incident[kept]], records.first_offence[kept])
        wordings = np.array([one.wording for one in self.parameters.offences], dtype=object)
        points = np.round(incidents.points[records.incident[kept]], 6)
        return pd.DataFrame(
            {
                "incident_time": time[kept],
                "longitude": points[:, 0],
                "latitude": points[:, 1],
                "category": wordings[offence],
            }
        )


def simulate_city(parameters: SimulatedCityParameters, seed: int) -> SimulatedCity:
    """Draw a city; the same parameters and seed give the same city, whatever else was drawn before."""
    places = make_places(parameters, seed)
    intensity = make_intensity(parameters, places, seed)
    incidents = draw_incidents(parameters, places, intensity, seed)
    records = draw_records(parameters, intensity, incidents, seed)
    settled = records.incident[np.isnat(records.cancelled)]
    true = _count(parameters, places, incidents)
    recorded = _count(parameters, places, incidents.chosen(settled))
    counts = _counts(parameters, seed, places, intensity, true, recorded)
    return SimulatedCity(parameters, seed, places, incidents, records, counts)


def simulate_counts(parameters: SimulatedCityParameters, seed: int) -> SimulatedCounts:
    """Draw counts by area and month alone, from the same map and intensity as ``simulate_city``, far cheaper.

    Offspring are drawn by area and month instead of by point and second, with the same expectations.
    """
    places = make_places(parameters, seed)
    intensity = make_intensity(parameters, places, seed)
    generator = np.random.default_rng([seed, 5])
    branching = branching_ratios(parameters)[:, None, None]
    generation = generator.poisson(intensity.ordinary + intensity.night_life)
    true = generation.copy()
    while generation.any():
        expected = branching * set_off(parameters, places, generation.astype(np.float64))
        generation = generator.poisson(expected)
        true += generation
    recorded = generator.binomial(true, intensity.recording)
    return _counts(parameters, seed, places, intensity, true[:, :, WARM_UP_MONTHS:], recorded[:, :, WARM_UP_MONTHS:])


def months_of(parameters: SimulatedCityParameters) -> npt.NDArray[np.datetime64]:
    """First moments of the months, datetime64[s]."""
    return starts_of(parameters.first.ordinal + np.arange(parameters.months), parameters.first.frequency)


def _counts(
    parameters: SimulatedCityParameters,
    seed: int,
    places: Places,
    intensity: Intensity,
    true: Counts,
    recorded: Counts,
) -> SimulatedCounts:
    return SimulatedCounts(
        parameters=parameters,
        seed=seed,
        places=places,
        true=true,
        recorded=recorded,
        expected_true=intensity.expected_true[:, :, WARM_UP_MONTHS:],
        expected_recorded=intensity.expected_recorded[:, :, WARM_UP_MONTHS:],
        recording=intensity.recording[:, :, WARM_UP_MONTHS:],
    )


def _count(parameters: SimulatedCityParameters, places: Places, incidents: Incidents) -> Counts:
    shape = (len(parameters.offences), len(places.codes), parameters.months)
    month = incidents.time.astype("datetime64[M]").astype(np.int64) - parameters.first.ordinal
    inside = month >= 0
    position = np.ravel_multi_index((incidents.offence[inside], incidents.area[inside], month[inside]), shape)
    return np.bincount(position, minlength=int(np.prod(shape))).reshape(shape)
