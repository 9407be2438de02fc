"""Trains and forecasts five targets of 4,994 LSOAs three months ahead: how long that takes, and how much memory.

Run as ``python -m benchmarks.fine_areas``. Burglary is real. The four other targets are drawn (Poisson) around a
fraction or a multiple of its smoothed counts, since the real data hold no other long series by LSOA.
"""

from __future__ import annotations

import resource
import tempfile
import time
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.__main__ import burglary_by_lsoa, commands_in, lsoa_workspace
from contracts import Workspace
from features.geographies.geography import load_geography
from features.views.as_of import ViewMode, load_door
from models.recipe.recipe import RecipeForecaster

AS_OF = date(2025, 3, 31)
HORIZONS = (1, 2, 3)
DRAWN = {"Drugs": 0.3, "Robbery": 1.0, "Vehicle crime": 2.0, "Public order": 4.0}
TARGETS = ("burglary", "drugs", "robbery", "vehicle_crime", "public_order")


def _five_categories() -> pd.DataFrame:
    burglary = burglary_by_lsoa().sort_values(["area", "month"], ignore_index=True)
    smooth = burglary.groupby("area")["crimes"].transform(lambda counts: counts.rolling(5, 1).mean()).to_numpy()
    generator = np.random.default_rng(1)
    drawn = [
        burglary.assign(category=category, crimes=generator.poisson(factor * smooth))
        for category, factor in DRAWN.items()
    ]
    return pd.concat([burglary.assign(category="Burglary"), *drawn], ignore_index=True)


def main() -> None:
    """Print seconds and peak memory of each target, and of all."""
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        lsoa_workspace(commands_in(scratch / "workspace"), scratch, _five_categories())
        workspace = Workspace(scratch / "workspace")
        began = time.perf_counter()
        panel = load_door(workspace, geography="lsoa_2021").view(AS_OF, ViewMode.SETTLED)
        geography = load_geography(workspace, "lsoa_2021").only(panel.areas)
        for target in TARGETS:
            started = time.perf_counter()
            seen = panel.for_target(target)
            fitted = RecipeForecaster(country=workspace.settings.holidays).fit(seen, target, geography, HORIZONS)
            expected = fitted.predict(seen, HORIZONS).mean.sum(axis=1)
            seconds = time.perf_counter() - started
            print(f"{target:14s} {seconds:6.1f} s   city expects {expected.round().astype(int)}", flush=True)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
        print(f"all            {time.perf_counter() - began:6.1f} s   peak memory {peak:.1f} GB")


if __name__ == "__main__":
    main()
