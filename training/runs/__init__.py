"""Runs in MLflow: tracked, listed, compared."""

from training.runs.comparing import as_text, compare
from training.runs.runs import (
    HEADS,
    PastRun,
    cells_of,
    count_deleted,
    flat,
    list_runs,
    past_run,
    runs_on_geography,
    runs_with_publication,
)
from training.runs.tracking import Run, tracked_experiment, tracked_run

__all__ = [
    "HEADS",
    "PastRun",
    "Run",
    "as_text",
    "cells_of",
    "compare",
    "count_deleted",
    "flat",
    "list_runs",
    "past_run",
    "runs_on_geography",
    "runs_with_publication",
    "tracked_experiment",
    "tracked_run",
]
