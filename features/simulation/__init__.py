"""A simulated city whose true rates are known: for demonstrations, tests and simulations of feedback."""

from features.simulation.city import SimulatedCity, SimulatedCounts, months_of, simulate_city, simulate_counts
from features.simulation.files import CityFiles, write_city
from features.simulation.parameters import (
    SIMULATED_OFFENCES,
    SimulatedCityParameters,
    SimulatedOffence,
    small_city,
)
from features.simulation.places import GROUPS, Places, make_places

__all__ = [
    "GROUPS",
    "SIMULATED_OFFENCES",
    "CityFiles",
    "Places",
    "SimulatedCity",
    "SimulatedCityParameters",
    "SimulatedCounts",
    "SimulatedOffence",
    "make_places",
    "months_of",
    "simulate_city",
    "simulate_counts",
    "small_city",
    "write_city",
]
