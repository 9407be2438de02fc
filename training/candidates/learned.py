"""What the recipe learns from, for the audits: its features, and its forecasts had it learned otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from contracts import Settings
from contracts.arrays import Floats
from features.views import Panel
from models.recipe import FittedRecipe, RecipeForecaster
from monitoring.audits.material import Signal

RECORDED, REPORTED, FOUND = "all that is recorded", "without what officers find", "what officers find"


def learned(
    settings: Settings, recipe: RecipeForecaster, fitted: FittedRecipe, panel: Panel, areas: Sequence[str]
) -> dict[str, Any]:
    """The fields of ``Material`` on what a fitted recipe learned from, over ``areas`` in their order.

    ``panel`` is the one it was fitted to. Areas that the recipe does not know have no features and a forecast of none.
    """
    features = fitted.share_model.features(panel, fitted.target, fitted.geography)
    rows = features.rows(len(features.ordinals) - 1, 1)
    frame = pd.DataFrame(rows, columns=list(features.names), index=list(panel.areas), dtype=np.float64)
    as_fitted = _means(fitted, panel)

    def without(names: Sequence[str]) -> Floats:
        return _over(areas, panel, _means(_again(recipe, fitted, panel, names), panel) if names else as_fitted)

    signals = None
    if (parts := _parts(settings, fitted.target, panel)) is not None:
        recorded, *others = parts.items()
        means = {recorded[0]: as_fitted}
        means |= {name: _means(_again(recipe, fitted, part), part) for name, part in others}
        signals = {
            name: Signal(float(np.nansum(part.of(fitted.target))), _over(areas, panel, means[name]))
            for name, part in parts.items()
        }
    return {"features": frame.reindex(list(areas)), "means_without": without, "signals": signals}


def _parts(settings: Settings, target: str, panel: Panel) -> dict[str, Panel] | None:
    """The panel as recorded, without what officers find, and with that alone; None where the settings tell no part.

    A panel in which some period knows only one of the two is of no use either.
    """
    found = settings.targets[target].officer_generated
    if found not in panel.targets:
        return None
    recorded, part = panel.of(target), panel.of(found)
    if (np.isnan(part) & ~np.isnan(recorded)).any() or not np.nansum(part):
        return None
    return {
        RECORDED: panel,
        REPORTED: _with_counts(panel, target, recorded - part),
        FOUND: _with_counts(panel, target, part),
    }


def _with_counts(panel: Panel, target: str, counts: Floats) -> Panel:
    swapped = np.array(panel.counts)
    swapped[panel.target_index(target)] = np.maximum(counts, 0.0)
    return replace(panel, counts=swapped)


def _again(recipe: RecipeForecaster, fitted: FittedRecipe, panel: Panel, without: Sequence[str] = ()) -> FittedRecipe:
    """The recipe fitted anew one period ahead, with the settings that it was fitted with, without some features."""
    chosen = fitted.trials[0].settings if fitted.trials else recipe.share
    share = replace(chosen, trials=0, without=tuple(without))
    return replace(recipe, share=share).fit(panel, fitted.target, fitted.geography, [1])


def _means(fitted: FittedRecipe, panel: Panel) -> Floats:
    """Means of the next period, (areas of the panel,)."""
    return np.asarray(fitted.predict(panel, [1]).mean[0])


def _over(areas: Sequence[str], panel: Panel, means: Floats) -> Floats:
    of_areas = dict(zip(panel.areas, means.tolist(), strict=True))
    return np.array([of_areas.get(area, 0.0) for area in areas], dtype=np.float64)
