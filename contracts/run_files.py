"""What a run keeps in MLflow and a registered model is tagged with: paths, tags and aliases, each named once."""

from __future__ import annotations

SETTINGS_FILE = "inputs/settings.json"
PUBLICATIONS_FILE = "inputs/publications.json"
ENVIRONMENT_FILE = "inputs/environment.json"
LEADERBOARD_FILE = "leaderboard.json"
NOISE_FLOOR_FILE = "noise_floor.json"
COVERAGE_FILE = "calibration/coverage.json"
LEVEL_SHIFTS_FILE = "level_shifts.json"
REMARKS_FILE = "remarks.json"
AUDIT_FILE = "audit/fairness.json"
GATES_FILE = "gates/gates.json"
RECIPE, BASELINE = "wardcast", "ewma"
"""Names, in leaderboards and forecasts, of the recipe and of the simple count that it is held against."""

FORECASTS_FOLDER, FORECASTS_FILE, OUTCOMES_FILE = "forecasts", "forecasts.parquet", "outcomes.parquet"

MAIN_MODEL, MAIN_HORIZON = "main_model", "main_horizon"
"""Tags of a run: whose scores, at which horizon, stand for it in a list."""
SETTLED_SHARE = "settled_share"
"""Tag of a run: the share of the counts in its views that were settled only later, 0 to 1."""

SHA256_TAG = "sha256"
"""Tag of a registered model: the hash of its files."""
REPORT_SHA256_TAG = "report_sha256"
"""Tag of a registered model: the hash of the audit that was logged with its run."""
GATES_SHA256_TAG = "gates_sha256"
"""Tag of a registered model: the hash of what the gates found, which was logged with its run."""
RUN_ID_TAG = "run_id"
"""Tag of a registered model: the run that trained it."""
TRAINED_BY_TAG = "trained_by"
"""Tag of a registered model: who trained it, where that person was named."""

CHAMPION, CHALLENGER = "champion", "challenger"
"""Aliases of registered models: the approved one, and the newest that was trained."""
