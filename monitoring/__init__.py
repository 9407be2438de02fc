"""The judge: sees forecasts and outcomes, never a model; the same judge before release and after."""

from contracts.run_files import BASELINE
from monitoring.flags import Flags, flags_of
from monitoring.gates.audit import audit_gate
from monitoring.gates.checks import NOBODY_SEALED, checks_of, limits_sentence
from monitoring.gates.city import city_gate
from monitoring.gates.gates import (
    calibration_gate,
    coverage_gate,
    freshness_gate,
    group_skill_gate,
    reproducibility_gate,
    skill_gate,
)
from monitoring.gates.result import GATES, GateFinding, GateReport, GateResult, gate_report
from monitoring.leaderboard.group_coverage import ALL_AREAS, CITY_TOTAL, coverage_text, furthest_groups, group_coverage
from monitoring.leaderboard.leaderboard import city_totals, leaderboard
from monitoring.leaderboard.levels import UNRECONCILED, LevelVerification, level_scores, levels_text
from monitoring.leaderboard.result import HorizonFloor, Leaderboard
from monitoring.scores.accuracy import crps, log_score, mae, mean_poisson_deviance, poisson_deviance_loss
from monitoring.scores.calibration import (
    coverage,
    pearson_dispersion,
    pit_histogram,
    pit_limits,
    randomised_pit,
    reliability,
    row_uniforms,
)
from monitoring.scores.feedback import (
    CriticalUplift,
    Estimate,
    amplification,
    critical_uplift,
    exposure,
    kept,
    ratio_of_exposures,
    ratio_to_need,
)
from monitoring.scores.hotspots import Concentration, concentration
from monitoring.scores.noise_floor import noise_floor
from monitoring.scores.skill import Ratio, Resampling, block_length, paired_ratio, resampling
from monitoring.scores.verification import Verification, forecast_table, from_forecast_table, group_totals

__all__ = [
    "ALL_AREAS",
    "BASELINE",
    "CITY_TOTAL",
    "GATES",
    "NOBODY_SEALED",
    "UNRECONCILED",
    "Concentration",
    "CriticalUplift",
    "Estimate",
    "Flags",
    "GateFinding",
    "GateReport",
    "GateResult",
    "HorizonFloor",
    "Leaderboard",
    "LevelVerification",
    "Ratio",
    "Resampling",
    "Verification",
    "amplification",
    "audit_gate",
    "block_length",
    "calibration_gate",
    "checks_of",
    "city_gate",
    "city_totals",
    "concentration",
    "coverage",
    "coverage_gate",
    "coverage_text",
    "critical_uplift",
    "crps",
    "exposure",
    "flags_of",
    "forecast_table",
    "freshness_gate",
    "from_forecast_table",
    "furthest_groups",
    "gate_report",
    "group_coverage",
    "group_skill_gate",
    "group_totals",
    "kept",
    "leaderboard",
    "level_scores",
    "levels_text",
    "limits_sentence",
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
    "reproducibility_gate",
    "resampling",
    "row_uniforms",
    "skill_gate",
]
