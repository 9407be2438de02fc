"""Forecasts of past periods from what was known before each, judged and audited."""

from training.backtests.auditing import flag_rule_of, material_of, newest_day
from training.backtests.experiment import judge, log_experiment, run_experiment
from training.backtests.figures import outer_rings
from training.backtests.forecasters import holds_points, models_for, rare_models
from training.backtests.levels import run_level_experiment
from training.backtests.rolling_origin import Backtest, Door, Plan, as_of_date
from training.backtests.scores import Scores
from training.backtests.sheets import keep_sheet, sheet_of

__all__ = [
    "Backtest",
    "Door",
    "Plan",
    "Scores",
    "as_of_date",
    "flag_rule_of",
    "holds_points",
    "judge",
    "keep_sheet",
    "log_experiment",
    "material_of",
    "models_for",
    "newest_day",
    "outer_rings",
    "rare_models",
    "run_experiment",
    "run_level_experiment",
    "sheet_of",
]
