"""What the champion recipe learns from, for the audits: its features, and its forecasts had it learned otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from contracts import Settings
from features.panel import Panel
from models.champion import ChampionForecaster, FittedChampion
from monitoring.audits import Signal

Floats = npt.NDArray[np.float64]
RECORDED, REPORTED, FOUND = "all that is recorded", "without what officers find", "what officers find"


def learned(
    settings: Settings, recipe: ChampionForecaster, fitted: FittedChampion, panel: Panel, areas: Sequence[str]
) -> dict[str, Any]:
    """The fields of ``Material`` on what a fitted recipe learned from, over ``areas`` in their order.

    ``panel`` is the one it was fitted to. Areas that the recipe does not know have no features and a forecast of none.
    """
    features = fitted.share_model.features(panel, fitted.target, fitted.geography)
    rows = features.rows(len(features.ordinals) - 1, 1)
    frame = pd.DataFrame(rows, columns=list(features.names), index=list(panel.areas), dtype=np.float64)

    def without(names: Sequence[str]) -> Floats:
        share = replace(recipe.share, without=tuple(names), trials=0)
        return _over(areas, panel, _means(replace(recipe, share=share), fitted, panel))

    return {
        "features": frame.reindex(list(areas)),
        "means_without": without,
        "signals": _signals(settings, recipe, fitted, panel, areas),
    }


def _signals(
    settings: Settings, recipe: ChampionForecaster, fitted: FittedChampion, panel: Panel, areas: Sequence[str]
) -> dict[str, Signal] | None:
    """The target as recorded, without what officers find, and that alone; None where the settings tell no part apart.

    A panel in which some period knows only one of the two is of no use either.
    """
    target = fitted.target
    found = settings.targets[target].officer_generated
    if found not in panel.targets:
        return None
    recorded, part = panel.of(target), panel.of(found)
    if (np.isnan(part) & ~np.isnan(recorded)).any() or not np.nansum(part):
        return None
    signals = {}
    for name, counts in ((RECORDED, recorded), (REPORTED, recorded - part), (FOUND, part)):
        swapped = _with_counts(panel, target, counts)
        means = _means(replace(recipe, share=replace(recipe.share, trials=0)), fitted, swapped)
        signals[name] = Signal(float(np.nansum(counts)), _over(areas, panel, means))
    return signals


def _with_counts(panel: Panel, target: str, counts: Floats) -> Panel:
    swapped = np.array(panel.counts)
    swapped[panel.target_index(target)] = np.maximum(counts, 0.0)
    return replace(panel, counts=swapped)


def _means(recipe: ChampionForecaster, fitted: FittedChampion, panel: Panel) -> Floats:
    """Means of the next period by the recipe fitted anew, (areas of the panel,)."""
    refitted = recipe.fit(panel, fitted.target, fitted.geography, [1])
    return np.asarray(refitted.predict(panel, [1]).mean[0])


def _over(areas: Sequence[str], panel: Panel, means: Floats) -> Floats:
    of_areas = dict(zip(panel.areas, means.tolist(), strict=True))
    return np.array([of_areas.get(area, 0.0) for area in areas], dtype=np.float64)
