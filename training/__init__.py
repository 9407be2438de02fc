"""Backtests, tunes, tracks and audits; proposes a model, never promotes one."""

from training.backtests.experiment import Experiment, run_experiment
from training.backtests.forecasters import forecaster_names, make_forecaster
from training.backtests.rolling_origin import Backtest, Plan, run_backtest
from training.backtests.scores import Scores
from training.candidates.train import Trained, train

__all__ = [
    "Backtest",
    "Experiment",
    "Plan",
    "Scores",
    "Trained",
    "forecaster_names",
    "make_forecaster",
    "run_backtest",
    "run_experiment",
    "train",
]
