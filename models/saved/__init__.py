"""Models as files and in MLflow's registry, each checked by its hash before it is read."""

from models.saved.lost_runs import deleted_experiment, is_deleted
from models.saved.registry import RegisteredModel, open_tracking, reachable, registered_runs, run_folder, run_loss
from models.saved.saved_model import read_model

__all__ = [
    "RegisteredModel",
    "deleted_experiment",
    "is_deleted",
    "open_tracking",
    "reachable",
    "read_model",
    "registered_runs",
    "run_folder",
    "run_loss",
]
