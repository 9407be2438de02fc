"""The flags of an issue: which areas are flagged in each target and period, and by which rule."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from contracts import FlagSettings, GeographyMeaning, RefusedAction, Settings
from contracts.arrays import Floats
from contracts.periods import starts_of
from contracts.tables import FLAGS, check

if TYPE_CHECKING:
    from features.geographies.geography import Geography
    from features.views import Panel
    from monitoring import Flags


FLAGS_FILE = "flags.parquet"
FLAG_RULE_FILE = "flags.json"
FLAG_FILES = (FLAGS_FILE, FLAG_RULE_FILE)
"""Files that forecasts from before there were flags do not have."""


@dataclass(frozen=True)
class IssuedFlags:
    """The rule, and rows of ``contracts.tables.FLAGS``."""

    rule: FlagSettings
    rows: pd.DataFrame

    def areas(self, target: str, horizon: int) -> frozenset[str]:
        """The flagged areas of one target and horizon."""
        chosen = (self.rows["target"] == target) & (self.rows["horizon"] == horizon)
        return frozenset(self.rows.loc[chosen, "area"])


def refuse_unaudited(settings: Settings, target: str, audited: Mapping[str, Any] | None) -> None:
    """Raise ``RefusedAction`` where areas would be flagged by another rule than was audited; None is not known."""
    rule = settings.flags if audited is None else FlagSettings.model_validate(dict(audited))
    if rule.words != settings.flags.words:
        raise RefusedAction(
            f"[flags] names {settings.flags.words}; the approved model of '{target}' was audited with {rule.words}.",
            remedy=f"Put [flags] back, or train and approve again: wardcast train --target {target}",
        )


def flags_over(settings: Settings, geography: Geography, harm_per_crime: Floats | None) -> Flags:
    """The flags of the settings over a geography; raises ``MissingThing`` where what the rule needs is not known."""
    from monitoring import flags_of

    residents = settings.geographies.get(geography.name, GeographyMeaning()).residents
    return flags_of(
        settings.flags,
        geography.codes,
        residents=geography.attribute(residents) if residents and settings.flags.rule == "rate" else None,
        area_km2=geography.areas["area_km2"].to_numpy(np.float64),
        harm_per_crime=harm_per_crime,
    )


def flag_rows(flags: Flags, panel: Panel, target: str, horizons: tuple[int, ...], means: Floats) -> pd.DataFrame:
    """One row a flagged area of the target at each horizon; ``means`` (horizons, areas of ``flags``)."""
    chosen = [flags.codes(row) for row in means]
    sizes = [len(codes) for codes in chosen]
    ordinals = np.array([panel.last.shift(horizon).ordinal for horizon in horizons], dtype=np.int64)
    rows = pd.DataFrame(
        {
            "area": np.array([code for codes in chosen for code in codes], dtype=object),
            "target": target,
            "period": np.repeat(starts_of(ordinals, panel.frequency), sizes),
            "horizon": np.repeat(np.array(horizons, dtype=np.int64), sizes),
        }
    )
    return check(rows, FLAGS)


def rule_bytes(rule: FlagSettings) -> bytes:
    """The rule as JSON, with its words."""
    told: dict[str, Any] = {**rule.model_dump(mode="json"), "words": rule.words}
    return (json.dumps(told, indent=2, ensure_ascii=False) + "\n").encode("utf-8")


def read_flags(contents: Mapping[str, bytes]) -> IssuedFlags | None:
    """The flags of an issue, None where it was issued without."""
    if not set(FLAG_FILES) <= contents.keys():
        return None
    told = json.loads(contents[FLAG_RULE_FILE])
    rule = FlagSettings.model_validate({name: told[name] for name in FlagSettings.model_fields})
    return IssuedFlags(rule, check(pd.read_parquet(io.BytesIO(contents[FLAGS_FILE])), FLAGS))


def as_recorded(recorded: Mapping[str, bytes], made: Mapping[str, bytes]) -> dict[str, bytes]:
    """Without flags, where the forecast was issued before there were any."""
    absent = [name for name in FLAG_FILES if name not in recorded]
    return {name: content for name, content in made.items() if name not in absent}
