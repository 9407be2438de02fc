"""Proxy leakage: how well the features that a model learns from tell who lives in an area."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from contracts.arrays import Floats
from monitoring.audits.groups import Groups
from monitoring.audits.material import Material, jaccard
from monitoring.audits.result import CAVEAT, Description, figure

PROXY_LEAKAGE = Description(
    audit="proxy leakage",
    question="how much of the map of a group's share do the features know, and which of them most?",
    formula="R² of ridge regression of s on the features, on spatial blocks that it was not fitted to",
    unit="share of variance",
    fairlearn="none: Chen et al. 2019 and Kallus et al. 2022 warn against thresholding proxies into labels",
    source="Chen, Kallus, Mao, Svacha & Udell 2019",
)
_PENALTY = 1.0


def cross_validated_r2(features: Floats, target: Floats, labels: npt.NDArray[np.int64]) -> float:
    """R² of predictions for blocks that were left out: 1 is perfect, 0 no better than the mean, below 0 worse.

    ``features`` (A, F), ``target`` (A,), ``labels`` (A,) of blocks. NaN where the target is the same everywhere, or
    there is one block only.
    """
    if len(np.unique(labels)) < 2:
        return float("nan")
    predicted = np.full(len(target), np.nan)
    for label in np.unique(labels):
        out = labels == label
        predicted[out] = _fitted(features[~out], target[~out], features[out])
    total = float(((target - target.mean()) ** 2).sum())
    return 1.0 - float(((target - predicted) ** 2).sum()) / total if total > 0 else float("nan")


def proxy_leakage(material: Material, groups: Groups) -> list[dict[str, object]]:
    """One row a group: R² of all features, the feature that alone tells most, its R², and R² without it.

    ``flags_kept`` is the Jaccard index of the flags of the model fitted with all features and without those that lead
    for any group; None where the model cannot be fitted anew. No row where no feature varies from area to area.
    Raises ``ValueError`` where no features are given.
    """
    if material.features is None:
        raise ValueError("no features are given")
    features = _complete(material.features)
    if features.empty:
        return []
    labels = material.resampling.large.labels[0]
    rows = [_row(material, features, groups, at, labels) for at in range(len(groups.names))]
    kept = _flags_kept(material, sorted({str(row["leading_feature"]) for row in rows}))
    return [{**row, "flags_kept": kept} for row in rows]


def _flags_kept(material: Material, leading: list[str]) -> float | None:
    if material.means_without is None or not leading:
        return None
    flags = [material.flags_by(material.means_without(left_out)[None, :]) for left_out in ([], leading)]
    return jaccard(*flags)


def _row(
    material: Material, features: pd.DataFrame, groups: Groups, at: int, labels: npt.NDArray[np.int64]
) -> dict[str, object]:
    target, values = groups.shares[:, at], features.to_numpy(np.float64)
    alone = [cross_validated_r2(values[:, [column]], target, labels) for column in range(values.shape[1])]
    leading = int(np.nanargmax(alone)) if np.isfinite(alone).any() else 0
    together = cross_validated_r2(values, target, labels)
    without = np.delete(values, leading, axis=1)
    most = max(together, alone[leading])
    limit = material.margins.leakage_at_most
    return {
        "attribute": groups.attribute,
        "group": groups.names[at],
        "r2": figure(together),
        "leading_feature": str(features.columns[leading]),
        "r2_of_leading": figure(alone[leading]),
        "r2_without_leading": figure(cross_validated_r2(without, target, labels)) if without.shape[1] else None,
        "margin": f"at most {limit:g}",
        "verdict": _verdict(most, limit, float(groups.areas[at]), material.margins.fewest_areas),
        "caveat": CAVEAT,
    }


def _verdict(most: float, limit: float, areas: float, fewest: int) -> str:
    if not np.isfinite(most) or areas < fewest:
        return "not enough evidence"
    return "outside" if most > limit else "inside"


def _complete(features: pd.DataFrame) -> pd.DataFrame:
    """Columns that are known and vary; what is missing in some area is set to the column's median."""
    numbers = features.astype(np.float64)
    numbers = numbers.loc[:, numbers.max() > numbers.min()]
    return numbers.fillna(numbers.median())


def _fitted(features: Floats, target: Floats, wanted: Floats) -> Floats:
    """Ridge regression on standardised features, in closed form (Hoerl & Kennard 1970)."""
    mean, spread = features.mean(axis=0), np.maximum(features.std(axis=0), 1e-12)
    standard = (features - mean) / spread
    slopes = np.linalg.solve(
        standard.T @ standard + _PENALTY * np.eye(standard.shape[1]), standard.T @ (target - target.mean())
    )
    return np.asarray(target.mean() + (wanted - mean) / spread @ slopes)
