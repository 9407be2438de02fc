"""Reads a saved model in a process of its own and tries it: ``python -m models.saved.probe FOLDER``."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from contracts import WardcastError
from models.recipe import share_of_rows
from models.saved.saved_model import SavedModel, read_model

PROBE_AREAS = 16
LARGEST_FACTOR = 1e6


def fault_of(saved: SavedModel) -> str | None:
    """What is wrong with a model, or None: shares of made-up rows must be finite, positive and within reason."""
    model = saved.share_model
    rows = np.random.default_rng(0).normal(0.0, 0.3, (PROBE_AREAS, len(model.feature_names))).astype(np.float32)
    even = np.full(PROBE_AREAS, 1.0 / PROBE_AREAS)
    for horizon, booster in model.boosters.items():
        if booster.feature_name() != list(model.feature_names):
            return f"the booster of horizon {horizon} has other features than the model"
        share = share_of_rows(booster, rows, even)
        if not np.isfinite(share).all() or (share <= 0).any() or share.max() / share.min() > LARGEST_FACTOR:
            return f"the booster of horizon {horizon} gives shares that are not finite, positive and plausible"
    if not all(np.isfinite([d.intercept, d.slope]).all() for d in model.dispersions.values()):
        return "a dispersion is not finite"
    return None


if __name__ == "__main__":
    try:
        sys.exit(fault_of(read_model(Path(sys.argv[1]))))
    except WardcastError as error:
        sys.exit(error.message.rstrip("."))
