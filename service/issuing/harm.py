"""Expected harm of an issue: per area, larger area and period, where the settings weigh a target's offences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from contracts import CountDistribution, MissingThing, Workspace
from contracts.arrays import Floats
from contracts.periods import starts_of
from contracts.tables import HARM, check

if TYPE_CHECKING:
    from features.views import Hierarchy, Panel
    from models.sums import HarmForecast, HarmMix

MixOf = Callable[[str, date, Sequence[str]], "HarmMix"]
"""Target, as-of day and areas → what one crime of the target stands for in each area; raises ``MissingThing``."""


@dataclass(frozen=True)
class TargetHarm:
    """Rows of ``contracts.tables.HARM``, what the record says of the weights, and the harm of one crime per area."""

    rows: pd.DataFrame
    about: dict[str, Any]
    per_crime: Floats


def mixes_of(workspace: Workspace) -> MixOf:
    """Mixes of offences from the workspace's counts, weighed by its settings."""
    from models.sums import load_harm_mix

    return lambda target, as_of, areas: load_harm_mix(workspace, target, as_of, areas)


def target_harm(
    workspace: Workspace,
    mix_of: MixOf,
    hierarchy: Hierarchy,
    panel: Panel,
    target: str,
    horizons: tuple[int, ...],
    forecast: CountDistribution,
    tell: Callable[[str], None],
) -> TargetHarm | None:
    """Harm of one target from its forecast (horizons, areas); None where the settings have no weights for it.

    Where they have weights, but not for every offence of the target, ``tell`` is called with what is missing.
    """
    from models.sums import INTERVAL, MIX_YEARS, harm_of_levels

    settings = workspace.settings
    if not settings.target(target).offences.keys() & settings.harm.keys():
        return None
    try:
        mix = mix_of(target, panel.as_of, panel.areas)
    except MissingThing as error:
        tell(f"No harm of {target} is forecast. {error}")
        return None
    local = hierarchy.only(panel.areas)
    harms = harm_of_levels(forecast, mix, [level.groups for level in local.levels], seed=settings.seed)
    levels = zip(local.levels, harms, strict=True)
    rows = [_rows(level.name, level.geography.codes, panel, target, horizons, harm) for level, harm in levels]
    weights = dict(zip(mix.offences, mix.weights.tolist(), strict=True))
    told = {"unit": mix.unit, "source": mix.source, "interval": INTERVAL, "mix_years": MIX_YEARS, "weights": weights}
    return TargetHarm(check(pd.concat(rows, ignore_index=True), HARM), told, mix.harm_per_crime)


def _rows(
    level: str, codes: Sequence[str], panel: Panel, target: str, horizons: tuple[int, ...], harm: HarmForecast
) -> pd.DataFrame:
    ordinals = np.array([panel.last.shift(horizon).ordinal for horizon in horizons], dtype=np.int64)
    return pd.DataFrame(
        {
            "level": level,
            "area": np.tile(np.array(codes, dtype=object), len(horizons)),
            "target": target,
            "period": np.repeat(starts_of(ordinals, panel.frequency), len(codes)),
            "horizon": np.repeat(np.array(horizons, dtype=np.int64), len(codes)),
            **{name: getattr(harm, name).ravel() for name in ("mean", "low", "high")},
        }
    )
