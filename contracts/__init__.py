"""What every table, area, period, target, setting and error means. Imports none of the other packages."""

from contracts.arrays import Ordinals
from contracts.clock import WITHOUT_TIME_ZONE, this_moment, today_in
from contracts.distributions import QUANTILE_COLUMNS, QUANTILE_LEVELS, CountDistribution
from contracts.errors import (
    BadInput,
    MissingThing,
    NotWritten,
    RefusedAction,
    StaleData,
    WardcastError,
    WithdrawnModel,
)
from contracts.files.folders import sha256_of_files, sha256_of_folder
from contracts.periods import (
    Frequency,
    Period,
    horizons_text,
    issued_horizons,
    next_period,
    ordinals_of,
    periods_per_year,
    starts_of,
    year_before,
)
from contracts.reasons import REASON_WORDS, ReasonGroup, rounded_to_add_up
from contracts.settings.disclosure import DisclosureSettings
from contracts.settings.file import read_settings
from contracts.settings.flags import FlagRule, FlagSettings
from contracts.settings.oversight import GateLimits, GatingAudit, LifeCycleSettings, Role, name_key
from contracts.settings.public_records import RecordsSettings
from contracts.settings.recorded import settings_bytes, settings_of
from contracts.settings.settings import AuditSettings, GeographyMeaning, IngestLimits, PoliceForce, Settings
from contracts.software import CodeVersion, code_version, code_version_of, library_versions
from contracts.sums import coherent_draws, group_sums, sum_over
from contracts.targets import Target, offence_by_wording, wording_key
from contracts.trained import RecordedRun, TrainedModel
from contracts.workspace import DEFAULT_WORKSPACE, SETTINGS_FILE, Workspace, sqlite_url

__all__ = [
    "DEFAULT_WORKSPACE",
    "QUANTILE_COLUMNS",
    "QUANTILE_LEVELS",
    "REASON_WORDS",
    "SETTINGS_FILE",
    "WITHOUT_TIME_ZONE",
    "AuditSettings",
    "BadInput",
    "CodeVersion",
    "CountDistribution",
    "DisclosureSettings",
    "FlagRule",
    "FlagSettings",
    "Frequency",
    "GateLimits",
    "GatingAudit",
    "GeographyMeaning",
    "IngestLimits",
    "LifeCycleSettings",
    "MissingThing",
    "NotWritten",
    "Ordinals",
    "Period",
    "PoliceForce",
    "ReasonGroup",
    "RecordedRun",
    "RecordsSettings",
    "RefusedAction",
    "Role",
    "Settings",
    "StaleData",
    "Target",
    "TrainedModel",
    "WardcastError",
    "WithdrawnModel",
    "Workspace",
    "code_version",
    "code_version_of",
    "coherent_draws",
    "group_sums",
    "horizons_text",
    "issued_horizons",
    "library_versions",
    "name_key",
    "next_period",
    "offence_by_wording",
    "ordinals_of",
    "periods_per_year",
    "read_settings",
    "rounded_to_add_up",
    "settings_bytes",
    "settings_of",
    "sha256_of_files",
    "sha256_of_folder",
    "sqlite_url",
    "starts_of",
    "sum_over",
    "this_moment",
    "today_in",
    "wording_key",
    "year_before",
]
