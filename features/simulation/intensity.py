"""The true rates of a simulated city: what a forecaster would have to know to be as good as can be.

Arrays have the shape (offences, areas, months). Months begin with a warm-up that the city does not publish, so that
the first month already holds incidents set off by earlier ones.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from contracts import starts_of
from contracts.arrays import Floats
from features.simulation.parameters import SimulatedCityParameters, SimulatedOffence
from features.simulation.places import Places

Hours = npt.NDArray[np.datetime64]
WARM_UP_MONTHS = 2
_HOURS_IN_MEAN_MONTH = 365.25 * 24 / 12
_DAYS_IN_MEAN_MONTH = 365.25 / 12
_LAST_LAG = 3
_GENERATIONS = 12
_FRIDAY, _SATURDAY, _SUNDAY = 4, 5, 6
_NIGHT_HOURS = ((_FRIDAY, range(21, 24)), (_SATURDAY, range(4)), (_SATURDAY, range(21, 24)), (_SUNDAY, range(4)))


@dataclass(frozen=True)
class Intensity:
    """Rates of true incidents and the chance that one is recorded.

    ``ordinary`` and ``night_life`` are the expected background incidents (those that no other incident set off): the
    first spread over the week, the second in night-time centres on weekend nights. ``expected_true`` adds to them the
    expected offspring of every generation. ``recording`` is the probability that a true incident is in the records
    once all late records and corrections are in. ``hours`` are the hours of the simulated time, ``month_of_hour``
    their months, ``ordinary_weights`` (offences, hours) and ``night_weights`` (hours,) how the background spreads
    over them.
    """

    ordinary: Floats
    night_life: Floats
    expected_true: Floats
    recording: Floats
    hours: Hours
    month_of_hour: npt.NDArray[np.int64]
    ordinary_weights: Floats
    night_weights: Floats

    @property
    def expected_recorded(self) -> Floats:
        """Expected settled counts: true incidents times the probability that one is recorded."""
        return self.expected_true * self.recording


def make_intensity(parameters: SimulatedCityParameters, places: Places, seed: int) -> Intensity:
    """Draw the areas' rates, their drift and the city's level; the rest follows from the parameters."""
    generator = np.random.default_rng([seed, 2])
    hours, month_of_hour = _hours(parameters)
    night_weights = _night_weights(hours)
    ordinary_weights = np.array([_ordinary_weights(offence, hours) for offence in parameters.offences])
    shares = _drifting_shares(parameters, places, generator)
    level = _city_level(parameters, generator)
    recording = recording_probability(parameters, places, generator)
    total = _background_totals(parameters, shares, recording) * level
    night_share = np.array([offence.night_life_share for offence in parameters.offences])[:, None, None]
    in_month = np.array([np.bincount(month_of_hour, weights) for weights in ordinary_weights])
    nights_in_month = np.bincount(month_of_hour, night_weights)
    ordinary = shares * (1 - night_share) * (total * in_month)[:, None, :]
    night_life = places.night_life[None, :, None] * night_share * (total * nights_in_month)[:, None, :]
    branching = branching_ratios(parameters)[:, None, None]
    expected = offspring_of_every_generation(parameters, places, ordinary + night_life, branching)
    return Intensity(
        ordinary=ordinary,
        night_life=night_life,
        expected_true=expected,
        recording=recording,
        hours=hours,
        month_of_hour=month_of_hour,
        ordinary_weights=ordinary_weights,
        night_weights=night_weights,
    )


def branching_ratios(parameters: SimulatedCityParameters) -> Floats:
    """Of each offence."""
    return np.array([offence.branching_ratio for offence in parameters.offences], dtype=np.float64)


def set_off(parameters: SimulatedCityParameters, places: Places, parents: Floats) -> Floats:
    """Where and when the direct offspring of ``parents`` fall, in shares of the parents: the kernel of the process."""
    in_area = np.einsum("ab,oam->obm", places.spread, parents, optimize=True)
    reached: Floats = np.zeros(in_area.shape)
    for lag, share in enumerate(_lag_shares(parameters.offspring_mean_days)):
        reached[:, :, lag:] += share * in_area[:, :, : in_area.shape[2] - lag]
    return reached


def offspring_of_every_generation(
    parameters: SimulatedCityParameters, places: Places, background: Floats, branching: Floats
) -> Floats:
    """Expected incidents: the background, what it sets off, what that sets off, and so on."""
    total, generation = background.copy(), background
    for _ in range(_GENERATIONS):
        generation = branching * set_off(parameters, places, generation)
        total += generation
    return total


def recording_probability(
    parameters: SimulatedCityParameters, places: Places, generator: np.random.Generator
) -> Floats:
    """Probability that a true incident is recorded and not cancelled; (offences, areas, months)."""
    noise = 0.03 * generator.normal(size=len(places.codes))
    reported = parameters.reporting_mean + parameters.reporting_by_deprivation * places.deprivation + noise
    detected = parameters.detection_mean + parameters.detection_by_deprivation * places.deprivation + noise
    by_offence = np.array([detected if offence.officer_generated else reported for offence in parameters.offences])
    bounded = np.clip(by_offence, 0.05, 0.95) * (1 - parameters.cancelled_share)
    probability = np.repeat(bounded[:, :, None], parameters.months + WARM_UP_MONTHS, axis=2)
    broken = parameters.offence_index(parameters.break_offence)
    probability[broken, :, : WARM_UP_MONTHS + parameters.break_month] /= parameters.break_ratio
    return probability


def _lag_shares(mean_days: float) -> Floats:
    """Shares of the offspring that fall 0, 1, … months after the month of their parent, which is uniform in it."""
    ratio = _DAYS_IN_MEAN_MONTH / mean_days
    same = 1.0 - (1.0 - np.exp(-ratio)) / ratio
    later = (1.0 - np.exp(-ratio)) ** 2 / ratio * np.exp(-ratio * np.arange(_LAST_LAG))
    return np.append(same, later)


def _hours(parameters: SimulatedCityParameters) -> tuple[Hours, npt.NDArray[np.int64]]:
    first = parameters.first.ordinal - WARM_UP_MONTHS
    ends = starts_of(np.array([first, parameters.first.ordinal + parameters.months]), parameters.first.frequency)
    hours = np.arange(ends[0].astype("datetime64[h]"), ends[1].astype("datetime64[h]"))
    return hours, hours.astype("datetime64[M]").astype(np.int64) - first


def _weekday_and_hour(hours: Hours) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    since = hours.astype(np.int64)
    return (since // 24 + 3) % 7, since % 24


def _ordinary_weights(offence: SimulatedOffence, hours: Hours) -> Floats:
    weekday, hour = _weekday_and_hour(hours)
    day_of_year = (hours.astype("datetime64[D]") - hours.astype("datetime64[Y]")).astype(np.float64)
    season = 1 + offence.season_amplitude * np.cos(2 * np.pi * (day_of_year - 196) / 365.25)
    week = np.where(weekday >= _SATURDAY, offence.weekend_ratio, 1.0)
    week /= (5 + 2 * offence.weekend_ratio) / 7
    day = 1 + 0.8 * np.cos(2 * np.pi * (hour - offence.peak_hour) / 24)
    return np.asarray(season * week * day / _HOURS_IN_MEAN_MONTH)


def _night_weights(hours: Hours) -> Floats:
    weekday, hour = _weekday_and_hour(hours)
    night = np.zeros((7, 24))
    for day, chosen in _NIGHT_HOURS:
        night[day, list(chosen)] = 1.0
    weights = night[weekday, hour]
    return np.asarray(weights * night.size / night.sum() / _HOURS_IN_MEAN_MONTH)


def _drifting_shares(parameters: SimulatedCityParameters, places: Places, generator: np.random.Generator) -> Floats:
    """Each area's share of the ordinary background, sum 1 over the areas in every month."""
    offences, areas = len(parameters.offences), len(places.codes)
    months = parameters.months + WARM_UP_MONTHS
    residents = np.log(places.attributes["residents"].to_numpy())
    effect = np.array([offence.deprivation_effect for offence in parameters.offences])[:, None]
    spread = parameters.area_spread * generator.normal(size=(2, offences, areas))
    own = np.sqrt(0.5) * (spread[0] + spread[1, :1])
    steps = parameters.drift_per_month * generator.normal(size=(1, areas, months))
    steps = steps + parameters.offence_drift_per_month * generator.normal(size=(offences, areas, months))
    logs = (residents + effect * places.deprivation + own)[:, :, None] + np.cumsum(steps, axis=2)
    weights = np.exp(logs - logs.max())
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def _city_level(parameters: SimulatedCityParameters, generator: np.random.Generator) -> Floats:
    """Level of each offence and month, about 1; (offences, months)."""
    months = parameters.months + WARM_UP_MONTHS
    shocks = parameters.level_shock * generator.normal(size=(2, len(parameters.offences), months))
    shocks = np.sqrt(0.5) * (shocks[0] + shocks[1, :1])
    logs = np.zeros_like(shocks)
    for month in range(1, months):
        logs[:, month] = parameters.level_memory * logs[:, month - 1] + shocks[:, month]
    begins = WARM_UP_MONTHS + parameters.disruption_month
    logs[:, begins : begins + parameters.disruption_months] += np.log(parameters.disruption_factor)
    return np.asarray(np.exp(logs))


def _background_totals(parameters: SimulatedCityParameters, shares: Floats, recording: Floats) -> Floats:
    """True background incidents of the city in a mean month of level 1; (offences, 1)."""
    recorded = np.array([offence.recorded_mean for offence in parameters.offences]) * shares.shape[1]
    settled_share = (shares * recording[:, :, -1:]).sum(axis=1).mean(axis=1)
    return np.asarray((recorded / settled_share * (1 - branching_ratios(parameters)))[:, None])
