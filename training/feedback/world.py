"""A simulated city by week: what happens in it, what is reported, and what officers could find."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from contracts import Frequency, Period, ordinals_of
from contracts.arrays import Floats
from features.geographies import contiguity
from features.geographies.boundaries import centres_and_areas
from features.geographies.geography import Geography
from features.simulation import (
    GROUPS,
    Places,
    SimulatedCityParameters,
    SimulatedCounts,
    months_of,
    simulate_counts,
)

Counts = npt.NDArray[np.int64]

MOST_DEPRIVED = "most deprived fifth"
_CEILING = 0.95
"""No patrol finds more than this part of what officers could find."""
_DAYS_A_WEEK = 7


@dataclass(frozen=True)
class World:
    """One city. Arrays are (areas, weeks) unless said otherwise.

    ``reported`` are records of incidents that somebody reported; no patrol changes them. ``hidden`` are the true
    incidents that only officers record, ``expected_reported`` and ``expected_hidden`` the expected true incidents of
    both kinds, recorded or not. ``detection`` (areas,) is the chance that a hidden incident is found without a patrol
    that a forecast sent; ``draws`` (areas, weeks, most) are uniform numbers, one for each hidden incident: it is found
    where its chance exceeds its number, so that more presence never finds fewer. ``mislabelling`` has the same shape:
    a found incident is booked as a reported one where its number lies under the share of such errors.
    ``groups`` has each group's share of residents per area, ``offences`` the expected recorded incidents of each
    offence per area, over the whole time.
    """

    seed: int
    geography: Geography
    first: Period
    residents: Floats
    groups: dict[str, Floats]
    offences: dict[str, Floats]
    reported: Counts
    hidden: Counts
    expected_reported: Floats
    expected_hidden: Floats
    detection: Floats
    draws: npt.NDArray[np.float32]
    mislabelling: npt.NDArray[np.float32]

    @property
    def weeks(self) -> int:
        """Whole weeks in the simulated time."""
        return int(self.reported.shape[1])

    def discovered(self, week: int, presence: Floats, uplift: float) -> npt.NDArray[np.bool_]:
        """Which hidden incidents of a week are found, (areas, most), with ``presence`` (areas,) of patrols, 0…1."""
        chance = np.minimum(self.detection * (1.0 + uplift * presence), np.maximum(self.detection, _CEILING))
        there = np.arange(self.draws.shape[2]) < self.hidden[:, week, None]
        return np.asarray(there & (self.draws[:, week] < chance[:, None]))


def make_world(parameters: SimulatedCityParameters, seed: int) -> World:
    """Draw a city and its weeks; the same parameters and seed give the same.

    Counts of a month are spread over its weeks by the number of days that they have in common.
    """
    counts = simulate_counts(parameters, seed)
    generator = np.random.default_rng([seed, 6])
    officers = np.array([offence.officer_generated for offence in parameters.offences])
    calendar, first = _weeks_of_months(parameters)
    hidden = _by_week(counts.true[officers].sum(axis=0), calendar, generator)
    shape = (*hidden.shape, int(hidden.max()))
    attributes = counts.places.attributes
    return World(
        seed=seed,
        geography=_geography(counts.places),
        first=first,
        residents=attributes["residents"].to_numpy(dtype=np.float64),
        groups=_groups(attributes),
        offences=dict(zip(parameters.offence_names, counts.expected_recorded.sum(axis=2), strict=True)),
        reported=_by_week(counts.recorded[~officers].sum(axis=0), calendar, generator),
        hidden=hidden,
        expected_reported=counts.expected_true[~officers].sum(axis=0) @ calendar,
        expected_hidden=counts.expected_true[officers].sum(axis=0) @ calendar,
        detection=_detection(counts, officers),
        draws=generator.random(shape, dtype=np.float32),
        mislabelling=generator.random(shape, dtype=np.float32),
    )


def _weeks_of_months(parameters: SimulatedCityParameters) -> tuple[Floats, Period]:
    """The part of each month's days that lies in each whole week, (months, weeks), and the first whole week."""
    months = months_of(parameters)
    after_last = np.datetime64(parameters.first.shift(parameters.months).start, "D")
    days = np.arange(months[0].astype("datetime64[D]"), after_last)
    week = ordinals_of(days.astype("datetime64[s]"), Frequency.WEEK)
    month = days.astype("datetime64[M]").astype(np.int64) - parameters.first.ordinal
    whole = np.flatnonzero(np.bincount(week - week[0]) == _DAYS_A_WEEK)
    shared = np.zeros((parameters.months, int(week[-1] - week[0]) + 1))
    np.add.at(shared, (month, week - week[0]), 1.0)
    first = Period(Frequency.WEEK, int(week[0] + whole[0]))
    return shared[:, whole] / shared.sum(axis=1, keepdims=True), first


def _by_week(monthly: Counts, calendar: Floats, generator: np.random.Generator) -> Counts:
    """Spread counts (areas, months) over weeks; what falls into weeks that are not whole is left out."""
    chances = np.column_stack([calendar, np.maximum(1.0 - calendar.sum(axis=1), 0.0)])
    weekly = np.zeros((monthly.shape[0], chances.shape[1]), dtype=np.int64)
    for month, chance in enumerate(chances):
        weekly += generator.multinomial(monthly[:, month], chance / chance.sum())
    return weekly[:, :-1]


def _detection(counts: SimulatedCounts, officers: npt.NDArray[np.bool_]) -> Floats:
    """Found share of the hidden incidents of each area over the simulated time."""
    true, recorded = counts.expected_true[officers], counts.expected_recorded[officers]
    return np.asarray(recorded.sum(axis=(0, 2)) / true.sum(axis=(0, 2)))


def _groups(attributes: pd.DataFrame) -> dict[str, Floats]:
    """The groups of residents, and the most deprived fifth of the areas as a group of its own."""
    deprivation = attributes["deprivation_score"].to_numpy()
    groups = {MOST_DEPRIVED: (deprivation >= np.quantile(deprivation, 0.8)).astype(np.float64)}
    return groups | {name: attributes[f"share_{name}"].to_numpy(dtype=np.float64) for name in GROUPS}


def _geography(places: Places) -> Geography:
    """The city's areas as a geography that no workspace keeps."""
    longitude, latitude, area_km2 = centres_and_areas(places.polygons)
    nearest = contiguity.nearest_centres(longitude, latitude)
    adjacency, _ = contiguity.join_islands(contiguity.queen_contiguity(places.polygons), nearest)
    areas = pd.DataFrame(
        {
            "area": list(places.codes),
            "name": list(places.names),
            "parent": list(places.district_codes),
            "area_km2": area_km2,
            "longitude": longitude,
            "latitude": latitude,
        }
    )
    return Geography(
        "simulated", areas, places.attributes.set_index("area_code"), adjacency, nearest, Path("boundaries.geojson")
    )
