"""The judge: sees forecasts and outcomes, never a model; the same judge before release and after."""

from monitoring.accuracy import crps, log_score, mae, mean_poisson_deviance, poisson_deviance_loss
from monitoring.calibration import (
    coverage,
    pearson_dispersion,
    pit_histogram,
    pit_limits,
    randomised_pit,
    reliability,
    row_uniforms,
)
from monitoring.fairness import audit, calibration_ratio, deprivation_fifths
from monitoring.fairness_result import CAVEAT, FairnessAudit, Finding
from monitoring.feedback import (
    CriticalUplift,
    Estimate,
    amplification,
    critical_uplift,
    exposure,
    kept,
    ratio_of_exposures,
    ratio_to_need,
)
from monitoring.hotspots import Concentration, concentration, flagged_areas
from monitoring.leaderboard import BASELINE, city_totals, leaderboard
from monitoring.leaderboard_result import HorizonFloor, Leaderboard
from monitoring.levels import UNRECONCILED, LevelVerification, level_scores, levels_text
from monitoring.noise_floor import noise_floor
from monitoring.skill import Ratio, Resampling, block_length, paired_ratio, resampling
from monitoring.verification import Verification, forecast_table, from_forecast_table, group_totals

__all__ = [
    "BASELINE",
    "CAVEAT",
    "UNRECONCILED",
    "Concentration",
    "CriticalUplift",
    "Estimate",
    "FairnessAudit",
    "Finding",
    "HorizonFloor",
    "Leaderboard",
    "LevelVerification",
    "Ratio",
    "Resampling",
    "Verification",
    "amplification",
    "audit",
    "block_length",
    "calibration_ratio",
    "city_totals",
    "concentration",
    "coverage",
    "critical_uplift",
    "crps",
    "deprivation_fifths",
    "exposure",
    "flagged_areas",
    "forecast_table",
    "from_forecast_table",
    "group_totals",
    "kept",
    "leaderboard",
    "level_scores",
    "levels_text",
    "log_score",
    "mae",
    "mean_poisson_deviance",
    "noise_floor",
    "paired_ratio",
    "pearson_dispersion",
    "pit_histogram",
    "pit_limits",
    "poisson_deviance_loss",
    "randomised_pit",
    "ratio_of_exposures",
    "ratio_to_need",
    "reliability",
    "resampling",
    "row_uniforms",
]
