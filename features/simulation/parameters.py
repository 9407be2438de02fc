"""What a simulated city is made of: every number with its unit."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from contracts import Frequency, Period


@dataclass(frozen=True)
class SimulatedOffence:
    """How one offence behaves."""

    name: str
    wording: str
    """As the simulated publications write it."""
    recorded_mean: float
    """Recorded incidents per area and month, about, averaged over the city."""
    deprivation_effect: float
    """Change of the log rate per standard deviation of deprivation."""
    season_amplitude: float
    """Share by which the peak of July lies above the year's mean."""
    weekend_ratio: float
    """Rate of a Saturday or Sunday over that of another day, night-time centres apart."""
    peak_hour: float
    """Local hour of the day with the highest rate."""
    night_life_share: float
    """Share of the background incidents that happen in night-time centres on weekend nights."""
    branching_ratio: float
    """Expected number of incidents that one incident sets off directly."""
    mistaken_for: str
    """The offence that a share of its incidents is first recorded as."""
    officer_generated: bool = False
    """True: recorded where officers look for it, not where somebody reports it."""


SIMULATED_OFFENCES = (
    SimulatedOffence(
        "assault_with_injury", "Assault with injury", 6.5, 0.35, 0.10, 1.25, 20, 0.15, 0.25, "public_order"
    ),
    SimulatedOffence("robbery", "Robbery", 1.4, 0.40, -0.05, 1.10, 21, 0.12, 0.30, "theft"),
    SimulatedOffence("burglary", "Burglary", 3.0, 0.15, -0.15, 0.90, 15, 0.0, 0.30, "criminal_damage"),
    SimulatedOffence("theft", "Theft", 6.0, 0.10, 0.05, 1.05, 15, 0.08, 0.20, "robbery"),
    SimulatedOffence("vehicle_crime", "Vehicle crime", 3.0, 0.05, -0.05, 1.0, 23, 0.0, 0.25, "theft"),
    SimulatedOffence(
        "drugs_possession", "Possession of drugs", 1.6, 0.25, 0.05, 1.2, 18, 0.15, 0.20, "public_order", True
    ),
    SimulatedOffence("public_order", "Public order", 2.0, 0.30, 0.15, 1.2, 19, 0.20, 0.20, "assault_with_injury"),
    SimulatedOffence("criminal_damage", "Criminal damage", 2.5, 0.30, 0.05, 1.1, 20, 0.05, 0.25, "burglary"),
)


@dataclass(frozen=True)
class SimulatedCityParameters:
    """A simulated city. Rates are per area and month; standard deviations of logarithms are plain numbers."""

    areas: int = 600
    districts: int = 24
    pieces_per_area: int = 8
    """Voronoi cells that are joined to one area; more give more ragged borders."""
    mean_area_km2: float = 1.2
    centre: tuple[float, float] = (-30.0, 45.0)
    """Longitude and latitude of the middle of the city, degrees: a place in the Atlantic Ocean."""
    residents_per_area: float = 12_000.0
    night_time_centres: int = 14

    first_month: str = "2019-01"
    months: int = 72
    published_on: date = date(2025, 1, 10)
    earlier_published_on: date = date(2024, 7, 10)

    offences: tuple[SimulatedOffence, ...] = SIMULATED_OFFENCES
    area_spread: float = 0.35
    """Standard deviation of the log rate of areas of equal deprivation."""
    drift_per_month: float = 0.02
    """Standard deviation of the monthly step in an area's log share, common to all offences."""
    offence_drift_per_month: float = 0.015
    """The same for each offence on its own."""
    level_shock: float = 0.03
    """Standard deviation of the monthly shock to the log of the city's level."""
    level_memory: float = 0.8
    """Correlation of the city's level with that of the month before."""
    disruption_month: int = 18
    """Months after the first at which a city-wide disruption begins."""
    disruption_months: int = 3
    disruption_factor: float = 0.7
    """The city's level during the disruption over its level without."""

    offspring_mean_days: float = 10.0
    """Mean of the exponential time from an incident to one that it sets off."""
    offspring_metres: float = 200.0
    """Standard deviation of the distance between them, in each direction."""

    reporting_mean: float = 0.6
    """Probability that an incident in an area of mean deprivation is recorded."""
    reporting_by_deprivation: float = -0.08
    """Change of that probability per standard deviation of deprivation."""
    detection_mean: float = 0.4
    """Probability that an officer-generated incident is found in an area of mean deprivation."""
    detection_by_deprivation: float = 0.1
    """Change of that probability per standard deviation of deprivation."""
    break_offence: str = "assault_with_injury"
    break_month: int = 40
    """Months after the first at which the recording of ``break_offence`` changes."""
    break_ratio: float = 1.25
    """Recorded share of that offence after the change over the share before."""

    late_share: float = 0.10
    """Share of recorded incidents that are recorded late."""
    late_mean_days: float = 120.0
    """Mean of the exponential delay of a late record; the others take 2 days on average."""
    reclassified_share: float = 0.03
    """Share of recorded incidents first recorded as another offence."""
    cancelled_share: float = 0.02
    """Share of recorded incidents that are cancelled later."""
    correction_mean_days: float = 90.0
    """Mean of the exponential time from a record to its reclassification or cancellation."""

    @property
    def first(self) -> Period:
        """The first month."""
        return Period.parse(self.first_month, Frequency.MONTH)

    @property
    def offence_names(self) -> tuple[str, ...]:
        """Names of the offences, in the order of every array."""
        return tuple(offence.name for offence in self.offences)

    def offence_index(self, name: str) -> int:
        """Position of an offence in every array."""
        return self.offence_names.index(name)


def small_city() -> SimulatedCityParameters:
    """60 areas over 3 years, for tests and for simulations of many cities."""
    return replace(
        SimulatedCityParameters(),
        areas=60,
        districts=4,
        night_time_centres=3,
        first_month="2022-01",
        months=36,
        disruption_month=8,
        disruption_months=2,
        break_month=20,
    )
