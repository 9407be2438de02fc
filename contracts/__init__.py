"""What every table, area, period, target, setting and error means. Imports none of the other packages."""

from contracts.disclosure import DisclosureSettings
from contracts.distributions import QUANTILE_COLUMNS, QUANTILE_LEVELS, CountDistribution
from contracts.errors import BadInput, MissingThing, RefusedAction, StaleData, WardcastError
from contracts.periods import (
    Frequency,
    Ordinals,
    Period,
    next_period,
    ordinals_of,
    periods_per_year,
    starts_of,
)
from contracts.settings import AuditSettings, GeographyMeaning, PoliceForce, Settings, read_settings
from contracts.sums import coherent_draws, group_sums, sum_over
from contracts.targets import Target, offence_by_wording, wording_key
from contracts.workspace import DEFAULT_WORKSPACE, SETTINGS_FILE, Workspace

__all__ = [
    "DEFAULT_WORKSPACE",
    "QUANTILE_COLUMNS",
    "QUANTILE_LEVELS",
    "SETTINGS_FILE",
    "AuditSettings",
    "BadInput",
    "CountDistribution",
    "DisclosureSettings",
    "Frequency",
    "GeographyMeaning",
    "MissingThing",
    "Ordinals",
    "Period",
    "PoliceForce",
    "RefusedAction",
    "Settings",
    "StaleData",
    "Target",
    "WardcastError",
    "Workspace",
    "coherent_draws",
    "group_sums",
    "next_period",
    "offence_by_wording",
    "ordinals_of",
    "periods_per_year",
    "read_settings",
    "starts_of",
    "sum_over",
    "wording_key",
]
