"""Backtests, tunes, tracks and audits; proposes a model, never promotes one."""

from training.experiment import Experiment, run_experiment
from training.forecasters import forecaster_names, make_forecaster
from training.rolling_origin import Backtest, Plan, run_backtest
from training.scores import Scores
from training.train import Trained, train

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
