"""The audit of a backtest: the recipe's forecasts beside what the geography says of who lives where."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from contracts import FlagSettings, GeographyMeaning, Settings, Workspace
from contracts.arrays import Floats
from contracts.run_files import RECIPE
from features.geographies.attribute_checks import check_meaning
from features.geographies.geography import Geography
from features.views import ViewMode
from models.sums import load_harm_mix
from monitoring import BASELINE, Flags, Verification, flags_of
from monitoring.audits.audit import audit, audit_again
from monitoring.audits.groups import DISTRICT, Groups, deprivation_groups, labelled_groups, shares_of_residents
from monitoring.audits.material import Material
from monitoring.audits.result import AuditResult
from training.backtests.rolling_origin import Backtest

Learned = Callable[[Sequence[str]], dict[str, Any]]
"""Areas in their order → the fields of ``Material`` on what the recipe learned from."""
ETHNIC_GROUP = "ethnic group"
_KM_PER_DEGREE = 111.195


def audited(backtest: Backtest) -> list[Verification]:
    """The forecasts that are audited and drawn, by horizon: the recipe's where it was run."""
    plan = backtest.plan
    model = RECIPE if RECIPE in plan.models else plan.models[0]
    return [backtest.of(model, horizon) for horizon in sorted(plan.horizons)]


def audit_backtest(workspace: Workspace, backtest: Backtest, learned: Learned | None = None) -> AuditResult:
    """Every audit that the settings of the geography allow, at every horizon of the backtest, the first in full.

    The simple count is the leaderboard's baseline. ``learned`` gives, for areas in their order, what the recipe learned
    from. All horizons share the blocks and the draws of the resampling.
    """
    plan, geography, settings = backtest.plan, backtest.geography, workspace.settings
    first, *later = audited(backtest)
    flags = flag_rule_of(workspace, settings, geography, plan.target, newest_day(backtest.forecasts), plan.view)
    baseline = _baseline_of(backtest, first)
    material = material_of(settings, geography, first, baseline, flags=flags, seed=plan.seed)
    found = audit(material if learned is None else material.changed(**learned(first.areas)), first.horizon)
    others = []
    for one in later:
        simple = _baseline_of(backtest, one)
        changed = material.changed(
            forecast=one.forecast,
            outcomes=one.outcomes,
            baseline=None if simple is None else simple.forecast.mean,
        )
        others.append(audit_again(changed, one.horizon))
    return replace(found, others=tuple(others))


def _baseline_of(backtest: Backtest, one: Verification) -> Verification | None:
    compared = BASELINE in backtest.plan.models and one.model != BASELINE
    return backtest.of(BASELINE, one.horizon) if compared else None


def material_of(
    settings: Settings,
    geography: Geography,
    verification: Verification,
    baseline: Verification | None,
    *,
    flags: Flags,
    seed: int,
) -> Material:
    """What the audits look at: forecasts of the areas of ``geography``, in its order, and those of a simple count."""
    meaning = settings.geographies.get(geography.name, GeographyMeaning())
    check_meaning(geography.attributes, meaning, geography.name)
    return Material(
        forecast=verification.forecast,
        outcomes=verification.outcomes,
        positions=positions_km(geography),
        groups=groups_of(geography, meaning),
        flag_rule=flags,
        seed=seed,
        residents=geography.attribute(meaning.residents) if meaning.residents else None,
        baseline=None if baseline is None else baseline.forecast.mean,
        need=geography.attribute(meaning.need) if meaning.need else None,
        deprivation=geography.attribute(meaning.deprivation) if meaning.deprivation else None,
        workday=geography.attribute(meaning.workday) if meaning.workday else None,
        districts=_districts(geography),
        margins=settings.audit,
    )


def newest_day(forecasts: pd.DataFrame) -> date:
    """The day whose knowledge the newest of these forecasts used."""
    newest: date = forecasts["as_of"].max().date()
    return newest


def flag_rule_of(
    workspace: Workspace,
    settings: Settings,
    geography: Geography,
    target: str,
    as_of: date,
    mode: ViewMode,
    rule: FlagSettings | None = None,
) -> Flags:
    """The rule of flags over the areas of ``geography``, as an issue on that day flags by it.

    ``settings`` are those that the audit is made with; ``rule``, by default theirs. What a crime stands for in harm is
    known as of ``as_of``. Raises ``MissingThing`` where what the rule needs is not known.
    """
    wanted = settings.flags if rule is None else rule
    meaning = settings.geographies.get(geography.name, GeographyMeaning())
    per_crime = None
    if wanted.rule == "harm":
        mix = load_harm_mix(
            Workspace(workspace.root, settings), target, as_of, geography.codes, geography=geography.name, mode=mode
        )
        per_crime = mix.harm_per_crime
    return flags_of(
        wanted,
        geography.codes,
        residents=geography.attribute(meaning.residents) if meaning.residents and wanted.rule == "rate" else None,
        area_km2=geography.areas["area_km2"].to_numpy(np.float64),
        harm_per_crime=per_crime,
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
