"""The audit of a backtest: the champion recipe's forecasts beside what the geography says of who lives where."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from contracts import GeographyMeaning, Settings
from features.attribute_checks import check_meaning
from features.geography import Geography
from models.champion import NAME as CHAMPION
from monitoring import BASELINE, Verification
from monitoring.audits import (
    DISTRICT,
    AuditResult,
    Groups,
    Material,
    audit,
    audit_again,
    deprivation_groups,
    labelled_groups,
    shares_of_residents,
)
from training.rolling_origin import Backtest

Floats = npt.NDArray[np.float64]
Learned = Callable[[Sequence[str]], dict[str, Any]]
"""Areas in their order → the fields of ``Material`` on what the recipe learned from."""
ETHNIC_GROUP = "ethnic group"
_KM_PER_DEGREE = 111.195


def audited(backtest: Backtest) -> list[Verification]:
    """The forecasts that are audited and drawn, by horizon: the champion recipe's where it was run."""
    plan = backtest.plan
    model = CHAMPION if CHAMPION in plan.models else plan.models[0]
    return [backtest.of(model, horizon) for horizon in sorted(plan.horizons)]


def audit_backtest(settings: Settings, backtest: Backtest, learned: Learned | None = None) -> AuditResult:
    """Every audit that the settings of the geography allow, at every horizon of the backtest, the first in full.

    The simple count is the leaderboard's baseline. ``learned`` gives, for areas in their order, what the recipe learned
    from. All horizons share the blocks and the draws of the resampling.
    """
    first, *later = audited(backtest)
    material = material_of(settings, backtest.geography, first, _baseline_of(backtest, first), seed=backtest.plan.seed)
    found = audit(material if learned is None else material.changed(**learned(first.areas)), first.horizon)
    others = []
    for one in later:
        baseline = _baseline_of(backtest, one)
        changed = material.changed(
            forecast=one.forecast,
            outcomes=one.outcomes,
            baseline=None if baseline is None else baseline.forecast.mean,
        )
        others.append(audit_again(changed, one.horizon))
    return replace(found, others=tuple(others))


def _baseline_of(backtest: Backtest, one: Verification) -> Verification | None:
    compared = BASELINE in backtest.plan.models and one.model != BASELINE
    return backtest.of(BASELINE, one.horizon) if compared else None


def material_of(
    settings: Settings, geography: Geography, verification: Verification, baseline: Verification | None, *, seed: int
) -> Material:
    """What the audits look at: forecasts of the areas of ``geography``, in its order, and those of a simple count."""
    meaning = settings.geographies.get(geography.name, GeographyMeaning())
    check_meaning(geography.attributes, meaning, geography.name)
    return Material(
        forecast=verification.forecast,
        outcomes=verification.outcomes,
        positions=positions_km(geography),
        groups=groups_of(geography, meaning),
        flagged_share=settings.forecast.hotspot_share,
        seed=seed,
        residents=geography.attribute(meaning.residents) if meaning.residents else None,
        baseline=None if baseline is None else baseline.forecast.mean,
        need=geography.attribute(meaning.need) if meaning.need else None,
        deprivation=geography.attribute(meaning.deprivation) if meaning.deprivation else None,
        workday=geography.attribute(meaning.workday) if meaning.workday else None,
        districts=_districts(geography),
        margins=settings.audit,
    )


def groups_of(geography: Geography, meaning: GeographyMeaning) -> tuple[Groups, ...]:
    """Deprivation fifths, shares of residents and districts, of what the settings name.

    Raises ``MissingThing`` where the geography lacks a column that they name.
    """
    found = []
    if meaning.deprivation:
        found.append(deprivation_groups(geography.attribute(meaning.deprivation)))
    for attribute, columns in {ETHNIC_GROUP: meaning.groups, **meaning.shares}.items():
        if columns:
            shares = {group: geography.attribute(column) for group, column in columns.items()}
            found.append(shares_of_residents(attribute, pd.DataFrame(shares)))
    if (districts := _districts(geography)) is not None:
        found.append(labelled_groups(DISTRICT, districts))
    return tuple(found)


def _districts(geography: Geography) -> tuple[object, ...] | None:
    parents = geography.areas["parent"]
    return tuple(parents) if len(set(parents.dropna())) > 1 else None


def positions_km(geography: Geography) -> Floats:
    """Centres of the areas in kilometres east and north of (0, 0), as on a map of the city; shape (A, 2)."""
    longitude = geography.areas["longitude"].to_numpy(np.float64)
    latitude = geography.areas["latitude"].to_numpy(np.float64)
    east = longitude * np.cos(np.radians(latitude.mean()))
    return np.asarray(_KM_PER_DEGREE * np.column_stack([east, latitude]))
