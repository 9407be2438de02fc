"""One shape for most audits: a group's rate against that of those it is compared with, as a ratio or a difference.

A rate is Σ above / Σ below over areas. Because both sums are linear in the areas, a thousand replicates of all groups
are one matrix product.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from fairlearn.metrics import MetricFrame

from contracts.arrays import Floats
from monitoring.audits.groups import Groups, effective_number
from monitoring.audits.material import Material
from monitoring.audits.resampling import benjamini_hochberg
from monitoring.audits.result import Finding, GroupTest, Margin, colour_of, figure, verdict_of

Rates = Callable[[], tuple[Floats, Floats]]


@dataclass(frozen=True)
class Contrast:
    """Rates of groups and of their references: four arrays (A, G), summed over areas.

    ``kind``: ``ratio`` of the rates, or their ``gap``, times ``scale``. A fixed reference (a nominal coverage) has the
    rate in ``reference_above`` and 1 in ``reference_below``, in every area.
    """

    kind: Literal["ratio", "gap"]
    above: Floats
    below: Floats
    reference_above: Floats
    reference_below: Floats
    scale: float = 1.0

    def estimate(self, weights: Floats | None = None) -> Floats:
        """The ratio or gap, (G,), or of each replicate, (R, G); NaN where a rate has nothing below."""
        rate, reference = self.rates(weights)
        return ratio_or_none(rate, reference) if self.kind == "ratio" else np.asarray(self.scale * (rate - reference))

    def influence(self) -> Floats:
        """By how much each figure changes with the weight of each area, (A, G): of the ratio's logarithm, or the gap.

        Columns add up to 0; they are 0 where a rate has nothing below, or where a ratio has nothing above.
        """
        rate, reference = self.rates()
        of_rate = _influence(self.above, self.below, rate)
        of_reference = _influence(self.reference_above, self.reference_below, reference)
        if self.kind == "gap":
            return self.scale * (of_rate - of_reference)
        return ratio_or_none(of_rate, np.broadcast_to(rate, of_rate.shape), 0.0) - ratio_or_none(
            of_reference, np.broadcast_to(reference, of_reference.shape), 0.0
        )

    def rates(self, weights: Floats | None = None) -> tuple[Floats, Floats]:
        """The two rates, not scaled."""
        parts = (self.above, self.below, self.reference_above, self.reference_below)
        sums = [part.sum(axis=0) if weights is None else weights @ part for part in parts]
        return ratio_or_none(sums[0], sums[1]), ratio_or_none(sums[2], sums[3])

    def within(self, areas: npt.NDArray[np.bool_]) -> Contrast:
        """The same over some areas only."""
        mask = areas[:, None]
        return Contrast(
            self.kind,
            self.above * mask,
            self.below * mask,
            self.reference_above * mask,
            self.reference_below * mask,
            self.scale,
        )


@dataclass(frozen=True)
class Audit:
    """A contrast of one attribute's groups with all that its findings need.

    ``rates`` makes the groups' rates and their references, both (G,) in ``rate_unit``, by Fairlearn: it is slow and
    called only where they are shown. ``residuals`` (A,) add up to 0 and are what the test sets against the map of the
    groups, None where there is no test. ``events`` (G,) and ``areas`` (G,) say on how much a figure rests.
    """

    name: str
    groups: Groups
    contrast: Contrast
    rates: Rates
    rate_unit: str
    unit: str
    margin: Margin
    red: Margin
    events: Floats
    areas: Floats
    residuals: Floats | None = None
    stratum: str | None = None


def judged(material: Material, audits: Sequence[Audit], *, rated: bool = True) -> tuple[list[Finding], list[GroupTest]]:
    """Findings and tests of one family of audits: their p-values are adjusted together.

    ``rated`` False leaves out the rates of each group and its reference, which no verdict needs.
    """
    tested = [_p_values(material, audit) for audit in audits]
    each = benjamini_hochberg(np.concatenate([p for p, _ in tested])) if tested else np.empty(0)
    greatest = benjamini_hochberg(np.array([p for _, p in tested]))
    findings: list[Finding] = []
    tests: list[GroupTest] = []
    start = 0
    for audit, (p, together), adjusted in zip(audits, tested, greatest, strict=True):
        findings += _findings(material, audit, p, each[start : start + len(p)], rated)
        start += len(p)
        if np.isfinite(together):
            differs = bool(adjusted <= material.margins.significance)
            tests.append(
                GroupTest(audit.name, audit.groups.attribute, audit.stratum, together, float(adjusted), differs)
            )
    return findings, tests


def _p_values(material: Material, audit: Audit) -> tuple[Floats, float]:
    shares = audit.groups.shares
    if audit.residuals is None:
        return np.full(shares.shape[1], np.nan), float("nan")
    return material.resampling.p_values(shares, audit.residuals)


def _findings(material: Material, audit: Audit, p: Floats, adjusted: Floats, rated: bool) -> list[Finding]:
    resampling, margins = material.resampling, material.margins
    values = audit.contrast.estimate()
    carried = audit.groups.shares * (audit.contrast.below > 0)
    enough = (audit.areas >= margins.fewest_areas) & (audit.events >= margins.fewest_events)
    none = np.full(len(values), np.nan)
    low, high, blocks = (none, none, none)
    if enough.any():
        low, high, blocks = resampling.intervals(audit.contrast.estimate, carried, audit.contrast.influence())
    values = np.where(np.isfinite(low) & np.isfinite(high), values, np.nan)
    rates, references = audit.rates() if rated else (none, none)
    return [
        Finding(
            audit=audit.name,
            attribute=audit.groups.attribute,
            group=group,
            stratum=audit.stratum,
            rate=figure(rates[at]),
            reference=figure(references[at]),
            rate_unit=audit.rate_unit,
            value=figure(values[at]),
            low=figure(low[at]),
            high=figure(high[at]),
            unit=audit.unit,
            margin=audit.margin,
            red=audit.red,
            areas=float(audit.areas[at]),
            events=float(audit.events[at]),
            blocks=figure(blocks[at]),
            p=figure(p[at]),
            p_adjusted=figure(adjusted[at]),
            verdict=verdict_of(
                low[at],
                high[at],
                audit.margin,
                areas=audit.areas[at],
                events=audit.events[at],
                fewest_areas=margins.fewest_areas,
                fewest_events=margins.fewest_events,
            ),
            colour=colour_of(values[at], audit.margin, audit.red),
        )
        for at, group in enumerate(audit.groups.names)
    ]


def by_group(
    metrics: Mapping[str, Callable[..., float]],
    weights: Floats,
    outcomes: Floats,
    predicted: Floats,
    control: npt.NDArray[np.int64] | None = None,
) -> pd.DataFrame:
    """Fairlearn's ``MetricFrame`` by group, with the weights as ``sample_params`` of each metric.

    ``weights`` (rows, G), ``outcomes`` and ``predicted`` (rows,). One row a group, one column a metric; with
    ``control`` (rows,) one row a fifth 1…5 and group, by ``control_features``. Fairlearn gives groups
    without rows or positives a 0 in silence: rows without weight are left out before, and what has no row is NaN after.
    """
    row, group = np.nonzero(weights > 0)
    names = pd.RangeIndex(weights.shape[1])
    index = names if control is None else pd.MultiIndex.from_product([range(1, 6), names])
    if row.size == 0:
        return pd.DataFrame(np.nan, index=index, columns=list(metrics))
    frame = MetricFrame(
        metrics=dict(metrics),
        y_true=outcomes[row],
        y_pred=predicted[row],
        sensitive_features=pd.Series(group, name="group"),
        control_features=None if control is None else pd.Series(control[row], name="fifth"),
        sample_params={name: {"sample_weight": weights[row, group]} for name in metrics},
    )
    return pd.DataFrame(frame.by_group.reindex(index).astype(np.float64))


def weighted_ratio(below: Floats, above: Floats, *, sample_weight: Floats) -> float:
    """Σ weight·above / Σ weight·below, a custom metric for Fairlearn (outcomes, forecasts); NaN if 0 is below.

    Calibration is this ratio of forecasts to outcomes.

    >>> weighted_ratio(np.array([10.0, 10.0]), np.array([8.0, 12.0]), sample_weight=np.array([1.0, 0.5]))
    0.9333333333333333
    """
    under = float(np.dot(sample_weight, below))
    return float(np.dot(sample_weight, above)) / under if under > 0 else float("nan")


def areas_behind(groups: Groups, below: Floats) -> Floats:
    """Effective number of areas of each group among those with anything below the rate, (G,)."""
    return effective_number(groups.shares * (below > 0))


def _influence(above: Floats, below: Floats, rate: Floats) -> Floats:
    """By how much Σ above / Σ below changes with the weight of each area, (A, G); 0 where nothing is below."""
    return ratio_or_none(above - np.nan_to_num(rate) * below, np.broadcast_to(below.sum(axis=0), above.shape), 0.0)


def ratio_or_none(above: Floats, below: Floats, otherwise: float = np.nan) -> Floats:
    """Of arrays of one shape; ``otherwise`` where nothing is below."""
    return np.asarray(np.divide(above, below, out=np.full(np.shape(above), otherwise), where=below > 0))
